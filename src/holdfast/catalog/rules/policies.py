"""What may be said of a cancellation policy, wherever it stands in a body."""

import re
from collections.abc import Iterator
from typing import Final

from holdfast.catalog.rules.checks import whole
from holdfast.catalog.rules.limits import CODE_MAX, DAYS_BEFORE_MAX, GRACE_HOURS_MAX, WINDOWS_MAX
from holdfast.engine.money import BASIS_POINTS
from holdfast.kit.errors import FieldError
from holdfast.verticals.cancellation import POLICIES, AfterCheckIn, CancellationPolicy, RefundWindow, Shares
from holdfast.verticals.stays import STAY_NIGHTS_MAX

HOURS_BEFORE_MAX: Final = 24 * DAYS_BEFORE_MAX
_SHARE_NAMES: Final = ("nights_bp", "cleaning_bp", "service_bp", "tax_bp")
_CODE: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


def policy_errors(pointer: str, policy: CancellationPolicy) -> Iterator[FieldError]:
    """Yield every wrong field of a policy that stands at a pointer."""
    if len(policy.name) > CODE_MAX or not _CODE.fullmatch(policy.name):
        yield _error(f"{pointer}/name", "malformed", f"A policy's name is a code of at most {CODE_MAX} characters.")
    elif POLICIES.get(policy.name, policy) != policy:
        yield _error(f"{pointer}/name", "reserved_name", "A policy of this name has other windows.")
    if len(policy.windows) > WINDOWS_MAX:
        yield _error(f"{pointer}/windows", "too_many", f"At most {WINDOWS_MAX} windows.")
        return
    yield from whole(f"{pointer}/grace_hours", policy.grace_hours, 0, GRACE_HOURS_MAX)
    yield from whole(f"{pointer}/grace_days_before", policy.grace_days_before, 0, DAYS_BEFORE_MAX)
    for place, window in enumerate(policy.windows):
        yield from _window(f"{pointer}/windows/{place}", window)
        if place:
            yield from _later_window(f"{pointer}/windows/{place}", window, policy.windows[place - 1])
    if policy.after_check_in is not None:
        yield from _after_check_in(pointer, policy.after_check_in, policy.windows)


def _window(pointer: str, window: RefundWindow) -> Iterator[FieldError]:
    yield from whole(f"{pointer}/days_before", window.days_before, 0, DAYS_BEFORE_MAX)
    yield from whole(f"{pointer}/hours_before", window.hours_before, 0, HOURS_BEFORE_MAX)
    yield from whole(f"{pointer}/nights_kept", window.nights_kept, 0, STAY_NIGHTS_MAX)
    yield from _shares(pointer, window.shares)


def _shares(pointer: str, shares: Shares) -> Iterator[FieldError]:
    for name in _SHARE_NAMES:
        if (share := getattr(shares, name)) is not None:
            yield from whole(f"{pointer}/shares/{name}", share, 0, BASIS_POINTS)


def _later_window(pointer: str, window: RefundWindow, wider: RefundWindow) -> Iterator[FieldError]:
    if _hours_before(window) >= _hours_before(wider):
        yield _error(f"{pointer}/days_before", "not_descending", "Windows go from the earliest day to the latest.")
    if window.nights_kept < wider.nights_kept:
        yield _error(f"{pointer}/nights_kept", "not_ascending", "A later cancellation cannot give back more.")
    yield from _no_more(pointer, window.shares, wider.shares)


def _hours_before(window: RefundWindow) -> int:
    return 24 * window.days_before + window.hours_before


def _no_more(pointer: str, shares: Shares, wider: Shares) -> Iterator[FieldError]:
    for name in _SHARE_NAMES:
        share, before = getattr(shares, name), getattr(wider, name)
        if (share is None) != (before is None):
            yield _error(f"{pointer}/shares/{name}", "mixed", "Give tax a share of its own everywhere or nowhere.")
        elif share is not None and share > before:
            yield _error(f"{pointer}/shares/{name}", "not_descending", "A later cancellation cannot give back more.")


def _after_check_in(pointer: str, after: AfterCheckIn, windows: tuple[RefundWindow, ...]) -> Iterator[FieldError]:
    here = f"{pointer}/after_check_in"
    yield from whole(f"{here}/nights_more", after.nights_more, 0, STAY_NIGHTS_MAX)
    yield from _shares(here, after.shares)
    if not windows or _hours_before(windows[-1]):
        detail = "Who gives something back after check-in has a window that is open until then: of 0 days."
        yield _error(f"{pointer}/windows", "no_last_window", detail)
        return
    if after.nights_more + 1 < windows[-1].nights_kept:
        yield _error(f"{here}/nights_more", "not_ascending", "A later cancellation cannot give back more.")
    yield from _no_more(here, after.shares, windows[-1].shares)


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
