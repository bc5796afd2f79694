"""Hooks for Schemathesis: who calls which operation, and what each was answered.

Most operations are called by one account. Those in `SPENDING` end the session or the account that calls them, or lock
it in: each such call is made by a spare account, and once one has succeeded the next gets a new one. So no call takes
the others their login, and a run in which everything is answered 401 cannot pass for a good one: the answers are
written down for the test to look at.
"""

import os
from functools import cache
from pathlib import Path

import requests
import rules_beyond_openapi  # noqa: F401 - its check is to be run too
import schemathesis

from support.visitors import Visitor

BASE_URL = "FUZZING_BASE_URL"
TOKEN = "FUZZING_TOKEN"
SPARE_ROLE = "FUZZING_SPARE_ROLE"
ANSWERS = "FUZZING_ANSWERS"
"""What the test says in the environment, by these names."""

TOKEN_REFUSED = ("unauthenticated", "token_expired")
BEFORE_THE_TOKEN = {400, 405, 414, 415, 431}
"""Statuses of answers that may be given without a look at who asks."""

SPENDING = [
    "DELETE /v1/sessions/current",
    "DELETE /v1/me/sessions",
    "DELETE /v1/me/sessions/{session_id}",
    "POST /v1/me/password",
    "POST /v1/me/email",
    "POST /v1/accounts/recover",
    "DELETE /v1/me",
    "POST /v1/organization/leave",
    "DELETE /v1/organization/members/{account_id}",
    "PATCH /v1/organization/members/{account_id}",
    "PUT /v1/me/organization",
    "POST /v1/me/second-factor/totp/confirm",
    "POST /v1/me/restrict",
]


class _Caller(requests.auth.AuthBase):
    """Puts a token on a request at the moment it is sent."""

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token()}"
        return request

    def token(self):
        return os.environ[TOKEN]


class _Spare(_Caller):
    """Somebody with an account of their own, for one call that succeeds."""

    def __init__(self):
        self._token = None

    def token(self):
        self._token = self._token or self._new()
        return self._token

    def spent(self):
        """Have somebody else call next."""
        self._token = None

    def _new(self):
        visitor = Visitor(os.environ[BASE_URL])
        visitor.registered(f"spare_{visitor.fresh_key()[:8]}", os.environ[SPARE_ROLE])
        visitor.close()
        return visitor.token


SPARE = _Spare()


@schemathesis.hook
def after_load_schema(context, schema):  # noqa: ARG001 - found by name
    schema.auth.set_from_requests(_Caller()).skip_for(name=SPENDING)
    schema.auth.set_from_requests(SPARE).apply_to(name=SPENDING)


@schemathesis.hook
def after_call(context, case, response):  # noqa: ARG001 - found by name
    if response.status_code < requests.codes.bad_request and case.operation.label in SPENDING:
        SPARE.spent()
    _note(case.operation.label, response.status_code, "reached" if _is_reached(response) else "refused")


def _is_reached(response):
    """Whether it was the operation that answered; it may refuse a password or a passkey by 401, too."""
    if response.status_code == requests.codes.unauthorized:
        return response.json().get("code", TOKEN_REFUSED[0]) not in TOKEN_REFUSED
    return response.status_code not in BEFORE_THE_TOKEN


@cache
def _note(operation, status, what):
    """Write down, once, that an operation was answered so."""
    with Path(os.environ[ANSWERS]).open("a") as answers:
        answers.write(f"{operation}\t{status}\t{what}\n")
