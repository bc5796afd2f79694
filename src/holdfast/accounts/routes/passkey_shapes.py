"""What browsers say of passkeys, in the JSON form of WebAuthn Level 3 (`PublicKeyCredential.toJSON()`)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from holdfast.accounts.factors_api import AssertionOptions, Passkey, RegistrationOptions
from holdfast.kit.http.wire import InstantField, Line, Wire, items

_MAX_BINARY: Final = 16_384
_MAX_ID: Final = 1_366
_MAX_NAME: Final = 60
_BINARY: Final = r"^[A-Za-z0-9_-]+={0,2}$"
_EXAMPLE_ID: Final = "wF1q0nT0p2Jr8bXyQk7m3g"
_EXAMPLE_CHALLENGE: Final = "3q2-7wAAAGp9cXfK0m1V5sQb"
_EXAMPLE_PASSKEY: Final[JsonDict] = {
    "id": "pk_01JD3ZK6T8W9QH2M4N6P8R0S2V",
    "name": "John's phone",
    "created_at": "2026-05-04T09:30:00Z",
    "used_at": None,
    "backed_up": True,
}

Binary = Annotated[str, Field(min_length=1, max_length=_MAX_BINARY, pattern=_BINARY)]
"""Bytes in base64url."""
CredentialId = Annotated[str, Field(min_length=1, max_length=_MAX_ID, pattern=_BINARY)]
PasskeyName = Annotated[str, Line(_MAX_NAME)]
_NO_OTHERS: Final[JsonDict] = {"additionalProperties": False}
_Extension = Annotated[dict[Annotated[str, Line(40)], bool], Field(json_schema_extra=_NO_OTHERS)]
Extensions = Annotated[
    dict[Annotated[str, Line(40)], bool | _Extension], Field(max_length=20, json_schema_extra=_NO_OTHERS)
]
"""What extensions answered. None is asked for, and none is read."""


class AttestationResponseIn(Wire):
    """What an authenticator says of a passkey it has made."""

    client_data_json: Annotated[Binary, Field(alias="clientDataJSON")]
    attestation_object: Annotated[Binary, Field(alias="attestationObject")]
    transports: Annotated[tuple[Annotated[str, Line(40)], ...], items(10)] = ()
    authenticator_data: Annotated[Binary | None, Field(alias="authenticatorData")] = None
    """Not read: `attestationObject` has it."""
    public_key: Annotated[Binary | None, Field(alias="publicKey")] = None
    """Not read: `attestationObject` has it."""
    public_key_algorithm: Annotated[int | None, Field(alias="publicKeyAlgorithm", ge=-70_000, le=70_000)] = None
    """Not read: `attestationObject` has it."""


class AttestationIn(Wire):
    """The answer of `navigator.credentials.create` as JSON."""

    id: CredentialId
    raw_id: Annotated[CredentialId, Field(alias="rawId")]
    type: Literal["public-key"]
    response: AttestationResponseIn
    authenticator_attachment: Annotated[
        Literal["platform", "cross-platform"] | None, Field(alias="authenticatorAttachment")
    ] = None
    client_extension_results: Annotated[Extensions | None, Field(alias="clientExtensionResults")] = None

    def as_browser_said(self) -> dict[str, Any]:
        """Return the members WebAuthn knows, under its names."""
        return self.model_dump(by_alias=True, exclude_none=True)


class AssertionResponseIn(Wire):
    """What an authenticator signed."""

    client_data_json: Annotated[Binary, Field(alias="clientDataJSON")]
    authenticator_data: Annotated[Binary, Field(alias="authenticatorData")]
    signature: Binary
    user_handle: Annotated[Binary | None, Field(alias="userHandle")] = None


class AssertionIn(Wire):
    """The answer of `navigator.credentials.get` as JSON."""

    id: CredentialId
    raw_id: Annotated[CredentialId, Field(alias="rawId")]
    type: Literal["public-key"]
    response: AssertionResponseIn
    authenticator_attachment: Annotated[
        Literal["platform", "cross-platform"] | None, Field(alias="authenticatorAttachment")
    ] = None
    client_extension_results: Annotated[Extensions | None, Field(alias="clientExtensionResults")] = None

    def as_browser_said(self) -> dict[str, Any]:
        """Return the members WebAuthn knows, under its names."""
        return self.model_dump(by_alias=True, exclude_none=True)


EXAMPLE_ASSERTION: Final[JsonDict] = {
    "id": _EXAMPLE_ID,
    "rawId": _EXAMPLE_ID,
    "type": "public-key",
    "response": {
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0",
        "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ",
        "signature": "MEUCIQDk",
        "userHandle": "Zk1m",
    },
}
EXAMPLE_ATTESTATION: Final[JsonDict] = {
    "id": _EXAMPLE_ID,
    "rawId": _EXAMPLE_ID,
    "type": "public-key",
    "response": {
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0",
        "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVik",
        "transports": ["internal"],
    },
}


class NewPasskeyIn(Wire):
    """A passkey to register."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "John's phone", "credential": EXAMPLE_ATTESTATION}]}
    )

    name: PasskeyName
    """What you call it."""
    credential: AttestationIn


class PasskeyNameIn(Wire):
    """What you call a passkey."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "The key on my ring"}]})

    name: PasskeyName


class PasskeyOut(Wire):
    """One of your passkeys."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE_PASSKEY]})

    id: str
    name: str
    created_at: InstantField
    used_at: InstantField | None
    """When it was last used; null if never."""
    backed_up: bool
    """Whether its maker keeps a copy, so that it outlives the device."""


class PasskeysOut(Wire):
    """Your passkeys, the oldest first; twenty at most."""

    items: list[PasskeyOut]


class RelyingPartyOut(Wire):
    """This site."""

    id: str
    name: str


class UserOut(Wire):
    """You, as authenticators know you."""

    id: str
    """Random; not your account's number."""
    name: str
    display_name: Annotated[str, Field(serialization_alias="displayName")]


class AlgorithmOut(Wire):
    """A kind of key that will do."""

    type: Literal["public-key"] = "public-key"
    alg: int


class CredentialOut(Wire):
    """A passkey by its credential id."""

    type: Literal["public-key"] = "public-key"
    id: str


class SelectionOut(Wire):
    """What kind of passkey is wanted: one that can be found without a name, and that checks its user if it can."""

    resident_key: Annotated[str, Field(serialization_alias="residentKey")] = "required"
    require_resident_key: Annotated[bool, Field(serialization_alias="requireResidentKey")] = True
    user_verification: Annotated[str, Field(serialization_alias="userVerification")] = "preferred"


class RegistrationOptionsOut(Wire):
    """`publicKey` of `navigator.credentials.create`, as JSON (`PublicKeyCredential.parseCreationOptionsFromJSON`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rp": {"id": "example.com", "name": "Holdfast"},
                    "user": {"id": "Zk1mbm9i", "name": "john", "displayName": "john"},
                    "challenge": _EXAMPLE_CHALLENGE,
                    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
                    "timeout": 300_000,
                    "excludeCredentials": [],
                    "authenticatorSelection": {
                        "residentKey": "required",
                        "requireResidentKey": True,
                        "userVerification": "preferred",
                    },
                    "attestation": "none",
                }
            ]
        }
    )

    rp: RelyingPartyOut
    user: UserOut
    challenge: str
    parameters: Annotated[list[AlgorithmOut], Field(serialization_alias="pubKeyCredParams")]
    timeout: int
    """Milliseconds."""
    exclude: Annotated[list[CredentialOut], Field(serialization_alias="excludeCredentials")]
    selection: Annotated[SelectionOut, Field(serialization_alias="authenticatorSelection")]
    attestation: Literal["none"] = "none"


class AssertionOptionsOut(Wire):
    """`publicKey` of `navigator.credentials.get`, as JSON (`PublicKeyCredential.parseRequestOptionsFromJSON`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "challenge": _EXAMPLE_CHALLENGE,
                    "timeout": 300_000,
                    "rpId": "example.com",
                    "allowCredentials": [],
                    "userVerification": "preferred",
                }
            ]
        }
    )

    challenge: str
    timeout: int
    """Milliseconds."""
    relying_party_id: Annotated[str, Field(serialization_alias="rpId")]
    allow: Annotated[list[CredentialOut], Field(serialization_alias="allowCredentials")]
    user_verification: Annotated[str, Field(serialization_alias="userVerification")] = "preferred"


def just(*, texts: Mapping[str, int], without: Sequence[str]) -> JsonDict:
    """Return the schema of a body that has these texts, of so many characters at most, and not those others."""
    given: JsonDict = {name: {"type": "string", "maxLength": most} for name, most in texts.items()}
    return {"type": "object", "required": [*texts], "properties": given | _nulls(without)}


def just_passkey(*, without: Sequence[str]) -> JsonDict:
    """Return the schema of a body that has a passkey, and not those others."""
    given: JsonDict = {"passkey": {"type": "object"}}
    return {"type": "object", "required": ["passkey"], "properties": given | _nulls(without)}


def _nulls(names: Sequence[str]) -> JsonDict:
    return {name: {"type": "null"} for name in names}


def registration_options_out(options: RegistrationOptions) -> RegistrationOptionsOut:
    """Return the options as a browser takes them."""
    return RegistrationOptionsOut(
        rp=RelyingPartyOut(id=options.relying_party_id, name=options.relying_party_name),
        user=UserOut(id=options.user_handle, name=options.username, display_name=options.username),
        challenge=options.challenge,
        parameters=[AlgorithmOut(alg=each) for each in options.algorithms],
        timeout=options.timeout_ms,
        exclude=[CredentialOut(id=each) for each in options.exclude],
        selection=SelectionOut(),
    )


def assertion_options_out(options: AssertionOptions) -> AssertionOptionsOut:
    """Return the options as a browser takes them."""
    return AssertionOptionsOut(
        challenge=options.challenge,
        timeout=options.timeout_ms,
        relying_party_id=options.relying_party_id,
        allow=[CredentialOut(id=each) for each in options.allow],
    )


def passkey_out(passkey: Passkey) -> PasskeyOut:
    """Return a passkey as its owner sees it."""
    return PasskeyOut(
        id=passkey.id,
        name=passkey.name,
        created_at=passkey.created_at,
        used_at=passkey.used_at,
        backed_up=passkey.backed_up,
    )
