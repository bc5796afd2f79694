"""A payment provider of our own to try everything with: an honest fake, with books that nobody of us writes but it.

It takes the test cards that Stripe publishes, asks for 3-D Secure and PayPal-like approvals on a page for people, sends
signed messages, and misbehaves on command: it answers late or never, before or after the effect, or out of order.
Its books are an append-only SQLite file of its own. It knows nothing of the rest of the product and is asked over HTTP
only, mounted in the server or as a process (`holdfast simulator`). No real money moves, and no card number is kept.
"""
