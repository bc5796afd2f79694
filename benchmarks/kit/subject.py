"""A table with a column of every kind, and what is done to it with the kit's statements."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Column, Table, bindparam, select, update

from holdfast.kit.db.statements import adding, adding_rows, rows, statement
from holdfast.kit.db.tables import STRICT, module_tables
from holdfast.kit.db.types import Choice, Day, Flag, Json, Moment, Text, Whole

READ_ROWS = 20
WRITTEN_ROWS = 20


class State(StrEnum):
    """A state, as most tables have one."""

    HELD = "held"
    CONFIRMED = "confirmed"


tables = module_tables("bench")
KINDS = {
    "id": Text(40),
    "account_id": Whole(),
    "state": Choice(State),
    "night": Day(),
    "made_at": Moment(),
    "paid": Flag(),
    "facts": Json(),
}
subject = Table(
    "bench_subject",
    tables,
    *(Column(name, kind, primary_key=name == "id", nullable=False) for name, kind in KINDS.items()),
    **STRICT,
)

FIND = statement(select(subject).where(subject.c.id == bindparam("id")))
LIST = statement(
    select(subject).where(subject.c.id >= bindparam("first"), subject.c.id < bindparam("end")).order_by(subject.c.id)
)
ADD = adding(subject)
ADD_ROWS = adding_rows(subject, rows("new", **KINDS))
MOVE = statement(
    update(subject)
    .where(subject.c.id == bindparam("the_id"), subject.c.state == State.HELD)
    .values(state=bindparam("to"))
)

_MADE_AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
_FACTS = {"lines": [{"rule": "night", "amount": 12000}, {"rule": "cleaning", "amount": 4500}], "currency": "USD"}


def identity(number: int) -> str:
    """Return the id of a row, in order of number."""
    return f"row_{number:022}"


def values(number: int) -> dict[str, object]:
    """Return a row."""
    return {
        "id": identity(number),
        "account_id": number,
        "state": State.HELD,
        "night": date(2026, 1, 1) + timedelta(days=number % 365),
        "made_at": _MADE_AT,
        "paid": number % 2 == 0,
        "facts": _FACTS,
    }
