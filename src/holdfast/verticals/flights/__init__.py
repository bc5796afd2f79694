"""Flights: seats of an airplane, by the dated leg.

`terms` says what an airline offers on a dated flight, `times` reads local times of two zones, `itineraries` puts legs
together, `reasons` and `seat_reasons` say what stands against a request, `nearby` what there is instead, `prices` what
it costs, `seats` which seats there are and `claims` what it takes. All of it is pure.
"""
