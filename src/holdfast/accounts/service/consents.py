"""What people agreed to, whether offers may be sent, and restrictions. The rules are told in `privacy_api`."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog
from typing_extensions import override

from holdfast.accounts.events import ConsentWithdrawn
from holdfast.accounts.models.privacy import outbox
from holdfast.accounts.privacy_api import (
    CONSENT_TEXTS,
    CONSENT_VERSION,
    MARKETING,
    Consent,
    ConsentHow,
    ConsentPurpose,
    ConsentsApi,
    ConsentTextOutdated,
    MarketingSource,
)
from holdfast.accounts.service.acts import note
from holdfast.accounts.store import consents as store
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import NotFound
from holdfast.kit.secrets import Keyring

log = structlog.get_logger()

_TAG_BYTES: Final = 16
_TOKEN_MAX: Final = 400
_NO_TOKEN: Final = "This link is none of ours."  # noqa: S105 - a text for people


class Consents(ConsentsApi):
    """Answers `ConsentsApi`."""

    def __init__(self, *, db: Database, keyring: Keyring) -> None:
        self._db = db
        self._token_keys = keyring.derive_all("unsubscribe tokens")
        self._digest_keys = keyring.derive_all("suppressed addresses")

    @override
    async def set(
        self,
        *,
        account_id: int,
        purpose: ConsentPurpose,
        granted: bool,
        text_version: str,
        how: ConsentHow = ConsentHow.ACCOUNT,
    ) -> Consent:
        if granted and text_version != CONSENT_VERSION:
            raise ConsentTextOutdated(extra={"text_version": CONSENT_VERSION, "text": CONSENT_TEXTS[purpose]})
        said = Consent(purpose=purpose, granted=granted, text_version=text_version, how=how)

        async def work(tx: Tx) -> Consent:
            address = await store.address_of(tx, account_id=account_id)
            if address is None:
                raise NotFound("There is no such account.")
            await store.add(tx, account_id=account_id, said=said)
            await _note(tx, account_id, said)
            if not granted:
                await self._withdrawn(tx, account_id, purpose, self._digests(address.email_key)[0])
            return (await _latest(tx, account_id))[purpose]

        kept = await self._db.write(work)
        outbox.nudge()
        log.info("consent.set", account_id=account_id, purpose=purpose.value, granted=granted)
        return kept

    async def _withdrawn(self, tx: Tx, account_id: int, purpose: ConsentPurpose, digest: str) -> None:
        if purpose in MARKETING:
            await store.suppress(tx, digest=digest, purpose=purpose)
        await outbox.publish(tx, self._db.dialect, [ConsentWithdrawn(account_id=account_id, purpose=purpose)])

    @override
    async def of(self, *, account_id: int) -> Sequence[Consent]:
        async def work(tx: Tx) -> Sequence[Consent]:
            return list((await _latest(tx, account_id)).values())

        return await self._db.read(work)

    @override
    async def history(self, *, account_id: int) -> Sequence[Consent]:
        return await self._db.read(lambda tx: store.history(tx, account_id=account_id))

    @override
    async def may_market(self, *, account_id: int, purpose: ConsentPurpose) -> bool:
        async def work(tx: Tx) -> bool:
            said = (await _latest(tx, account_id))[purpose]
            if purpose not in MARKETING or not said.granted or said.at is None:
                return False
            address = await store.address_of(tx, account_id=account_id)
            if address is None or await store.is_restricted(tx, account_id=account_id):
                return False
            refused = await store.suppressed_at(tx, digests=self._digests(address.email_key), purposes=[purpose])
            # Who said no and then yes again in the account's settings means yes.
            return refused is None or refused.at is None or refused.at < said.at

        return await self._db.read(work)

    @override
    async def unsubscribe_token(self, *, account_id: int, purpose: ConsentPurpose) -> str:
        address = await self._db.read(lambda tx: store.address_of(tx, account_id=account_id))
        if address is None:
            raise NotFound("There is no such account.")
        payload = msgspec.json.encode([account_id, purpose.value, self._digests(address.email_key)[0]])
        return _armored(hmac.digest(self._token_keys[0], payload, "sha256")[:_TAG_BYTES] + payload)

    @override
    async def unsubscribe(self, *, token: str) -> ConsentPurpose:
        account_id, purpose, digest = self._read(token)

        async def work(tx: Tx) -> None:
            address = await store.address_of(tx, account_id=account_id)
            # The account may be erased, or its address another one by now: then only this address says no.
            if address is not None and digest in self._digests(address.email_key):
                if (await _latest(tx, account_id))[purpose].granted:
                    said = Consent(
                        purpose=purpose, granted=False, text_version=CONSENT_VERSION, how=ConsentHow.UNSUBSCRIBE
                    )
                    await store.add(tx, account_id=account_id, said=said)
                    await _note(tx, account_id, said)
                await self._withdrawn(tx, account_id, purpose, digest)
            else:
                await store.suppress(tx, digest=digest, purpose=purpose)

        await self._db.write(work)
        outbox.nudge()
        log.info("consent.unsubscribed", account_id=account_id, purpose=purpose.value)
        return purpose

    def _read(self, token: str) -> tuple[int, ConsentPurpose, str]:
        """Return what a token says.

        Raises:
            NotFound: It is no token of ours.
        """
        try:
            sealed = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (UnicodeEncodeError, NotBase64) as error:
            raise NotFound(_NO_TOKEN) from error
        tag, payload = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
        ours = [hmac.digest(key, payload, "sha256")[:_TAG_BYTES] for key in self._token_keys]
        if len(token) > _TOKEN_MAX or _armored(sealed) != token:
            raise NotFound(_NO_TOKEN)
        if not any(hmac.compare_digest(tag, each) for each in ours):
            raise NotFound(_NO_TOKEN)
        account_id, purpose, digest = msgspec.json.decode(payload, type=tuple[int, str, str])
        return account_id, ConsentPurpose(purpose), digest

    def _digests(self, email_key: str) -> list[str]:
        """Return what an address is looked for by: a digest by each key, the present one first."""
        return [hmac.digest(key, email_key.encode(), "sha256").hex() for key in self._digest_keys]

    @override
    async def restrict(self, *, account_id: int, restricted: bool) -> bool:
        async def work(tx: Tx) -> bool:
            await store.restrict(tx, account_id=account_id, restricted=restricted)
            return await store.is_restricted(tx, account_id=account_id)

        return await self._db.write(work)

    @override
    async def is_restricted(self, *, account_id: int) -> bool:
        return await self._db.read(lambda tx: store.is_restricted(tx, account_id=account_id))

    @override
    async def restricted(self) -> Sequence[int]:
        return await self._db.read(store.restricted)

    @override
    async def source(self, *, account_id: int) -> MarketingSource:
        async def work(tx: Tx) -> MarketingSource:
            address = await store.address_of(tx, account_id=account_id)
            if address is None:
                raise NotFound("There is no such account.")
            latest = await _latest(tx, account_id)
            refused = await store.suppressed_at(tx, digests=self._digests(address.email_key), purposes=MARKETING)
            return MarketingSource(
                source="You gave it yourself when you made your account.",
                collected_at=address.created_at,
                consents=[latest[each] for each in MARKETING],
                suppressed=refused is not None and refused.at is not None,
            )

        return await self._db.read(work)


async def _note(tx: Tx, account_id: int, said: Consent) -> None:
    kind = "consent.given" if said.granted else "consent.withdrawn"
    facts = {"purpose": said.purpose.value, "text_version": said.text_version, "how": said.how}
    await note(tx, kind, account_id, **facts)


async def _latest(tx: Tx, account_id: int) -> dict[ConsentPurpose, Consent]:
    """Return what somebody said last of each purpose; of what they never spoke of, that they did not agree."""
    latest = {each: Consent(purpose=each, granted=False) for each in ConsentPurpose}
    for said in await store.history(tx, account_id=account_id):
        latest[said.purpose] = said
    return latest


def _armored(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()
