import asyncio
import io
import json
import logging
import re

import pytest
import structlog

from holdfast.kit.clock import Clock
from holdfast.kit.log import REDACTED, clean, configure_logging, current_request_id, redact
from holdfast.kit.settings import LogFormat, LogLevel

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIzIn0.c2lnbmF0dXJl"
library_logger = logging.getLogger  # noqa: TID251 - the tests speak as a library does
CANARIES = [
    "hunter2-canary",
    "canary@example.com",
    "Canary.Name+tag@sub.example.co.uk",
    JWT,
    "4242424242424242",
    "4242 4242 4242 4242",
    "3782-822463-10005",
    "postgresql://holdfast:canary@localhost/db",
]


@pytest.fixture
def restored():
    """Whatever the test sets up is undone."""
    root = library_logger()
    before = structlog.get_config(), list(root.handlers), root.level
    yield
    structlog.configure(**before[0])
    root.handlers[:] = before[1]
    root.setLevel(before[2])
    for name in (
        "uvicorn",
        "uvicorn.error",
        "uvicorn.access",
        "uvicorn.asgi",
        "sqlalchemy",
        "alembic",
        "asyncio",
        "httpx",
    ):
        logger = library_logger(name)
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


@pytest.fixture
def written(restored):
    """A function that sets logging up and returns what is written, line by line."""
    assert restored is None

    def set_up(**options):
        stream = io.StringIO()
        configure_logging(stream=stream, **options)
        return lambda: stream.getvalue().splitlines()

    return set_up


def lines(text_lines):
    return [json.loads(line) for line in text_lines()]


class TestALine:
    def test_is_one_json_object_in_utc(self, written):
        out = written()
        structlog.get_logger().info("hold.placed", hold_id="hold_1", expires_in_s=600)
        [line] = lines(out)
        stamp = line.pop("timestamp")
        assert line == {"event": "hold.placed", "hold_id": "hold_1", "expires_in_s": 600, "level": "info"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", stamp)

    def test_follows_the_clock_it_is_given(self, written):
        clock = Clock()
        out = written(clock=clock)
        structlog.get_logger().info("tick")
        assert lines(out)[0]["timestamp"][:13] == clock.now().isoformat()[:13]

    async def test_carries_the_request_it_belongs_to(self, written):
        out = written()

        async def work(number):
            token = current_request_id.set(f"req_{number}")
            await asyncio.sleep(0)
            structlog.get_logger().info("worked", number=number)
            current_request_id.reset(token)

        await asyncio.gather(*(work(number) for number in range(5)))
        assert {(line["request_id"], line["number"]) for line in lines(out)} == {(f"req_{n}", n) for n in range(5)}

    def test_may_carry_what_a_job_bound(self, written):
        out = written()
        with structlog.contextvars.bound_contextvars(job="sweep"):
            structlog.get_logger().info("job.done")
        assert lines(out)[0]["job"] == "sweep"

    def test_below_the_level_is_not_written(self, written):
        out = written(level=LogLevel.WARNING)
        structlog.get_logger().info("quiet")
        structlog.get_logger().warning("loud")
        assert [line["event"] for line in lines(out)] == ["loud"]

    def test_cannot_be_forged(self, written):
        out = written()
        structlog.get_logger().info(
            "said", text='x\n{"level":"critical","event":"forged"}\r\n\x1b[31mred\x1b[0m\u2028\u202e'
        )
        assert len(out()) == 1
        [line] = lines(out)
        assert line["event"] == "said"
        assert not re.search(r"[\x00-\x1f\x7f\u2028\u202e]", line["text"])

    def test_cannot_be_forged_for_people_either(self, written):
        out = written(form=LogFormat.CONSOLE)
        structlog.get_logger().info("said", text="x\n2026-01-01 [critical] forged\x1b[2J")
        [line] = out()
        assert "\x1b" not in line
        assert "\\u000a2026-01-01 [critical] forged" in line

    def test_of_an_exception_has_its_traceback_without_secrets(self, written):
        out = written()
        try:
            fail(ValueError("canary@example.com said 4242424242424242\x1b[2J"))
        except ValueError:
            structlog.get_logger().exception("failed")
        [line] = lines(out)
        assert "Traceback" in line["exception"]
        assert "\n" in line["exception"]
        assert "ValueError" in line["exception"]
        for canary in ("canary@", "4242424242424242", "\x1b"):
            assert canary not in line["exception"]

    def test_is_bounded(self, written):
        out = written()
        structlog.get_logger().info("long", text="x" * 100_000, many=list(range(10_000)), deep=nested(50))
        assert len(out()[0]) < 10_000

    def test_takes_any_value(self, written):
        out = written()
        structlog.get_logger().info(
            "odd", when=Clock().now(), raw=b"canary", thing=object, half="\ud800", nan=float("nan")
        )
        [line] = lines(out)
        assert line["raw"] == "[6 bytes]"
        assert line["half"] == "\\ud800"

    def test_that_cannot_be_written_stops_nobody(self, restored):
        assert restored is None
        stream = io.StringIO()
        configure_logging(stream=stream)
        stream.close()
        structlog.get_logger().info("lost")


def fail(error):
    raise error


def nested(depth):
    return {"inner": nested(depth - 1)} if depth else "bottom"


class TestASecret:
    @pytest.mark.parametrize("canary", CANARIES)
    @pytest.mark.parametrize("form", list(LogFormat))
    def test_is_not_written_wherever_it_stands(self, written, canary, form):
        out = written(form=form)
        secret = {"password": canary} if canary.startswith("hunter2") else {"text": f"said {canary}!"}
        structlog.get_logger().info("named", **secret, items=[secret, (secret, {"deep": secret})])
        assert canary not in "\n".join(out())
        assert REDACTED in "\n".join(out())

    @pytest.mark.parametrize("canary", CANARIES[1:])
    def test_is_not_written_by_libraries_either(self, written, canary):
        out = written()
        library_logger("sqlalchemy.engine").warning("parameters: %s", canary)
        [line] = lines(out)
        assert (line["logger"], line["level"]) == ("sqlalchemy.engine", "warning")
        assert canary not in line["event"]

    @pytest.mark.parametrize(
        "name",
        [
            *(
                "password",
                "new_password",
                "Token",
                "hold_token",
                "access_token",
                "Authorization",
                "Set-Cookie",
                "cookie",
            ),
            *("secret", "client_secret", "email", "guest_email", "api_key", "jwt", "cvc", "password_hash"),
        ],
    )
    def test_is_known_by_its_name(self, name):
        assert redact(None, "info", {"event": "x", name: "canary"})[name] == REDACTED
        assert redact(None, "info", {"event": "x", "body": {name: "canary"}})["body"][name] == REDACTED

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "hold_01JD3Z8Q4T9XW2M5N7P0R6S1VB",
                "/v1/holds/{hold_id}",
                "2026-11-20T17:23:08.123+00:00",
                "stay:1234567",
            ),
            *("4242424242424241", "20261120172308", "550e8400-e29b-41d4-a716-446655440000", "1.2345678901234567"),
            *("idempotency_key_missing", "a @ b", "sqlite:///holdfast.db", "12 345 678", "price_minor", "req_1-a"),
        ],
    )
    def test_is_not_seen_where_there_is_none(self, text):
        assert clean(text) == text

    @pytest.mark.parametrize("name", ["tokens_issued", "hold_id", "card_brand", "mailer", "secrets_count", "key"])
    def test_is_not_seen_in_an_innocent_name(self, name):
        assert redact(None, "info", {"event": "x", name: 3})[name] == 3


class TestTheStandardLibrary:
    def test_takes_the_same_way(self, written):
        out = written()
        library_logger("uvicorn.error").info("Started server process [%d]", 7)
        [line] = lines(out)
        assert (line["event"], line["level"], line["logger"]) == ("Started server process [7]", "info", "uvicorn.error")

    def test_keeps_its_tracebacks(self, written):
        out = written()
        try:
            fail(KeyError("x"))
        except KeyError:
            library_logger("asyncio").exception("Task exception was never retrieved")
        assert "KeyError" in lines(out)[0]["exception"]

    def test_says_nothing_of_requests(self, written):
        out = written(level=LogLevel.DEBUG)
        library_logger("uvicorn.access").info("GET /secret")
        assert out() == []

    def test_is_quiet_about_the_small_things(self, written):
        out = written(level=LogLevel.DEBUG)
        library_logger("sqlalchemy.engine").info("SELECT 1")
        assert out() == []


def test_setting_up_again_moves_loggers_already_in_use(written):
    first = written()
    log = structlog.get_logger()
    log.info("one")
    second = written()
    log.info("two")
    assert ([line["event"] for line in lines(first)], [line["event"] for line in lines(second)]) == (["one"], ["two"])
