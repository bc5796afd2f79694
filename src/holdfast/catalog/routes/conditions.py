"""Entity tags (RFC 9110, section 13): the version of what is described as `ETag`, and what clients ask about it.

`If-Match` protects a change from overwriting another one, `If-None-Match` saves sending what the client has.
"""

import re
from typing import Any, Final

from fastapi import Request

from holdfast.catalog.api import IfMatchMalformed, PreconditionRequired, VersionConflict
from holdfast.kit.errors import FieldError

_ANY: Final = "*"
_TAGS_MAX: Final = 20
_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')

IF_MATCH: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": "The `ETag` of what you change, as you read it (or `*`, to overwrite whatever is there).",
            "schema": {"type": "string", "pattern": r'^(\*|"[0-9]{1,15}")$', "maxLength": 17, "examples": ['"1"']},
        }
    ]
}
"""The OpenAPI parameter of a change that needs If-Match. It is read here and not by FastAPI, to refuse by name."""

IF_NONE_MATCH: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": "The `ETag` of what you have; the answer is 304 without a body while that is the newest.",
            "schema": {"type": "string", "examples": ['"1"']},
        }
    ]
}

_ETAG: Final[dict[str, Any]] = {
    "ETag": {
        "description": "Names this version; send it as `If-Match` to change it.",
        "schema": {"type": "string", "examples": ['"1"']},
    }
}


def success(status: int, what: str, *, tagged: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entry of a success, `tagged` if it carries an ETag."""
    return {status: {"description": what, **({"headers": _ETAG} if tagged else {})}}


def etag_of(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


def check_wanted(request: Request) -> frozenset[str]:
    """Return the entity tags a change may be made to.

    Raises:
        PreconditionRequired: There is no If-Match.
        IfMatchMalformed: It is neither `*` nor a list of entity tags.
    """
    sent = ",".join(request.headers.getlist("if-match")).strip()
    if not sent:
        raise PreconditionRequired
    tags = [tag.strip() for tag in sent.split(",")]
    if tags != [_ANY] and (len(tags) > _TAGS_MAX or not all(_TAG.fullmatch(tag) for tag in tags)):
        finding = FieldError(
            pointer="#header/if-match", code="malformed", detail='Send * or the ETag in its quotes, such as "1".'
        )
        raise IfMatchMalformed(errors=[finding])
    return frozenset(tags)


def check_version(wanted: frozenset[str], version: int) -> None:
    """Compare strongly: a weak tag (`W/"1"`) never matches.

    Raises:
        VersionConflict: The version is none of those wanted.
    """
    if not wanted & {_ANY, etag_of(version)}:
        raise VersionConflict("It has changed since you read it.", extra={"current": etag_of(version)})


def has_newest(request: Request, version: int) -> bool:
    """Return whether the client has this version already (compared weakly, as GET does)."""
    sent = request.headers.get("if-none-match")
    if sent is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in sent.split(",")}
    return bool(tags & {_ANY, etag_of(version)})
