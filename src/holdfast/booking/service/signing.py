"""Quotes in writing: every quote is signed, so that whoever has it can show what was promised (docs/decisions/0015)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from holdfast.booking.api import QuotedItem
from holdfast.engine.price import Price
from holdfast.kit.jws import Signer
from holdfast.kit.secrets import Keyring
from holdfast.verticals.promises import FORM, TYPE

PURPOSE: Final = "booking.quote-signature"

_encode = msgspec.json.Encoder(order="sorted").encode


class Signing:
    """Signs quotes. A signature is not kept: the same quote gets the same one again."""

    def __init__(self, keyring: Keyring) -> None:
        self._signer = Signer(keyring.derive_all(PURPOSE), typ=TYPE)

    def keys(self) -> Mapping[str, Any]:
        """Return the published keys, those of previous secrets too."""
        return self._signer.keys()

    def signed(
        self,
        *,
        quote_id: str,
        items: tuple[QuotedItem, ...],
        price: Price,
        digest: str,
        promised: tuple[datetime, datetime],
    ) -> str:
        """Return a quote as a compact JWS; `promised` is when it was made and until when it holds."""
        created_at, expires_at = promised
        said = {
            "form": FORM,
            "id": quote_id,
            "created_at": created_at,
            "expires_at": expires_at,
            "items": items,
            "price": price,
            "digest": digest,
        }
        return self._signer.sign(_encode(said))
