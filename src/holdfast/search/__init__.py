"""Finding what can be had: a read model of its own, fed by the events of catalog and booking.

Owns the tables `search_*`. Its answers may lag by less than a second; the hold is the judge. Never decides a sale.
"""
