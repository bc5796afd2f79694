"""Every SQL statement of booking, by subject.

`stock` (cells, resources), `sales` (quotes, holds, bookings), `keys`, `changes` (what one transaction writes),
`records` and `truth` (reading everything, for the recount).
"""
