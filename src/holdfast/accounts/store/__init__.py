"""Every SQL statement of accounts, by subject."""
