"""Dining: tables of a restaurant, by the quarter of an hour.

`terms` says what a restaurant offers, `slots` which times of a day exist and what may begin at them, `seating` which
tables take a party, `reasons` what stands against a request, `prices` what it costs and `claims` what it takes. All of
it is pure: the wall clock of the restaurant comes in as an instant and a zone.
"""
