"""Every SQL statement of search.

`shapes` builds those that find, `queries` turns a search into shape and values, `searching` runs it; `keeping` writes.
"""
