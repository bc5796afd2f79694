"""Every SQL statement of booking, by subject: `stock`, `sales`, `keys`, `changes` (what one transaction writes), `truth`."""
