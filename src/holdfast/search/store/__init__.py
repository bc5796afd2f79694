"""Every SQL statement of search.

`shapes` builds those that find, `queries` brings what is asked into their terms, `searching` runs them; `keeping` writes.
"""
