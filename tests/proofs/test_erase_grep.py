"""Nothing is left of somebody who was erased (P23).

A guest says something unmistakable, a canary, in every field there is: name, address, password, device, notes, a diet,
idempotency keys, requests about their data, a complaint without logging in. They book a table and a home, pay, keep a
card and take a copy of their data. Then the account is erased, and every byte of the data folder,
of the log and of a dump of the database is searched for every canary in several spellings. On servers every column of
every table is, because only the server knows where its bytes lie.
"""

import base64
import json
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import quote
from zipfile import ZipFile

import pytest
from sqlalchemy import MetaData, select

from holdfast.accounts.privacy_api import ErasureState
from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import _with_connection
from support.polling import eventually
from support.principals import principal_of

sys.path.append(str(Path(__file__).parent.parent / "gateway"))  # its builders know how to pay
sys.path.append(str(Path(__file__).parent.parent / "booking"))  # and these what a room is

from paying import OK, payers
from trip_builder import ZONE, restaurant_draft

MARK = "zqx"
CANARIES = {
    name: f"{MARK}{name}7"
    for name in (
        *("username", "mailbox", "renamed", "device", "request", "notes", "diet", "holdkey", "paykey", "bookkey"),
        *("keepkey", "about", "correction", "answer", "statement", "review", "complaint", "keyname", "newbox"),
    )
}
SHOWN = (
    "renamed",
    "notes",
    "diet",
    "about",
    "correction",
    "answer",
    "statement",
    "review",
    "keepkey",
    "keyname",
    "newbox",
)
"""What a copy shows its owner exactly once: these are in one column of one row."""
LATER = {"username"}
"""What was said and is not there any more when the hunt begins: it was renamed."""
SEALED = {"diet"}
"""What is kept, and can be read nowhere without the server's secret."""
PASSWORD = f"{MARK}password7 and four words"
EMAIL = f"{CANARIES['mailbox']}@example.com"
NEW_EMAIL = f"{CANARIES['newbox']}@example.com"


@pytest.fixture
def clock():
    return Clock()


def spellings(canary):
    """The ways in which bytes may hold a text."""
    raw = canary.encode()
    upper = canary.upper().encode()
    # Base64 depends on where in the text it stands; what is the same at every place of three is looked for.
    shifted = [base64.b64encode(b"\0" * at + raw)[4 if at else 0 : -4] for at in range(3)]
    return {
        "utf-8": raw,
        "upper case": upper,
        "utf-16": canary.encode("utf-16-le"),
        "url": quote(canary).encode(),
        "json": json.dumps(canary)[1:-1].encode(),
        "hex": raw.hex().encode(),
        **{f"base64 at {at}": each for at, each in enumerate(shifted)},
    }


def found_in(content, where):
    """Every canary that some bytes hold, with its spelling."""
    return [
        f"{where}: {name} as {how}"
        for name, canary in CANARIES.items()
        for how, spelled in spellings(canary).items()
        if spelled in content
    ]


class Guest:
    """Somebody who leaves a trace wherever one can be left."""

    def __init__(self, house, account, headers):
        self.house, self.account, self.headers = house, account, headers

    @classmethod
    async def come(cls, house):
        account = await house.door("accounts").register(username=CANARIES["username"], email=EMAIL, password=PASSWORD)
        traced = {"User-Agent": f"Browser/{CANARIES['device']}", "X-Request-ID": f"req-{CANARIES['request']}"}
        guest = cls(house, account, traced)
        access = await guest.ask("POST", "/v1/sessions", {"email": EMAIL, "password": PASSWORD})
        guest.headers["Authorization"] = f"Bearer {access['access_token']}"
        return guest

    @property
    def id(self):
        return self.account.id

    async def ask(self, method, path, body=None, *, key=None):
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        answer = await self.house.client.request(method, path, json=body, headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def book(self, wish, key, *, by_card=False, **said):
        """Book and pay something, each step with a key that tells of the guest."""
        quoted = await self.ask("POST", "/v1/quotes", {"items": [wish]})
        hold = await self.ask("POST", "/v1/holds", {"quote_id": quoted["id"]}, key=f"{CANARIES['holdkey']}-{key}")
        secret = {"hold_id": hold["id"], "hold_token": hold["token"]}
        payment = {"method": "at_property"}
        if by_card:
            paid = {**secret, "method": "card", "token": OK}
            made = await self.ask("POST", "/v1/payments", paid, key=f"{CANARIES['paykey']}-{key}")
            payment = {"method": "card", "payment_id": made["id"]}
        body = {**secret, "payment": payment, **said}
        booked = await self.ask("POST", "/v1/bookings", body, key=f"{CANARIES['bookkey']}-{key}")
        return booked["reference"]

    async def live(self, home, room):
        """Say something everywhere; return the bookings."""
        note = {
            "notes": CANARIES["notes"],
            "occasion": "birthday",
            "dietary": CANARIES["diet"],
            "dietary_consent": True,
        }
        day = self.house.running.clock.today(ZONE) + timedelta(days=3)
        table = {"kind": "table", "restaurant_id": room, "date": day.isoformat(), "time": "19:00", "party_size": 2}
        stayed = await self.book(self.house.stay(home, ahead=4), "a", by_card=True)
        dined = await self.book(table, "b", notes=[{"item": 0, **note}])
        await self.house.settled(stayed, "completed", who=self)
        await self.ask("PUT", f"/v1/bookings/{dined}/items/0/notes", note)
        await self.ask("POST", "/v1/payment-methods", {"method": "card", "token": OK}, key=CANARIES["keepkey"])
        await self.complain()
        await self.ask("POST", "/v1/me/api-keys", {"name": CANARIES["keyname"], "scopes": ["trips"]})
        await self.ask("POST", "/v1/me/email", {"email": NEW_EMAIL})
        invited = {"email": EMAIL, "role": "desk"}
        await self.house.post("/v1/organization/invitations", invited, who=self.house.owner)
        await self.ask("PUT", "/v1/me/consents/marketing_email", {"granted": True, "text_version": "2026-12"})
        await self.ask("PATCH", "/v1/me", {"username": CANARIES["renamed"]})
        return stayed, dined

    async def complain(self):
        """Ask for everything about one's data that a person answers."""
        about = {"about": CANARIES["about"], "says": CANARIES["correction"]}
        asked = await self.ask("POST", "/v1/me/corrections", about)
        await self.house.door("accounts").privacy.cases.decide(
            case_id=asked["id"], accepted=False, answer=f"No, {CANARIES['answer']}.", decided_by=None
        )
        await self.ask("PUT", f"/v1/me/corrections/{asked['id']}/statement", {"statement": CANARIES["statement"]})
        await self.ask("POST", "/v1/decisions/hold_limit/review", {"says": CANARIES["review"]})
        complaint = {"about": "mail", "says": CANARIES["complaint"], "contact": EMAIL}
        answer = await self.house.client.post("/v1/privacy/complaints", json=complaint)
        assert answer.status_code == 201, answer.text

    async def forget_password(self):
        """Ask for a letter, and wait until it lies in the folder for trying out."""
        answer = await self.house.client.post("/v1/accounts/recoveries", json={"email": EMAIL})
        assert answer.is_success, answer.text
        await eventually(lambda: letters(self.house.url), 30)

    async def copy(self):
        """Take a copy of everything, and return its files."""
        exports = self.house.door("accounts").privacy.exports
        asked = await exports.ask(account_id=self.id)
        await self.house.running.assembly.privacy().export_waiting()
        content = await exports.content(account_id=self.id, export_id=asked.id)
        with ZipFile(BytesIO(content)) as archive:
            return {name: archive.read(name).decode() for name in archive.namelist()}


def letters(url):
    """The letters to the guest in the folder for trying out."""
    folder = Path(f"{url.removeprefix('sqlite:///')}.mail") if url.startswith("sqlite") else Path("var/mail")
    found = [(path, path.read_text(errors="replace")) for path in folder.glob("*.eml")]
    return [path for path, text in found if EMAIL in text or NEW_EMAIL in text]


async def erased(house, account_id):
    """Erase an account at once, as the command line does."""
    work = house.running.assembly.privacy()
    await work.privacy.erasures.ask(account_id=account_id, cool_off_s=0)

    async def is_done():
        await work.erase_due()
        done = await work.privacy.erasures.of(account_id=account_id)
        assert done.state is ErasureState.DONE
        return done

    return await eventually(is_done, 30)


async def books(house):
    """How many rows of what was sold and paid there are, and what they come to."""
    report = await house.clean()
    stock = await house.door("booking").verify()
    return report.payments, report.refunds, report.transfers, stock.bookings, stock.holds, stock.ledger_entries


async def everything_in(url):
    """Every value of every row of every table of the product, as bytes."""
    found = []

    def look(connection):
        tables = MetaData()
        tables.reflect(connection)
        for name, table in tables.tables.items():
            found.extend((name, repr(tuple(row)).encode()) for row in connection.execute(select(table)))

    await _with_connection(url, look)
    return found


def files_of(url):
    """Every file beside a SQLite database, its own included."""
    folder = Path(url.removeprefix("sqlite:///")).parent
    return [path for path in folder.rglob("*") if path.is_file()]


class TestSomebodyWhoIsErased:
    async def test_leaves_nothing_behind_but_books_that_are_right(self, fresh_url, clock, capfd):
        async with payers(fresh_url, clock) as house:
            house.url = fresh_url
            home = await house.home()
            room = await house.door("catalog").restaurants.create(
                owner=principal_of(house.owner.id, "owner"), draft=restaurant_draft()
            )
            guest = await Guest.come(house)
            await guest.live(home, room.id)
            said = str(await everything_in(fresh_url))
            unsaid = {name for name, canary in CANARIES.items() if canary not in said}
            assert SEALED <= unsaid <= LATER | SEALED, "the hunt is worth only what was there before"

            await guest.forget_password()
            if fresh_url.startswith("sqlite"):
                there = {hit.split()[1] for path in files_of(fresh_url) for hit in found_in(path.read_bytes(), "x")}
                assert set(CANARIES) - LATER - SEALED <= there, "so are the bytes"
                assert not there & SEALED

            copied = await guest.copy()
            twice = {name: copied["data.json"].count(CANARIES[name]) for name in SHOWN}
            assert set(twice.values()) == {1}, twice

            clock.advance(timedelta(days=10))  # what was booked is over
            before = await books(house)
            await erased(house, guest.id)
            assert await books(house) == before
            answer = await house.client.get("/v1/me", headers=guest.headers)
            assert answer.status_code == 401, answer.text
            await self.somebody_else_takes_name_and_address(house, guest)

        rows = [hit for name, row in await everything_in(fresh_url) for hit in found_in(row, name)]
        assert not [hit for hit in rows if "username" not in hit and "mailbox" not in hit and "renamed" not in hit]
        if fresh_url.startswith("sqlite"):
            hits = [hit for path in files_of(fresh_url) for hit in found_in(path.read_bytes(), path.name)]
            assert not hits
        assert not letters(fresh_url)
        told = capfd.readouterr()
        assert not found_in((told.out + told.err).encode(), "log")

    async def somebody_else_takes_name_and_address(self, house, guest):
        """They are free again; then they go too, because the hunt is for them."""
        accounts = house.door("accounts")
        other = await accounts.register(username=CANARIES["renamed"], email=EMAIL, password=PASSWORD)
        assert other.id > guest.id
        await erased(house, other.id)
