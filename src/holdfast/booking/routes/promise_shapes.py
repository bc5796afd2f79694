"""What the routes of signed quotes and refund curves read and answer."""

from datetime import datetime
from typing import Annotated, Final, Self

from holdfast.booking.routes.examples import QUOTE_ID, SIGNED, TOTAL, shown
from holdfast.kit.http.wire import InstantField, Line, MoneyOut, Wire
from holdfast.verticals.cancellation import RefundCurve, RefundStep
from holdfast.verticals.promises import Fault

SIGNED_MAX: Final = 60_000
"""Characters of a signed quote: five stays of a year in named units have fewer."""


class SignedQuote(Wire):
    """A signed quote, as it was given out."""

    model_config = shown({"signed": SIGNED})

    signed: Annotated[str, Line(SIGNED_MAX)]


class FaultOut(Wire):
    """Something about a signed quote that does not hold."""

    what: str
    """`signature`, `form`, `digest`, `total`, `line` or `stay`."""
    detail: str
    place: int | None
    """Position of the price line or of the stay, from 0; null where it is about none."""

    @classmethod
    def of(cls, fault: Fault) -> Self:
        """Render a fault."""
        return cls(what=fault.what, detail=fault.detail, place=fault.place)


class QuoteCheckOut(Wire):
    """Whether a signed quote holds: the signature is ours, and every cent follows from rule, version and inputs."""

    model_config = shown({"holds": True, "quote_id": QUOTE_ID, "total": TOTAL, "faults": []})

    holds: bool
    quote_id: str | None
    """null where the signature does not hold: then nothing it says is worth repeating."""
    total: MoneyOut | None
    faults: tuple[FaultOut, ...]


class KeyOut(Wire):
    """A public key (RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    alg: str
    use: str


class KeysOut(Wire):
    """A JSON Web Key Set, the present key first."""

    model_config = shown(
        {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    "kid": "x7Jm2p0Qd8",
                    "alg": "EdDSA",
                    "use": "sig",
                }
            ]
        }
    )

    keys: tuple[KeyOut, ...]


class RefundStepOut(Wire):
    """From the step before up to and with `until` this comes back."""

    until: InstantField | None
    """null in the last step, which does not end."""
    refund: MoneyOut
    retained: MoneyOut
    """What is kept of the total."""
    rule: str
    """`grace`, `window`, `after_check_in` or `nothing`."""
    detail: str
    """For people."""
    fee: MoneyOut
    """What canceling costs beside, charged to the kept way to pay that stands for a table."""

    @classmethod
    def of(cls, step: RefundStep, currency: str) -> Self:
        """Render a step."""
        return cls(
            until=step.until,
            refund=MoneyOut(amount=step.refund_minor, currency=currency),
            retained=MoneyOut(amount=step.retained_minor, currency=currency),
            rule=step.rule,
            detail=step.detail,
            fee=MoneyOut(amount=step.fee_minor, currency=currency),
        )


class PointOut(Wire):
    """A corner of the curve: join the points in order, and a plot falls straight down where less comes back."""

    at: InstantField
    refund_minor: int


class RefundCurveOut(Wire):
    """What canceling gives back, instant by instant: as a table and as the corners of a plot."""

    model_config = shown(
        {
            "total": TOTAL,
            "steps": [
                {
                    "until": "2027-05-09T22:00:00Z",
                    "refund": TOTAL,
                    "retained": {"amount": 0, "currency": "USD"},
                    "rule": "window",
                    "detail": "Up to 5 days before check-in: everything.",
                    "fee": {"amount": 0, "currency": "USD"},
                },
                {
                    "until": None,
                    "refund": {"amount": 0, "currency": "USD"},
                    "retained": TOTAL,
                    "rule": "nothing",
                    "detail": "Nothing comes back any more.",
                    "fee": {"amount": 0, "currency": "USD"},
                },
            ],
            "points": [
                {"at": "2026-11-20T09:30:00Z", "refund_minor": 99000},
                {"at": "2027-05-09T22:00:00Z", "refund_minor": 99000},
                {"at": "2027-05-09T22:00:00Z", "refund_minor": 0},
            ],
        }
    )

    total: MoneyOut
    steps: tuple[RefundStepOut, ...]
    points: tuple[PointOut, ...]

    @classmethod
    def of(cls, curve: RefundCurve, *, start: datetime) -> Self:
        """Render a curve that begins at an instant."""
        currency = curve.currency
        points = []
        at = start
        for step in curve.steps:
            points.append(PointOut(at=at, refund_minor=step.refund_minor))
            if step.until is not None and step.until > at:
                at = step.until
                points.append(PointOut(at=at, refund_minor=step.refund_minor))
        return cls(
            total=MoneyOut(amount=curve.total_minor, currency=currency),
            steps=tuple(RefundStepOut.of(step, currency) for step in curve.steps),
            points=tuple(points),
        )
