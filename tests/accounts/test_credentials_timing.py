"""How long answers about known and unknown addresses take: 500 of each in turn, judged by their ranks.

The quick run shows that the same work is done (test_credentials.py). This one shows that nobody can tell the two
apart by a clock: Mann-Whitney's U with the normal approximation, and the gap between the medians.
"""

import time
from math import erfc, sqrt
from statistics import median

import pytest
from accounts_builder import person
from credentials_builder import desk_on

TRIES = 500
P_LEAST = 0.01
GAP_MOST_S = 0.010


def p_value(left, right):
    """The two-sided probability that two samples this different come from one source."""
    ranked = sorted([(value, 0) for value in left] + [(value, 1) for value in right])
    ranks = sum(place for place, (_, side) in enumerate(ranked, 1) if side == 0)
    u = ranks - len(left) * (len(left) + 1) / 2
    middle = len(left) * len(right) / 2
    spread = sqrt(len(left) * len(right) * (len(left) + len(right) + 1) / 12)
    return erfc(abs(u - middle) / spread / sqrt(2))


async def timed(work):
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


@pytest.mark.campaign
@pytest.mark.parametrize("asked", ["register", "recover"])
async def test_answers_take_as_long_for_a_known_address_as_for_an_unknown_one(migrated, clock, asked):
    async with desk_on(migrated, clock=clock) as desk:
        who, _ = await desk.registered()

        def work(email):
            if asked == "recover":
                return desk.credentials.ask_for_recovery(email=email)
            return desk.credentials.ask_to_register(role="guest", **person(email=email))

        known, unknown = [], []
        for turn in range(TRIES):
            known_first = turn % 2 == 0
            for is_known in (known_first, not known_first):
                email = who["email"] if is_known else person()["email"]
                (known if is_known else unknown).append(await timed(work(email)))
        assert p_value(known, unknown) > P_LEAST
        assert abs(median(known) - median(unknown)) < GAP_MOST_S
