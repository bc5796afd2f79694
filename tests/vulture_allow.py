"""Names that look unused to vulture and are not: list them here, each with who uses it. None at the moment."""
