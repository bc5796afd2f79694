"""Shapes of privacy over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict
from pydantic.config import JsonDict

from holdfast.accounts.api import (
    ABOUT_MAX,
    CONSENT_VERSION,
    SAYS_MAX,
    AskedBy,
    Case,
    CaseKind,
    CaseState,
    Consent,
    ConsentHow,
    ConsentPurpose,
    Erasure,
    ErasureState,
    Export,
    ExportState,
    MarketingSource,
)
from holdfast.kit.http.own_words import OwnWords
from holdfast.kit.http.wire import InstantField, Line, Wire
from holdfast.kit.privacy import Decision, Disclosure, Erase, Kind, Purpose, Recipient, Retention

CONTACT_MAX: Final = 254
_AT: Final = "2026-12-01T09:30:00Z"
_VERSION: Final = "2026-12-01.71cfa3e04809"
_CONSENT: Final[JsonDict] = {
    "purpose": ConsentPurpose.MARKETING_EMAIL.value,
    "granted": True,
    "text_version": CONSENT_VERSION,
    "how": ConsentHow.ACCOUNT.value,
    "at": _AT,
}
_RECIPIENT: Final[JsonDict] = {
    "recipient": Recipient.MAIL.value,
    "name": "The mail service of the operator",
    "why": "To deliver messages about your account and bookings.",
    "country": "AU",
    "overseas": False,
}


def _shown(*examples: JsonDict) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)})


class ConsentSaid(Wire):
    """What you say of one purpose."""

    model_config = _shown({"granted": True, "text_version": CONSENT_VERSION})

    granted: bool
    text_version: Annotated[str, Line(40)]
    """Of the text you read in `GET /v1/me/consents`. To withdraw, any version will do."""


class ConsentOut(Wire):
    """What you said of one purpose last."""

    model_config = _shown(_CONSENT)

    purpose: ConsentPurpose
    granted: bool
    """False until you agree."""
    text_version: str | None
    """Of what you agreed to; null if you never said anything."""
    how: ConsentHow | None
    at: InstantField | None

    @classmethod
    def of(cls, said: Consent) -> Self:
        """Render a consent."""
        return cls(purpose=said.purpose, granted=said.granted, text_version=said.text_version, how=said.how, at=said.at)


class ConsentText(Wire):
    """What you would agree to."""

    purpose: ConsentPurpose
    text_version: str
    text: str


class ConsentsOut(Wire):
    """What you agreed to, and everything you ever said of it."""

    model_config = _shown(
        {
            "items": [_CONSENT],
            "texts": [
                {
                    "purpose": ConsentPurpose.MARKETING_EMAIL.value,
                    "text_version": CONSENT_VERSION,
                    "text": "You may write to me by e-mail about offers. I can withdraw this at any time.",
                }
            ],
            "history": [_CONSENT],
        }
    )

    items: tuple[ConsentOut, ...]
    texts: tuple[ConsentText, ...]
    history: tuple[ConsentOut, ...]
    """Oldest first."""


class MarketingSourceOut(Wire):
    """Where your address came from (APP 7.6)."""

    model_config = _shown(
        {
            "source": "You gave it yourself when you made your account.",
            "collected_at": _AT,
            "consents": [_CONSENT],
            "suppressed": False,
        }
    )

    source: str
    collected_at: InstantField
    consents: tuple[ConsentOut, ...]
    suppressed: bool
    """Whether this address said no once; then nothing is sent unless you agree again."""

    @classmethod
    def of(cls, found: MarketingSource) -> Self:
        """Render it."""
        return cls(
            source=found.source,
            collected_at=found.collected_at,
            consents=tuple(ConsentOut.of(each) for each in found.consents),
            suppressed=found.suppressed,
        )


class ExportOut(Wire):
    """A copy of everything that is kept of you."""

    model_config = _shown(
        {
            "id": "exp_01JD3Z8Q4T9XW2M5N7P0R6S1VB",
            "state": "ready",
            "asked_at": _AT,
            "ready_at": _AT,
            "expires_at": "2026-12-02T09:30:00Z",
            "size": 48213,
            "content": "/v1/me/exports/exp_01JD3Z8Q4T9XW2M5N7P0R6S1VB/content",
        }
    )

    id: str
    state: ExportState
    asked_at: InstantField
    ready_at: InstantField | None
    expires_at: InstantField | None
    """A day after it was ready."""
    size: int | None
    """Of the zip file, in bytes."""
    content: str | None
    """Where the zip file is, once it is ready."""

    @classmethod
    def of(cls, export: Export) -> Self:
        """Render an export."""
        ready = export.state is ExportState.READY
        return cls(
            id=export.id,
            state=export.state,
            asked_at=export.asked_at,
            ready_at=export.ready_at,
            expires_at=export.expires_at,
            size=export.size,
            content=f"/v1/me/exports/{export.id}/content" if ready else None,
        )


class ErasureOut(Wire):
    """An account that is to be erased."""

    model_config = _shown(
        {
            "id": "ers_01JD3Z8Q4T9XW2M5N7P0R6S1VB",
            "state": "waiting",
            "asked_by": "person",
            "asked_at": _AT,
            "due_at": "2026-12-08T09:30:00Z",
        }
    )

    id: str
    state: ErasureState
    asked_by: AskedBy
    asked_at: InstantField
    due_at: InstantField
    """Until then `DELETE /v1/me/erasure` keeps the account."""

    @classmethod
    def of(cls, erasure: Erasure) -> Self:
        """Render an erasure."""
        return cls(
            id=erasure.id,
            state=erasure.state,
            asked_by=erasure.asked_by,
            asked_at=erasure.asked_at,
            due_at=erasure.due_at,
        )


class CorrectionAsked(Wire):
    """What is wrong and what would be right."""

    model_config = _shown({"about": "booking HF-7K2M9QX4TD", "says": "We were two, not three: please correct it."})

    about: Annotated[str, Line(ABOUT_MAX)]
    says: Annotated[str, OwnWords(SAYS_MAX, 1)]


class StatementGiven(Wire):
    """What you want noted beside what was not corrected."""

    model_config = _shown({"statement": "I did come; the restaurant was closed."})

    statement: Annotated[str, OwnWords(SAYS_MAX, 1)]


class ReviewAsked(Wire):
    """Why a person should look at it again."""

    model_config = _shown({"says": "We were refused a table although the room was empty."})

    says: Annotated[str, OwnWords(SAYS_MAX, 1)]


class ComplaintMade(Wire):
    """What went wrong with somebody's data, and how to reach you."""

    model_config = _shown(
        {"about": "marketing", "says": "I got offers although I said no.", "contact": "john@gmail.com"}
    )

    about: Annotated[str, Line(ABOUT_MAX)]
    says: Annotated[str, OwnWords(SAYS_MAX, 1)]
    contact: Annotated[str, Line(CONTACT_MAX)] | None = None
    """An e-mail address or a telephone number. Without one nobody can answer you, unless you are logged in."""


class CaseOut(Wire):
    """A request that a person answers."""

    model_config = _shown(
        {
            "id": "case_01JD3Z8Q4T9XW2M5N7P0R6S1VB",
            "kind": "correction",
            "about": "booking HF-7K2M9QX4TD",
            "says": "We were two, not three: please correct it.",
            "state": "open",
            "opened_at": _AT,
            "answer_by": "2026-12-31T09:30:00Z",
            "decided_at": None,
            "answer": None,
            "statement": None,
        }
    )

    id: str
    kind: CaseKind
    about: str
    says: str
    state: CaseState
    opened_at: InstantField
    answer_by: InstantField
    decided_at: InstantField | None
    answer: str | None
    statement: str | None
    """Yours, beside what was not corrected."""

    @classmethod
    def of(cls, case: Case) -> Self:
        """Render a request."""
        return cls(
            id=case.id,
            kind=case.kind,
            about=case.about,
            says=case.says,
            state=case.state,
            opened_at=case.opened_at,
            answer_by=case.answer_by,
            decided_at=case.decided_at,
            answer=case.answer,
            statement=case.statement,
        )


class CasesOut(Wire):
    """Your requests, newest first."""

    items: tuple[CaseOut, ...]

    @classmethod
    def of(cls, found: Sequence[Case]) -> Self:
        """Render requests."""
        return cls(items=tuple(CaseOut.of(each) for each in found))


class DisclosureOut(Wire):
    """That something about you was given to somebody else."""

    model_config = _shown(
        {"recipient": "stripe", "kinds": ["payment"], "purpose": "payment", "about": "payment pay_01JD", "at": _AT}
    )

    recipient: str
    """As in `GET /v1/privacy/recipients`; an owner with the number of their account, as `owner:7`."""
    kinds: tuple[Kind, ...]
    purpose: Purpose
    about: str
    at: InstantField

    @classmethod
    def of(cls, given: Disclosure) -> Self:
        """Render a disclosure."""
        return cls(recipient=given.recipient, kinds=given.kinds, purpose=given.purpose, about=given.about, at=given.at)


class DisclosuresOut(Wire):
    """To whom something about you was given, newest first."""

    items: tuple[DisclosureOut, ...]


class RestrictionAsked(Wire):
    """Whether use of your data is to be restricted."""

    model_config = _shown({"restricted": True})

    restricted: bool


class RestrictionOut(Wire):
    """Whether use of your data is restricted."""

    model_config = _shown({"restricted": True})

    restricted: bool
    """If so: no offers, no profiles, and nothing of yours is deleted by age. What you book is honored all the same."""


class PolicyOut(Wire):
    """The privacy policy as data."""

    model_config = _shown(
        {"version": _VERSION, "since": _AT, "policy": {"version": _VERSION, "operator": "Seaside Pty Ltd"}}
    )

    version: str
    since: InstantField | None
    """Since when it is in effect here; null in the first moments of a new version."""
    policy: dict[str, Any]
    """What is kept, why, how long, who gets it, what programs decide, and what you can do about it."""


class PolicyVersionOut(Wire):
    """A version of the policy."""

    model_config = _shown({"version": _VERSION, "since": _AT})

    version: str
    since: InstantField


class PolicyVersionsOut(Wire):
    """All versions that were ever in effect here, newest first."""

    items: tuple[PolicyVersionOut, ...]


class MapEntryOut(Wire):
    """A column that tells of a person."""

    module: str
    table: str
    column: str
    kind: Kind
    purposes: tuple[Purpose, ...]
    keep: Retention
    """How long; the policy says what that means here."""
    erase: Erase
    """What becomes of it when the account is erased."""
    recipients: tuple[Recipient, ...]
    automated: tuple[Decision, ...]
    """What programs decide by it."""


class DataMapOut(Wire):
    """Every column that tells of a person."""

    model_config = _shown(
        {
            "version": _VERSION,
            "items": [
                {
                    "module": "accounts",
                    "table": "accounts_account",
                    "column": "email",
                    "kind": Kind.CONTACT.value,
                    "purposes": [Purpose.ACCOUNT.value, Purpose.MESSAGES.value],
                    "keep": Retention.ACCOUNT.value,
                    "erase": Erase.CLEARED.value,
                    "recipients": [Recipient.MAIL.value],
                    "automated": [],
                }
            ],
        }
    )

    version: str
    items: tuple[MapEntryOut, ...]


class RecipientOut(Wire):
    """Somebody who is given data."""

    model_config = _shown(_RECIPIENT)

    recipient: Recipient
    name: str
    why: str
    country: str | None
    """ISO 3166; null where it depends on what is booked."""
    overseas: bool


class RecipientsOut(Wire):
    """Everybody who is given data."""

    items: tuple[RecipientOut, ...]


class KindOut(Wire):
    """A kind of data in words."""

    kind: Kind
    what: str


class PurposeOut(Wire):
    """A purpose in words."""

    purpose: Purpose
    why: str


class NoticeOut(Wire):
    """What you are told where you fill in a form (APP 5)."""

    model_config = _shown(
        {
            "form": "registration",
            "version": _VERSION,
            "what": "Making an account",
            "operator": "Seaside Pty Ltd",
            "contact": "privacy@seaside.example",
            "collected": [{"kind": Kind.CONTACT.value, "what": "Your e-mail address."}],
            "purposes": [{"purpose": Purpose.ACCOUNT.value, "why": "To let you have an account and know it again."}],
            "recipients": [_RECIPIENT],
            "otherwise": "Without them there is no account; you can look around without one.",
            "policy": "/privacy",
        }
    )

    form: str
    version: str
    what: str
    operator: str
    contact: str
    collected: tuple[KindOut, ...]
    purposes: tuple[PurposeOut, ...]
    recipients: tuple[RecipientOut, ...]
    otherwise: str
    """What happens if you do not say it."""
    policy: str
    """Where the whole policy is."""
