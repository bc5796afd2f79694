"""Those who really move the money, behind one Protocol: the built-in simulator, Stripe, PayPal."""
