"""Logging: one event per line, in UTC, with the request's id, and without secrets.

```python
log = structlog.get_logger()
log.info("hold.placed", hold_id=hold.id, expires_in_s=600)
```

The event name is a constant, values are identifiers. What slips through is caught by `redact`: members with telling
names, and texts that look like tokens, card numbers or mail addresses. Line breaks and terminal codes are neutralised,
so nobody can forge a line. The standard library's logging (uvicorn, sqlalchemy, asyncio) takes the same way.
"""

from contextvars import ContextVar

current_request_id: ContextVar[str | None] = ContextVar("holdfast_request_id", default=None)
"""The id of the request being answered, set by the edge."""
