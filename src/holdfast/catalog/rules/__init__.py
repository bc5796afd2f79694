"""What the catalog accepts, by subject: pure checks that name every wrong field."""
