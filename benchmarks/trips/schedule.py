"""A month of flights: the demo's schedule, in a database of its own."""

from datetime import timedelta

from benchmarks import product
from holdfast.accounts.api import Role
from holdfast.app.demo.flights import iatas, network
from holdfast.app.demo.load import OWNERS
from holdfast.app.modules import MODULES, Assembly
from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import migrate

_AT_ONCE = 20_000
_PASSWORD = "granite-otter-lantern-58"
_ZONE = "America/New_York"


async def fill(url: str, *, days: int) -> int:
    """Make the schema and the schedule of the first so many days; return how many flights that are."""
    for module in MODULES:
        if module.tables is not None:
            await migrate(url, module.name)
    async with product.assembled(url) as assembly:
        made = await _describe(assembly, days)
        await product.tell_everybody(assembly)
    return made


async def _describe(assembly: Assembly, days: int) -> int:
    accounts, catalog = assembly.door("accounts"), assembly.door("catalog")
    owners = [
        await accounts.register(
            username=f"airline{n}", email=f"airline{n}@example.com", password=_PASSWORD, role=Role.OWNER
        )
        for n in range(len(OWNERS))
    ]
    today = Clock().today(_ZONE)
    known = await catalog.places.known_airports(iatas=iatas())
    made = network(known=known, owner_ids=[owner.id for owner in owners], today=today)
    await catalog.places.import_places(cities=made.cities, airports=made.airports)
    await catalog.airline.import_airplanes(rows=made.airplanes)
    rows = [row for row in made.flights if row[1].day < today + timedelta(days=days)]
    for first in range(0, len(rows), _AT_ONCE):
        await catalog.flights.import_many(rows=rows[first : first + _AT_ONCE])
    return len(rows)
