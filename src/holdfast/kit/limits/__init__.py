"""How often somebody may do something, and who keeps count.

`limits.Limits` is what services and the edge ask. Counting is the same everywhere (`rates`); where the counts lie
differs: in this process (`memory`), in a database (`database`) or in Redis (`redis`). It knows nothing of accounts or
bookings: a subject is a text. Why it is built like this: docs/decisions/0023-limits.md.
"""
