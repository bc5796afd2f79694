"""Booking over HTTP: the product and the naive stack under the same clients, taking turns in one run."""
