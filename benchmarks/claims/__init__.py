"""Claims per second: the product's lane, and PostgreSQL's own load generator with the same statement."""
