"""Who is asking, as the edges and modules see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """The account a verified token speaks for."""

    account_id: int
    role: str
    """`guest`, `owner` or `admin`."""

    @property
    def is_admin(self) -> bool:
        """Whether this principal may act on everybody's objects."""
        return self.role == "admin"

    @property
    def is_owner(self) -> bool:
        """Whether this principal may list and run properties."""
        return self.role in {"owner", "admin"}
