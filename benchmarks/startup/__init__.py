"""What it takes to start, and how much memory it takes then and later."""
