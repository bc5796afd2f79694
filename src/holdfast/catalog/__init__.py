"""What owners describe: properties, restaurants, places, airplanes, schedules and flights, with their prices and rules.

Owns the tables `catalog_*`. Never knows what is sold: stock, holds and bookings belong to `booking`, which reads
terms from here when it quotes. Publishes what changed (`events`) so that search and booking can follow.
"""
