"""A database of the version before: its sales stay, and are read and guarded as new ones are."""

import json

import pytest
from builders import engine_of, run_sql

from holdfast.booking import models
from holdfast.kit.db.migrate import differences, migrate, revision_of

_ITEM = {
    "property_id": 1, "property_name": "Home", "owner_id": 7, "check_in": "2027-05-01", "check_out": "2027-05-02",
    "guests": 1, "zone": "UTC", "check_in_from": "15:00:00", "check_out_until": "11:00:00",
    "policy": {"name": "moderate", "windows": [{"days_before": 5, "refund_bp": 5000}]}, "total_minor": 100, "units": [],
}  # fmt: skip
_AT = {"sqlite": "1000000", "postgresql": "'2026-01-01T00:00:00Z'", "mysql": "'2026-01-01 00:00:00'"}

_HOLD = (
    "INSERT INTO booking_hold (id, kind, account_id, state, spans, items, price, total_minor, currency, digest,"
    " created_at) VALUES ('hold_a', 'direct', 1, 'confirmed', '[]', '{items}', '{{}}', 200, 'USD', 'd', {at})"
)
_BOOKING = (
    "INSERT INTO booking_booking (number, reference, hold_id, account_id, owner_id, state, items, price, total_minor,"
    " currency, digest, payment_method, payment_status, created_at) VALUES (5, 'R', 'hold_a', 1, 7, 'confirmed',"
    " '{items}', '{{}}', 200, 'USD', 'd', 'at_property', 'due_at_property', {at})"
)


@pytest.fixture
async def upgraded(fresh_url):
    await migrate(fresh_url, "booking", target="booking_0001")
    items, at = json.dumps([_ITEM, {**_ITEM, "owner_id": 8}]), _AT[engine_of(fresh_url)]
    run_sql(
        fresh_url,
        _HOLD.format(items=items, at=at),
        _BOOKING.format(items=items, at=at),
    )
    await migrate(fresh_url, "booking")
    return fresh_url


class TestAnUpgrade:
    async def test_gives_the_tables_their_present_form(self, upgraded):
        assert await differences(upgraded, "booking", models.tables) == []
        present, newest = await revision_of(upgraded, "booking")
        assert present == newest

    async def test_keeps_bookings_and_finds_every_owner(self, upgraded):
        found = run_sql(upgraded, "SELECT number, state, confirmed_by FROM booking_booking")
        assert found == [["5", "confirmed", "guest"]]
        owners = run_sql(upgraded, "SELECT owner_id, number FROM booking_owner ORDER BY owner_id")
        assert owners == [["7", "5"], ["8", "5"]]

    async def test_renews_the_policies_kept_with_stays(self, upgraded):
        for table in ("booking_hold", "booking_booking"):
            [[items]] = run_sql(upgraded, f"SELECT items FROM {table}")  # noqa: S608 - our names
            shares = {"nights_bp": 5000, "cleaning_bp": 5000, "service_bp": 5000}
            assert [item["policy"]["windows"] for item in json.loads(items)] == [
                [{"days_before": 5, "shares": shares}]
            ] * 2

    async def test_lets_go_of_everything(self, upgraded):
        await migrate(upgraded, "booking", target="base")
        present, _ = await revision_of(upgraded, "booking")
        assert present is None
