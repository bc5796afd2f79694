"""What keeps the product from starting."""


class CannotStart(Exception):  # noqa: N818 - reads as what it says
    """Configuration or surroundings keep a command from running; the text is one line that says what to do."""
