"""What is done with people's data over all modules, on every engine: erasing, letting go, forgetting, finding."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from holdfast.accounts.api import Role
from holdfast.accounts.privacy_api import CONSENT_VERSION, ConsentPurpose, ErasureState
from holdfast.app.errors import CannotStart
from holdfast.app.modules import assemble
from holdfast.gateway.privacy_people import People
from holdfast.kit.clock import Clock
from holdfast.kit.privacy import Kind, Retention
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings
from support.polling import eventually
from support.principals import principal_of
from support.product import PASSWORD

sys.path.append(str(Path(__file__).parent.parent / "gateway"))  # its builders know how to pay
sys.path.append(str(Path(__file__).parent.parent / "booking"))  # and these what a room is

from paying import payers
from trip_builder import ZONE, restaurant_draft

DIET = "No nuts, please."
NOTE = {"notes": "A high chair.", "dietary": DIET, "dietary_consent": True}
EMAIL = ConsentPurpose.MARKETING_EMAIL


@pytest.fixture(scope="module")
async def house(url):
    async with payers(url, Clock()) as running:
        yield running


@pytest.fixture(scope="module")
async def room(house):
    owner = principal_of(house.owner.id, "owner")
    made = await house.door("catalog").restaurants.create(owner=owner, draft=restaurant_draft())
    return made.id


@pytest.fixture
def work(house):
    return house.running.assembly.privacy()


@pytest.fixture
async def somebody(house):
    """A function that registers somebody nobody knows."""

    async def come(name, role=Role.GUEST):
        house.come = getattr(house, "come", 0) + 1
        return await house.running.person(f"{name}-{house.come}", role)

    return come


class Dined:
    """A table somebody has booked, with a note."""

    def __init__(self, house, who, reference):
        self.house, self.who, self.reference = house, who, reference

    @classmethod
    async def book(cls, house, room, who, *, at="19:00"):
        day = house.running.clock.today(ZONE) + timedelta(days=3)
        wish = {"kind": "table", "restaurant_id": room, "date": day.isoformat(), "time": at, "party_size": 2}
        hold = await house.hold(wish, who=who)
        body = {"hold_id": hold["id"], "hold_token": hold["token"], "payment": {"method": "at_property"}}
        made = await house.post("/v1/bookings", {**body, "notes": [{"item": 0, **NOTE}]}, who=who)
        return cls(house, who, made["reference"])

    async def note(self):
        found = await self.house.get(f"/v1/bookings/{self.reference}/notes", who=self.who)
        return found["items"][0] if found["items"] else None


async def account_of(house, person):
    [found] = await house.door("accounts").get_many(ids=[person.id])
    return found


class TestAnErasure:
    @pytest.mark.parametrize("dies_in", ["sagas", "search", "payments", "booking", "catalog", "accounts", "the files"])
    async def test_that_dies_anywhere_goes_on_where_it_was(self, house, work, somebody, dies_in):
        gina = await somebody("gina")
        await work.privacy.erasures.ask(account_id=gina.id, cool_off_s=0)
        with pytest.raises(Died):
            await dying(work, dies_in).erase_due()
        erasure = await work.privacy.erasures.of(account_id=gina.id)
        assert erasure.state is ErasureState.RUNNING
        assert dies_in not in erasure.steps
        erased = await eventually(lambda: is_done(work, gina), 30)
        assert set(erased.steps) == set(work.people.modules)
        assert (await account_of(house, gina)).username == f"#erased-{gina.id}"

    async def test_leaves_no_note_and_the_books_right(self, house, work, room, somebody):
        gina = await somebody("gina")
        dined = await Dined.book(house, room, gina)
        await work.privacy.erasures.ask(account_id=gina.id, cool_off_s=0)
        await work.erase_due()
        waiting = await work.privacy.erasures.of(account_id=gina.id)
        assert waiting.state is ErasureState.WAITING
        assert not await work.privacy.erasures.waits(erasure_id=waiting.id, obstacles=[]), "they have been told"
        assert (await account_of(house, gina)).email == gina.account.email
        access = await house.door("accounts").log_in(email=gina.account.email, password=PASSWORD)
        gina.headers["Authorization"] = f"Bearer {access.token}"
        path = f"/v1/bookings/{dined.reference}"
        quote = await house.post(f"{path}/cancellation-quotes", {}, who=gina)
        await house.post(f"{path}/cancel", {"quote_id": quote["id"]}, who=gina)
        await eventually(lambda: is_done(work, gina), 30)
        assert await rows_of(work, gina, "booking_note") == []
        assert len(await rows_of(work, gina, "booking_booking")) == 1
        await house.clean()

    async def test_takes_what_an_owner_published_with_it(self, house, work, somebody):
        owner = await somebody("owner", Role.OWNER)
        home = await house.home(who=owner)
        await work.privacy.erasures.ask(account_id=owner.id, cool_off_s=0)
        await eventually(lambda: is_done(work, owner), 30)
        [left] = await house.door("catalog").get_many(ids=[home])
        assert (left.draft.listed, left.draft.name, left.draft.description) == (False, "Erased", "")
        assert (await house.client.get(f"/v1/properties/{home}")).status_code == 404

    async def test_says_what_may_still_hold_bytes(self, work, somebody, url):
        gina = await somebody("gina")
        await work.privacy.erasures.ask(account_id=gina.id, cool_off_s=0)
        erased = await eventually(lambda: is_done(work, gina), 30)
        assert (erased.remains is None) == url.startswith("sqlite")

    async def test_keeps_that_an_address_wants_no_offers(self, house, work, somebody):
        gina = await somebody("gina")
        consents = work.privacy.consents
        await consents.set(account_id=gina.id, purpose=EMAIL, granted=True, text_version=CONSENT_VERSION)
        token = await consents.unsubscribe_token(account_id=gina.id, purpose=EMAIL)
        await work.privacy.erasures.ask(account_id=gina.id, cool_off_s=0)
        await eventually(lambda: is_done(work, gina), 30)
        assert await consents.unsubscribe(token=token) is EMAIL
        again = await house.running.person(gina.account.username)
        assert again.id > gina.id
        assert (await consents.source(account_id=again.id)).suppressed


class TestADiet:
    async def test_is_forgotten_with_the_consent_and_nothing_else(self, house, room, somebody):
        gina = await somebody("gina")
        dined = await Dined.book(house, room, gina)
        assert (await dined.note())["dietary"] == DIET
        body = {"granted": False, "text_version": CONSENT_VERSION}
        answer = await house.ask("PUT", "/v1/me/consents/dietary_notes", body, who=gina)
        assert answer.status_code == 200

        async def is_forgotten():
            found = await dined.note()
            assert found["dietary"] is None
            return found

        left = await eventually(is_forgotten, 15)
        assert (left["notes"], left["dietary_consented_at"], left["consent_version"]) == ("A high chair.", None, None)


class TestWhatIsOldEnough:
    async def test_is_counted_by_a_dry_run_and_let_go_once(self, house, work, room, somebody):
        gina, rita = await somebody("gina"), await somebody("rita")
        mine, spared = await Dined.book(house, room, gina), await Dined.book(house, room, rita, at="20:30")
        await work.privacy.consents.restrict(account_id=rita.id, restricted=True)
        old = replace(work, settings=work.settings.model_copy(update={"visit_days": -30}))
        asked = visits((await old.lapse(dry_run=True))["booking"])
        assert asked >= 1
        assert await mine.note() is not None
        assert visits((await old.lapse(dry_run=False))["booking"]) == asked
        assert visits((await old.lapse(dry_run=False))["booking"]) == 0
        assert await mine.note() is None
        assert await spared.note() is not None

    async def test_does_not_reach_what_is_not(self, work):
        assert not [each.rows for found in (await work.lapse(dry_run=True)).values() for each in found if each.rows]


class TestABreach:
    async def test_concerns_everybody_of_whom_such_data_is_kept(self, house, work, room, somebody):
        gina, rita = await somebody("gina"), await somebody("rita")
        await Dined.book(house, room, gina, at="18:00")
        found = await work.people.concerned([Kind.HEALTH])
        assert gina.id in found
        assert rita.id not in found
        everybody = await work.people.concerned([Kind.CONTACT])
        assert {gina.id, rita.id} <= set(everybody)


class TestARecipient:
    async def test_in_a_country_that_is_not_allowed_keeps_the_house_from_starting(self, monkeypatch):
        monkeypatch.setenv("HOLDFAST_PRIVACY_ALLOWED_COUNTRIES", "NZ")
        with pytest.raises(CannotStart, match="simulator"):
            await assemble(Settings(database_url="sqlite:///not-opened.db"), Keyring("k" * 40))


class Died(Exception):
    """The process is gone."""


class Dying:
    """A module, or a database, that dies when it is asked to erase."""

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)

    async def erase(self, **_):
        raise Died

    async def scrub(self, _):
        raise Died


def dying(work, where):
    """The same work in a process that dies at a step."""
    if where == "the files":
        return replace(work, places=[replace(each, db=Dying(each.db)) for each in work.places])
    modules = {name: Dying(each) if name == where else each for name, each in work.people.modules.items()}
    return replace(work, people=People(modules))


async def is_done(work, who):
    """The erasure of somebody, once it is done."""
    await work.erase_due()
    erasure = await work.privacy.erasures.of(account_id=who.id)
    assert erasure.state is ErasureState.DONE
    return erasure


async def rows_of(work, who, table):
    found = await work.people.gather(who.id)
    return [row for extract in found if extract.table == table for row in extract.rows]


def visits(lapsed):
    return sum(each.rows for each in lapsed if each.keep is Retention.VISIT)
