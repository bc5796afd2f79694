import asyncio
import string
from datetime import timedelta

import pytest
from accounts_builder import PASSWORD, SECRET
from factors_builder import factors_on
from sqlalchemy import bindparam, select, text

from holdfast.accounts.api import InvalidCredentials
from holdfast.accounts.factors_api import (
    Factor,
    InvalidCode,
    Proof,
    SecondFactorOff,
    SecondFactorOn,
    SecondFactorRequired,
    Used,
)
from holdfast.accounts.models.factors import recovery_code, totp
from holdfast.accounts.service.recovery_codes import plain_code
from holdfast.accounts.service.totp import matching_step, new_totp_secret
from holdfast.kit.db.migrate import _with_connection
from holdfast.kit.db.statements import statement
from holdfast.kit.errors import Forbidden, NotFound
from holdfast.kit.limits.limits import TooManyRequests
from holdfast.kit.sealing import SealBroken

SEALED = statement(select(totp.c.sealed_secret).where(totp.c.account_id == bindparam("id")))
HASHES = statement(select(recovery_code.c.code_hash).where(recovery_code.c.account_id == bindparam("id")))
NEW_SECRET = "another secret of the tests, long enough too"


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


async def sealed(house, account):
    return (await house.db.read(lambda tx: tx.one(SEALED(id=account.id)))).sealed_secret


def outcomes(results):
    return sorted(type(each).__name__ for each in results)


class TestAnAuthenticatorApp:
    async def test_asks_for_nothing_until_it_is_confirmed(self, house):
        account = await house.person()
        app = await house.started(account)
        assert not await house.required(account)
        with pytest.raises(InvalidCode):
            await house.check(account, house.code(app))
        await house.doors.factors.confirm_totp(account_id=account.id, code=house.code(app))
        assert await house.required(account)

    async def test_is_confirmed_by_its_own_code_only(self, house):
        account = await house.person()
        app = await house.started(account)
        wrong = f"{(int(house.code(app)) + 1) % 1_000_000:06}"
        with pytest.raises(InvalidCode):
            await house.doors.factors.confirm_totp(account_id=account.id, code=wrong)
        assert not await house.required(account)

    async def test_started_again_before_it_is_confirmed_replaces_the_first(self, house):
        account = await house.person()
        first, second = await house.started(account), await house.started(account)
        with pytest.raises(InvalidCode):
            await house.doors.factors.confirm_totp(account_id=account.id, code=house.code(first))
        await house.doors.factors.confirm_totp(account_id=account.id, code=house.code(second))

    async def test_that_is_on_is_not_replaced(self, house):
        account, app, _ = await house.with_totp()
        with pytest.raises(SecondFactorOn):
            await house.doors.factors.start_totp(account_id=account.id)
        with pytest.raises(SecondFactorOff):
            await house.doors.factors.confirm_totp(account_id=account.id, code=house.code(app))
        assert (await house.check(account, house.code(app))).factor is Factor.TOTP

    async def test_of_nobody_is_not_found(self, house):
        with pytest.raises(NotFound):
            await house.doors.factors.start_totp(account_id=2**40)

    async def test_gets_a_secret_of_160_bits_and_an_address_for_a_qr_code(self, anyhouse):
        account = await anyhouse.person()
        made = await anyhouse.doors.factors.start_totp(account_id=account.id)
        assert len(made.secret) == 32
        assert set(made.secret) <= set(string.ascii_uppercase + "234567")
        assert made.uri.startswith("otpauth://totp/Holdfast:")
        assert f"secret={made.secret}" in made.uri
        assert "issuer=Holdfast" in made.uri

    async def test_turned_off_asks_for_nothing_and_keeps_nothing(self, house):
        account, app, codes = await house.with_totp()
        await house.doors.factors.remove_totp(account_id=account.id)
        standing = await house.doors.factors.standing(account_id=account.id)
        assert (standing.totp_since, standing.recovery_codes_left) == (None, 0)
        for code in (house.code(app), codes[0]):
            with pytest.raises(InvalidCode):
                await house.check(account, code)
        with pytest.raises(SecondFactorOff):
            await house.doors.factors.remove_totp(account_id=account.id)


class TestACode:
    async def test_is_good_once(self, house):
        account, app, _ = await house.with_totp()
        code = house.code(app)
        assert await house.check(account, code) == Used(factor=Factor.TOTP, recovery_codes_left=10)
        with pytest.raises(InvalidCode):
            await house.check(account, code)

    async def test_that_confirmed_the_app_is_used_up(self, house):
        account = await house.person()
        app = await house.started(account)
        await house.doors.factors.confirm_totp(account_id=account.id, code=house.code(app))
        with pytest.raises(InvalidCode):
            await house.check(account, house.code(app))

    @pytest.mark.parametrize("steps", [-1, 0, 1])
    async def test_may_be_one_step_early_or_late(self, anyhouse, steps):
        account, app, _ = await anyhouse.with_totp()
        anyhouse.later(2)
        await anyhouse.check(account, anyhouse.code(app, steps))

    @pytest.mark.parametrize("steps", [-2, 2, 100])
    async def test_of_another_time_is_refused(self, anyhouse, steps):
        account, app, _ = await anyhouse.with_totp()
        anyhouse.later(3)
        with pytest.raises(InvalidCode):
            await anyhouse.check(account, anyhouse.code(app, steps))

    async def test_older_than_the_last_one_used_is_refused(self, house):
        account, app, _ = await house.with_totp()
        earlier = house.code(app)
        await house.check(account, house.code(app, 1))
        with pytest.raises(InvalidCode):
            await house.check(account, earlier)

    @pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "12 456", "\uff11" * 6, "-12345", "\u0661" * 6])
    async def test_of_another_form_is_refused(self, anyhouse, code):
        account, _, _ = await anyhouse.with_totp()
        with pytest.raises(InvalidCode):
            await anyhouse.check(account, code)

    async def test_of_somebody_else_is_refused(self, house):
        account, _, _ = await house.with_totp()
        _, other_app, other_codes = await house.with_totp()
        for code in (house.code(other_app), other_codes[0]):
            with pytest.raises(InvalidCode):
                await house.check(account, code)

    async def test_sent_fifty_times_at_once_counts_once(self, house, migrated):
        account, app, _ = await house.with_totp()
        code = house.code(app)
        async with factors_on(migrated, clock=house.clock) as other:
            tries = [(house, other)[number % 2].check(account, code) for number in range(50)]
            results = await asyncio.gather(*tries, return_exceptions=True)
        assert outcomes(results) == ["InvalidCode"] * 49 + ["Used"]

    async def test_is_not_used_up_by_what_fails_after_it(self, house):
        account, app, _ = await house.with_totp()
        code = house.code(app)

        async def fails(tx):
            await house.doors.codes.check(tx, account.id, code)
            raise Forbidden

        with pytest.raises(Forbidden):
            await house.db.write(fails)
        await house.check(account, code)

    def test_is_that_of_the_rfc(self, clock):
        secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B, the last six of eight digits
        for second, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
            at = clock.now().fromtimestamp(second, clock.now().tzinfo)
            assert matching_step(secret, code, at) == second // 30

    def test_secret_is_never_the_same(self):
        assert len({new_totp_secret() for _ in range(100)}) == 100


class TestARecoveryCode:
    async def test_is_good_once_and_says_how_many_are_left(self, house):
        account, _, codes = await house.with_totp()
        assert len(set(codes)) == 10
        used = await house.check(account, codes[3])
        assert used == Used(factor=Factor.RECOVERY_CODE, recovery_codes_left=9)
        with pytest.raises(InvalidCode):
            await house.check(account, codes[3])
        assert (await house.check(account, codes[4])).recovery_codes_left == 8

    async def test_sent_fifty_times_at_once_counts_once(self, house):
        account, _, codes = await house.with_totp()
        results = await asyncio.gather(*(house.check(account, codes[0]) for _ in range(50)), return_exceptions=True)
        assert outcomes(results) == ["InvalidCode"] * 49 + ["Used"]

    async def test_is_no_good_once_there_are_new_ones(self, house):
        account, _, old = await house.with_totp()
        new = await house.doors.factors.renew_recovery_codes(account_id=account.id)
        assert not set(old) & set(new)
        with pytest.raises(InvalidCode):
            await house.check(account, old[0])
        assert (await house.check(account, new[0])).recovery_codes_left == 9

    async def test_may_be_typed_without_hyphens_in_small_letters_and_with_letters_that_look_alike(self, anyhouse):
        account, _, codes = await anyhouse.with_totp()
        typed = codes[0].lower().replace("-", " ").replace("0", "o").replace("1", "l")
        assert (await anyhouse.check(account, typed)).factor is Factor.RECOVERY_CODE

    async def test_is_stored_as_a_hash_only(self, house):
        account, _, codes = await house.with_totp()
        stored = {row.code_hash for row in await house.db.read(lambda tx: tx.all(HASHES(id=account.id)))}
        assert len(stored) == 10
        assert not stored & set(codes)
        assert not stored & {plain_code(code) for code in codes}

    async def test_needs_an_app(self, house):
        account = await house.person()
        with pytest.raises(SecondFactorOff):
            await house.doors.factors.renew_recovery_codes(account_id=account.id)

    async def test_has_120_bits(self, anyhouse):
        _, _, codes = await anyhouse.with_totp()
        assert {len(plain_code(code)) * 5 for code in codes} == {120}


class TestASecretAtRest:
    async def test_is_nowhere_in_the_database(self, house, migrated):
        account = await house.person()
        app = await house.started(account)
        codes = await house.doors.factors.confirm_totp(account_id=account.id, code=house.code(app))

        def everything(connection):
            found = []
            for table in ("totp", "recovery_code", "activity"):
                found += connection.execute(text(f"SELECT * FROM accounts_{table}")).all()  # noqa: S608 - our names
            return repr(found)

        dump = await _with_connection(migrated, everything)
        assert app.secret not in dump
        assert not [code for code in codes if code in dump or plain_code(code) in dump]

    async def test_is_sealed_differently_each_time_and_for_its_account_only(self, anyhouse):
        seal = anyhouse.doors.codes._seal
        first, second = (seal.close("JBSWY3DPEHPK3PXP", bound_to=1) for _ in range(2))
        assert first != second
        assert seal.open(first, bound_to=1) == ("JBSWY3DPEHPK3PXP", False)
        with pytest.raises(SealBroken):
            seal.open(first, bound_to=2)

    async def test_survives_a_new_secret_of_the_server_and_is_sealed_anew_when_used(self, house, migrated):
        account, app, _ = await house.with_totp()
        before = await sealed(house, account)
        async with factors_on(migrated, clock=house.clock, secret=NEW_SECRET, previous=(SECRET,)) as rotated:
            await rotated.check(account, rotated.code(app))
        after = await sealed(house, account)
        assert after != before
        house.later()
        async with factors_on(migrated, clock=house.clock, secret=NEW_SECRET) as alone:
            await alone.check(account, alone.code(app))
        assert await sealed(house, account) == after


class TestTries:
    async def test_of_wrong_codes_end_at_five(self, one_url, clock):
        async with factors_on(one_url, clock=clock, quota=5) as house:
            account = await house.person()
            app = await house.started(account)
            for _ in range(5):
                with pytest.raises(InvalidCode):
                    await house.doors.factors.confirm_totp(account_id=account.id, code="000000x")
            with pytest.raises(TooManyRequests) as refusal:
                await house.doors.factors.confirm_totp(account_id=account.id, code=house.code(app))
            assert refusal.value.retry_after_s > 0
            clock.advance(timedelta(seconds=refusal.value.retry_after_s + 1))
            await house.doors.factors.confirm_totp(account_id=account.id, code=house.code(app))

    async def test_that_are_right_do_not_count(self, one_url, clock):
        async with factors_on(one_url, clock=clock, quota=5) as house:
            account = await house.person()
            for _ in range(12):
                await house.doors.step_up.reauthenticate(
                    principal=house.principal(account), proof=Proof(password=PASSWORD)
                )


class TestProvingAgain:
    async def test_by_password_makes_the_session_fresh(self, house):
        account = await house.person()
        given = await house.doors.step_up.reauthenticate(
            principal=house.principal(account), proof=Proof(password=PASSWORD)
        )
        assert house.renewed == ["ses_1"]
        assert given.fresh_until - given.authenticated_at == timedelta(minutes=10)
        assert abs(given.authenticated_at - house.clock.now()) < timedelta(seconds=10)

    async def test_with_a_wrong_password_does_not(self, house):
        account = await house.person()
        for password in ("not the password", "", "x" * 200):
            with pytest.raises(InvalidCredentials):
                await house.doors.step_up.reauthenticate(
                    principal=house.principal(account), proof=Proof(password=password)
                )
        assert house.renewed == []

    async def test_takes_the_code_too_where_one_is_on(self, house):
        account, app, _ = await house.with_totp()
        principal, code = house.principal(account), house.code(app)
        for proof, refusal in (
            (Proof(password=PASSWORD), SecondFactorRequired),
            (Proof(password=PASSWORD, code="000000x"), InvalidCode),
            (Proof(password="wrong password", code=code), InvalidCredentials),
        ):
            with pytest.raises(refusal):
                await house.doors.step_up.reauthenticate(principal=principal, proof=proof)
        assert house.renewed == []
        # The wrong password has not used the code up.
        await house.doors.step_up.reauthenticate(principal=principal, proof=Proof(password=PASSWORD, code=code))
        assert house.renewed == ["ses_1"]

    async def test_is_not_for_api_keys(self, anyhouse):
        account = await anyhouse.person()
        with pytest.raises(Forbidden):
            await anyhouse.doors.step_up.reauthenticate(
                principal=anyhouse.principal(account, session_id=None), proof=Proof(password=PASSWORD)
            )

    async def test_ends_at_five_wrong_passwords_in_one_session_and_not_in_another(self, one_url, clock):
        async with factors_on(one_url, clock=clock, quota=5) as house:
            account = await house.person()

            def prove(password, session_id):
                return house.doors.step_up.reauthenticate(
                    principal=house.principal(account, session_id=session_id), proof=Proof(password=password)
                )

            for _ in range(5):
                with pytest.raises(InvalidCredentials):
                    await prove("wrong password", "ses_stolen")
            with pytest.raises(TooManyRequests):
                await prove(PASSWORD, "ses_stolen")
            await prove(PASSWORD, "ses_own")

    async def test_holds_for_ten_minutes(self, anyhouse):
        account = await anyhouse.person()
        principal = anyhouse.principal(account)
        assert anyhouse.doors.step_up.is_fresh(principal)
        anyhouse.clock.advance(timedelta(minutes=9, seconds=59))
        assert anyhouse.doors.step_up.is_fresh(principal)
        anyhouse.clock.advance(timedelta(seconds=1))
        assert not anyhouse.doors.step_up.is_fresh(principal)

    async def test_never_was_where_nobody_knows_when(self, anyhouse):
        account = await anyhouse.person()
        for changes in ({"authenticated_at": None}, {"session_id": None}):
            assert not anyhouse.doors.step_up.is_fresh(anyhouse.principal(account, **changes))
        ahead = anyhouse.principal(account, authenticated_at=anyhouse.clock.now() + timedelta(hours=1))
        assert not anyhouse.doors.step_up.is_fresh(ahead)


class TestAReset:
    async def test_takes_every_factor_and_ends_the_sessions(self, house):
        account, app, codes = await house.with_totp()
        before = await house.doors.factors.reset(account_id=account.id)
        assert (before.totp_since is not None, before.recovery_codes_left) == (True, 10)
        assert not await house.required(account)
        assert house.ended == [(account.id, "factors_reset", None)]
        for code in (house.code(app), codes[0]):
            with pytest.raises(InvalidCode):
                await house.check(account, code)

    async def test_of_nobody_is_not_found(self, house):
        with pytest.raises(NotFound):
            await house.doors.factors.reset(account_id=2**40)
