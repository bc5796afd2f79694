"""How long a search with dates takes, at 6,262 homes and at 200,000, on SQLite and PostgreSQL."""
