"""What the routes of the catalog read and answer of cancellation policies."""

from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from holdfast.catalog.rules import limits as rules
from holdfast.engine.money import BASIS_POINTS
from holdfast.kit.http.wire import Between, Wire, items
from holdfast.verticals.cancellation import POLICIES, AfterCheckIn, CancellationPolicy, RefundWindow, Shares
from holdfast.verticals.stays import STAY_NIGHTS_MAX

_CODE: Final = r"^[a-z0-9]+(_[a-z0-9]+)*$"
_ALL: Final = {"nights_bp": 10000, "cleaning_bp": 10000, "service_bp": 10000, "tax_bp": None}
POLICY: Final = {
    "name": "own_terms",
    "windows": [
        {"days_before": 5, "nights_kept": 0, "shares": _ALL},
        {"days_before": 0, "nights_kept": 1, "shares": {**_ALL, "nights_bp": 5000, "service_bp": 0}},
    ],
    "grace_hours": 24,
    "grace_days_before": 7,
    "after_check_in": {
        "nights_more": 1,
        "shares": {**_ALL, "nights_bp": 5000, "cleaning_bp": 0, "service_bp": 0},
    },
}
BasisPoints = Annotated[int, Between(0, BASIS_POINTS)]
Code = Annotated[str, Field(min_length=1, max_length=rules.CODE_MAX, pattern=_CODE)]


def shown(example: dict[str, Any]) -> ConfigDict:
    """Return what gives a model an example in the reference."""
    return ConfigDict(json_schema_extra={"examples": [example]})


def _policy_name(value: Any) -> Any:
    if value not in POLICIES:
        raise PydanticCustomError("invalid_choice", "There is no policy of this name; describe its windows instead.")
    return value


BY_NAME: Final = "by name"
BY_WINDOWS: Final = "by windows"
"""How a policy is said. No field is called so: pydantic puts the form into the path of an error, where a form called
`windows` would be taken for the field."""


def policy_form(value: Any) -> str:
    """Return how a policy is said."""
    return BY_NAME if isinstance(value, str) else BY_WINDOWS


class SharesIn(Wire):
    """What comes back of each kind of line, in basis points: 10000 is all of it."""

    nights_bp: BasisPoints
    """Of nights with their adjustments and discount, extra guests and pets."""
    cleaning_bp: BasisPoints
    service_bp: BasisPoints
    tax_bp: BasisPoints | None = None
    """null: in proportion to what comes back of the lines the tax was levied on."""

    def shares(self) -> Shares:
        """Return the shares meant."""
        return Shares(
            nights_bp=self.nights_bp, cleaning_bp=self.cleaning_bp, service_bp=self.service_bp, tax_bp=self.tax_bp
        )


class WindowIn(Wire):
    """Canceling `days_before` days before check-in or earlier gives these shares back."""

    days_before: Annotated[int, Between(0, rules.DAYS_BEFORE_MAX)]
    shares: SharesIn
    nights_kept: Annotated[int, Between(0, STAY_NIGHTS_MAX)] = 0
    """So many nights are paid whatever the shares say; these are of the rest."""


class AfterCheckInIn(Wire):
    """Nights spent and `nights_more` more are paid; of the rest these shares come back."""

    nights_more: Annotated[int, Between(0, STAY_NIGHTS_MAX)]
    shares: SharesIn


class PolicyIn(Wire):
    """A policy of your own; after the last window nothing comes back."""

    model_config = shown(POLICY)

    name: Code = "own_terms"
    windows: Annotated[tuple[WindowIn, ...], items(rules.WINDOWS_MAX)]
    """From the earliest day to the latest; a later one cannot give back more."""
    grace_hours: Annotated[int, Between(0, rules.GRACE_HOURS_MAX)] = 0
    """Canceling within so many hours of booking gives everything back ..."""
    grace_days_before: Annotated[int, Between(0, rules.DAYS_BEFORE_MAX)] = 0
    """... if check-in was at least so many days ahead when it was booked."""
    after_check_in: AfterCheckInIn | None = None
    """null: nothing can be canceled once check-in has opened. Needs a window of 0 days."""


PolicyName = Annotated[
    str,
    BeforeValidator(_policy_name),
    WithJsonSchema({"type": "string", "enum": sorted(POLICIES), "examples": ["moderate"]}),
]


def policy_of(said: str | PolicyIn) -> CancellationPolicy:
    """Return the policy meant."""
    if isinstance(said, str):
        return POLICIES[said]
    return CancellationPolicy(
        name=said.name,
        windows=tuple(
            RefundWindow(days_before=each.days_before, shares=each.shares.shares(), nights_kept=each.nights_kept)
            for each in said.windows
        ),
        grace_hours=said.grace_hours,
        grace_days_before=said.grace_days_before,
        after_check_in=None
        if (after := said.after_check_in) is None
        else AfterCheckIn(nights_more=after.nights_more, shares=after.shares.shares()),
    )


class RefundSharesOut(Wire):
    """What comes back of each kind of line, in basis points: 10000 is all of it."""

    nights_bp: int
    """Of nights with their adjustments and discount, extra guests and pets."""
    cleaning_bp: int
    service_bp: int
    tax_bp: int | None
    """null: in proportion to what comes back of the lines the tax was levied on."""

    @classmethod
    def of(cls, shares: Shares) -> Self:
        """Render shares."""
        return cls(
            nights_bp=shares.nights_bp,
            cleaning_bp=shares.cleaning_bp,
            service_bp=shares.service_bp,
            tax_bp=shares.tax_bp,
        )


class RefundWindowOut(Wire):
    """Canceling `days_before` days before check-in or earlier gives these shares back."""

    days_before: int
    nights_kept: int
    """So many nights are paid whatever the shares say; these are of the rest."""
    shares: RefundSharesOut


class RefundAfterCheckInOut(Wire):
    """Nights spent and `nights_more` more are paid; of the rest these shares come back."""

    nights_more: int
    shares: RefundSharesOut


class CancellationPolicyOut(Wire):
    """What a cancellation gives back, earliest window first; after the last one nothing."""

    name: str
    windows: tuple[RefundWindowOut, ...]
    grace_hours: int
    """Canceling within so many hours of booking gives everything back ..."""
    grace_days_before: int
    """... if check-in was at least so many days ahead when it was booked."""
    after_check_in: RefundAfterCheckInOut | None
    """null: nothing can be canceled once check-in has opened."""

    @classmethod
    def of(cls, policy: CancellationPolicy) -> Self:
        """Render a policy."""
        after = policy.after_check_in
        return cls(
            name=policy.name,
            windows=tuple(
                RefundWindowOut(
                    days_before=each.days_before,
                    nights_kept=each.nights_kept,
                    shares=RefundSharesOut.of(each.shares),
                )
                for each in policy.windows
            ),
            grace_hours=policy.grace_hours,
            grace_days_before=policy.grace_days_before,
            after_check_in=None
            if after is None
            else RefundAfterCheckInOut(nights_more=after.nights_more, shares=RefundSharesOut.of(after.shares)),
        )
