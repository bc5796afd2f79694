"""Every SQL statement of payments.

Locks are taken in this order everywhere: the payment, its refunds, its cases, then what is only added, the outbox last.
"""
