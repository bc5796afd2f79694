"""Activity: who did what, when, from where and to what, kept by each module in its own database.

A module notes an act in the transaction that does it (`log`), so there is no act without its row and no row without
its act. Rows are never changed or deleted; a job chains them by hashes (`chain`), and `holdfast verify` goes over the
chain. From where somebody acted is personal, so it is kept apart and can be erased without breaking the chain: the row
has only a commitment to it (docs/activity.md, docs/decisions/0024).

Booking, catalog, payments and accounts write here; the gateway reads. It knows no business words and no HTTP.
"""
