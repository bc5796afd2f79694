"""The public edge where several modules answer together: search with prices, booking with payment, Home Rental.

Owns no tables and no rules: it reads a request, asks the doors of the modules, and renders. Modules never import it.
"""
