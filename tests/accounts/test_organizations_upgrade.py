"""A database in which accounts sold things by themselves: what they own stays theirs, as an organization's."""

from datetime import UTC, datetime

import pytest
from organizations_builder import firm_on
from sqlalchemy import bindparam, column, insert, table

from holdfast.accounts.models import tables
from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import differences, migrate, revision_of
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import statement
from holdfast.kit.db.types import Flag, Moment, Text, Whole
from support.principals import principal_of

BEFORE = table(
    "accounts_account",
    column("id", Whole()),
    *(column(name, Text(254)) for name in ("username", "username_key", "email", "email_key", "password_hash", "role")),
    column("disabled", Flag()),
    column("created_at", Moment()),
)
ADD = statement(insert(BEFORE).values({each.name: bindparam(each.name, type_=each.type) for each in BEFORE.c}))
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = {1001: "admin", 1002: "guest", 1003: "owner", 1004: "owner"}


@pytest.fixture
async def upgraded(fresh_url):
    await migrate(fresh_url, "accounts", target="accounts_0001")
    db = await open_database(fresh_url, Clock())
    for number, role in PEOPLE.items():
        name = f"before-{number}"
        person = {
            "username": name,
            "username_key": name,
            "email": f"{name}@a.example",
            "email_key": f"{name}@a.example",
        }
        rest = {"password_hash": "$argon2id$v=19$none", "role": role, "disabled": number == 1004, "created_at": SINCE}
        await db.write(lambda tx, values=person | rest, number=number: tx.run(ADD(id=number, **values)))
    await db.close()
    await migrate(fresh_url, "accounts")
    return fresh_url


class TestAnUpgrade:
    async def test_gives_the_tables_their_present_form(self, upgraded):
        assert await differences(upgraded, "accounts", tables) == []
        present, newest = await revision_of(upgraded, "accounts")
        assert present == newest

    async def test_founds_an_organization_for_whoever_sold_something(self, upgraded, clock):
        async with firm_on(upgraded, clock) as firm:
            for number, role in PEOPLE.items():
                found = await firm.organizations.of_account(account_id=number)
                if role == "guest":
                    assert found == []
                    continue
                [own] = found
                assert (own.organization.id, own.organization.name) == (number, f"before-{number}")
                assert (own.role, own.since) == ("owner", SINCE)
            assert await firm.roles(principal_of(1003, "owner")) == {1003: "owner"}

    async def test_knows_operators_from_then_on(self, upgraded, clock):
        async with firm_on(upgraded, clock) as firm:
            assert (await firm.account("operator")).role == "operator"
