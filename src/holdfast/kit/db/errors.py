"""What can go wrong between a statement and its commit, in the engine-independent words of docs/decisions/0011."""


def cause_of(meaning: BaseException, error: BaseException) -> BaseException | None:
    """Return what to raise `meaning` from: the driver's error it stands for, but never itself."""
    return error.__cause__ if meaning is error else error


class IntegrityViolation(Exception):
    """The database refused a row. The transaction has to be given up."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint
        """Name of the constraint or what the engine says of it: SQLite gives columns for UNIQUE, "" for FOREIGN KEY."""


class UniqueViolation(IntegrityViolation):
    """A row with this key exists already."""


class CheckViolation(IntegrityViolation):
    """A CHECK said no."""


class ForeignKeyViolation(IntegrityViolation):
    """A row that is referred to does not exist, or is still referred to."""


class NotNullViolation(IntegrityViolation):
    """A value is missing."""


class GuardViolation(IntegrityViolation):
    """A trigger said no: an append-only table was to be changed, or a state to move where it may not."""


class Retryable(Exception):
    """The engine gave up on the transaction for reasons of its own (deadlock, serialization, lock wait, busy)."""
