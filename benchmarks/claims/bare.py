"""The bare claim: one statement that takes cells, writes a hold and an outbox row, one transaction per claim.

It is what a careful person would write without batching, run by asyncpg on as many connections as there are clients,
and by pgbench: the two must agree, or the harness measures itself.
"""

from collections.abc import Iterator

import asyncpg

from benchmarks.claims.workloads import FIRST_NIGHT, Want, Workload

SCHEMA = """
CREATE TABLE bare_resource (id text COLLATE "C" PRIMARY KEY, capacity bigint NOT NULL);
CREATE TABLE bare_cell (
    resource_id text COLLATE "C" NOT NULL, slot bigint NOT NULL, taken bigint NOT NULL, capacity bigint NOT NULL,
    PRIMARY KEY (resource_id, slot), CHECK (taken >= 0 AND taken <= capacity)
) WITH (fillfactor = 70);
CREATE TABLE bare_hold (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, resource_id text NOT NULL, first_slot bigint NOT NULL,
    end_slot bigint NOT NULL, state text NOT NULL, expires_at timestamptz NOT NULL
);
CREATE TABLE bare_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, body jsonb NOT NULL
);
"""

CLAIM = """
WITH cells AS (
    INSERT INTO bare_cell AS cell (resource_id, slot, taken, capacity)
    SELECT resource.id, wanted.slot, 1, resource.capacity
    FROM unnest($2::bigint[]) AS wanted(slot) JOIN bare_resource AS resource ON resource.id = $1::text
    ORDER BY wanted.slot
    ON CONFLICT (resource_id, slot) DO UPDATE SET taken = cell.taken + excluded.taken
), hold AS (
    INSERT INTO bare_hold (resource_id, first_slot, end_slot, state, expires_at)
    VALUES ($1::text, $3::bigint, $4::bigint, 'held', now() + interval '10 minutes')
), outbox AS (
    INSERT INTO bare_outbox (at, body) VALUES (now(), jsonb_build_object('resource', $1::text, 'first', $3::bigint))
)
SELECT now()
"""
"""Refuses by the CHECK, in which case nothing was written."""


async def create(connection: asyncpg.Connection, workload: Workload) -> None:
    """Make the tables anew, with the resources of a workload."""
    await connection.execute("DROP TABLE IF EXISTS bare_resource, bare_cell, bare_hold, bare_outbox")
    await connection.execute(SCHEMA)
    await connection.execute(
        "INSERT INTO bare_resource SELECT 'home:' || n, $1 FROM generate_series(1, $2) AS n",
        workload.capacity,
        workload.resources,
    )
    await connection.execute("VACUUM ANALYZE bare_resource")


def parameters(workload: Workload) -> tuple[dict[str, str], dict[int, str]]:
    """Return the variables pgbench draws, and what stands for each parameter of CLAIM."""
    variables = {
        "home": f"random(1, {workload.resources})",
        "first": f"random({FIRST_NIGHT}, {FIRST_NIGHT + workload.nights - workload.slots})",
    }
    slots = ", ".join(f":first::bigint + {offset}" for offset in range(workload.slots))
    return variables, {
        1: "('home:' || :home)",
        2: f"ARRAY[{slots}]",
        3: ":first",
        4: f"(:first::bigint + {workload.slots})",
    }


class BareClient:
    """Claims with CLAIM on a connection of its own."""

    def __init__(self, connection: asyncpg.Connection, wants: Iterator[Want]) -> None:
        self._connection = connection
        self._wants = wants

    async def act(self) -> str:
        want = next(self._wants)
        slots = list(range(want.first, want.first + want.slots))
        try:
            await self._connection.fetchval(CLAIM, f"home:{want.resource}", slots, want.first, want.first + want.slots)
        except asyncpg.CheckViolationError:
            return "refused"
        return "claimed"

    def close(self) -> None:
        self._connection.terminate()
