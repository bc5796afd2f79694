"""What keeps the product from starting."""


class CannotStart(Exception):
    """Configuration or surroundings keep a command from running; the text is one line that says what to do."""
