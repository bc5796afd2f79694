"""How a booking is paid. For now one way: at the property, so nothing is kept and no money moves here.

The door is where card, wallet and bank payments will stand; booking asks nothing of it, the gateway brings both
together.
"""
