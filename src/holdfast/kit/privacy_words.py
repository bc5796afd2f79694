"""What personal data is called, why it is kept, how long, who gets it and what programs decide by it.

People who ask what becomes of their data read these words: a changed one is a new version of the policy. Import them
from `holdfast.kit.privacy`; they lie apart so that the command line starts without what databases need.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What something tells of a person."""

    NUMBER = "account_number"
    NAME = "name"
    CONTACT = "contact"
    SECRET = "credential"  # noqa: S105 - the name of a kind
    DEVICE = "device"
    ADDRESS = "network_address"
    BOOKING = "booking"
    PAYMENT = "payment"
    HEALTH = "health"
    WORDS = "own_words"
    LISTING = "listing"
    CHOICE = "choice"
    ACTIVITY = "activity"


KINDS: Final[Mapping[Kind, str]] = {
    Kind.NUMBER: "The number of your account, which stands for you where no name is needed.",
    Kind.NAME: "The name you chose, or what a restaurant calls your party.",
    Kind.CONTACT: "Your e-mail address.",
    Kind.SECRET: "What proves that it is you: a digest of your password, keys of devices, tokens. Nobody reads it.",
    Kind.DEVICE: "What your browser or app says it is.",
    Kind.ADDRESS: "The network address your requests come from.",
    Kind.BOOKING: "What you asked for, held, booked, changed and canceled, when and for how many.",
    Kind.PAYMENT: "How you pay: the brand and last four digits of a card, the provider's reference. Never its number.",
    Kind.HEALTH: "What somebody of your party must not eat, which may tell of health or belief. Only with consent.",
    Kind.WORDS: "What you wrote in your own words: notes, requests, complaints.",
    Kind.LISTING: "What you, as an owner, publish of what you offer.",
    Kind.CHOICE: "What you agreed to or refused, and when.",
    Kind.ACTIVITY: "What was done with your account, when and by whom.",
}
SENSITIVE: Final = frozenset({Kind.HEALTH})
"""Sensitive information (Privacy Act 1988 s 6; APP 3.3): collected with consent only."""


class Purpose(StrEnum):
    """Why something is kept."""

    ACCOUNT = "account"
    SECURITY = "security"
    BOOKING = "booking"
    PAYMENT = "payment"
    HOSPITALITY = "hospitality"
    MESSAGES = "messages"
    LISTING = "listing"
    BOOKS = "books"
    MARKETING = "marketing"
    RIGHTS = "rights"


PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.ACCOUNT: "To let you have an account and know it again.",
    Purpose.SECURITY: "To keep your account and everybody's bookings safe, and to find out what happened.",
    Purpose.BOOKING: "To hold, sell, change and cancel what you book.",
    Purpose.PAYMENT: "To take a payment, and to give money back.",
    Purpose.HOSPITALITY: "To let the restaurant prepare for your visit.",
    Purpose.MESSAGES: "To tell you what happens to your account and bookings.",
    Purpose.LISTING: "To show guests what you offer.",
    Purpose.BOOKS: "To keep books of what was sold and paid, as the law asks.",
    Purpose.MARKETING: "To send you offers, if you agreed to that.",
    Purpose.RIGHTS: "To answer what you ask about your data, and to prove that we did.",
}


class Retention(StrEnum):
    """How long something is kept."""

    ACCOUNT = "account"
    BOOKS = "books"
    VISIT = "visit"
    ANSWERS = "answers"
    QUEUE = "queue"
    SIGN_INS = "sign_ins"
    MAIL = "mail"
    RIGHTS = "rights"
    EXPORT = "export"
    LISTING = "listing"
    SUPPRESSION = "suppression"


RETENTIONS: Final[Mapping[Retention, str]] = {
    Retention.ACCOUNT: "Until you delete your account.",
    Retention.BOOKS: "As long as the law asks for books; without your name or address once your account is deleted.",
    Retention.VISIT: "Until a while after the visit, or until the booking is canceled.",
    Retention.ANSWERS: "A few days, so that a request that is sent again is not carried out again.",
    Retention.QUEUE: "Minutes: until every part of the system has read it.",
    Retention.SIGN_INS: "A while after the session has ended.",
    Retention.MAIL: "A while after the message was sent.",
    Retention.RIGHTS: "A while after your request was answered.",
    Retention.EXPORT: "One day.",
    Retention.LISTING: "As long as you offer it.",
    Retention.SUPPRESSION: "For good, as a keyed digest that only tells that this address wants no mail.",
}


class Erase(StrEnum):
    """What becomes of something when its person's account is erased."""

    DELETED = "deleted"
    """Its row goes."""
    CLEARED = "cleared"
    """Its row stays and does not tell it any more."""
    KEPT = "kept"
    """It stays, and tells of nobody: the number it goes by belongs to an account without name or address."""


class Recipient(StrEnum):
    """Who else gets it."""

    OWNER = "owner"
    SIMULATOR = "simulator"
    STRIPE = "stripe"
    PAYPAL = "paypal"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiving:
    """What is said of a recipient."""

    name: str
    why: str
    country: str
    """ISO 3166 code of where it keeps the data; settings may say another. "" where that depends on what is booked."""


RECIPIENTS: Final[Mapping[Recipient, Receiving]] = {
    Recipient.OWNER: Receiving(
        name="The owner of what you book",
        why="To receive you: what was booked, for when and how many, and what you note of your table.",
        country="",
    ),
    Recipient.SIMULATOR: Receiving(
        name="The built-in payment simulator",
        why="To try payments out. It moves no money and is part of us.",
        country="",
    ),
    Recipient.STRIPE: Receiving(
        name="Stripe", why="To take card and wallet payments and give money back.", country="US"
    ),
    Recipient.PAYPAL: Receiving(name="PayPal", why="To take PayPal payments and give money back.", country="US"),
    Recipient.MAIL: Receiving(
        name="The mail service of the operator", why="To deliver messages about your account and bookings.", country=""
    ),
}


class Decision(StrEnum):
    """What a program decides about a person by itself (APP 1.7 from 10 December 2026; GDPR Art. 22)."""

    HOLD_LIMIT = "hold_limit"
    REQUEST_LIMIT = "request_limit"
    SIGN_IN = "sign_in"
    PRICE = "price"
    ONE_PER_FLIGHT = "one_per_flight"
    REQUEST_LAPSED = "request_lapsed"
    REROUTE = "reroute"
    FEE = "fee"
    LATE_PAYMENT = "late_payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What is said of an automated decision."""

    what: str
    kinds: tuple[Kind, ...]
    effect: str


DECISIONS: Final[Mapping[Decision, Deciding]] = {
    Decision.HOLD_LIMIT: Deciding(
        what="How much one account may hold at the same time.",
        kinds=(Kind.NUMBER, Kind.BOOKING),
        effect="A further hold is refused until another one has ended.",
    ),
    Decision.REQUEST_LIMIT: Deciding(
        what="How often one account or one network address may ask.",
        kinds=(Kind.NUMBER, Kind.ADDRESS),
        effect="Requests are refused for some minutes.",
    ),
    Decision.SIGN_IN: Deciding(
        what="Whether a sign-in is let in, by the password, the second factor and how often it went wrong.",
        kinds=(Kind.CONTACT, Kind.SECRET, Kind.ADDRESS),
        effect="A sign-in is refused.",
    ),
    Decision.PRICE: Deciding(
        what="What something costs, by dates, size of the party, length, how far ahead, and the owner's rules.",
        kinds=(Kind.BOOKING,),
        effect="A price is quoted. It is the same for everybody who asks for the same at the same moment.",
    ),
    Decision.ONE_PER_FLIGHT: Deciding(
        what="Whether an account has a booking of the same flight already.",
        kinds=(Kind.NUMBER, Kind.BOOKING),
        effect="A second booking of the flight is refused.",
    ),
    Decision.REQUEST_LAPSED: Deciding(
        what="Whether an owner has answered a request in time.",
        kinds=(Kind.BOOKING,),
        effect="A request nobody answered is declined and its payment let go.",
    ),
    Decision.REROUTE: Deciding(
        what="Which other flight travelers are given when theirs is canceled or has fewer seats than were sold.",
        kinds=(Kind.BOOKING,),
        effect="Another flight or other times are booked for you; who booked first is placed first.",
    ),
    Decision.FEE: Deciding(
        what="Whether a fee for canceling late or not coming is due by the policy you agreed to.",
        kinds=(Kind.BOOKING, Kind.PAYMENT),
        effect="The fee is charged to the way to pay that stands for the table.",
    ),
    Decision.LATE_PAYMENT: Deciding(
        what="What becomes of money that comes late, twice or wrong, by a published table.",
        kinds=(Kind.BOOKING, Kind.PAYMENT),
        effect="What you paid for is booked after all, or the money goes back.",
    ),
}
