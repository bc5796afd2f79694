import asyncio
from datetime import timedelta

import pytest
from accounts_builder import PASSWORD, opened, person
from argon2 import PasswordHasher
from canonical_pairs import DISTINCT, SAME
from sqlalchemy import bindparam, func, select, update

from holdfast.accounts.api import Account, AccountExists, InvalidCredentials, Role
from holdfast.accounts.models.accounts import account as table
from holdfast.accounts.service.passwords import Passwords
from holdfast.kit.db.errors import CheckViolation, NotNullViolation, UniqueViolation
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import adding, statement
from holdfast.kit.errors import Invalid, NotFound, Overloaded

HASH_OF = statement(select(table.c.password_hash).where(table.c.id == bindparam("id")))
SET_HASH = statement(
    update(table).where(table.c.id == bindparam("of_id")).values(password_hash=bindparam("password_hash"))
)
COUNT = statement(select(func.count()).select_from(table))
ADD = adding(table, *(column.name for column in table.c if column.name != "id"))


@pytest.fixture
async def db(migrated, clock):
    """The database itself, for looking behind the door."""
    opened_db = await open_database(migrated, clock)
    yield opened_db
    await opened_db.close()


async def one(db, call):
    async def look(tx):
        return await tx.one(call)

    return (await db.read(look))[0]


class TestRegistering:
    async def test_makes_an_account_that_can_be_read(self, accounts, clock):
        before = clock.now()
        who = person()
        made = await accounts.register(**who, role=Role.OWNER)
        assert (made.username, made.email, made.role) == (who["username"], who["email"], Role.OWNER)
        assert not made.disabled
        assert abs(made.created_at - before) < timedelta(seconds=10)
        assert await accounts.get_many(ids=[made.id]) == [made]
        assert await accounts.find_by_email(email=who["email"].upper()) == made

    async def test_makes_a_guest_unless_told_otherwise(self, accounts):
        assert (await accounts.register(**person())).role is Role.GUEST

    async def test_shows_names_as_they_were_typed(self, accounts):
        made = await accounts.register(username="Renée.O", email=" Renée.O@Example.COM ", password=PASSWORD)
        assert (made.username, made.email) == ("Renée.O", "Renée.O@Example.COM")
        assert await accounts.get_many(ids=[made.id]) == [made]

    async def test_an_address_again_is_refused_and_changes_nothing(self, accounts, db):
        first = await accounts.register(**(who := person()), role=Role.OWNER)
        before = await one(db, HASH_OF(id=first.id)), await one(db, COUNT())
        with pytest.raises(AccountExists) as refusal:
            await accounts.register(**person(email=who["email"], password="another good password"))
        assert (refusal.value.code, refusal.value.status) == ("account_exists", 409)
        assert (await one(db, HASH_OF(id=first.id)), await one(db, COUNT())) == before

    async def test_a_user_name_again_is_refused(self, accounts):
        await accounts.register(**(who := person()))
        with pytest.raises(AccountExists):
            await accounts.register(**person(username=who["username"].upper()))

    async def test_a_mailbox_in_another_spelling_is_refused_and_a_different_one_is_not(self, accounts):
        for number, (first, second) in enumerate((*SAME, *DISTINCT)):
            one_spelling, other_spelling = (each.format(f"n{number}") for each in (first, second))
            await accounts.register(**person(email=one_spelling))
            again = accounts.register(**person(email=other_spelling))
            if (first, second) in SAME:
                with pytest.raises(AccountExists):
                    await again
            else:
                assert (await again).email == other_spelling

    async def test_names_every_wrong_field_and_stores_nothing(self, accounts, db):
        before = await one(db, COUNT())
        with pytest.raises(Invalid) as refusal:
            await accounts.register(username="x", email="a@b", password="short")
        assert [error.pointer for error in refusal.value.errors] == ["/username", "/email", "/password"]
        assert await one(db, COUNT()) == before

    async def test_fifty_at_once_with_one_address_makes_exactly_one(self, accounts, db):
        address = person()["email"]
        before = await one(db, COUNT())
        outcomes = await asyncio.gather(
            *(accounts.register(**person(email=address)) for _ in range(50)), return_exceptions=True
        )
        winners = [outcome for outcome in outcomes if isinstance(outcome, Account)]
        losers = [outcome for outcome in outcomes if isinstance(outcome, AccountExists)]
        assert (len(winners), len(losers)) == (1, 49)
        assert await one(db, COUNT()) == before + 1
        given = await accounts.log_in(email=address, password=PASSWORD)
        assert given.account == winners[0]

    async def test_fifty_at_once_with_one_user_name_over_two_processes_makes_exactly_one(self, accounts, migrated):
        name = person()["username"]
        async with opened(migrated) as other:
            outcomes = await asyncio.gather(
                *((accounts, other)[number % 2].register(**person(username=name)) for number in range(50)),
                return_exceptions=True,
            )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Account"] + ["AccountExists"] * 49

    async def test_an_admin_follows_the_same_rules(self, accounts):
        made = await accounts.create_admin(**(who := person()))
        assert made.role is Role.ADMIN
        with pytest.raises(AccountExists):
            await accounts.create_admin(**who)
        with pytest.raises(Invalid):
            await accounts.create_admin(**person(password="short"))
        given = await accounts.log_in(email=who["email"], password=who["password"])
        assert (await accounts.principal(given.token)).is_admin


class TestTheStoredHash:
    async def test_is_argon2id_with_the_parameters_owasp_asks_for(self, accounts, db):
        made = await accounts.register(**person())
        stored = await one(db, HASH_OF(id=made.id))
        assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert PASSWORD not in stored

    async def test_differs_for_equal_passwords(self, accounts, db):
        hashes = {await one(db, HASH_OF(id=(await accounts.register(**person())).id)) for _ in range(2)}
        assert len(hashes) == 2

    async def test_is_renewed_at_log_in_when_the_parameters_have_changed(self, accounts, db, migrated):
        made = await accounts.register(**(who := person()))
        old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(who["password"])
        await db.put(SET_HASH(of_id=made.id, password_hash=old))
        with pytest.raises(InvalidCredentials):
            await accounts.log_in(email=who["email"], password="a wrong password")
        assert await one(db, HASH_OF(id=made.id)) == old
        await accounts.log_in(email=who["email"], password=who["password"])
        renewed = await one(db, HASH_OF(id=made.id))
        assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        await accounts.log_in(email=who["email"], password=who["password"])
        assert await one(db, HASH_OF(id=made.id)) == renewed
        async with opened(migrated, argon2_passes=3) as stricter:
            await stricter.log_in(email=who["email"], password=who["password"])
        assert (await one(db, HASH_OF(id=made.id))).startswith("$argon2id$v=19$m=19456,t=3,p=1$")


class TestLoggingIn:
    @pytest.mark.parametrize(
        "spell", [str, str.upper, lambda email: f" {email} ", lambda email: email.replace("@", "\uff20")]
    )
    async def test_works_with_any_spelling_of_the_address(self, accounts, spell):
        made = await accounts.register(**(who := person()))
        given = await accounts.log_in(email=spell(who["email"]), password=who["password"])
        assert given.account == made
        principal = await accounts.principal(given.token)
        assert (principal.account_id, principal.role) == (made.id, "guest")

    @pytest.mark.parametrize(
        "wrong",
        [PASSWORD + " ", " " + PASSWORD, PASSWORD.upper(), PASSWORD[:-1], "", "x" * 129, "x" * 10_000, "\ud800" * 8],
    )
    async def test_with_a_wrong_password_is_refused(self, anywhere, wrong):
        await anywhere.register(**(who := person()))
        with pytest.raises(InvalidCredentials) as refusal:
            await anywhere.log_in(email=who["email"], password=wrong)
        assert (refusal.value.code, refusal.value.status) == ("invalid_credentials", 401)

    @pytest.mark.parametrize(
        "unknown", ["nobody@example.com", "not an address", "", "\ud800@example.com", "x" * 10_000]
    )
    async def test_with_an_unknown_address_is_refused_alike(self, anywhere, unknown):
        await anywhere.register(**(who := person()))
        refusals = []
        for email in (who["email"], unknown):
            with pytest.raises(InvalidCredentials) as refusal:
                await anywhere.log_in(email=email, password="a wrong password")
            refusals.append((refusal.value.detail, refusal.value.extra, refusal.value.errors))
        assert refusals[0] == refusals[1]

    @pytest.mark.parametrize(
        "password",
        [
            "x7Kq!pLw" * 8,
            "x7Kq!pLw" * 9,
            "x7Kq!pLw" * 9 + "y",
            "x7Kq!pLw" * 16,
            " leading",
            "trailing ",
            "🔑🚪🏠🏡🔒🔓🗝🛏",
            "a\x00bcdefgh",
        ],
    )
    async def test_takes_a_password_exactly_and_whole(self, anywhere, password):
        await anywhere.register(**(who := person(password=password)))
        await anywhere.log_in(email=who["email"], password=password)
        for wrong in (password[:-1] + "?", password.strip() + "?", password.replace("\x00", "")[:-1]):
            with pytest.raises(InvalidCredentials):
                await anywhere.log_in(email=who["email"], password=wrong)

    async def test_is_refused_for_a_disabled_account_until_it_is_enabled(self, accounts):
        made = await accounts.register(**(who := person()))
        assert (await accounts.disable(account_id=made.id)).disabled
        assert (await accounts.disable(account_id=made.id)).disabled
        with pytest.raises(InvalidCredentials):
            await accounts.log_in(email=who["email"], password=who["password"])
        with pytest.raises(AccountExists):
            await accounts.register(**person(email=who["email"]))
        assert await accounts.enable(account_id=made.id) == made
        await accounts.log_in(email=who["email"], password=who["password"])

    async def test_an_unknown_account_cannot_be_disabled(self, accounts):
        for change in (accounts.disable, accounts.enable):
            with pytest.raises(NotFound):
                await change(account_id=10**12)


class Watched(Passwords):
    """Real hashes, and a list of what was checked against what."""

    def __init__(self, settings):
        super().__init__(settings)
        self.verified = []
        self.hashed = []

    async def hash(self, password):
        self.hashed.append(password)
        return await super().hash(password)

    async def verify(self, password, password_hash):
        self.verified.append((password, password_hash))
        return await super().verify(password, password_hash)


class Busy(Passwords):
    """A pool that has no room for making hashes."""

    async def hash(self, password):
        del password
        raise Overloaded


class TestTheWorkOfALogIn:
    @pytest.fixture
    async def watched(self, one_url, clock):
        made = []

        def watched(settings):
            made.append(Watched(settings))
            return made[0]

        async with opened(one_url, clock=clock, passwords=watched) as accounts:
            yield accounts, made[0]

    async def test_is_the_same_for_an_unknown_address(self, watched):
        accounts, passwords = watched
        await accounts.register(**(who := person()))
        for email in (who["email"], "nobody-at-all@example.com", "no address"):
            with pytest.raises(InvalidCredentials):
                await accounts.log_in(email=email, password="a wrong password")
        (_, real), (_, nobody), (_, malformed) = passwords.verified
        assert nobody == malformed == passwords.nobody
        cost = [each.split("$")[1:4] for each in (real, nobody)]
        assert cost[0] == cost[1]
        assert [len(part) for part in real.split("$")] == [len(part) for part in nobody.split("$")]

    async def test_is_the_same_for_a_disabled_account(self, watched):
        accounts, passwords = watched
        made = await accounts.register(**(who := person()))
        await accounts.disable(account_id=made.id)
        with pytest.raises(InvalidCredentials):
            await accounts.log_in(email=who["email"], password=who["password"])
        assert len(passwords.verified) == 1

    async def test_is_spared_for_what_cannot_be_a_password(self, watched):
        accounts, passwords = watched
        with pytest.raises(InvalidCredentials):
            await accounts.log_in(email="nobody@example.com", password="x" * 10_000)
        with pytest.raises(Invalid):
            await accounts.register(**person(password="x" * 10_000))
        assert passwords.verified == passwords.hashed == []

    async def test_does_not_fail_for_want_of_a_newer_hash(self, anywhere, one_url, clock):
        await anywhere.register(**(who := person()))
        async with opened(one_url, clock=clock, passwords=Busy, argon2_passes=3) as accounts:
            given = await accounts.log_in(email=who["email"], password=who["password"])
        assert given.account.email == who["email"]

    async def test_is_bounded(self, one_url):
        async with opened(one_url, hash_threads=1, hash_queue=1) as accounts:
            await accounts.register(**(who := person()))
            outcomes = await asyncio.gather(
                *(accounts.log_in(email=who["email"], password=who["password"]) for _ in range(20)),
                return_exceptions=True,
            )
            refused = [outcome for outcome in outcomes if isinstance(outcome, Overloaded)]
            assert len(refused) == len([outcome for outcome in outcomes if isinstance(outcome, Exception)])
            assert 0 < len(refused) < 20
            assert {(each.status, each.retry_after_s) for each in refused} == {(503, 1)}
            await accounts.log_in(email=who["email"], password=who["password"])

    async def test_gives_its_place_back_when_the_caller_goes_away(self, one_url):
        async with opened(one_url, hash_threads=1, hash_queue=0) as accounts:
            await accounts.register(**(who := person()))
            for _ in range(3):
                leaver = asyncio.ensure_future(accounts.log_in(email=who["email"], password=who["password"]))
                await asyncio.wait({leaver}, timeout=0.01)
                leaver.cancel()
                await asyncio.wait({leaver})
            async with asyncio.timeout(30):
                while True:
                    try:
                        return await accounts.log_in(email=who["email"], password=who["password"])
                    except Overloaded:
                        await asyncio.sleep(0.01)


class TestReading:
    async def test_many_leaves_out_what_does_not_exist(self, accounts):
        made = [await accounts.register(**person()) for _ in range(3)]
        ids = [each.id for each in made]
        found = await accounts.get_many(ids=[*ids, ids[0], 10**12, -1])
        assert sorted(found, key=lambda account: account.id) == made
        assert await accounts.get_many(ids=[]) == []

    async def test_all_pages_in_order_of_id(self, accounts):
        made = [await accounts.register(**person()) for _ in range(5)]
        seen, after = [], 0
        while page := await accounts.list_all(after_id=after, limit=2):
            assert len(page) <= 2
            seen += page
            after = page[-1].id
        assert [account.id for account in seen] == sorted({account.id for account in seen})
        assert [account for account in seen if account in made] == made

    @pytest.mark.parametrize("limit", [0, -1, 1001])
    async def test_all_has_a_limit(self, anywhere, limit):
        with pytest.raises(ValueError, match="limit"):
            await anywhere.list_all(limit=limit)

    async def test_many_has_a_limit(self, anywhere):
        with pytest.raises(ValueError, match="1000"):
            await anywhere.get_many(ids=range(1001))

    async def test_an_unknown_address_finds_nobody(self, accounts):
        assert await accounts.find_by_email(email="nobody-here@example.com") is None
        assert await accounts.find_by_email(email="no address") is None


class TestTheTable:
    """What the database itself refuses, whoever writes to it."""

    GOOD = {  # noqa: RUF012 - never changed
        "username": "table-test",
        "username_key": "table-test",
        "email": "table@example.com",
        "email_key": "table@example.com",
        "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA",
        "role": Role.GUEST,
        "disabled": False,
        "confirmed_at": None,
        "email_bounced_at": None,
    }

    @pytest.mark.parametrize(
        "bad",
        [
            {"password_hash": "a password in plain text"},
            {"username": ""},
            {"username_key": "x"},
            {"email": ""},
            {"email_key": "@"},
        ],
    )
    async def test_refuses_values_out_of_their_domain(self, db, clock, bad):
        with pytest.raises(CheckViolation):
            await db.put(ADD(**{**self.GOOD, "created_at": clock.now(), **bad}))

    @pytest.mark.parametrize(
        "column", [column.name for column in table.c if not column.nullable and column.name != "id"]
    )
    async def test_refuses_nothing_in_every_column(self, db, clock, column):
        with pytest.raises(NotNullViolation):
            await db.put(ADD(**{**self.GOOD, "created_at": clock.now(), column: None}))

    @pytest.mark.parametrize("key", ["username_key", "email_key"])
    async def test_refuses_a_second_account_of_one_key(self, accounts, db, clock, key):
        made = await accounts.register(**(who := person()))
        taken = {"username_key": made.username, "email_key": who["email"]}[key]
        with pytest.raises(UniqueViolation):
            await db.put(ADD(**{**self.GOOD, "created_at": clock.now(), key: taken}))
