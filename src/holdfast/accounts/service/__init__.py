"""What accounts does: `accounts` answers the door, `passwords` hashes, `tokens` signs and checks."""
