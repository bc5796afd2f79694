"""What search decides without looking anywhere: pure functions of values."""
