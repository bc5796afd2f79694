"""What owners describe: properties, their places, rules, prices and calendars of exceptions.

Owns the tables `catalog_*`. Never knows what is sold: stock, holds and bookings belong to `booking`, which reads
terms from here when it quotes. Publishes what changed (`events`) so that search and booking can follow.
"""
