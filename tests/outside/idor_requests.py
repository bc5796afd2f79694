"""What is sent: for each operation a path, a query and a body that are good, but for whose things they name."""

from copy import deepcopy
from itertools import count

from idor_world import KINDS, PLAIN, World

from support.airline import LAYOUT
from support.dining import room
from support.visitors import GOOD_CARD, PASSWORD, day, home, stay

NAMED_IN_BODY = {
    "POST /v1/bookings": "hold",
    "POST /v1/payments": "hold",
    "POST /v1/holds": "quote",
    "POST /v1/flights": "airplane",
    "POST /v1/schedules": "airplane",
    "PUT /v1/me/organization": "organization",
}
"""Operations whose body names something of somebody's, and its kind."""
NAMED_IN_QUERY = {"GET /v1/owner/activity": {"object_id": "property"}}
"""Operations whose query names something of somebody's, and its kind."""
QUERIES = {
    "GET /v1/owner/activity": {"object_kind": "property"},
    "GET /v1/search/stays": {"check_in": day(30).isoformat(), "check_out": day(31).isoformat()},
    "GET /v1/search/dining": {"date": day(30).isoformat(), "time": "19:00", "party_size": "2"},
    "GET /v1/search/flights": {"from": "JFK", "to": "DCA", "date": day(30).isoformat()},
    "GET /v1/properties/{property_id}/calendar": {"first": day(30).isoformat(), "end": day(32).isoformat()},
    "GET /v1/restaurants/{restaurant_id}/slots": {"date": day(30).isoformat(), "party_size": "2"},
    "GET /v1/owner/restaurants/{restaurant_id}/timeline": {"date": day(30).isoformat()},
    "DELETE /v1/owner/properties/{property_id}/nights": {"first": day(30).isoformat(), "end": day(32).isoformat()},
    "GET /v1/owner/statement": {"first": day(-3).isoformat(), "end": day(1).isoformat()},
    "GET /v1/admin/statement": {"day": day(0).isoformat()},
}
_numbers = count(1)


class Requests:
    """Makes requests from the OpenAPI document."""

    def __init__(self, document, world: World):
        self.world = world
        self.operations = {
            f"{method.upper()} {path}": about
            for path, methods in document["paths"].items()
            for method, about in methods.items()
            if method in {"get", "post", "put", "patch", "delete"}
        }
        self._schemas = document["components"]["schemas"]

    def permissions(self, operation):
        """The permissions an operation names, of which one is enough; None: no token is needed."""
        security = self.operations[operation].get("security")
        return (
            None
            if not security or {} in security
            else sorted({scope for each in security for scope in next(iter(each.values()))})
        )

    def kinds(self, operation):
        """The kinds of things an operation names, by the parameter (or `body`)."""
        named = [each["name"] for each in self.operations[operation].get("parameters", []) if each["in"] == "path"]
        found = {name: KINDS[name] for name in named if name in KINDS}
        found |= NAMED_IN_QUERY.get(operation, {})
        return found | ({"body": NAMED_IN_BODY[operation]} if operation in NAMED_IN_BODY else {})

    def send(self, operation, who, named, *, as_new=None):
        """Ask as somebody, naming these things; the answer."""
        visitor = as_new or self.world.people[who]
        method, _, path = operation.partition(" ")
        filled = path.format_map(_Plain(named))
        query = QUERIES.get(operation, {}) | {name: named[name] for name in NAMED_IN_QUERY.get(operation, {})}
        headers = {}
        if method == "PUT" and any(
            each["name"] == "If-Match" for each in self.operations[operation].get("parameters", [])
        ):
            headers["if-match"] = self._version(who, filled)
        return visitor.ask(
            method,
            filled,
            self._body(operation, who, named),
            key=visitor.fresh_key(),
            headers=headers,
            **query,
        )

    def _version(self, who, path):
        seen = self.world.people[who].ask("GET", path)
        return seen.headers.get("etag", '"1"')

    def _body(self, operation, who, named):
        special = getattr(self, f"_{self.operations[operation]['operationId']}", None)
        return self._example(operation) if special is None else special(who, named)

    def _example(self, operation):
        content = self.operations[operation].get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return None
        schema = content.get("schema", {})
        named = schema.get("$ref") or next((each["$ref"] for each in schema.get("anyOf", []) if "$ref" in each), "")
        examples = self._schemas.get(named.rpartition("/")[2], {}).get("examples") or [content.get("example")]
        return deepcopy(examples[0])

    # ------------------------------------------------------------------------------ bodies that name what the world has
    def _confirm_hold(self, _who, named):
        token = self.world.tokens.get(named["body"], "A" * 43)
        return {"hold_id": named["body"], "hold_token": token, "payment": {"method": "at_property"}}

    def _start_payment(self, _who, named):
        token = self.world.tokens.get(named["body"], "A" * 43)
        return {"hold_id": named["body"], "hold_token": token, "method": "card", "token": GOOD_CARD}

    def _confirm_change(self, _who, _named):
        return {"payment": {"method": "at_property"}}

    def _make_quote(self, _who, _named):
        return {"items": [stay(self.world.thing("property", "1"), 44)]}

    _ask_why_not = _make_quote

    def _place_hold(self, _who, named):
        return {"quote_id": named["body"]}

    def _quote_cancellation(self, _who, _named):
        return {}

    def _cancel_booking(self, who, named):
        return {"quote_id": self.world.cancellation(who, named["reference"])}

    def _place_change(self, who, named):
        side = {"guest A": "A", "guest B": "B"}.get(who, "A")
        own = named["reference"] if who.startswith("guest") else self.world.thing("booking", side)
        seen = self.world.people[who].ask("GET", f"/v1/bookings/{own}")
        return self.world.changed(side, own if seen.is_success else self.world.thing("booking", side))

    def _move_visit(self, _who, _named):
        return {"state": "arrived"}

    def _resize(self, _who, _named):
        return {"units": 95}

    def _seat_walk_in(self, _who, _named):
        return {"name": "Green coat", "party_size": 2}

    def _take_reservation(self, _who, _named):
        ahead = 20 + next(_numbers) % 10
        return {
            "date": day(ahead).isoformat(),
            "time": f"{17 + next(_numbers) % 5}:00",
            "party_size": 2,
            "name": "Ms. Okafor",
        }

    def _create_property(self, _who, _named):
        return home(name=f"House {next(_numbers)}")

    def _replace_property(self, _who, _named):
        return home(name=f"House {next(_numbers)}", listed=True)

    def _create_restaurant(self, _who, _named):
        return room(name=f"Room {next(_numbers)}")

    def _replace_restaurant(self, _who, _named):
        return room(name=f"Room {next(_numbers)}", listed=True)

    def _create_flight(self, who, named):
        return self._airline(who).dated(30 + next(_numbers), airplane_id=named["body"])

    def _replace_flight(self, who, _named):
        return self._airline(who).dated(30 + next(_numbers))

    def _create_schedule(self, who, named):
        return self._scheduled(who, airplane_id=named["body"])

    def _replace_schedule(self, who, _named):
        return self._scheduled(who)

    def _scheduled(self, who, **changes):
        span = {"first": day(120).isoformat(), "last": day(130).isoformat(), "weekdays": ["monday", "thursday"]}
        return self._airline(who).described(**span, departs="14:00", duration_minutes=90, **changes)

    def _airline(self, who):
        return self.world.airlines["2" if who == "owner 2" else "1"]

    def _create_airplane(self, _who, _named):
        return {"name": f"N{next(_numbers)}XX", "equipment": "738", "cabins": [LAYOUT]}

    _replace_airplane = _create_airplane

    def _register(self, _who, _named):
        name = f"new_{next(_numbers)}"
        return {"username": name, "email": f"{name}@example.com", "password": PASSWORD}

    def _change_password(self, _who, _named):
        return {"current_password": PASSWORD, "new_password": "another four random words"}

    def _change_email(self, _who, _named):
        return {"email": f"changed_{next(_numbers)}@example.com"}

    def _change_username(self, _who, _named):
        return {"username": f"renamed_{next(_numbers)}"}

    _change_account = _change_username

    def _reauthenticate(self, _who, _named):
        return {"password": PASSWORD}

    def _choose_organization(self, _who, named):
        return {"organization_id": named["body"]}

    def _create_api_key(self, _who, _named):
        return {"name": "a program", "scopes": ["trips"]}

    def _give_back(self, _who, _named):
        return {"amount": 100, "currency": "USD", "reason": "The heating failed."}

    def _home_rental_book(self, who, _named):
        person = self.world.people[who]
        first = 45 + next(_numbers)
        dates = {"startDate": day(first).isoformat(), "endDate": day(first + 1).isoformat()}
        user = person.id if person.account else self.world.people["guest A"].id
        return {"userId": user, "propertyId": self.world.thing("property", "1"), **dates}

    def _home_rental_register(self, _who, _named):
        name = f"new_{next(_numbers)}"
        return {"username": name, "email": f"{name}@example.com", "password": PASSWORD}


class _Plain(dict):
    """What a parameter is that names nothing of anybody's."""

    def __missing__(self, name):
        return PLAIN.get(name, "none")


def filled(named):
    """The things an operation names, for a message."""
    return ", ".join(f"{name}={made}" for name, made in named.items()) or "-"
