"""Schemathesis over the document the server gives out: all its checks, for every role, without a finding.

Three things are configured, all in the narrowest way. `positive_data_acceptance` is replaced by the same check with
the rules no schema can express (rules_beyond_openapi.py). Statuses it does not know of are added: 414 and 431 are what
a request gets that is too large to be read, and 428 is what a change gets that does not say which version it changes.
And `/v1/quotes/verify` also looks like the address of a quote, `/v1/me/passkeys/challenges` like that of a passkey,
whose methods their `Allow` names too.

Who calls is in fuzzing_callers.py; each operation must have been reached, so that a login lost on the way is a failure.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from rules_beyond_openapi import is_named_rule

from support.airline import Airline, seat
from support.dining import restaurant, table
from support.effort import campaign
from support.process import HoldfastServer, clean_environment, run_holdfast
from support.visitors import PASSWORD, SECRET, ZONE, Site, day, stay

HERE = Path(__file__).parent
ENVIRONMENT = {
    "HOLDFAST_SECRET": SECRET,
    "HOLDFAST_BOOKING_HOLDS_MOST": "10000",
    "HOLDFAST_ACCOUNTS_TOKEN_LIFETIME_S": "86400",
    "HOLDFAST_ACCOUNTS_FRESH_S": "86400",
}
"""A run with many examples takes hours, and its callers neither log in nor prove who they are again."""
EXAMPLES = {"admin": 3, "owner": 2, "guest": 2}
"""Quick runs: an admin may do whatever the others may, so theirs is the thorough one."""
PHASES = {"admin": "examples,coverage,fuzzing,stateful", "owner": "examples,fuzzing", "guest": "examples,fuzzing"}
EXAMPLES_IN_A_CAMPAIGN = 500
AIRPORTS = {
    "admin": (("JFK", "New York", ZONE), ("DCA", "Washington", ZONE)),
    "owner": (("BOS", "Boston", ZONE), ("CLT", "Charlotte", ZONE)),
    "guest": (("ATL", "Atlanta", ZONE), ("MIA", "Miami", ZONE)),
}
ALWAYS_SO_OFTEN = 0.7
"""How often a value that makes sense is taken instead of any value that fits."""

CONFIGURATION = """
hooks = "fuzzing_callers"
continue-on-failure = true

[generation]
database = "none"

[checks]
positive_data_acceptance.enabled = false
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 414, 415, 422, 428, 429, 431]

[[operations]]
include-operation-id-regex = "^replace_"
checks.missing_required_header.expected-statuses = [403, 428]

[[operations]]
include-operation-id-regex = "^(verify_quote|challenge_new_passkey)$"
checks.allow_header_conformance.enabled = false
"""

PARAMETERS = {
    "body.email": "email",
    "body.password": "password",
    "body.current_password": "password",
    "body.new_password": "new_password",
    "path.property_id": "property",
    "path.quote_id": "quote",
    "path.hold_id": "hold",
    "path.reference": "reference",
    "path.bookingId": "number",
    "path.restaurant_id": "restaurant",
    "path.flight_id": "flight",
    "path.schedule_id": "schedule",
    "path.airplane_id": "airplane",
    "path.airport_id": "airport",
    "path.city_id": "city",
    "path.item": "item",
    "path.date": "first",
    "path.key_id": "key",
    "path.case_id": "case",
    "path.export_id": "export",
    "path.form": "form",
    "body.quote_id": "quote",
    "body.hold_id": "hold",
    "body.hold_token": "token",
    "body.items[*].property_id": "property",
    "body.items[*].check_in": "first",
    "body.items[*].check_out": "end",
    "body.items[*].restaurant_id": "restaurant",
    "body.items[*].date": "first",
    "body.items[*].time": "time",
    "body.items[*].flight_ids[*]": "flight",
    "body.items[*].cabin": "cabin",
    "body.items[*].brand": "brand",
    "body.date": "first",
    "body.time": "time",
    "body.table_codes[*]": "table",
    "body.services[*]": "service",
    "body.origin_id": "origin",
    "body.destination_id": "destination",
    "body.airplane_id": "airplane",
    "body.city_id": "city",
    "body.zone": "zone",
    "body.terms.zone": "zone",
    "body.first": "first",
    "body.end": "end",
    "query.object_id": "property",
    "query.first": "first",
    "query.end": "end",
    "query.date": "first",
    "query.brand": "brand",
    "query.time": "time",
    "query.from": "from",
    "query.to": "to",
    "query.return_date": "end",
    "query.check_in": "first",
    "query.check_out": "end",
    "body.userId": "account",
    "body.propertyId": "property",
    "body.startDate": "first",
    "body.endDate": "end",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('schemathesis')}/a.db"


@pytest.fixture(scope="module")
def server(url):
    with HoldfastServer("--database", url, env=ENVIRONMENT) as running:
        yield running


@pytest.fixture(scope="module")
def site(server):
    with Site(server.base_url) as made:
        yield made


@pytest.fixture(scope="module")
def people(site, url):
    """Somebody of each role."""
    return {
        "admin": site.admin("ada", url, ENVIRONMENT),
        "owner": site.owner("olga"),
        "guest": site.guest("gina"),
    }


@pytest.fixture
def homes(site, people, role):
    """Properties for one run; whoever may change them takes some of them off the market sooner or later."""
    owner = people[role] if role == "owner" else site.owner(f"host_of_{role}")
    return [owner.property(units=50, terms={"guests_max": 50}) for _ in range(3)]


@pytest.fixture
def rooms(site, people, role):
    """Restaurants for one run."""
    owner = people[role] if role == "owner" else site.owner(f"cook_for_{role}")
    return [restaurant(owner) for _ in range(3)]


@pytest.fixture
def airline(site, people, role):
    """An airline for one run, between airports of its own."""
    owner = people[role] if role == "owner" else site.owner(f"pilot_for_{role}")
    return Airline(people["admin"], owner, AIRPORTS[role])


@pytest.fixture
def values(people, role, homes, rooms, airline):
    """What exists for a person, by the names of `PARAMETERS`."""
    person = people[role]
    known = _of_one_self(person) | _of_stays(person, homes)
    dined = person.booked(table(rooms[0], 44))["reference"]
    flown = person.bought(seat(airline.flight(45)))["reference"]
    return known | {
        "reference": [*known["reference"], dined, flown],
        "item": [0],
        "restaurant": rooms,
        "table": ["T1", "T2", "T3"],
        "service": ["dinner"],
        "time": ["19:00", "20:15", "21:30"],
        "zone": [ZONE],
        "flight": [airline.flight(70 + number) for number in range(3)],
        "schedule": [airline.schedule(first=80, last=100)],
        "airplane": [airline.airplane],
        "airport": airline.airports,
        "origin": airline.airports[:1],
        "destination": airline.airports[1:],
        "city": airline.cities,
        "from": list(AIRPORTS[role][0][:2]),
        "to": list(AIRPORTS[role][1][:2]),
        "cabin": ["economy"],
        "brand": ["standard"],
    }


def _of_one_self(person):
    made = [person.post("/v1/me/api-keys", {"name": f"key {number}", "scopes": ["trips"]}) for number in range(5)]
    return {
        "new_password": ["nine other words for later"],
        "key": [each["id"] for each in made],
        "case": [person.post("/v1/me/corrections", {"about": "name", "says": "It is misspelled."})["id"]],
        "export": [person.post("/v1/me/export")["id"]],
        "form": ["registration", "booking"],
    }


def _of_stays(person, homes):
    home = homes[0]
    held = person.held(stay(home, 40))
    wish = stay(home, 60)
    by_contract = {"userId": person.id, "propertyId": home, "startDate": wish["check_in"], "endDate": wish["check_out"]}
    return {
        "email": [person.account["email"]],
        "password": [PASSWORD],
        "account": [person.id],
        "property": homes,
        "quote": [person.quoted(stay(home, 30 + number))["id"] for number in range(3)],
        "hold": [held["id"]],
        "token": [held["token"]],
        "reference": [person.booked(stay(home, 50 + number))["reference"] for number in range(3)],
        "number": [person.post("/api/bookings/book", by_contract)["bookingId"]],
        "first": [day(number).isoformat() for number in (70, 71, 72)],
        "end": [day(number).isoformat() for number in (73, 74, 75)],
    }


def configuration(values):
    """The configuration file, with the values to take where they fit."""
    dictionaries = [f"{name} = {{ values = {json.dumps(known)} }}" for name, known in values.items()]
    parameters = [
        f'"{parameter}" = {{ dictionary = "{name}", probability = {ALWAYS_SO_OFTEN} }}'
        for parameter, name in PARAMETERS.items()
    ]
    top, tables = CONFIGURATION.split("[generation]")
    return "\n".join([top, "[dictionaries]", *dictionaries, "[parameters]", *parameters, "[generation]" + tables])


@pytest.mark.timeout(21_600 if campaign() else 600)
@pytest.mark.parametrize("role", EXAMPLES)
def test_nothing_is_found(server, people, values, url, role, tmp_path):
    person = people[role]
    file = tmp_path / "schemathesis.toml"
    file.write_text(configuration(values))
    answers = tmp_path / "answers.txt"
    calling = {
        "FUZZING_BASE_URL": server.base_url,
        "FUZZING_TOKEN": person.token,
        "FUZZING_SPARE_ROLE": "guest" if role == "guest" else "owner",
        "FUZZING_ANSWERS": str(answers),
    }
    examples = EXAMPLES_IN_A_CAMPAIGN if campaign() else EXAMPLES[role]
    command = [shutil.which("schemathesis", path=Path(sys.executable).parent), "--config-file", file, "run"]
    command += [f"{server.base_url}/openapi.json", "--max-examples", str(examples), "--seed", "1", "--no-color"]
    command += [] if campaign() else ["--phases", PHASES[role]]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=clean_environment(calling | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    operations = {
        f"{method.upper()} {path}" for path, item in person.get("/openapi.json")["paths"].items() for method in item
    }
    assert re.search(rf"Tested: {len(operations)}\b", done.stdout), done.stdout
    reached = {operation for operation, _, reached in _lines(answers) if reached == "reached"}
    assert operations - reached == set()
    assert '"level":"error"' not in server.output()
    assert run_holdfast("verify", "--database", url, env=ENVIRONMENT).returncode == 0


def _lines(answers):
    return [line.split("\t") for line in answers.read_text().splitlines()]


@pytest.mark.parametrize(
    ("operation", "code", "pointer", "passes"),
    [
        ("POST /v1/quotes", "past_date", "/items/0/check_in", True),
        ("POST /v1/quotes", "type_error", "/items/0/guests", True),
        ("POST /v1/quotes", "type_error", "/items/0/property_id", False),
        ("POST /v1/quotes", "out_of_range", "/items/0/guests", False),
        ("POST /v1/quotes", "cursor_invalid", "", False),
        ("POST /v1/quotes", "seat_at_exit", "/items/0/seats/0", True),
        ("POST /v1/flights", "not_after_departure", "/arrives", True),
        ("POST /v1/flights", "invalid_time", "/arrives", False),
        ("POST /v1/holds", "past_date", "", False),
        ("GET /v1/bookings", "cursor_invalid", "", True),
    ],
)
def test_only_the_rules_that_are_named_may_refuse_what_fits(operation, code, pointer, passes):
    body = {"items": [{"guests": 2.0, "property_id": 2.5}]}
    refusal = {"code": "invalid", "errors": [{"code": code, "pointer": pointer}]}
    response = SimpleNamespace(status_code=422, json=lambda: refusal)
    assert is_named_rule(operation, response, body) is passes
