"""The things of two guests and two organizations, and ten principals who ask for them over HTTP.

Guests are `A` and `B`, organizations `1` and `2`; A books of 1, B of 2. What one of them has is made over HTTP, as
people make it; only who belongs to an organization is written to the database, because invitations go by mail.
"""

import sqlite3
from contextlib import closing, contextmanager
from hashlib import sha256
from itertools import count

from idor_table import MAY, SIDE, SOLD_BY

from support.airline import LAYOUT, Airline
from support.dining import restaurant, table
from support.polling import wait_until
from support.visitors import GOOD_CARD, day, stay

MEMBERS = {"manager 1": "manager", "desk 1": "desk", "reader 1": "read_only"}
PLACES = (("JFK", "New York", "America/New_York"), ("DCA", "Washington", "America/New_York"))
KINDS = {
    "property_id": "property",
    "restaurant_id": "restaurant",
    "flight_id": "flight",
    "schedule_id": "schedule",
    "airplane_id": "airplane",
    "airport_id": "airport",
    "city_id": "city",
    "block_id": "block",
    "reference": "booking",
    "bookingId": "contract",
    "quote_id": "quote",
    "hold_id": "hold",
    "payment_id": "payment",
    "method_id": "method",
    "change_id": "change",
    "key_id": "key",
    "account_id": "member",
    "invitation_id": "invitation",
    "passkey_id": "passkey",
    "session_id": "session",
    "export_id": "export",
    "case_id": "case",
    "journey_id": "journey",
}
"""Whose thing a parameter of a path names; what is not here names nothing of anybody's."""
PLAIN = {"item": 1, "date": day(40).isoformat(), "purpose": "marketing_email", "form": "registration"}
VOLATILE = ("outbox", "cursor", "seal", "search_", "sagas_", "dbos", "limit", "accounts_mail", "activity_origin")
"""What works by itself, or counts requests, and so may change while nobody does anything."""


class World:
    """Everybody and everything."""

    def __init__(self, site, database, admin):
        self._site, self._file, self._admin = site, database.removeprefix("sqlite:///"), admin
        self._numbers = count(1)
        self.people, self.known, self.tokens = {}, {}, {}
        self._register_everybody()
        self.airlines = {
            side: Airline(admin, self.people[f"owner {side}"], places)
            for side, places in (
                ("1", PLACES),
                ("2", (("BOS", "Boston", PLACES[0][2]), ("CLT", "Charlotte", PLACES[0][2]))),
            )
        }

    # ------------------------------------------------------------------------------------------------------ principals
    def _register_everybody(self):
        for side in "AB":
            self.people[f"guest {side}"] = self._site.guest(f"guest_{side}".lower())
        for side in "12":
            self.people[f"owner {side}"] = self._site.owner(f"owner_{side}")
        for who, role in MEMBERS.items():
            self.people[who] = self._colleague(who.replace(" ", "_"), role)
        self.people["former 1"] = self._colleague("former_1", "manager")
        self._sql("DELETE FROM accounts_member WHERE account_id = ?", self.people["former 1"].id)
        scopes = {"name": "narrow", "scopes": sorted(MAY["key 1"])}
        self.people["key 1"] = self._with_token(self.people["owner 1"].post("/v1/me/api-keys", scopes)["key"])
        self.people["nobody"] = self._site.visitor()

    def _with_token(self, token):
        visitor = self._site.visitor()
        visitor.http.headers["authorization"] = f"Bearer {token}"
        return visitor

    def _colleague(self, name, role):
        account = self._site.guest(name)
        organization_id = self.people["owner 1"].id
        self._join(organization_id, account.id, role)
        return self._site.visitor().logged_in(name)

    def _join(self, organization_id, account_id, role):
        self._sql(
            "INSERT INTO accounts_member (organization_id, account_id, role, since) "
            "SELECT ?, ?, ?, since FROM accounts_member LIMIT 1",
            organization_id, account_id, role,
        )  # fmt: skip

    def double(self, who):
        """Somebody new who is what a principal is, to do what can be done once."""
        if who in {"nobody", "key 1"}:
            return self.people[who]
        name = f"double_{next(self._numbers)}"
        if who in MEMBERS:
            return self._colleague(name, MEMBERS[who])
        return self._site.owner(name) if who.startswith("owner") else self._site.guest(name)

    # ---------------------------------------------------------------------------------------------------------- things
    def thing(self, kind, side, *, new=False):
        """The id of something of a kind that a guest, an organization or a principal has; None if they have none."""
        if new or (kind, side) not in self.known:
            maker = getattr(self, f"_{kind}", None)
            self.known[kind, side] = None if maker is None else maker(side)
        return self.known[kind, side]

    @contextmanager
    def aside(self):
        """What is made meanwhile is for one use: what was there before is what is named again after."""
        before = dict(self.known)
        yield
        self.known = before

    def gone(self, kind, side):
        """The id of something that was theirs and was deleted; None if such things never go."""
        deleting = getattr(self, f"_drop_{kind}", None)
        if deleting is None or (made := self.thing(kind, side, new=True)) is None:
            return None
        deleting(side, made)
        return made

    def never(self, kind):
        """An id that nothing ever had."""
        known = next((made for (of, _), made in self.known.items() if of == kind and made is not None), 0)
        if isinstance(known, int):
            return 987_654_321
        head, _, _ = known.rpartition("_")
        return f"{head}_01JD3Z9B2K7M4P8R5T1V3X6Y0C" if head else "7K2M9QX4TD"

    def secrets(self, side):
        """What only a guest or an organization, and whom they deal with, may be shown."""
        kinds = ("hold", "quote", "payment", "method", "change", "key", "invitation", "block")
        mine = [str(made) for (kind, of), made in self.known.items() if of == side and kind in kinds and made]
        who = self.people[f"guest {side}" if side in SOLD_BY else f"owner {side}"]
        return [*mine, who.account["email"]]

    def _who(self, side):
        return self.people.get(side) or self.people[f"guest {side}" if side in SOLD_BY else f"owner {side}"]

    def _property(self, side):
        return self._who(side).property(name=f"House of {side} {next(self._numbers)}", units=90)

    def _restaurant(self, side):
        tables = [{"code": f"T{number}", "seats_max": 4} for number in range(1, 40)]
        return restaurant(self._who(side), terms={"tables": tables, "combinations": []})

    def _airplane(self, side):
        described = {"name": f"N{next(self._numbers)}HF", "equipment": "738", "cabins": [LAYOUT]}
        return self._who(side).post("/v1/airplanes", described)["id"]

    def _drop_airplane(self, side, made):
        self._who(side).delete(f"/v1/airplanes/{made}")

    def _flight(self, side):
        return self.airlines[side].flight(30 + next(self._numbers) % 300)

    def _drop_flight(self, side, made):
        self._who(side).delete(f"/v1/flights/{made}")

    def _schedule(self, side):
        return self.airlines[side].schedule(first=80, last=95)

    def _drop_schedule(self, side, made):
        self._who(side).delete(f"/v1/schedules/{made}")

    def _airport(self, _side):
        return self.airlines["1"].airports[0]

    def _city(self, _side):
        return self.airlines["1"].cities[0]

    def _block(self, side):
        first = 200 + next(self._numbers) % 200
        span = {"first": day(first).isoformat(), "end": day(first + 1).isoformat(), "quantity": 1, "note": ""}
        return self._who(side).post(f"/v1/owner/properties/{self.thing('property', side)}/blocks", span)["id"]

    def _drop_block(self, side, made):
        self._who(side).delete(f"/v1/owner/blocks/{made}")

    def items(self, side):
        """What a guest asks for: nights at a property and a table, each of the organization they deal with."""
        seller = SOLD_BY[side]
        ahead = 45 + next(self._numbers) % 200
        return [
            stay(self.thing("property", seller), ahead),
            table(self.thing("restaurant", seller), ahead, at=f"{17 + ahead % 5}:00"),
        ]

    def _quote(self, side):
        return self._who(side).quoted(*self.items(side))["id"]

    def _hold(self, side):
        held = self._who(side).held(*self.items(side))
        self.tokens[held["id"]] = held["token"]
        return held["id"]

    def _booking(self, side):
        return self._who(side).booked(*self.items(side))["reference"]

    def _contract(self, side):
        wish = stay(self.thing("property", SOLD_BY[side]), 45 + next(self._numbers) % 200)
        asked = {"userId": self._who(side).id, "propertyId": wish["property_id"]}
        dates = {"startDate": wish["check_in"], "endDate": wish["check_out"]}
        return self._who(side).post("/api/bookings/book", asked | dates)["bookingId"]

    def _payment(self, side):
        hold_id = self._hold(side)
        return self._who(side).paid({"id": hold_id, "token": self.tokens[hold_id]})["id"]

    def _method(self, side):
        return self._who(side).post("/v1/payment-methods", {"method": "card", "token": GOOD_CARD})["id"]

    def _drop_method(self, side, made):
        self._who(side).delete(f"/v1/payment-methods/{made}")

    def changed(self, side, reference):
        """What another stay of a booking would be, as its change asks for it."""
        [had, dinner] = self._who(side).get(f"/v1/bookings/{reference}")["items"]
        wish = stay(had["property_id"], 300 + next(self._numbers) % 50)
        return {
            "items": [wish, {name: dinner[name] for name in ("kind", "restaurant_id", "date", "time", "party_size")}]
        }

    def _change(self, side):
        reference = self.thing("booking", side)
        return self._who(side).post(f"/v1/bookings/{reference}/changes", self.changed(side, reference))["id"]

    def cancellation(self, who, reference):
        """What canceling a booking would give back, as whoever cancels has just asked; else what never was."""
        asked = self.people[who].ask("POST", f"/v1/bookings/{reference}/cancellation-quotes", {})
        return asked.json()["id"] if asked.is_success else "cancellation_01JD3Z9B2K7M4P8R5T1V3X6Y0C"

    def _key(self, who):
        if who == "key 1" or who not in self.people:
            return None
        return self._who(who).post("/v1/me/api-keys", {"name": "a program", "scopes": ["trips"]})["id"]

    def _drop_key(self, who, made):
        self._who(who).delete(f"/v1/me/api-keys/{made}")

    def _member(self, side):
        account = self._site.guest(f"spare_{next(self._numbers)}")
        self._join(self._who(side).id, account.id, "desk")
        return account.id

    def _drop_member(self, side, made):
        self._who(side).delete(f"/v1/organization/members/{made}")

    def _invitation(self, side):
        owner, email = self._who(side), f"invited{next(self._numbers)}@example.com"
        assert owner.ask("POST", "/v1/organization/invitations", {"email": email, "role": "desk"}).status_code == 202
        return owner.get("/v1/organization/invitations")["items"][0]["id"]

    def _drop_invitation(self, side, made):
        self._who(side).delete(f"/v1/organization/invitations/{made}")

    def _organization(self, who):
        side = SIDE.get(who)
        return None if side is None or side in SOLD_BY or who == "key 1" else self._who(f"owner {side}").id

    def _passkey(self, who):
        if who == "key 1" or who not in self.people:
            return None
        made, account_id = f"pk_{next(self._numbers):026}", self._who(who).id
        digest = sha256(made.encode()).hexdigest()
        columns = "name, credential_hash, credential_id, public_key, sign_count, backed_up, created_at"
        self._sql(
            f"INSERT INTO accounts_passkey (id, account_id, {columns}) "  # noqa: S608 - names of columns only
            "SELECT ?, id, 'a key', ?, ?, 'none', 0, 0, created_at FROM accounts_account WHERE id = ?",
            made, digest, digest, account_id,
        )  # fmt: skip
        return made

    def _session(self, who):
        if who == "key 1" or who not in self.people:
            return None
        again = self._site.visitor().logged_in(self._who(who).account["username"])
        return again.get("/v1/sessions/current")["id"]

    def _drop_session(self, who, made):
        self._who(who).delete(f"/v1/me/sessions/{made}")

    def _export(self, who):
        if who == "key 1" or who not in self.people:
            return None
        asked = self._who(who).post("/v1/me/export")["id"]
        # A job makes it: once it has, nothing goes on by itself that would look like an act of somebody who is refused.
        assert wait_until(lambda: self._who(who).get(f"/v1/me/exports/{asked}")["state"] == "ready", within_s=20)
        return asked

    def _case(self, who):
        if who == "key 1" or who not in self.people:
            return None
        asked = {"about": "booking", "says": "We were two, not three: please correct it."}
        return self._who(who).post("/v1/me/corrections", asked)["id"]

    # -------------------------------------------------------------------------------------------------------- database
    def _sql(self, statement, *values):
        with closing(sqlite3.connect(self._file, timeout=20)) as connection, connection:
            connection.execute(statement, values)

    def digests(self):
        """A digest of every table that only somebody's act changes."""
        found = {}
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=20)) as connection:
            named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
            for (name,) in named:
                if name.startswith("sqlite_") or any(part in name for part in VOLATILE):
                    continue
                skipped = {"seen_at", "last_used_at"}
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
                chosen = ", ".join(f'"{each}"' for each in columns if each not in skipped)
                select = f"SELECT {chosen} FROM {name}"  # noqa: S608 - names of tables and columns only
                rows = connection.execute(select).fetchall()
                found[name] = sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
        return found
