"""The cards, wallets and tokens that mean something here: those Stripe publishes for tests, and a few of our own.

A plan says what becomes of whoever pays with it. No other card number is taken, so that no real card ends up here.
"""

from typing import Final, Literal

import msgspec

_LUHN: Final = 10
_DIGITS_MIN: Final = 12
_DIGITS_MAX: Final = 19


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a way to pay does."""

    denial: str | None = None
    """Why it is refused at once."""
    challenge: bool = False
    """Whether its holder has to approve each payment (3-D Secure)."""
    challenge_denial: str | None = None
    """Why it is refused although its holder approved."""
    keep_denial: str | None = None
    """Why it cannot be kept."""
    kept_denial: str | None = None
    """Why it is refused once it was kept."""
    capture_denial: str | None = None
    """Why it is authorised and yet cannot be captured."""
    dispute: str | None = None
    """Why its holder disputes what was captured."""
    refund: Literal["at_once", "later", "fails"] = "at_once"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a card."""

    brand: str
    last4: str
    exp_month: int
    exp_year: int
    wallet: str | None = None


class TestCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card for tests."""

    __test__ = False  # not a test of pytest's

    number: str
    brand: str
    token: str
    plan: Plan
    wallet: str | None = None


_GOOD: Final = Plan()
_BRANDS: Final = (
    ("4242424242424242", "visa", "pm_card_visa"),
    ("4000056655665556", "visa", "pm_card_visa_debit"),
    ("5555555555554444", "mastercard", "pm_card_mastercard"),
    ("2223003122003222", "mastercard", "pm_card_mastercard_2_series"),
    ("5200828282828210", "mastercard", "pm_card_mastercard_debit"),
    ("5105105105105100", "mastercard", "pm_card_mastercard_prepaid"),
    ("378282246310005", "amex", "pm_card_amex"),
    ("371449635398431", "amex", "pm_card_amex_2"),
    ("6011111111111117", "discover", "pm_card_discover"),
    ("6011000990139424", "discover", "pm_card_discover_2"),
    ("6011981111111113", "discover", "pm_card_discover_debit"),
    ("3056930009020004", "diners", "pm_card_diners"),
    ("36227206271667", "diners", "pm_card_diners_14"),
    ("3566002020360505", "jcb", "pm_card_jcb"),
    ("6200000000000005", "unionpay", "pm_card_unionpay"),
)
_PLANS: Final = (
    ("4000000000000002", "pm_card_visa_chargeDeclined", Plan(denial="card_declined")),
    ("4000000000009995", "pm_card_visa_chargeDeclinedInsufficientFunds", Plan(denial="insufficient_funds")),
    ("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", Plan(denial="lost_card")),
    ("4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", Plan(denial="stolen_card")),
    ("4000000000000069", "pm_card_chargeDeclinedExpiredCard", Plan(denial="expired")),
    ("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", Plan(denial="incorrect_cvc")),
    ("4000000000000119", "pm_card_chargeDeclinedProcessingError", Plan(denial="processing_error")),
    ("4000000000006975", "pm_card_visa_chargeDeclinedVelocityLimitExceeded", Plan(denial="card_velocity_exceeded")),
    ("4100000000000019", "pm_card_radarBlock", Plan(denial="fraudulent")),
    ("4000000000000341", "pm_card_chargeCustomerFail", Plan(kept_denial="card_declined")),
    ("4000000000003220", "pm_card_threeDSecure2Required", Plan(challenge=True)),
    ("4000000000003063", "pm_card_threeDSecureRequired", Plan(challenge=True)),
    ("4000002760003184", "pm_card_authenticationRequired", Plan(challenge=True)),
    ("4000002500003155", "pm_card_authenticationRequiredOnSetup", Plan(challenge=True)),
    (
        "4000008400001629",
        "pm_card_threeDSecureRequiredChargeDeclined",
        Plan(challenge=True, challenge_denial="card_declined"),
    ),
    (
        "4000008260003178",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        Plan(challenge=True, challenge_denial="insufficient_funds"),
    ),
    ("4000000000000259", "pm_card_createDispute", Plan(dispute="fraudulent")),
    ("4000000000002685", "pm_card_createDisputeProductNotReceived", Plan(dispute="product_not_received")),
    ("4000000000007726", "pm_card_pendingRefund", Plan(refund="later")),
    ("4000000000005126", "pm_card_refundFail", Plan(refund="fails")),
    # Ours: Stripe has no card whose authorization runs out before it is captured.
    ("4000000000008906", "sim_card_captureExpired", Plan(capture_denial="authorization_expired")),
)
TEST_CARDS: Final = (
    *(TestCard(number=number, brand=brand, token=token, plan=_GOOD) for number, brand, token in _BRANDS),
    *(TestCard(number=number, brand="visa", token=token, plan=plan) for number, token, plan in _PLANS),
)
"""Every card number that is taken."""
WALLETS: Final = (
    TestCard(number="", brand="visa", token="sim_wallet_apple_pay", plan=_GOOD, wallet="apple_pay"),  # noqa: S106 - a name everybody may know
    TestCard(number="", brand="mastercard", token="sim_wallet_google_pay", plan=_GOOD, wallet="google_pay"),  # noqa: S106 - the same
    TestCard(
        number="",
        brand="visa",
        token="sim_wallet_declined",  # noqa: S106 - the same
        plan=Plan(denial="card_declined"),
        wallet="apple_pay",
    ),
)
"""What a wallet's button would hand over."""

_BY_NUMBER: Final = {each.number: each for each in TEST_CARDS}
_BY_TOKEN: Final = {each.token: each for each in (*TEST_CARDS, *WALLETS)}
_EXP: Final = (12, 2034)
_LAST4_OF_WALLETS: Final = "4242"


def by_number(number: str) -> TestCard | None:
    """Return the test card with this number."""
    return _BY_NUMBER.get(number)


def by_token(token: str) -> TestCard | None:
    """Return the test card or wallet that a published token stands for."""
    return _BY_TOKEN.get(token)


def shown(card: TestCard, *, exp: tuple[int, int] = _EXP) -> Card:
    """Return what is kept of a test card: never its number."""
    last4 = card.number[-4:] or _LAST4_OF_WALLETS
    return Card(brand=card.brand, last4=last4, exp_month=exp[0], exp_year=exp[1], wallet=card.wallet)


def is_card_number(digits: str) -> bool:
    """Return whether the check digit is right."""
    if not (digits.isascii() and digits.isdigit() and _DIGITS_MIN <= len(digits) <= _DIGITS_MAX):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(each // _LUHN + each % _LUHN for each in doubled) % _LUHN == 0
