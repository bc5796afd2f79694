"""HTTP for the catalog: `public` and `owner` for properties, then `restaurants`, `places`, `airplanes` and `flights`.

What they read and answer is in the `*shapes`, `*terms` and `policies` beside them.

`routers` makes them all. `conditions` reads and writes entity tags, so that two people who edit the same notice
each other.
"""
