"""Every SQL statement of search: `shapes` builds those that find, `searching` runs them, `keeping` writes."""
