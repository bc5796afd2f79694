"""Privacy for everybody: the policy, the data map, notices, complaints, and the link that stops offers."""

from typing import Annotated, Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from holdfast.accounts.api import CaseKind, NewCase, PrivacyApi
from holdfast.gateway.privacy_pages import POLICY_HEADERS, html_of, unsubscribe_page, unsubscribed_page
from holdfast.gateway.privacy_policy import FORMS, Form, Policy
from holdfast.gateway.privacy_shapes import (
    CaseOut,
    ComplaintMade,
    DataMapOut,
    MapEntryOut,
    NoticeOut,
    PolicyOut,
    PolicyVersionOut,
    PolicyVersionsOut,
    RecipientOut,
    RecipientsOut,
)
from holdfast.kit.errors import Invalid, NotFound, Unauthenticated
from holdfast.kit.http.answers import success
from holdfast.kit.http.principals import OPENAPI_OPTIONAL, OptionalPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import Line, PathText

_TAG: Final = "privacy"
_TOKEN: Final = 400
_FORMS: Final = {form.name: form for form in FORMS}


def router(privacy: PrivacyApi, policy: Policy) -> Router:
    """Return the routes anybody may ask."""
    made = Router(tags=[_TAG])
    _policies(made, privacy, policy)
    _notices(made, policy)

    @made.post(
        "/v1/privacy/complaints",
        status_code=201,
        responses=responses(Unauthenticated, Invalid),
        openapi_extra=OPENAPI_OPTIONAL,
    )
    async def complain(body: ComplaintMade, principal: OptionalPrincipal) -> CaseOut:
        """Complain about what became of somebody's data; no account is needed.

        A person answers within 30 days, to the contact you give or in `GET /v1/me/requests`.
        """
        new = NewCase(
            kind=CaseKind.COMPLAINT,
            about=body.about,
            says=body.says,
            contact=body.contact,
            account_id=None if principal is None else principal.account_id,
        )
        return CaseOut.of(await privacy.cases.open(new))

    return made


def _policies(made: Router, privacy: PrivacyApi, policy: Policy) -> None:
    @made.get("/privacy", response_class=HTMLResponse, responses=success(200, "The policy."))
    async def show_policy() -> HTMLResponse:
        """Read the privacy policy as a page."""
        return HTMLResponse(html_of(policy.document), headers=POLICY_HEADERS)

    @made.get("/v1/privacy/policy", responses=success(200, "The policy.") | responses(NotFound, Invalid))
    async def read_policy(version: Annotated[str, Line(40)] | None = None) -> PolicyOut:
        """Read the privacy policy as data: the one of now, or an older `version`.

        It is made from the data map in the code and the operator's settings, so that it cannot say anything else than
        what the product does.
        """
        if version is not None:
            found = await privacy.policies.find(version=version)
            return PolicyOut(version=found.version, since=found.since, policy=dict(found.document))
        since = next((each.since for each in await privacy.policies.all() if each.version == policy.version), None)
        return PolicyOut(version=policy.version, since=since, policy=dict(policy.document))

    @made.get("/v1/privacy/versions", responses=success(200, "The versions."))
    async def list_policy_versions() -> PolicyVersionsOut:
        """List all versions of the policy and since when each is in effect.

        A quote or booking was made under the version that was in effect at its `created_at`.
        """
        found = await privacy.policies.all()
        return PolicyVersionsOut(
            items=tuple(PolicyVersionOut(version=each.version, since=each.since) for each in found)
        )

    @made.get("/v1/privacy/data-map", responses=success(200, "The data map."))
    async def read_data_map() -> DataMapOut:
        """Read which columns tell of a person, why, how long, who gets them and what becomes of them."""
        items = tuple(MapEntryOut.model_validate(each, strict=False) for each in policy.data_map())
        return DataMapOut(version=policy.version, items=items)

    @made.get("/v1/privacy/recipients", responses=success(200, "The recipients."))
    async def list_recipients() -> RecipientsOut:
        """List who else is given data by this installation, why, and in which country they keep it (APP 8)."""
        items = tuple(RecipientOut.model_validate(each, strict=False) for each in policy.recipients())
        return RecipientsOut(items=items)


def _notices(made: Router, policy: Policy) -> None:
    @made.get("/v1/privacy/notices/{form}", responses=success(200, "The notice.") | responses(NotFound))
    async def read_notice(form: PathText) -> NoticeOut:
        """Read what is collected by a form and why, before you fill it in (APP 5).

        Forms are `registration`, `booking`, `payment`, `table_notes`, `listing` and `request`.
        """
        return NoticeOut.model_validate(policy.notice(_form(form)), strict=False)


def _form(name: str) -> Form:
    """Return a form by its name.

    Raises:
        NotFound: There is none.
    """
    found = _FORMS.get(name)
    if found is None:
        raise NotFound("There is no such form.")
    return found


def unsubscribe_router(privacy: PrivacyApi) -> Router:
    """Return the routes of the link that stops offers (RFC 8058). Mail programs send a form to it, not JSON."""
    made = Router(prefix="/v1/unsubscribe", tags=[_TAG], route_class=APIRoute)

    @made.get("/{token}", response_class=HTMLResponse, responses=success(200, "A page with a button."))
    async def ask_to_unsubscribe(token: Annotated[str, Line(_TOKEN)]) -> HTMLResponse:
        """Read the page behind the link of a message. Reading it changes nothing: mail scanners follow links too."""
        del token  # whether it is good is said when it is used
        return HTMLResponse(unsubscribe_page(), headers=POLICY_HEADERS)

    @made.post("/{token}", response_class=HTMLResponse, responses=success(200, "Stopped.") | responses(NotFound))
    async def unsubscribe(token: Annotated[str, Line(_TOKEN)], request: Request) -> Response:
        """Stop offers with one click, without logging in (RFC 8058). Repeating it changes nothing.

        Messages about your account and bookings still come. Whatever the request's body says is not looked at.
        """
        del request
        await privacy.consents.unsubscribe(token=token)
        return HTMLResponse(unsubscribed_page(), headers=POLICY_HEADERS)

    return made
