"""People and who they are: accounts, credentials, roles, access tokens.

Owns the tables `accounts_*` and the signing keys derived from the server's secret. Never knows what its people book.
Entered through `api`; called by every edge (token check), the gateway and the command line.
"""
