"""Puts it together: which modules run here, the ASGI application, the worker and the command line.

The only package that imports `holdfast.<module>.module`. Owns no table, no route but the page of the documentation,
and no business rule.
"""
