"""How services of the catalog write: what is told, and what is done when somebody was faster."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from holdfast.catalog.models import activity, outbox
from holdfast.kit.activity.acts import Act
from holdfast.kit.auth import Principal
from holdfast.kit.db.database import Database, Tx, Work
from holdfast.kit.db.errors import ForeignKeyViolation, UniqueViolation
from holdfast.kit.errors import FieldError, Forbidden, Invalid, NotFound

T = TypeVar("T")

PAGE_MAX: Final = 1_000
ID_MAX: Final = 2**63 - 1
_LOOKS: Final = 3
"""How often a transaction looks again when the database refuses what it had just looked up."""


class Writer:
    """Runs transactions of one database of the catalog."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def write(self, work: Work[T]) -> T:
        """Run and commit.

        What a row refers to, and whether a name is free, is looked up first, so that a refusal can say what is wrong.
        Where somebody changes that between the look and the write, the database refuses, and another look finds it.
        """
        for _ in range(_LOOKS - 1):
            try:
                return await self._written(work)
            except (ForeignKeyViolation, UniqueViolation):
                continue
        return await self._written(work)

    async def tell(self, tx: Tx, *events: Any) -> None:
        """Publish events, as the last thing in a transaction."""
        await outbox.publish(tx, self.db.dialect, events)

    async def _written(self, work: Work[T]) -> T:
        result = await self.db.write(work)
        outbox.nudge()
        return result


async def note(tx: Tx, kind: str, object_id: int, *, owner_id: int | None = None, **details: Any) -> None:
    """Note what was done to something, in the transaction that does it; it concerns whose it is.

    Args:
        tx: The transaction.
        kind: `<what it was done to>.<what was done>`.
        object_id: Which one.
        owner_id: Whose it is; None for what belongs to nobody, like a city.
        details: See `Act.details`.
    """
    what = kind.partition(".")[0]
    await activity.note(tx, Act(kind=kind, object_kind=what, object_id=object_id, subject_id=owner_id, details=details))


def possible(ids: Sequence[int]) -> list[int]:
    """Return the ids that a row can have, each once."""
    return [each for each in dict.fromkeys(ids) if 0 < each <= ID_MAX]


def refuse(errors: Sequence[FieldError]) -> None:
    """Refuse what has wrong fields.

    Raises:
        Invalid: There are some.
    """
    if errors:
        raise Invalid(errors=errors)


def refuse_id(number: int) -> None:
    """Refuse what no row can be called.

    Raises:
        NotFound: It is none.
    """
    if not 0 < number <= ID_MAX:
        raise NotFound


def refuse_limit(limit: int) -> None:
    """Refuse pages that are too large.

    Raises:
        ValueError: It is above `PAGE_MAX`.
    """
    if not 0 < limit <= PAGE_MAX:
        raise ValueError(f"a page has 1 to {PAGE_MAX} rows, not {limit}")


def refuse_stranger(who: Principal, owner_id: int) -> None:
    """Refuse who may not run what an organization owns.

    Raises:
        NotFound: Neither a member of what owns it nor an admin.
    """
    if not who.runs(owner_id):
        raise NotFound


def at_row(place: int | str, errors: Sequence[FieldError]) -> list[FieldError]:
    """Return findings with the place of their row before each pointer."""
    return [FieldError(pointer=f"/{place}{each.pointer}", code=each.code, detail=each.detail) for each in errors]


def refuse_guest(who: Principal) -> None:
    """Refuse who owns nothing.

    Raises:
        Forbidden: The principal acts for no organization.
    """
    who.acting_for()


def refuse_all_but_admins(who: Principal) -> None:
    """Refuse who does not run the place.

    Raises:
        Forbidden: The principal is no admin.
    """
    if not who.is_admin:
        raise Forbidden("Only admins may do this.")
