"""Dining: tables of a restaurant, by the quarter of an hour.

`terms` says what a restaurant offers, `slots` which times of a day exist and what may begin at them, `seating` which
tables take a party, `claims` what it takes and `prices` what it pays before it comes. `reasons` says what stands
against a request (`asking` has the rules of the moment, `stock_rules` those of stock), `offering` what a day has and
`nearby` what to propose instead; `stock` answers them quickly. All of it is pure: the wall clock of the restaurant
comes in as an instant and a zone.
"""
