"""Access tokens: ES256 JWTs after RFC 9068, signed with a key that every process derives from the server's secret.

There is no stored key: HKDF turns the secret into the private scalar, so that all processes sign and check alike, and a
changed secret changes the key. Keys of previous secrets go on checking and stay published until they are taken out of
the configuration. A token says nothing about its own checking: the header must be one of ours, member by member.
"""

import base64
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from holdfast.accounts.api import Role, TokenExpired
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.clock import Clock
from holdfast.kit.errors import Unauthenticated
from holdfast.kit.ids import new_id
from holdfast.kit.secrets import Keyring

PURPOSE = "accounts/access-token"
LEEWAY = timedelta(seconds=30)
"""How far ahead the clock of the process that issued a token may be."""

_ALGORITHM = "ES256"
_TYPE = "at+jwt"
_MAX_TOKEN = 4096
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_P256_ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
_SCALAR_BYTES = 48  # 128 bits more than the order has, so that the remainder is uniform for all purposes

_Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**36)]
_Id = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,18}$")]


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    """All a header may hold. No `jwk`, `jku`, `x5u`, `x5c`, `crit`: a token does not bring its own key or rules."""

    alg: Literal["ES256"]
    typ: Literal["at+jwt"]
    kid: str


class _Claims(msgspec.Struct, omit_defaults=True):
    iss: str
    aud: str
    sub: _Id
    role: Role
    sid: Annotated[str, msgspec.Meta(pattern=r"^ses_[0-9A-Z]{26}$")]
    auth_time: _Seconds
    iat: _Seconds
    nbf: _Seconds
    exp: _Seconds
    jti: str
    org: _Id | None = None


_read_header = msgspec.json.Decoder(_Header).decode
_read_claims = msgspec.json.Decoder(_Claims).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an access token says. Whoever checks it here believes only whose session it is."""

    session_id: str
    account_id: int
    role: Role
    organization_id: int | None
    authenticated_at: datetime
    until: datetime | None = None
    """When the session ends; no token is good for longer."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Whose session a good token speaks for."""

    session_id: str
    account_id: int


class Tokens:
    """Issues and checks access tokens."""

    def __init__(self, *, keyring: Keyring, clock: Clock, settings: AccountsSettings) -> None:
        keys = [_key_of(secret) for secret in keyring.derive_all(PURPOSE)]
        self._signing = keys[0]
        self._keys = {key.kid: key for key in keys}
        self._clock = clock
        self._settings = settings
        self._known: OrderedDict[str, tuple[datetime, Spoken]] = OrderedDict()

    def issue(self, said: Said, *, lifetime_s: int | None = None) -> tuple[str, datetime]:
        """Return a new token and when it runs out.

        Args:
            said: What it says.
            lifetime_s: How many seconds it is good for; as the settings say, if not given.
        """
        now = self._clock.now().replace(microsecond=0)
        expires_at = now + timedelta(seconds=lifetime_s or self._settings.token_lifetime_s)
        if said.until is not None:
            expires_at = min(expires_at, said.until.replace(microsecond=0))
        claims = _Claims(
            iss=self._settings.token_issuer,
            aud=self._settings.token_audience,
            sub=str(said.account_id),
            role=said.role,
            sid=said.session_id,
            org=None if said.organization_id is None else str(said.organization_id),
            auth_time=int(said.authenticated_at.timestamp()),
            iat=int(now.timestamp()),
            nbf=int(now.timestamp()),
            exp=int(expires_at.timestamp()),
            jti=new_id("tok", self._clock),
        )
        header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": self._signing.kid}
        token = jws.serialize_compact(header, msgspec.json.encode(claims), self._signing, algorithms=[_ALGORITHM])
        return token, expires_at

    def check(self, token: str) -> Spoken:
        """Return whose session a token speaks for. Whether that is still open is for others to say.

        Raises:
            Unauthenticated: It is not one of ours, or not for us, or not yet valid.
            TokenExpired: It was ours and good, and has run out.
        """
        known = self._known.get(token)
        if known is not None and self._clock.now() < known[0]:
            self._known.move_to_end(token)
            return known[1]
        claims = self._verified(token)
        self._check_claims(claims)
        spoken = Spoken(session_id=claims.sid, account_id=int(claims.sub))
        self._remember(token, datetime.fromtimestamp(claims.exp, UTC), spoken)
        return spoken

    def published_keys(self) -> Mapping[str, Any]:
        """Return the public halves of all keys as a JSON Web Key Set, the signing key first."""
        return {"keys": [key.as_dict(private=False) for key in self._keys.values()]}

    def _verified(self, token: str) -> _Claims:
        """Return the claims of a token, which are not read before its signature has been found good.

        Raises:
            Unauthenticated: It is not one of ours.
        """
        if len(token) > _MAX_TOKEN or _FORM.fullmatch(token) is None:
            raise Unauthenticated
        try:
            header = _read_header(_base64(token.partition(".")[0]))
            signed = jws.deserialize_compact(token, self._keys[header.kid], algorithms=[_ALGORITHM])
            return _read_claims(signed.payload or b"")
        except (JoseError, KeyError, ValueError, RecursionError, msgspec.DecodeError) as error:
            raise Unauthenticated from error

    def _check_claims(self, claims: _Claims) -> None:
        ours = claims.iss == self._settings.token_issuer and claims.aud == self._settings.token_audience
        now = self._clock.now().timestamp()
        if not ours or max(claims.nbf, claims.iat) > now + LEEWAY.total_seconds():
            raise Unauthenticated
        if claims.exp <= now:
            raise TokenExpired

    def _remember(self, token: str, until: datetime, spoken: Spoken) -> None:
        self._known[token] = (until, spoken)
        self._known.move_to_end(token)
        if len(self._known) > self._settings.known_tokens:
            self._known.popitem(last=False)


def _key_of(secret: bytes) -> ECKey:
    """Return the P-256 key that belongs to a derived secret, the same in every process and release."""
    seed = HKDFExpand(SHA256(), _SCALAR_BYTES, PURPOSE.encode()).derive(secret)
    scalar = int.from_bytes(seed, "big") % (_P256_ORDER - 1) + 1
    bare = ECKey.import_key(ec.derive_private_key(scalar, ec.SECP256R1()))
    return ECKey.import_key(bare.raw_value, {"kid": bare.thumbprint(), "use": "sig", "alg": _ALGORITHM})


def _base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
