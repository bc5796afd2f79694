"""Puts it together: which modules run here, the ASGI application, the worker and the command line.

The only package that imports `holdfast.<module>.module`. Owns no tables, no routes of its own but the documentation page,
and no business rule.
"""
