"""Every SQL statement of search.

`shapes` builds those that find, `queries` turns a search into a shape and values, `searching` runs them; `keeping` writes.
"""
