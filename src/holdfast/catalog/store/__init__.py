"""Every statement of the catalog, by subject, and the only place where its rows become values."""
