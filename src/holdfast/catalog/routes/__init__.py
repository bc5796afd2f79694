"""HTTP for the catalog: `public` for guests, `owner` for who runs properties, `shapes` what both read and answer.

`routers` makes them all. `conditions` reads and writes entity tags, so that two people who edit one property notice
each other.
"""
