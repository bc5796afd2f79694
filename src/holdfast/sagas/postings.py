"""Whose the money is: from price lines to shares, exact to the cent.

| kind of line | whose |
|---|---|
| nights, adjustment, discount, cleaning, extra guests, pets | the owner of the line's item |
| service | the platform |
| tax | the tax office |
| cancellation fee | whose the line was that it is kept of (its input `of`) |
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from holdfast.booking.api import QuotedItem
from holdfast.engine.price import Price, PriceLine
from holdfast.payments.api import Share, Transfer
from holdfast.verticals.cancellation import Refund

PLATFORM: Final = "platform:fees"
TAX: Final = "tax"
_KEPT: Final = "cancellation_fee"
_OTHERS: Final[Mapping[str, str]] = {"service": PLATFORM, "tax": TAX}


def owner_account(owner_id: int) -> str:
    """Return the account of an owner."""
    return f"owner:{owner_id}"


def sale_of(price: Price, items: Sequence[QuotedItem]) -> tuple[Share, ...]:
    """Return whose a price is, of a booking with these items; the shares add up to its total."""
    return shares_of(((_kind_of(line), line.item, line.amount_minor) for line in price.lines), items)


def _kind_of(line: PriceLine) -> str:
    """Return what a line is for; what a policy keeps stays what it was kept of."""
    return str(line.inputs.get("of", line.kind)) if line.kind == _KEPT else line.kind


def giving(refund: Refund, items: Sequence[QuotedItem]) -> tuple[Share, ...]:
    """Return who gives a refund back, line by line as the policy says."""
    return shares_of(((line.kind, line.item, line.refund_minor) for line in refund.lines), items)


def shares_of(lines: Iterable[tuple[str, int, int]], items: Sequence[QuotedItem]) -> tuple[Share, ...]:
    """Return whose the amounts of lines (kind, item, amount) are; nobody's share is zero or less.

    Where a discount is larger than what its owner gets, the rest comes off the largest share: shares are money that is
    handed out, so none can be negative.
    """
    parts: Counter[str] = Counter()
    for kind, item, amount_minor in lines:
        parts[_OTHERS.get(kind) or owner_account(items[item].owner_id)] += amount_minor
    lacking = sum(amount for amount in parts.values() if amount < 0)
    for account, amount in sorted(parts.items(), key=lambda part: (-part[1], part[0])):
        if lacking == 0 or amount <= 0:
            break
        taken = min(amount, -lacking)
        parts[account] -= taken
        lacking += taken
    return _listed(parts)


def spread(amount_minor: int, shares: Iterable[Share]) -> tuple[Share, ...]:
    """Return an amount shared out in the proportion of shares, exactly: the largest remainders get the cents left over.

    Raises:
        ValueError: There is something to share out and nobody to get it.
    """
    weights = {share.account: share.amount_minor for share in shares if share.amount_minor > 0}
    whole = sum(weights.values())
    if amount_minor == 0:
        return ()
    if whole <= 0:
        raise ValueError("there are no shares to go by")
    parts = {account: amount_minor * weight // whole for account, weight in weights.items()}
    left = amount_minor - sum(parts.values())
    by_remainder = sorted(weights, key=lambda account: (-(amount_minor * weights[account] % whole), account))
    for account in by_remainder[:left]:
        parts[account] += 1
    return _listed(parts)


def fitted(amount_minor: int, shares: tuple[Share, ...]) -> tuple[Share, ...]:
    """Return shares that add up to an amount: these, if they do, else the amount in their proportion."""
    return shares if total(shares) == amount_minor else spread(amount_minor, shares)


def held(transfers: Iterable[Transfer]) -> tuple[Share, ...]:
    """Return what owners, platform and tax office have got and not given back, of these transfers."""
    parts: Counter[str] = Counter()
    for transfer in transfers:
        parts[transfer.credit] += transfer.amount_minor
        parts[transfer.debit] -= transfer.amount_minor
    return _listed({account: amount for account, amount in parts.items() if _is_share(account)})


def less(shares: Iterable[Share], minus: Iterable[Share]) -> tuple[Share, ...] | None:
    """Return what shares are above others, account by account; None if some are below."""
    parts = Counter({share.account: share.amount_minor for share in shares})
    for share in minus:
        parts[share.account] -= share.amount_minor
    return None if min(parts.values(), default=0) < 0 else _listed(parts)


def total(shares: Iterable[Share]) -> int:
    """Return what shares add up to."""
    return sum(share.amount_minor for share in shares)


def to_json(shares: Iterable[Share]) -> list[list[Any]]:
    """Return shares as JSON values."""
    return [[share.account, share.amount_minor] for share in shares]


def from_json(stored: Iterable[Sequence[Any]]) -> tuple[Share, ...]:
    """Return shares that `to_json` made plain."""
    return tuple(Share(account=account, amount_minor=amount) for account, amount in stored)


def _is_share(account: str) -> bool:
    return account in {PLATFORM, TAX} or account.startswith("owner:")


def _listed(parts: Mapping[str, int]) -> tuple[Share, ...]:
    return tuple(Share(account=account, amount_minor=amount) for account, amount in sorted(parts.items()) if amount > 0)
