"""What answers payments' door.

`desk` is what every part works with. `looking` asks providers how things stand, `keeping` writes down what they said,
`changes` collects what one transaction does to a payment and `postings` says which transfers that makes. `starting`
authorises, `ending` captures and lets go, `refunding` gives back, `hearing` takes messages, `storing` keeps ways to
pay, `books` reads the ledger and `recount` checks it. `payments` is the class behind the door.
"""
