"""Toolbox without business words: database, outbox, lanes, clock, ids, errors, log, settings, web edge.

Modules build on it; it never imports them and never knows what a hold or a home is.
"""
