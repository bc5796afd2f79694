"""The privacy policy, the notices and the data map, made from the marks of columns and the settings of the operator.

Nothing here is written twice: what a column is marked with is what people read. `version_of` is a digest of all of it,
so that nothing can change unseen; `MAP_VERSIONS` in `privacy_versions` dates the changes of the code's part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from holdfast.accounts.api import ANSWER_DAYS, CONSENT_TEXTS, CONSENT_VERSION
from holdfast.gateway.privacy_settings import PrivacySettings
from holdfast.gateway.privacy_versions import MAP_VERSIONS
from holdfast.kit.privacy import (
    DECISIONS,
    KINDS,
    PURPOSES,
    RECIPIENTS,
    RETENTIONS,
    SENSITIVE,
    Erase,
    Kind,
    MapEntry,
    Purpose,
    Recipient,
    Retention,
)

_DIGEST: Final = 12
_ERASED: Final[Mapping[Erase, str]] = {
    Erase.DELETED: "It is deleted.",
    Erase.CLEARED: "It is cleared; the record it stood in stays without it.",
    Erase.KEPT: "It stays, and tells of nobody: the account it belongs to has no name and no address any more.",
}
_RIGHTS: Final = (
    ("See it", "`POST /v1/me/export` makes a copy of everything, free of charge, usually within minutes."),
    ("Correct it", "`PATCH /v1/me` changes your name; `POST /v1/me/corrections` asks us to correct anything else."),
    ("Delete it", "`DELETE /v1/me` deletes your account after a time in which you can change your mind."),
    ("Agree or not", "`PUT /v1/me/consents/{purpose}` gives or withdraws a consent; nothing is agreed to beforehand."),
    ("Restrict it", "`POST /v1/me/restrict` stops every use beyond what you book."),
    ("Know who got it", "`GET /v1/me/disclosures` lists to whom something about you was given."),
    ("Have a person look", "`POST /v1/decisions/{id}/review` has somebody look again at what a program decided."),
    ("Complain", "`POST /v1/privacy/complaints`, also without an account."),
)
_ANONYMOUS: Final = (
    "You can search, see prices and check what is free without an account. An account needs an e-mail address and a "
    "name of your choice, which need not be your own."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Something people fill in, and what becomes of it."""

    name: str
    what: str
    tables: tuple[str, ...]
    otherwise: str
    """What happens if they do not say it."""


FORMS: Final = (
    Form(
        name="registration",
        what="Making an account",
        tables=("accounts_account",),
        otherwise="Without an address and a name there is no account, and so no booking.",
    ),
    Form(
        name="booking",
        what="Quoting, holding and booking",
        tables=("booking_quote", "booking_hold", "booking_booking", "booking_owner", "booking_fee"),
        otherwise="Without dates and the size of your party nothing can be held for you.",
    ),
    Form(
        name="payment",
        what="Paying",
        tables=("payments_payment", "payments_method", "payments_refund"),
        otherwise="Without a payment, what has to be paid beforehand cannot be confirmed.",
    ),
    Form(
        name="table_notes",
        what="Noting something of a table",
        tables=("booking_note",),
        otherwise="Nothing: you need not note anything. What you say of your diet is kept only if you agree to that.",
    ),
    Form(
        name="listing",
        what="Offering homes, restaurants or flights",
        tables=("catalog_property", "catalog_restaurant"),
        otherwise="Without a description guests cannot find what you offer.",
    ),
    Form(
        name="request",
        what="Asking about your data, or complaining",
        tables=("accounts_privacy_case",),
        otherwise="Without a word of what it is about we cannot answer; without a contact we cannot reach you.",
    ),
)


def map_digest(found: Sequence[MapEntry]) -> str:
    """Return a digest of the code's part: all marks and all texts."""
    said = [
        sorted(map(msgspec.to_builtins, found), key=lambda each: (each["table"], each["column"])),
        *[msgspec.to_builtins(texts) for texts in (KINDS, PURPOSES, RETENTIONS, RECIPIENTS, DECISIONS, CONSENT_TEXTS)],
        *[msgspec.to_builtins(texts) for texts in (FORMS, _RIGHTS, _ERASED, _ANONYMOUS, sorted(SENSITIVE))],
    ]
    return _digest(said)


def _digest(said: Any) -> str:
    return sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()[:_DIGEST]


class Policy:
    """The policy of this installation."""

    def __init__(
        self,
        found: Sequence[MapEntry],
        recipients: Sequence[Recipient],
        settings: PrivacySettings,
        *,
        origin_days: int,
    ) -> None:
        self._periods = settings.periods(origin_days=origin_days)
        self._found = sorted(found, key=lambda each: (each.table, each.column))
        self._recipients = tuple(recipients)
        self._settings = settings
        document = self._document()
        self.version: Final = f"{MAP_VERSIONS[-1][0]}.{_digest(document)}"
        """The date of the newest map and a digest of everything that is said."""
        self.document: Final[Mapping[str, Any]] = {"version": self.version, **document}

    def _document(self) -> dict[str, Any]:
        settings = self._settings
        return {
            "operator": settings.operator,
            "contact": settings.contact,
            "complaints": settings.complaints or settings.contact,
            "country": settings.country,
            "answer_days": ANSWER_DAYS,
            "kept": [self._kind(kind) for kind in Kind if self._of(kind)],
            "recipients": self.recipients(),
            "automated_decisions": [
                {
                    "decision": decision,
                    "what": told.what,
                    "kinds": list(told.kinds),
                    "effect": told.effect,
                    "review": f"POST /v1/decisions/{decision}/review",
                }
                for decision, told in DECISIONS.items()
            ],
            "consents": [
                {"purpose": purpose, "text_version": CONSENT_VERSION, "text": text}
                for purpose, text in CONSENT_TEXTS.items()
            ],
            "rights": [{"right": right, "how": how} for right, how in _RIGHTS],
            "anonymous": _ANONYMOUS,
            # Nothing that can be booked asks for a legal name or a document; who needs one asks for it on the spot.
            "identity_required_for": [],
            "government_identifiers": "None is asked for, and texts that hold one are refused.",
        }

    def _of(self, kind: Kind) -> list[MapEntry]:
        return [each for each in self._found if each.mark.kind is kind]

    def _kind(self, kind: Kind) -> dict[str, Any]:
        found = self._of(kind)
        purposes = {purpose for each in found for purpose in each.mark.purposes}
        keeps = {each.mark.keep for each in found}
        given = {recipient for each in found for recipient in each.mark.recipients}
        return {
            "kind": kind,
            "what": KINDS[kind],
            "sensitive": kind in SENSITIVE,
            "purposes": [{"purpose": each, "why": PURPOSES[each]} for each in Purpose if each in purposes],
            "kept_for": [{"retention": each, "how_long": self._how_long(each)} for each in Retention if each in keeps],
            "recipients": [each for each in self._recipients if each in given],
        }

    def _how_long(self, keep: Retention) -> str:
        seconds = self._periods.get(keep)
        if seconds is None:
            return RETENTIONS[keep]
        if keep is Retention.BOOKS:
            return f"{RETENTIONS[keep]} Here: {self._settings.books_years} years."
        return f"{RETENTIONS[keep]} Here: {seconds // 86_400} days."

    def recipients(self) -> list[dict[str, Any]]:
        """Return to whom something is given, why, and in which country they keep it."""
        return [
            {
                "recipient": each,
                "name": RECIPIENTS[each].name,
                "why": RECIPIENTS[each].why,
                "country": self._settings.country_of(each) or None,
                "overseas": (self._settings.country_of(each) or self._settings.country) != self._settings.country,
            }
            for each in self._recipients
        ]

    def data_map(self) -> list[dict[str, Any]]:
        """Return every column that tells of a person, and what its mark says."""
        return [
            {
                "module": each.module,
                "table": each.table,
                "column": each.column,
                "kind": each.mark.kind,
                "purposes": list(each.mark.purposes),
                "keep": each.mark.keep,
                "erase": each.mark.erase,
                "recipients": list(each.mark.recipients),
                "automated": list(each.mark.automated),
            }
            for each in self._found
        ]

    def notice(self, form: Form) -> dict[str, Any]:
        """Return what people are told where they fill in a form (APP 5)."""
        found = [each for each in self._found if each.table in form.tables]
        kinds = {each.mark.kind for each in found}
        purposes = {purpose for each in found for purpose in each.mark.purposes}
        given = {recipient for each in found for recipient in each.mark.recipients}
        return {
            "form": form.name,
            "version": self.version,
            "what": form.what,
            "operator": self._settings.operator,
            "contact": self._settings.contact,
            "collected": [{"kind": each, "what": KINDS[each]} for each in Kind if each in kinds],
            "purposes": [{"purpose": each, "why": PURPOSES[each]} for each in Purpose if each in purposes],
            "recipients": [each for each in self.recipients() if each["recipient"] in given],
            "otherwise": form.otherwise,
            "policy": "/privacy",
        }


def strangers(policy_recipients: Sequence[Recipient], settings: PrivacySettings) -> list[str]:
    """Return recipients that keep data in a country that is not allowed (APP 8)."""
    allowed = set(settings.allowed_countries)
    if not allowed:
        return []
    return [
        f"{each} ({country})"
        for each in policy_recipients
        if (country := settings.country_of(each)) and country not in allowed
    ]
