"""Finding what can be had: a read model of its own, fed by the events of catalog and booking.

Owns the tables `search_*`: homes with a ring of nights as bits, what is shown of them, numbers for areas and amenities.
Answers `SearchApi`; the gateway serves it. Its answers may lag by less than a second; the hold is the judge. It never
decides a sale, never writes elsewhere, and can be forgotten and made anew at any time.
"""
