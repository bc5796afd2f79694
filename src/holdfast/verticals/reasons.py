"""Reasons: the rules that stand against a request, in the order in which they are asked."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that stands against a request."""

    rule: str
    detail: str
    """What a person reads, with the values: "pacing 19:15 is 10 of 10"."""
    field: str
    """The field of the request to change, such as `check_in` or `party_size`."""
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What the rule compared, JSON values only: `{"nights": 2, "min_nights": 3}`."""
    change: Mapping[str, Any] | None = None
    """The smallest change of the request that this rule accepts, as fields to set, JSON values; None: there is none."""
