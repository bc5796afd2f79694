"""The textbook's way: one row for each night that is taken, and a search that looks for homes without such a row."""

from sqlalchemy import Column, ColumnElement, Table, bindparam, exists, func, select

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import adding_rows, rows, statement
from holdfast.kit.db.tables import STRICT, module_tables
from holdfast.kit.db.types import Real, Whole
from holdfast.search.api import StaySearch
from holdfast.search.models.stays import face, stay
from holdfast.verticals.stays import night_slot

textbook_tables = module_tables("bench")
_night = Table(
    "bench_night",
    textbook_tables,
    Column("property_id", Whole(), primary_key=True, autoincrement=False),
    Column("slot", Whole(), primary_key=True, autoincrement=False),
    **STRICT,
)
NIGHTS = adding_rows(_night, rows("nights", property_id=Whole(), slot=Whole()))


def _fits(*, box: bool) -> list[ColumnElement[bool]]:
    nights = bindparam("end", type_=Whole()) - bindparam("first", type_=Whole())
    fits = [
        stay.c.listed,
        stay.c.guests_max >= bindparam("guests", type_=Whole()),
        stay.c.min_nights <= nights,
        stay.c.max_nights >= nights,
        ~exists(
            select(_night.c.slot).where(
                _night.c.property_id == stay.c.property_id,
                _night.c.slot >= bindparam("first", type_=Whole()),
                _night.c.slot < bindparam("end", type_=Whole()),
            )
        ),
    ]
    if box:
        fits += [
            stay.c.latitude.between(bindparam("south", type_=Real()), bindparam("north", type_=Real())),
            stay.c.longitude.between(bindparam("west", type_=Real()), bindparam("east", type_=Real())),
        ]
    return fits


_COUNT = {
    box: statement(select(func.count(type_=Whole()).label("total")).select_from(stay).where(*_fits(box=box)))
    for box in (False, True)
}
_PAGE = {
    box: statement(
        select(face)
        .join(stay, stay.c.property_id == face.c.property_id)
        .where(*_fits(box=box))
        .order_by(stay.c.standing, stay.c.property_id)
        .limit(20)
    )
    for box in (False, True)
}


async def find(tx: Tx, search: StaySearch) -> tuple[int, list[int]]:
    """Return how many homes there are, and the ids of the first page."""
    values: dict[str, object] = {
        "guests": search.guests,
        "first": night_slot(search.check_in),
        "end": night_slot(search.check_out),
    }
    if search.box is not None:
        for side in ("south", "west", "north", "east"):
            values[side] = getattr(search.box, side)
    box = search.box is not None
    total = (await tx.all(_COUNT[box](**values)))[0].total
    return total, [row.property_id for row in await tx.all(_PAGE[box](**values))]
