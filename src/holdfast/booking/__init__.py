"""Stock and sale: cells, claims, quotes, holds, bookings. One module, because they change in one transaction.

Owns the tables `booking_*`. Never describes what is sold (the catalog does), never moves money (payments does), never
calls another module inside a transaction. Everything that takes or frees stock goes through the lanes of `service`.
"""
