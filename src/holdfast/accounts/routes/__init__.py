"""Accounts over HTTP, by subject."""
