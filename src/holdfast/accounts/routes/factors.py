"""Second factors and step-up over HTTP."""

from typing import Annotated, Final

from fastapi import Response
from pydantic import ConfigDict, Field

from holdfast.accounts.api import InvalidCredentials, TokenExpired
from holdfast.accounts.factors_api import (
    FactorsApi,
    FactorsStanding,
    Freshness,
    InvalidCode,
    PasskeyRefused,
    Proof,
    SecondFactorOff,
    SecondFactorOn,
    SecondFactorRequired,
    StepUpApi,
)
from holdfast.accounts.routes.passkey_shapes import (
    AssertionIn,
    AssertionOptionsOut,
    assertion_options_out,
    just,
    just_passkey,
)
from holdfast.accounts.rules import MAX_PASSWORD
from holdfast.kit.errors import (
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    Overloaded,
    ReauthRequired,
    Unauthenticated,
)
from holdfast.kit.http.principals import CurrentPrincipal, Fresh
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import InstantField, Line, Wire
from holdfast.kit.limits.limits import TooManyRequests

_MAX_CODE: Final = 64
_KNOWN: Final = (Unauthenticated, TokenExpired)
_CHANGING: Final = (*_KNOWN, ReauthRequired)

Code = Annotated[str, Line(_MAX_CODE)]
"""Six digits of the app, or a recovery code with or without its hyphens."""


class SecondFactorOut(Wire):
    """What an account has besides its password."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"totp_since": "2026-05-04T09:30:00Z", "recovery_codes_left": 9, "passkeys": 1}]
        }
    )

    totp_since: InstantField | None
    """When the authenticator app was turned on; null while it is off and no code is asked for."""
    recovery_codes_left: int
    """How many are unused, of ten. Get new ones before they are gone."""
    passkeys: int


class EnrolmentOut(Wire):
    """What an authenticator app needs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
                    "uri": "otpauth://totp/Holdfast:john%40gmail.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Holdfast",
                }
            ]
        }
    )

    secret: str
    """Base 32, to type in by hand. Shown once."""
    uri: str
    """Show it as a QR code."""


class CodeIn(Wire):
    """A code of the authenticator app."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "492039"}]})

    code: Code


class RecoveryCodesOut(Wire):
    """A new set of recovery codes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"recovery_codes": ["7K2M-QX4T-9WBD-3HNR-V6PC-E8ZA"]}]})

    recovery_codes: list[str]
    """Ten codes, each good once in place of a code of the app. They are shown only now: keep them safe."""


class ProofIn(Wire):
    """What proves again who you are: the password (and a code, where a second factor is on), or a passkey."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"password": "correct horse battery", "code": "492039"}],
            "anyOf": [
                just(texts={"password": MAX_PASSWORD}, without=["passkey"]),
                just_passkey(without=["password"]),
            ],
        }
    )

    password: (
        Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD, json_schema_extra={"format": "password"})] | None
    ) = None
    code: Code | None = None
    passkey: AssertionIn | None = None
    """What the browser answered to `POST /v1/me/reauthenticate/challenges`. Without password and code."""


class FreshnessOut(Wire):
    """Until when nothing more has to be proved."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"authenticated_at": "2026-05-04T09:30:00Z", "fresh_until": "2026-05-04T09:40:00Z"}]
        }
    )

    authenticated_at: InstantField
    fresh_until: InstantField


def routers(factors: FactorsApi, step_up: StepUpApi) -> tuple[Router, ...]:
    """Return the routes of second factors and step-up."""
    return _second_factor(factors), _step_up(step_up)


def _second_factor(factors: FactorsApi) -> Router:
    router = Router(prefix="/v1/me/second-factor", tags=["accounts"])

    @router.get("", responses=responses(*_KNOWN))
    async def read_second_factor(principal: CurrentPrincipal) -> SecondFactorOut:
        """Read what your account has besides its password."""
        return _standing_out(await factors.standing(account_id=principal.account_id))

    @router.post("/totp", status_code=201, responses=responses(*_CHANGING, SecondFactorOn, NotFound))
    async def start_totp(principal: Fresh, response: Response) -> EnrolmentOut:
        """Get the secret for an authenticator app.

        Nothing is asked for until the app has shown a right code to `POST /v1/me/second-factor/totp/confirm`; asking
        again before that gives another secret. The codes are those of RFC 6238: SHA-1, six digits, 30 seconds.
        """
        made = await factors.start_totp(account_id=principal.account_id)
        response.headers["cache-control"] = "no-store"
        return EnrolmentOut(secret=made.secret, uri=made.uri)

    @router.post(
        "/totp/confirm", responses=responses(*_CHANGING, InvalidCode, SecondFactorOff, TooManyRequests, Invalid)
    )
    async def confirm_totp(body: CodeIn, principal: Fresh, response: Response) -> RecoveryCodesOut:
        """Turn the second factor on with a code of the app, and get ten recovery codes.

        From now on logging in takes the password and a code. The code sent here is used up.
        """
        codes = await factors.confirm_totp(account_id=principal.account_id, code=body.code)
        response.headers["cache-control"] = "no-store"
        return RecoveryCodesOut(recovery_codes=list(codes))

    @router.delete("/totp", status_code=204, responses=responses(*_CHANGING, SecondFactorOff))
    async def remove_totp(principal: Fresh) -> None:
        """Turn the second factor off. The recovery codes go with it."""
        await factors.remove_totp(account_id=principal.account_id)

    @router.post("/recovery-codes", status_code=201, responses=responses(*_CHANGING, SecondFactorOff))
    async def renew_recovery_codes(principal: Fresh, response: Response) -> RecoveryCodesOut:
        """Get ten new recovery codes. Those you had are no good from now on."""
        codes = await factors.renew_recovery_codes(account_id=principal.account_id)
        response.headers["cache-control"] = "no-store"
        return RecoveryCodesOut(recovery_codes=list(codes))

    return router


def _step_up(step_up: StepUpApi) -> Router:
    router = Router(prefix="/v1/me/reauthenticate", tags=["accounts"])

    @router.post(
        "",
        responses=responses(
            *_KNOWN,
            InvalidCredentials,
            SecondFactorRequired,
            InvalidCode,
            PasskeyRefused,
            Forbidden,
            Invalid,
            TooManyRequests,
            Overloaded,
        ),
    )
    async def reauthenticate(body: ProofIn, principal: CurrentPrincipal) -> FreshnessOut:
        """Prove again who you are, before something sensitive.

        What answers 403 `reauth_required` will do for ten minutes after this: changes of second factors, passkeys and
        API keys, exports and erasure of your data, changes of members. Send your password, and a code if your second
        factor is on; or what your passkey answered.
        """
        given = await step_up.reauthenticate(principal=principal, proof=_proof(body))
        return _freshness_out(given)

    @router.post("/challenges", status_code=201, responses=responses(*_KNOWN))
    async def challenge_own_passkey(principal: CurrentPrincipal, response: Response) -> AssertionOptionsOut:
        """Get what a browser needs to prove that one of your passkeys is at hand (`navigator.credentials.get`)."""
        options = await step_up.reauthentication_options(account_id=principal.account_id)
        response.headers["cache-control"] = "no-store"
        return assertion_options_out(options)

    return router


def _proof(body: ProofIn) -> Proof:
    if (body.password is None) == (body.passkey is None):
        detail = "Send a password or a passkey, not both."
        code = "missing_field" if body.password is None else "invalid_value"
        raise Invalid(errors=[FieldError(pointer="/password", code=code, detail=detail)])
    if body.passkey is not None:
        return Proof(passkey=body.passkey.as_browser_said())
    return Proof(password=body.password, code=body.code)


def _standing_out(standing: FactorsStanding) -> SecondFactorOut:
    return SecondFactorOut(
        totp_since=standing.totp_since,
        recovery_codes_left=standing.recovery_codes_left,
        passkeys=standing.passkeys,
    )


def _freshness_out(given: Freshness) -> FreshnessOut:
    return FreshnessOut(authenticated_at=given.authenticated_at, fresh_until=given.fresh_until)
