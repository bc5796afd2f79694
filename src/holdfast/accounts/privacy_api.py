"""What accounts keeps of people's rights over their data: `AccountsApi.privacy`.

Consents, restrictions, erasures, exports, requests that a person answers, disclosures, breaches and the versions of the
policy. The rules are those of the Australian Privacy Principles; docs/privacy.md says which is where.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from holdfast.kit.errors import HoldfastError
from holdfast.kit.privacy import Kind, Obstacle, Purpose, Recipient

SAYS_MAX: Final = 2_000
ABOUT_MAX: Final = 100
ANSWER_DAYS: Final = 30
"""Days within which a request is answered (APP 12.4, 13.5: a reasonable period; GDPR Art. 12(3): a month)."""
ASSESS_DAYS: Final = 30
"""Days within which a suspected breach is assessed (Privacy Act 1988 s 26WH)."""
EXPORT_HOURS: Final = 24


class ConsentPurpose(StrEnum):
    """What somebody can agree to. Nothing is agreed to until they say so."""

    DIETARY_NOTES = "dietary_notes"
    MARKETING_EMAIL = "marketing_email"
    MARKETING_SMS = "marketing_sms"
    MARKETING_PUSH = "marketing_push"


CONSENT_VERSION: Final = "2026-12"
"""Changes with a text below."""
CONSENT_TEXTS: Final[Mapping[ConsentPurpose, str]] = {
    ConsentPurpose.DIETARY_NOTES: (
        "Restaurants I book may read what I note of my diet, to prepare for my visit. It may tell of my health or "
        "belief. I can withdraw this at any time, which deletes every such note."
    ),
    ConsentPurpose.MARKETING_EMAIL: "You may send me offers by e-mail. I can stop that at any time with one click.",
    ConsentPurpose.MARKETING_SMS: "You may send me offers by text message. I can stop that at any time.",
    ConsentPurpose.MARKETING_PUSH: "You may show me offers as notifications. I can stop that at any time.",
}
MARKETING: Final = tuple(each for each in ConsentPurpose if each.value.startswith("marketing_"))


class ConsentHow(StrEnum):
    """How a consent was given or withdrawn."""

    ACCOUNT = "account"
    """In the account's own settings."""
    UNSUBSCRIBE = "unsubscribe"
    """By the link of a message."""
    OPERATOR = "operator"
    """By the operator, whom they asked."""


class ErasureState(StrEnum):
    """Where an erasure stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELED = "canceled"


class AskedBy(StrEnum):
    """Who asked for something."""

    PERSON = "person"
    OPERATOR = "operator"


class ExportState(StrEnum):
    """Where an export stands."""

    WAITING = "waiting"
    READY = "ready"
    EXPIRED = "expired"


class CaseKind(StrEnum):
    """What somebody asks a person to answer."""

    CORRECTION = "correction"
    COMPLAINT = "complaint"
    REVIEW = "review"
    """To look again at what a program decided."""


class CaseState(StrEnum):
    """Where such a request stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What somebody said of one purpose last."""

    purpose: ConsentPurpose
    granted: bool
    text_version: str | None = None
    """None: they never said anything."""
    how: ConsentHow | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An account that is to be erased, or is."""

    id: str
    account_id: int
    state: ErasureState
    asked_by: AskedBy
    asked_at: datetime
    due_at: datetime
    """Until then it can be canceled."""
    ended_at: datetime | None = None
    remains: str | None = None
    """Once done: what may still hold bytes of it, in plain words."""
    steps: Mapping[str, int] | None = None
    """Which modules are done, and how many rows changed in each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A copy of everything that is kept of somebody."""

    id: str
    account_id: int
    state: ExportState
    asked_at: datetime
    ready_at: datetime | None = None
    expires_at: datetime | None = None
    size: int | None = None
    """Of the zip file, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request that a person answers."""

    id: str
    kind: CaseKind
    account_id: int | None
    """None: somebody who was not logged in."""
    about: str
    says: str
    contact: str | None
    state: CaseState
    opened_at: datetime
    answer_by: datetime
    decided_at: datetime | None = None
    answer: str | None = None
    statement: str | None = None
    """What the person wants noted beside what was not corrected (APP 13.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """What somebody asks for."""

    kind: CaseKind
    about: str
    says: str
    account_id: int | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A suspected breach (NDB scheme, Privacy Act 1988 Part IIIC) and its clock."""

    id: str
    title: str
    what: str
    kinds: tuple[Kind, ...]
    opened_at: datetime
    assess_by: datetime
    assessed_at: datetime | None = None
    serious: bool | None = None
    """Whether serious harm to somebody is likely, so that they and the regulator have to be told."""
    reasons: str | None = None
    notified_at: datetime | None = None
    people: int = 0
    """How many accounts are concerned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachPerson:
    """Somebody who is concerned by a breach."""

    account_id: int
    kinds: tuple[Kind, ...]
    email: str | None
    """None once the account is erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """A version of the privacy policy and since when it is in effect here."""

    version: str
    since: datetime
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingSource:
    """Where an address came from that offers might be sent to (APP 7.6)."""

    source: str
    collected_at: datetime
    consents: Sequence[Consent]
    suppressed: bool
    """Whether this address said no once, also in a former account."""


class ConsentTextOutdated(HoldfastError):
    """The text you agreed to is not the one of now. Read `text` and send its `text_version`."""

    code = "consent_text_outdated"
    status = 409
    title = "The text has changed"


class ErasureUnderWay(HoldfastError):
    """The account is to be erased already; `due_at` says when. `DELETE /v1/me/erasure` keeps it."""

    code = "erasure_under_way"
    status = 409
    title = "The account is being erased"


class ErasureBegun(HoldfastError):
    """The time to change your mind is over: the account is being erased."""

    code = "erasure_begun"
    status = 409
    title = "Too late to keep the account"


class CaseDecided(HoldfastError):
    """This request was answered already. Ask again if something else is wrong."""

    code = "case_decided"
    status = 409
    title = "Answered already"


class CaseOpen(HoldfastError):
    """A statement is attached to what was refused; this request was not."""

    code = "case_not_refused"
    status = 409
    title = "Nothing was refused"


class BreachOutOfOrder(HoldfastError):
    """A breach is assessed once, and people are told once it was found serious."""

    code = "breach_out_of_order"
    status = 409
    title = "Not the next step of this breach"


class ConsentsApi(Protocol):
    """What people agreed to, and whether they may be written to."""

    async def set(
        self,
        *,
        account_id: int,
        purpose: ConsentPurpose,
        granted: bool,
        text_version: str,
        how: ConsentHow = ConsentHow.ACCOUNT,
    ) -> Consent:
        """Note a consent or its withdrawal; the history is kept. Withdrawing publishes `ConsentWithdrawn`.

        Raises:
            ConsentTextOutdated: Something is granted by a text that is not the one of now.
        """

    async def of(self, *, account_id: int) -> Sequence[Consent]:
        """Return what somebody said last of every purpose."""

    async def history(self, *, account_id: int) -> Sequence[Consent]:
        """Return everything somebody said, oldest first."""

    async def may_market(self, *, account_id: int, purpose: ConsentPurpose) -> bool:
        """Return whether offers may be sent now: agreed to, not restricted, and the address never said no since."""

    async def unsubscribe_token(self, *, account_id: int, purpose: ConsentPurpose) -> str:
        """Return the signed token of the link that stops offers; it works for good and without logging in.

        Raises:
            NotFound: There is no such account.
        """

    async def unsubscribe(self, *, token: str) -> ConsentPurpose:
        """Stop offers by the token of a message, also for an account that is gone. Repeating it changes nothing.

        Raises:
            NotFound: It is no token of ours.
        """

    async def restrict(self, *, account_id: int, restricted: bool) -> bool:
        """Stop all use of somebody's data beyond what they book, or allow it again; return what holds now."""

    async def is_restricted(self, *, account_id: int) -> bool:
        """Return whether use is restricted: no offers, no profiles, and nothing of theirs is let go by age."""

    async def restricted(self) -> Sequence[int]:
        """Return all restricted accounts."""

    async def source(self, *, account_id: int) -> MarketingSource:
        """Return where the address came from.

        Raises:
            NotFound: There is no such account.
        """


class ErasuresApi(Protocol):
    """Accounts that are to be erased. Whoever carries it out asks `due` and says what is done."""

    async def ask(self, *, account_id: int, cool_off_s: int, asked_by: AskedBy = AskedBy.PERSON) -> Erasure:
        """Plan the erasure of an account and end all its sessions; it can be canceled until it is due.

        Raises:
            NotFound: There is no such account.
            ErasureUnderWay: It is planned already.
        """

    async def of(self, *, account_id: int) -> Erasure | None:
        """Return the erasure of an account that is planned, begun or done."""

    async def cancel(self, *, account_id: int) -> Erasure:
        """Keep the account after all.

        Raises:
            NotFound: No erasure is planned.
            ErasureBegun: It has begun.
        """

    async def hurry(self, *, account_id: int) -> Erasure:
        """Let a planned erasure be due now.

        Raises:
            NotFound: No erasure is planned.
        """

    async def due(self, *, limit: int = 100) -> Sequence[Erasure]:
        """Return erasures that are due or have begun, oldest first, with what is done of each."""

    async def waits(self, *, erasure_id: str, obstacles: Sequence[Obstacle]) -> bool:
        """Write to an account what stands in the way of its erasure that is due: once, however long it waits.

        Return whether that was just now.
        """

    async def begin(self, *, erasure_id: str) -> bool:
        """Note that it begins; from here on it cannot be canceled. Return whether it goes on."""

    async def step_done(self, *, erasure_id: str, module: str, rows: int) -> None:
        """Note that a module has let go of everything. Repeating it changes nothing."""

    async def finish(self, *, erasure_id: str, remains: str) -> Erasure:
        """Note that all is gone, and what may hold bytes of it still. Publishes `AccountErased`."""

    async def recent(self, *, limit: int = 100) -> Sequence[Erasure]:
        """Return the newest erasures, for operators."""


class ExportsApi(Protocol):
    """Copies of everything that is kept of somebody, encrypted until they are fetched."""

    async def ask(self, *, account_id: int) -> Export:
        """Order a copy; while one is being made that one is returned."""

    async def find(self, *, account_id: int, export_id: str) -> Export:
        """Return one's own export.

        Raises:
            NotFound: No such export of this account.
        """

    async def content(self, *, account_id: int, export_id: str) -> bytes:
        """Return the zip file.

        Raises:
            NotFound: No such export of this account, it is not ready yet, or it has expired.
        """

    async def waiting(self, *, limit: int = 10) -> Sequence[Export]:
        """Return exports that are to be made, oldest first."""

    async def store(self, *, export_id: str, content: bytes) -> bool:
        """Keep a finished copy, encrypted, for a day; return False if somebody else was first."""

    async def expire(self) -> int:
        """Delete what has run out; return how many."""


class CasesApi(Protocol):
    """Requests that a person answers: corrections, complaints, reviews of decisions."""

    async def open(self, new: NewCase) -> Case:
        """Note a request; it is to be answered within `ANSWER_DAYS`."""

    async def of(self, *, account_id: int, kind: CaseKind | None = None) -> Sequence[Case]:
        """Return somebody's requests, newest first."""

    async def waiting(self, *, kind: CaseKind | None = None, limit: int = 100) -> Sequence[Case]:
        """Return open requests, those due first, for operators."""

    async def decide(self, *, case_id: str, accepted: bool, answer: str, decided_by: int | None) -> Case:
        """Answer a request. An accepted correction publishes `AccountCorrected`.

        Raises:
            NotFound: There is no such request.
            CaseDecided: It was answered already.
        """

    async def attach(self, *, account_id: int, case_id: str, statement: str) -> Case:
        """Attach a person's statement to what was not corrected.

        Raises:
            NotFound: No such request of this account.
            CaseOpen: It was not refused.
        """


class BreachesApi(Protocol):
    """Suspected breaches, from the first suspicion until people are told."""

    async def open(self, *, title: str, what: str, kinds: Collection[Kind]) -> Breach:
        """Note a suspicion; the clock of `ASSESS_DAYS` begins."""

    async def add_people(self, *, breach_id: str, people: Mapping[int, Collection[Kind]]) -> int:
        """Note who is concerned and by what kinds of data; return how many were added.

        Raises:
            NotFound: There is no such breach.
        """

    async def assess(self, *, breach_id: str, serious: bool, reasons: str) -> Breach:
        """Note what the assessment found.

        Raises:
            NotFound: There is no such breach.
            BreachOutOfOrder: It was assessed already.
        """

    async def notify(self, *, breach_id: str) -> Breach:
        """Note that the regulator and the people concerned are told; each gets a disclosure-like row of it.

        Raises:
            NotFound: There is no such breach.
            BreachOutOfOrder: It was not found serious, or they were told already.
        """

    async def all(self, *, limit: int = 100) -> Sequence[Breach]:
        """Return breaches, newest first."""

    async def people(self, *, breach_id: str, after: int = 0, limit: int = 1000) -> Sequence[BreachPerson]:
        """Return who is concerned, in order of account numbers.

        Raises:
            NotFound: There is no such breach.
        """


class PoliciesApi(Protocol):
    """Versions of the policy and who was shown which."""

    async def take_effect(self, *, version: str, document: Mapping[str, Any]) -> PolicyVersion:
        """Note that a version is in effect from now on, unless it is the newest already."""

    async def find(self, *, version: str) -> PolicyVersion:
        """Return a version, also an old one.

        Raises:
            NotFound: It never was in effect here.
        """

    async def at(self, *, moment: datetime) -> PolicyVersion | None:
        """Return the version that was in effect at a moment: what a record of then was collected under."""

    async def all(self) -> Sequence[PolicyVersion]:
        """Return all versions, newest first, without their documents."""


class PrivacyApi(Protocol):
    """What others may ask of people's rights over their data."""

    consents: ConsentsApi
    erasures: ErasuresApi
    exports: ExportsApi
    cases: CasesApi
    breaches: BreachesApi
    policies: PoliciesApi

    async def disclose(
        self, *, account_id: int, recipient: Recipient | str, kinds: Collection[Kind], purpose: Purpose, about: str
    ) -> None:
        """Note that something about somebody was given to somebody else, where no record of the product says so."""
