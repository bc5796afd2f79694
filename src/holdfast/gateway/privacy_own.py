"""People's rights over their own data: consents, copies, corrections, erasure, restriction, disclosures, reviews."""

from typing import Annotated, Final

from fastapi import Response

from holdfast.accounts.api import (
    ABOUT_MAX,
    CONSENT_TEXTS,
    CONSENT_VERSION,
    AccountsApi,
    CaseKind,
    CaseOpen,
    ConsentPurpose,
    ConsentTextOutdated,
    Erasure,
    ErasureBegun,
    ErasureUnderWay,
    NewCase,
    PrivacyApi,
    TokenExpired,
)
from holdfast.gateway.privacy_people import ActiveBookings, OrganizationNeeded, People
from holdfast.gateway.privacy_settings import PrivacySettings
from holdfast.gateway.privacy_shapes import (
    CaseOut,
    CasesOut,
    ConsentOut,
    ConsentSaid,
    ConsentsOut,
    ConsentText,
    CorrectionAsked,
    DisclosureOut,
    DisclosuresOut,
    ErasureOut,
    ExportOut,
    MarketingSourceOut,
    RestrictionAsked,
    RestrictionOut,
    ReviewAsked,
    StatementGiven,
)
from holdfast.kit.errors import Invalid, NotFound, ReauthRequired, Unauthenticated
from holdfast.kit.http.answers import success
from holdfast.kit.http.principals import CurrentPrincipal, Fresh
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import Line, PathText
from holdfast.kit.limits.limits import TooManyRequests

_DAY_S: Final = 86_400
_ME: Final = (Unauthenticated, TokenExpired)


def router(accounts: AccountsApi, people: People, settings: PrivacySettings) -> Router:
    """Return the routes of people's own data."""
    made = Router(tags=["privacy"])
    privacy = accounts.privacy
    _consents(made, privacy)
    _copies(made, privacy)
    _corrections(made, privacy)
    _erasures(made, privacy, people, settings)
    _uses(made, privacy, people)
    return made


def _consents(made: Router, privacy: PrivacyApi) -> None:
    @made.get("/v1/me/consents", responses=success(200, "Your consents.") | responses(*_ME))
    async def read_consents(principal: CurrentPrincipal) -> ConsentsOut:
        """Read what you agreed to, the texts of now, and everything you ever said of it."""
        found = await privacy.consents.of(account_id=principal.account_id)
        history = await privacy.consents.history(account_id=principal.account_id)
        return ConsentsOut(
            items=tuple(ConsentOut.of(each) for each in found),
            texts=tuple(
                ConsentText(purpose=each, text_version=CONSENT_VERSION, text=text)
                for each, text in CONSENT_TEXTS.items()
            ),
            history=tuple(ConsentOut.of(each) for each in history),
        )

    @made.put(
        "/v1/me/consents/{purpose}",
        responses=success(200, "Noted.") | responses(*_ME, NotFound, Invalid, ConsentTextOutdated),
    )
    async def set_consent(purpose: ConsentPurpose, body: ConsentSaid, principal: CurrentPrincipal) -> ConsentOut:
        """Agree to something, or withdraw what you agreed to.

        Withdrawing `dietary_notes` deletes what you noted of diets, in all your bookings, within moments.
        """
        said = await privacy.consents.set(
            account_id=principal.account_id, purpose=purpose, granted=body.granted, text_version=body.text_version
        )
        return ConsentOut.of(said)

    @made.get("/v1/me/marketing-source", responses=success(200, "The source.") | responses(*_ME, NotFound))
    async def read_marketing_source(principal: CurrentPrincipal) -> MarketingSourceOut:
        """Read where your address came from, and whether offers may be sent to it (APP 7.6)."""
        return MarketingSourceOut.of(await privacy.consents.source(account_id=principal.account_id))


def _copies(made: Router, privacy: PrivacyApi) -> None:
    @made.post("/v1/me/export", status_code=202, responses=responses(*_ME, ReauthRequired, TooManyRequests))
    async def ask_for_export(principal: Fresh) -> ExportOut:
        """Ask for a copy of everything that is kept of you, free of charge (APP 12).

        It takes from seconds to some minutes: ask `GET /v1/me/exports/{export_id}` until it is ready. Prove who you are
        first (`POST /v1/me/reauthenticate`). While one is being made, asking again gives you that one.
        """
        return ExportOut.of(await privacy.exports.ask(account_id=principal.account_id))

    @made.get("/v1/me/exports/{export_id}", responses=success(200, "The export.") | responses(*_ME, NotFound))
    async def read_export(export_id: PathText, principal: CurrentPrincipal) -> ExportOut:
        """Read whether a copy of yours is ready."""
        return ExportOut.of(await privacy.exports.find(account_id=principal.account_id, export_id=export_id))

    @made.get(
        "/v1/me/exports/{export_id}/content",
        response_class=ZipResponse,
        responses=success(200, "The zip file.") | responses(*_ME, NotFound),
    )
    async def read_export_content(export_id: PathText, principal: CurrentPrincipal) -> Response:
        """Fetch a copy of yours: a zip file with JSON, CSV and a page to read. Only you can, for 24 hours."""
        content = await privacy.exports.content(account_id=principal.account_id, export_id=export_id)
        headers = {"content-disposition": 'attachment; filename="holdfast-export.zip"', "cache-control": "no-store"}
        return ZipResponse(content, headers=headers)


class ZipResponse(Response):
    """A zip file."""

    media_type = "application/zip"


def _corrections(made: Router, privacy: PrivacyApi) -> None:
    cases = privacy.cases

    @made.post("/v1/me/corrections", status_code=201, responses=responses(*_ME, Invalid))
    async def ask_for_correction(body: CorrectionAsked, principal: CurrentPrincipal) -> CaseOut:
        """Ask to have something corrected that you cannot change yourself (APP 13). A person answers within 30 days."""
        new = NewCase(kind=CaseKind.CORRECTION, about=body.about, says=body.says, account_id=principal.account_id)
        return CaseOut.of(await cases.open(new))

    @made.put(
        "/v1/me/corrections/{case_id}/statement",
        responses=success(200, "Attached.") | responses(*_ME, NotFound, Invalid, CaseOpen),
    )
    async def attach_statement(case_id: PathText, body: StatementGiven, principal: CurrentPrincipal) -> CaseOut:
        """Attach a statement to what was not corrected; whoever reads it reads your statement too (APP 13.4)."""
        attached = await cases.attach(account_id=principal.account_id, case_id=case_id, statement=body.statement)
        return CaseOut.of(attached)

    @made.get("/v1/me/requests", responses=success(200, "Your requests.") | responses(*_ME))
    async def list_requests(principal: CurrentPrincipal) -> CasesOut:
        """List your corrections, reviews and complaints with their answers, newest first."""
        return CasesOut.of(await cases.of(account_id=principal.account_id))

    @made.post("/v1/decisions/{decision_id}/review", status_code=201, responses=responses(*_ME, Invalid))
    async def ask_for_review(
        decision_id: Annotated[str, Line(ABOUT_MAX)], body: ReviewAsked, principal: CurrentPrincipal
    ) -> CaseOut:
        """Have a person look again at what a program decided (APP 1.7; GDPR Art. 22).

        `decision_id` is a decision of the policy's `automated_decisions`, as `hold_limit`, or what it was about, as the
        id of a hold or the reference of a booking.
        """
        new = NewCase(kind=CaseKind.REVIEW, about=decision_id, says=body.says, account_id=principal.account_id)
        return CaseOut.of(await cases.open(new))


def _erasures(made: Router, privacy: PrivacyApi, people: People, settings: PrivacySettings) -> None:
    hindered = (ActiveBookings, OrganizationNeeded, ErasureUnderWay)

    @made.delete("/v1/me", status_code=202, responses=responses(*_ME, NotFound, ReauthRequired, *hindered))
    async def delete_account(principal: Fresh) -> ErasureOut:
        """Delete your account: after some days nothing tells any more that it was yours.

        Prove who you are first (`POST /v1/me/reauthenticate`). All your sessions end, and you are told by mail. Until
        `due_at` you can log in and keep it with `DELETE /v1/me/erasure`. What was sold and paid stays in the books
        under a number.
        """
        await people.refuse_obstacles(principal.account_id)
        planned = await privacy.erasures.ask(
            account_id=principal.account_id, cool_off_s=settings.cool_off_days * _DAY_S
        )
        return ErasureOut.of(planned)

    @made.get("/v1/me/erasure", responses=success(200, "The erasure.") | responses(*_ME, NotFound))
    async def read_erasure(principal: CurrentPrincipal) -> ErasureOut:
        """Read when your account is to be erased."""
        return ErasureOut.of(_planned(await privacy.erasures.of(account_id=principal.account_id)))

    @made.delete("/v1/me/erasure", responses=success(200, "Kept.") | responses(*_ME, NotFound, ErasureBegun))
    async def keep_account(principal: CurrentPrincipal) -> ErasureOut:
        """Keep your account after all."""
        return ErasureOut.of(await privacy.erasures.cancel(account_id=principal.account_id))


def _planned(erasure: Erasure | None) -> Erasure:
    """Return an erasure that there is.

    Raises:
        NotFound: There is none.
    """
    if erasure is None:
        raise NotFound("No erasure is planned.")
    return erasure


def _uses(made: Router, privacy: PrivacyApi, people: People) -> None:
    @made.get("/v1/me/disclosures", responses=success(200, "The disclosures.") | responses(*_ME))
    async def list_disclosures(principal: CurrentPrincipal) -> DisclosuresOut:
        """List to whom something about you was given, what and why, newest first (APP 6)."""
        found = await people.disclosures(principal.account_id)
        return DisclosuresOut(items=tuple(DisclosureOut.of(each) for each in found))

    @made.post("/v1/me/restrict", responses=success(200, "Noted.") | responses(*_ME, Invalid))
    async def restrict(body: RestrictionAsked, principal: CurrentPrincipal) -> RestrictionOut:
        """Restrict the use of your data to what you book, or lift that (GDPR Art. 18)."""
        restricted = await privacy.consents.restrict(account_id=principal.account_id, restricted=body.restricted)
        return RestrictionOut(restricted=restricted)
