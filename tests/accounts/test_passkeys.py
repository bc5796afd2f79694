import asyncio
import base64
from datetime import timedelta

import pytest
from accounts_builder import SECRET
from authenticator import Authenticator, plain, text
from factors_builder import factors_on
from sqlalchemy import bindparam, select

from holdfast.accounts.factors_api import (
    PasskeyExists,
    PasskeyRefused,
    Proof,
    SecondFactorRequired,
    TooManyPasskeys,
)
from holdfast.accounts.models.activity import activity
from holdfast.accounts.routes.passkey_shapes import assertion_options_out, registration_options_out
from holdfast.accounts.service.passkeys import MAX_PASSKEYS
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import statement
from holdfast.kit.errors import NotFound

KINDS = statement(select(activity.table.c.kind).where(activity.table.c.subject_id == bindparam("id")))


@pytest.fixture
async def house(migrated, clock):
    """The doors on each engine in turn."""
    async with factors_on(migrated, clock=clock) as made:
        yield made


@pytest.fixture
async def anyhouse(one_url, clock):
    """The doors on SQLite, for tests in which the engine plays no part."""
    async with factors_on(one_url, clock=clock) as made:
        yield made


async def to_make(house, account):
    """What a browser is told to make a passkey."""
    options = await house.doors.passkeys.registration_options(account_id=account.id)
    return registration_options_out(options).model_dump(by_alias=True)


def to_log_in(house):
    return assertion_options_out(house.doors.passkeys.log_in_options()).model_dump(by_alias=True)


async def to_prove(house, account):
    options = await house.doors.step_up.reauthentication_options(account_id=account.id)
    return assertion_options_out(options).model_dump(by_alias=True)


async def registered(house, account, key=None, name="a key"):
    """A passkey of an account, and the authenticator that holds it."""
    key = key or Authenticator()
    credential = key.make(await to_make(house, account))
    return await house.doors.passkeys.add(account_id=account.id, name=name, credential=credential), key


async def log_in(house, credential):
    # As log-in does: the signature first, then a transaction that takes it.
    shown = await house.doors.passkeys.shown(credential)
    if not await house.db.write(lambda tx: house.doors.passkeys.accept(tx, shown)):
        raise PasskeyRefused
    return shown


async def kinds(house, account):
    return [row.kind for row in await house.db.read(lambda tx: tx.all(KINDS(id=account.id)))]


class TestAPasskey:
    async def test_is_registered_and_logs_in(self, house):
        account = await house.person()
        made, key = await registered(house, account, name="John's phone")
        assert (made.name, made.used_at, made.backed_up) == ("John's phone", None, False)
        shown = await log_in(house, key.sign(to_log_in(house)))
        assert (shown.account_id, shown.asserted.user_verified) == (account.id, True)
        [listed] = await house.doors.passkeys.list_of(account_id=account.id)
        assert abs(listed.used_at - house.clock.now()) < timedelta(seconds=10)

    async def test_says_whether_it_is_backed_up_and_its_user_was_checked(self, anyhouse):
        account = await anyhouse.person()
        made, key = await registered(anyhouse, account, Authenticator(backed_up=True, verifies=False))
        assert made.backed_up
        assert not (await log_in(anyhouse, key.sign(to_log_in(anyhouse)))).asserted.user_verified

    async def test_knows_the_account_by_a_random_handle_that_stays(self, anyhouse):
        first, second = await anyhouse.person(), await anyhouse.person()
        handles = [(await to_make(anyhouse, each))["user"]["id"] for each in (first, first, second)]
        assert handles[0] == handles[1] != handles[2]
        assert len(plain(handles[0])) == 32
        assert str(first.id).encode() not in plain(handles[0])

    async def test_is_not_made_twice_by_one_authenticator(self, house):
        account = await house.person()
        _, key = await registered(house, account)
        options = await to_make(house, account)
        assert [each["id"] for each in options["excludeCredentials"]] == [text(key.credential_id)]
        with pytest.raises(PasskeyExists):
            await house.doors.passkeys.add(account_id=account.id, name="again", credential=key.make(options))

    async def test_belongs_to_one_account(self, house):
        _, key = await registered(house, await house.person())
        other = await house.person()
        with pytest.raises(PasskeyExists):
            await registered(house, other, key)
        assert await house.doors.passkeys.list_of(account_id=other.id) == ()

    async def test_is_renamed_and_removed_by_its_owner_only(self, house):
        account, other = await house.person(), await house.person()
        made, key = await registered(house, account)
        with pytest.raises(NotFound):
            await house.doors.passkeys.rename(account_id=other.id, passkey_id=made.id, name="mine")
        with pytest.raises(NotFound):
            await house.doors.passkeys.remove(account_id=other.id, passkey_id=made.id)
        assert (await house.doors.passkeys.rename(account_id=account.id, passkey_id=made.id, name="new")).name == "new"
        await house.doors.passkeys.remove(account_id=account.id, passkey_id=made.id)
        with pytest.raises(PasskeyRefused):
            await log_in(house, key.sign(to_log_in(house)))
        with pytest.raises(NotFound):
            await house.doors.passkeys.remove(account_id=account.id, passkey_id=made.id)

    async def test_is_one_of_twenty_at_most(self, anyhouse):
        account = await anyhouse.person()
        for _ in range(MAX_PASSKEYS):
            await registered(anyhouse, account)
        with pytest.raises(TooManyPasskeys):
            await registered(anyhouse, account)

    async def test_that_does_not_count_logs_in_again_and_again(self, anyhouse):
        _, key = await registered(anyhouse, await anyhouse.person(), Authenticator(counts=False))
        for _ in range(3):
            await log_in(anyhouse, key.sign(to_log_in(anyhouse)))

    @pytest.mark.parametrize("back", [0, 1, 3])
    async def test_whose_counter_runs_backward_is_refused_and_recorded(self, house, back):
        account = await house.person()
        _, key = await registered(house, account)
        for _ in range(4):
            await log_in(house, key.sign(to_log_in(house)))
        key.count -= back + 1
        with pytest.raises(PasskeyRefused):
            await log_in(house, key.sign(to_log_in(house)))
        assert (await kinds(house, account)).count("passkey.refused") == 1

    async def test_is_taken_once_of_fifty_at_once(self, house):
        _, key = await registered(house, await house.person())
        credential = key.sign(to_log_in(house))
        results = await asyncio.gather(*(log_in(house, credential) for _ in range(50)), return_exceptions=True)
        winners = [each for each in results if not isinstance(each, Exception)]
        assert len(winners) == 1
        assert {type(each) for each in results} - {type(winners[0])} <= {UniqueViolation, PasskeyRefused}


class TestAChallenge:
    async def test_registers_one_passkey(self, house):
        account = await house.person()
        options = await to_make(house, account)
        await house.doors.passkeys.add(account_id=account.id, name="one", credential=Authenticator().make(options))
        with pytest.raises(PasskeyRefused):
            await house.doors.passkeys.add(account_id=account.id, name="two", credential=Authenticator().make(options))

    async def test_runs_out(self, anyhouse):
        account = await anyhouse.person()
        _, key = await registered(anyhouse, account)
        credential = key.sign(to_log_in(anyhouse))
        anyhouse.clock.advance(timedelta(minutes=5, seconds=1))
        with pytest.raises(PasskeyRefused):
            await log_in(anyhouse, credential)

    async def test_is_for_one_account(self, anyhouse):
        account, other = await anyhouse.person(), await anyhouse.person()
        await to_make(anyhouse, other)
        credential = Authenticator().make(await to_make(anyhouse, account))
        with pytest.raises(PasskeyRefused):
            await anyhouse.doors.passkeys.add(account_id=other.id, name="mine", credential=credential)

    async def test_is_for_one_purpose(self, anyhouse):
        account = await anyhouse.person()
        _, key = await registered(anyhouse, account)
        to_register = (await to_make(anyhouse, account))["challenge"]
        again = await to_prove(anyhouse, account)
        for challenge in (to_register, again["challenge"]):
            with pytest.raises(PasskeyRefused):
                await log_in(anyhouse, key.sign(to_log_in(anyhouse) | {"challenge": challenge}))
        with pytest.raises(PasskeyRefused):
            await anyhouse.doors.passkeys.shown(key.sign(to_log_in(anyhouse)), account_id=account.id)

    @pytest.mark.parametrize(
        "challenge",
        ["", "AA", text(bytes(72)), text(bytes(10_000))],
        ids=["empty", "short", "zeros", "long"],
    )
    async def test_is_of_our_making(self, anyhouse, challenge):
        _, key = await registered(anyhouse, await anyhouse.person())
        with pytest.raises(PasskeyRefused):
            await log_in(anyhouse, key.sign(to_log_in(anyhouse) | {"challenge": challenge}))

    async def test_with_one_bit_turned_is_not_ours(self, anyhouse):
        _, key = await registered(anyhouse, await anyhouse.person())
        options = to_log_in(anyhouse)
        value = bytearray(plain(options["challenge"]))
        for place in (0, 31, 39, 40, len(value) - 1):
            turned = bytes(value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :])
            with pytest.raises(PasskeyRefused):
                await log_in(anyhouse, key.sign(options | {"challenge": text(turned)}))

    async def test_of_before_a_new_secret_of_the_server_is_still_good(self, one_url, anyhouse):
        _, key = await registered(anyhouse, await anyhouse.person())
        credential = key.sign(to_log_in(anyhouse))
        new = "another secret of the tests, long enough too"
        async with factors_on(one_url, clock=anyhouse.clock, secret=new, previous=(SECRET,)) as rotated:
            await log_in(rotated, credential)

    async def test_answered_is_forgotten_when_it_has_run_out_and_not_before(self, anyhouse):
        _, key = await registered(anyhouse, await anyhouse.person())
        credential = key.sign(to_log_in(anyhouse))
        await log_in(anyhouse, credential)
        await anyhouse.doors.passkeys.forget_spent()
        with pytest.raises(UniqueViolation):
            await log_in(anyhouse, credential)
        anyhouse.clock.advance(timedelta(minutes=6))
        await anyhouse.doors.passkeys.forget_spent()
        with pytest.raises(PasskeyRefused):
            await log_in(anyhouse, credential)


def changed(credential, **response):
    return credential | {"response": credential["response"] | response}


class TestAForgery:
    async def test_by_another_key_is_refused(self, anyhouse):
        _, key = await registered(anyhouse, await anyhouse.person())
        forger = Authenticator()
        forger.credential_id, forger.handle, forger.count = key.credential_id, key.handle, 10
        with pytest.raises(PasskeyRefused):
            await log_in(anyhouse, forger.sign(to_log_in(anyhouse)))

    async def test_by_an_unknown_passkey_is_refused(self, anyhouse):
        with pytest.raises(PasskeyRefused):
            await log_in(anyhouse, Authenticator().sign(to_log_in(anyhouse)))

    @pytest.mark.parametrize(
        "origin", ["https://localhost:8000", "http://localhost:8001", "http://localhost.evil.example", "null", ""]
    )
    async def test_from_another_origin_is_refused(self, anyhouse, origin):
        account = await anyhouse.person()
        _, key = await registered(anyhouse, account)
        key.origin = origin
        with pytest.raises(PasskeyRefused):
            await log_in(anyhouse, key.sign(to_log_in(anyhouse)))
        with pytest.raises(PasskeyRefused):
            await registered(anyhouse, account, Authenticator(origin=origin))

    async def test_inside_another_site_is_refused(self, anyhouse):
        _, key = await registered(anyhouse, await anyhouse.person())
        key.cross_origin = True
        with pytest.raises(PasskeyRefused):
            await log_in(anyhouse, key.sign(to_log_in(anyhouse)))

    async def test_for_another_site_is_refused(self, anyhouse):
        account = await anyhouse.person()
        _, key = await registered(anyhouse, account)
        with pytest.raises(PasskeyRefused):
            await log_in(anyhouse, key.sign(to_log_in(anyhouse) | {"rpId": "evil.example"}))

    async def test_with_the_handle_of_somebody_else_is_refused(self, anyhouse):
        _, key = await registered(anyhouse, await anyhouse.person())
        _, other = await registered(anyhouse, await anyhouse.person())
        key.handle = other.handle
        with pytest.raises(PasskeyRefused):
            await log_in(anyhouse, key.sign(to_log_in(anyhouse)))

    @pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
    @pytest.mark.parametrize("value", ["", "AA", "!", "a" * 5_000, text(b"\xff" * 50), text(b'{"type": 1}')])
    async def test_of_a_signature_is_refused(self, anyhouse, part, value):
        _, key = await registered(anyhouse, await anyhouse.person())
        with pytest.raises(PasskeyRefused):
            await log_in(anyhouse, changed(key.sign(to_log_in(anyhouse)), **{part: value}))

    @pytest.mark.parametrize("part", ["clientDataJSON", "attestationObject"])
    @pytest.mark.parametrize("value", ["", "AA", "!", text(b"\xa0"), text(b"\x9f" * 1_000), text(b"[]"), text(b"\x82")])
    async def test_of_a_new_passkey_is_refused(self, anyhouse, part, value):
        account = await anyhouse.person()
        made = Authenticator().make(await to_make(anyhouse, account))
        with pytest.raises(PasskeyRefused):
            await anyhouse.doors.passkeys.add(
                account_id=account.id, name="x", credential=changed(made, **{part: value})
            )
        assert await anyhouse.doors.passkeys.list_of(account_id=account.id) == ()

    async def test_that_names_another_credential_than_it_makes_is_refused(self, anyhouse):
        account = await anyhouse.person()
        made = Authenticator().make(await to_make(anyhouse, account))
        named = base64.urlsafe_b64encode(b"x" * 32).decode().rstrip("=")
        with pytest.raises(PasskeyRefused):
            await anyhouse.doors.passkeys.add(
                account_id=account.id, name="x", credential=made | {"id": named, "rawId": named}
            )


class TestProvingAgainByPasskey:
    async def test_makes_the_session_fresh(self, house):
        account = await house.person()
        _, key = await registered(house, account)
        options = await to_prove(house, account)
        assert [each["id"] for each in options["allowCredentials"]] == [text(key.credential_id)]
        await house.doors.step_up.reauthenticate(
            principal=house.principal(account), proof=Proof(passkey=key.sign(options))
        )
        assert house.renewed == ["ses_1"]

    async def test_counts_once(self, house):
        account = await house.person()
        _, key = await registered(house, account)
        proof = Proof(passkey=key.sign(await to_prove(house, account)))
        await house.doors.step_up.reauthenticate(principal=house.principal(account), proof=proof)
        with pytest.raises(PasskeyRefused):
            await house.doors.step_up.reauthenticate(principal=house.principal(account), proof=proof)

    async def test_is_no_good_with_the_passkey_of_somebody_else(self, house):
        account, other = await house.person(), await house.person()
        _, key = await registered(house, other)
        for options in (await to_prove(house, account), await to_prove(house, other)):
            with pytest.raises(PasskeyRefused):
                await house.doors.step_up.reauthenticate(
                    principal=house.principal(account), proof=Proof(passkey=key.sign(options))
                )
        assert house.renewed == []

    async def test_without_a_check_of_its_user_does_not_stand_for_two_factors(self, house):
        account, _, _ = await house.with_totp()
        _, key = await registered(house, account, Authenticator(verifies=False))
        with pytest.raises(SecondFactorRequired):
            await house.doors.step_up.reauthenticate(
                principal=house.principal(account), proof=Proof(passkey=key.sign(await to_prove(house, account)))
            )
        key.verifies = True
        await house.doors.step_up.reauthenticate(
            principal=house.principal(account), proof=Proof(passkey=key.sign(await to_prove(house, account)))
        )
        assert house.renewed == ["ses_1"]
