"""When the data map changed, newest last. A test compares the last digest with the map; a change needs a line here."""

from typing import Final

MAP_VERSIONS: Final[tuple[tuple[str, str], ...]] = (("2026-12-01", "a6e1d159103c"),)
"""The day of a change and the digest of the map from then on."""
