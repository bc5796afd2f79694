"""Stock split over several databases: one door over them, and trips whose parts lie in different ones.

`stocks` says what lies where, `trips` carries a trip through (a saga: all parts or none), `composing` shows parts as
one hold or booking, `doors` and `bookings` are the door. Nothing of this runs where stock is not split.
"""
