"""Logging: one event per line, in UTC, with the request's id, and without secrets.

```python
log = structlog.get_logger()
log.info("hold.placed", hold_id=hold.id, expires_in_s=600)
```

The event name is a constant, values are identifiers. What slips through is caught by `redact`: members with telling
names, and texts that look like tokens, card numbers or mail addresses. Line breaks and terminal codes are neutralised,
so nobody can forge a line. The standard library's logging (uvicorn, sqlalchemy, asyncio) takes the same way.
"""

import contextlib
import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from typing import Any, Final, TextIO

import msgspec
import structlog
from typing_extensions import override

from holdfast.kit.clock import Clock
from holdfast.kit.settings import LogFormat, LogLevel

current_request_id: ContextVar[str | None] = ContextVar("holdfast_request_id", default=None)
"""The id of the request being answered, set by the edge."""

REDACTED: Final = "[redacted]"

_TEXT_MAX: Final = 2_000
_EXCEPTION_MAX: Final = 16_000
_DEPTH_MAX: Final = 6
_MEMBERS_MAX: Final = 100
_CARD_DIGITS_MIN: Final = 13
_LUHN: Final = 10

_SECRET_NAMES: Final = frozenset(
    {
        *("password", "passwd", "passphrase", "token", "authorization", "secret", "cookie", "email", "mail", "jwt"),
        *("api_key", "apikey", "private_key", "card", "card_number", "pan", "cvv", "cvc", "iban", "phone", "otp"),
    }
)
_SECRET_ENDINGS: Final = ("_password", "_token", "_secret", "_email", "_cookie", "_hash", "_api_key", "_private_key")

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROL_BUT_LINES: Final = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_TOKEN: Final = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?|\b[Bb]earer\s+[^\s\"']+")
_URL_CREDENTIALS: Final = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_MAIL: Final = re.compile(r"[^\s@<>\"'(),:;\[\]=]{1,64}@[^\s@<>\"'(),:;\[\]=]{1,255}")
_CARD: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])")

_Event = MutableMapping[str, Any]


def _is_card(digits: str) -> bool:
    numbers = [int(digit) for digit in reversed(digits) if digit.isdigit()]
    doubled = [sum(divmod(2 * number, 10)) for number in numbers[1::2]]
    return len(numbers) >= _CARD_DIGITS_MIN and (sum(numbers[::2]) + sum(doubled)) % _LUHN == 0


def _hide_card(match: re.Match[str]) -> str:
    return REDACTED if _is_card(match[0]) else match[0]


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def clean(text: str, *, length_max: int = _TEXT_MAX, control: re.Pattern[str] = _CONTROL) -> str:
    """Return a text fit for a log: bounded, on one line, without anything that looks like a secret."""
    if len(text) > length_max:
        text = text[:length_max] + "…"
    if not text.isprintable():
        text = control.sub(_escape, text)
    if "@" in text:
        text = _MAIL.sub(REDACTED, _URL_CREDENTIALS.sub(f"://{REDACTED}@", text))
    if "eyJ" in text or "earer" in text:
        text = _TOKEN.sub(REDACTED, text)
    return _CARD.sub(_hide_card, text)


def _is_secret(name: str) -> bool:
    lowered = name.lower().replace("-", "_")
    return lowered in _SECRET_NAMES or lowered.endswith(_SECRET_ENDINGS)


def _safe(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if isinstance(value, dict | list | tuple | set | frozenset):
        return _safe_members(value, depth + 1)
    return clean(str(value))


def _safe_members(value: Any, depth: int) -> Any:
    if depth > _DEPTH_MAX:
        return "[…]"
    if isinstance(value, dict):
        return {
            clean(str(name)): REDACTED if _is_secret(str(name)) else _safe(member, depth)
            for name, member in list(value.items())[:_MEMBERS_MAX]
        }
    return [_safe(member, depth) for member in list(value)[:_MEMBERS_MAX]]


def redact(_: Any, __: str, event: _Event) -> _Event:
    """Hide what must not be read in a log; a structlog processor."""
    safe: dict[str, Any] = {}
    for name, value in event.items():
        if name == "exception":
            safe[name] = clean(str(value), length_max=_EXCEPTION_MAX, control=_CONTROL_BUT_LINES)
        elif _is_secret(name):
            safe[name] = REDACTED
        else:
            safe[name] = _safe(value)
    return safe


def _add_request_id(_: Any, __: str, event: _Event) -> _Event:
    request_id = current_request_id.get()
    if request_id is not None:
        event.setdefault("request_id", request_id)
    return event


def _stamped_by(clock: Clock) -> Callable[[Any, str, _Event], _Event]:
    def stamp(_: Any, __: str, event: _Event) -> _Event:
        event["timestamp"] = clock.now().isoformat(timespec="milliseconds")
        return event

    return stamp


def _as_json(_: Any, __: str, event: _Event) -> str:
    return msgspec.json.encode(event).decode()


def _for_people(stream: TextIO) -> structlog.typing.Processor:
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=32
    )


class _Lines:
    """Where lines go. One object for the life of the process, so that loggers may keep it."""

    stream: TextIO = sys.stderr

    def write(self, line: str) -> None:
        """Write one line; a log that cannot be written (full disk, closed pipe) must not stop a booking."""
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(line + "\n")
            self.stream.flush()

    msg = debug = info = warning = error = critical = exception = fatal = write


_LINES: Final = _Lines()
_PROCESSORS: Final[list[structlog.typing.Processor]] = []


class _FromStandardLibrary(logging.Handler):
    """Sends records of the standard library's logging the way of ours."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        event: Any = {"event": record.getMessage(), "logger": record.name}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        for process in _PROCESSORS:
            event = process(None, record.levelname.lower(), event)
        _LINES.write(event)


def configure_logging(
    *,
    level: LogLevel = LogLevel.INFO,
    form: LogFormat = LogFormat.JSON,
    clock: Clock | None = None,
    stream: TextIO | None = None,
) -> None:
    """Set up logging for the process; lines go to standard error. May be called again.

    Run uvicorn with `log_config=None` and `access_log=False`: the edge logs requests.
    """
    _LINES.stream = stream or sys.stderr
    # Loggers keep this list once used, so it is changed in place.
    _PROCESSORS[:] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _stamped_by(clock or Clock()),
        _add_request_id,
        structlog.processors.ExceptionRenderer(),
        redact,
        _for_people(_LINES.stream) if form is LogFormat.CONSOLE else _as_json,
    ]
    severity = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        logger_factory=lambda *_: _LINES,
        cache_logger_on_first_use=True,
    )
    _take_over_standard_library(severity)


def _take_over_standard_library(severity: int) -> None:
    root = logging.getLogger()  # noqa: TID251 - this is the one place that meets the standard library's logging
    root.handlers[:] = [_FromStandardLibrary()]
    root.setLevel(severity)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)  # noqa: TID251 - the same
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
    for name in ("sqlalchemy", "alembic", "asyncio", "httpx", "stripe"):  # they say much at `info`
        logging.getLogger(name).setLevel(max(severity, logging.WARNING))  # noqa: TID251 - the same
