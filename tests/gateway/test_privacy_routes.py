"""People's rights over HTTP: what everybody may read, what one may do about one's own data, and what is refused."""

from datetime import timedelta
from functools import partial
from io import BytesIO
from zipfile import ZipFile

import pytest

from holdfast.accounts.api import Role
from holdfast.accounts.privacy_api import CONSENT_VERSION, ConsentPurpose
from holdfast.accounts.store.organizations import add_member
from holdfast.kit.auth import MemberRole
from holdfast.kit.clock import Clock
from holdfast.kit.http.own_words import identifier_in
from support.polling import eventually
from support.product import PASSWORD, product

GRANTED = {"granted": True, "text_version": CONSENT_VERSION}
TFN = "123 456 782"
MEDICARE = "2123 45670 1"


@pytest.fixture(scope="module")
async def running(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('privacy')}/holdfast.db"
    async with product(url, clock=Clock()) as made:
        yield made


@pytest.fixture
async def somebody(running):
    """A function that registers somebody and logs them in over HTTP, so that their session is fresh."""
    made = []

    async def come(name, role=Role.GUEST):
        person = await running.person(f"{name}{len(made)}{running.next}", role)
        running.next += 1
        made.append(person)
        return person

    running.next = getattr(running, "next", 0)
    return come


@pytest.fixture
async def gina(somebody):
    return await somebody("gina")


@pytest.fixture
def ask(running):
    """A function that asks and gives back status and content."""

    async def send(method, path, body=None, *, who=None, **options):
        headers = {} if who is None else who.headers
        answer = await running.client.request(method, path, json=body, headers=headers, **options)
        return answer.status_code, answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    return send


class TestThePolicy:
    async def test_is_a_page_for_everybody(self, running):
        answer = await running.client.get("/privacy")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "What programs decide" in answer.text

    async def test_is_the_same_as_data_with_a_version_that_can_be_asked_for_later(self, ask):
        status, now = await ask("GET", "/v1/privacy/policy")
        assert status == 200
        assert now["since"]
        status, then = await ask("GET", f"/v1/privacy/policy?version={now['version']}")
        assert (status, then["policy"]) == (200, now["policy"])
        _, versions = await ask("GET", "/v1/privacy/versions")
        assert versions["items"][0]["version"] == now["version"]
        status, refused = await ask("GET", "/v1/privacy/policy?version=1999-01-01.0")
        assert (status, refused["code"]) == (404, "not_found")

    async def test_lists_every_decision_a_program_makes_with_the_kinds_it_uses(self, ask):
        _, now = await ask("GET", "/v1/privacy/policy")
        decided = {each["decision"]: each["kinds"] for each in now["policy"]["automated_decisions"]}
        assert decided["hold_limit"] == ["account_number", "booking"]
        assert all(decided.values())

    async def test_asks_for_no_identity_where_none_is_needed(self, ask):
        _, now = await ask("GET", "/v1/privacy/policy")
        assert now["policy"]["identity_required_for"] == []

    async def test_maps_every_column_that_tells_of_a_person(self, ask):
        status, found = await ask("GET", "/v1/privacy/data-map")
        assert status == 200
        [email] = [each for each in found["items"] if (each["table"], each["column"]) == ("accounts_account", "email")]
        assert (email["kind"], email["erase"], email["recipients"]) == ("contact", "cleared", ["mail"])

    async def test_names_who_else_gets_data_and_where_they_keep_it(self, ask):
        status, found = await ask("GET", "/v1/privacy/recipients")
        assert status == 200
        assert {each["recipient"] for each in found["items"]} == {"owner", "simulator", "mail"}

    @pytest.mark.parametrize("form", ["registration", "booking", "payment", "table_notes", "listing", "request"])
    async def test_has_a_notice_for_every_form(self, ask, form):
        status, notice = await ask("GET", f"/v1/privacy/notices/{form}")
        assert (status, notice["form"]) == (200, form)
        assert notice["collected"]
        assert notice["otherwise"]

    async def test_has_no_notice_for_a_form_there_is_none_of(self, ask):
        status, refused = await ask("GET", "/v1/privacy/notices/lottery")
        assert (status, refused["code"]) == (404, "not_found")


class TestAConsent:
    async def test_is_read_given_and_withdrawn(self, ask, gina):
        _, before = await ask("GET", "/v1/me/consents", who=gina)
        assert not [each for each in before["items"] if each["granted"]]
        assert {each["purpose"] for each in before["texts"]} == set(ConsentPurpose)
        status, said = await ask("PUT", "/v1/me/consents/marketing_sms", GRANTED, who=gina)
        assert (status, said["granted"], said["how"]) == (200, True, "account")
        status, said = await ask("PUT", "/v1/me/consents/marketing_sms", {**GRANTED, "granted": False}, who=gina)
        assert (status, said["granted"]) == (200, False)
        _, after = await ask("GET", "/v1/me/consents", who=gina)
        assert [each["granted"] for each in after["history"]] == [True, False]

    async def test_to_an_old_text_is_refused_with_the_one_of_now(self, ask, gina):
        status, refused = await ask("PUT", "/v1/me/consents/marketing_sms", {**GRANTED, "text_version": "1"}, who=gina)
        assert (status, refused["code"], refused["text_version"]) == (409, "consent_text_outdated", CONSENT_VERSION)

    async def test_to_something_else_is_refused(self, ask, gina):
        status, _ = await ask("PUT", "/v1/me/consents/everything", GRANTED, who=gina)
        assert status == 404

    async def test_needs_somebody_who_gives_it(self, ask):
        status, refused = await ask("PUT", "/v1/me/consents/marketing_sms", GRANTED)
        assert (status, refused["code"]) == (401, "unauthenticated")


class TestTheLinkThatStopsOffers:
    @pytest.fixture
    async def link(self, running, ask, gina):
        await ask("PUT", "/v1/me/consents/marketing_email", GRANTED, who=gina)
        consents = running.door("accounts").privacy.consents
        token = await consents.unsubscribe_token(account_id=gina.id, purpose=ConsentPurpose.MARKETING_EMAIL)
        return f"/v1/unsubscribe/{token}"

    async def test_changes_nothing_when_it_is_only_read(self, running, ask, link, gina):
        answer = await running.client.get(link)
        assert answer.status_code == 200
        assert "<button>" in answer.text
        _, found = await ask("GET", "/v1/me/marketing-source", who=gina)
        assert [each["granted"] for each in found["consents"] if each["purpose"] == "marketing_email"] == [True]

    async def test_works_with_one_click_of_a_mail_program(self, running, ask, link, gina):
        for _ in range(2):
            answer = await running.client.post(link, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200, answer.text
        _, found = await ask("GET", "/v1/me/marketing-source", who=gina)
        assert found["suppressed"]
        assert not [each for each in found["consents"] if each["granted"]]

    async def test_of_somebody_else_is_refused(self, running, link):
        answer = await running.client.post(link[:-1] + ("A" if link[-1] != "A" else "B"))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class TestACopy:
    async def test_has_everything_of_its_owner_and_nothing_of_others(self, running, ask, somebody):
        gina, rita = await somebody("gina"), await somebody("rita")
        words = {"about": "my name", "says": "It is spelled with an umlaut."}
        await ask("POST", "/v1/me/corrections", words, who=gina)
        await ask("POST", "/v1/me/corrections", {"about": "x", "says": "Rita was here."}, who=rita)
        status, asked = await ask("POST", "/v1/me/export", who=gina)
        assert (status, asked["state"], asked["content"]) == (202, "waiting", None)
        await running.assembly.privacy().export_waiting()
        status, ready = await ask("GET", f"/v1/me/exports/{asked['id']}", who=gina)
        assert (status, ready["state"]) == (200, "ready")
        answer = await running.client.get(ready["content"], headers=gina.headers)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        assert answer.headers["cache-control"] == "no-store"
        with ZipFile(BytesIO(answer.content)) as archive:
            files = {name: archive.read(name).decode() for name in archive.namelist()}
        assert {"README.txt", "index.html", "data.json", "csv/accounts_account.csv"} <= set(files)
        for name in ("index.html", "data.json", "csv/accounts_privacy_case.csv"):
            assert files[name].count("It is spelled with an umlaut.") == 1, name
        assert files["data.json"].count(f'"{gina.account.email}"') == 1
        everything = "".join(files.values())
        assert "Rita was here." not in everything
        assert rita.account.email not in everything
        assert "argon2id" not in everything

    async def test_is_nobody_elses(self, running, ask, somebody):
        gina, rita = await somebody("gina"), await somebody("rita")
        _, asked = await ask("POST", "/v1/me/export", who=gina)
        await running.assembly.privacy().export_waiting()
        for path in (f"/v1/me/exports/{asked['id']}", f"/v1/me/exports/{asked['id']}/content"):
            status, refused = await ask("GET", path, who=rita)
            assert (status, refused["code"]) == (404, "not_found")
            assert (await ask("GET", path))[0] == 401

    async def test_makes_formulas_and_markup_harmless(self, running, ask, gina):
        await ask("POST", "/v1/me/corrections", {"about": "=1+1", "says": "<script>alert(1)</script>"}, who=gina)
        _, asked = await ask("POST", "/v1/me/export", who=gina)
        await running.assembly.privacy().export_waiting()
        answer = await running.client.get(f"/v1/me/exports/{asked['id']}/content", headers=gina.headers)
        with ZipFile(BytesIO(answer.content)) as archive:
            assert "'=1+1" in archive.read("csv/accounts_privacy_case.csv").decode()
            assert "<script>" not in archive.read("index.html").decode()


class TestACorrection:
    async def test_of_the_name_is_made_at_once(self, ask, gina):
        status, now = await ask("PATCH", "/v1/me", {"username": f"{gina.account.username}-x"}, who=gina)
        assert (status, now["username"]) == (200, f"{gina.account.username}-x")

    async def test_to_somebody_elses_name_is_refused(self, ask, somebody):
        gina, rita = await somebody("gina"), await somebody("rita")
        status, refused = await ask("PATCH", "/v1/me", {"username": rita.account.username.upper()}, who=gina)
        assert (status, refused["code"]) == (409, "username_taken")

    @pytest.mark.parametrize("body", [{}, {"username": "a b"}, {"username": "x", "role": "admin"}, {"email": "a@b.co"}])
    async def test_of_anything_else_is_refused(self, ask, gina, body):
        status, refused = await ask("PATCH", "/v1/me", body, who=gina)
        assert (status, refused["code"]) == (422, "invalid")

    async def test_that_is_refused_keeps_the_reason_and_the_statement(self, running, ask, gina):
        _, asked = await ask("POST", "/v1/me/corrections", {"about": "visit", "says": "I came."}, who=gina)
        path = f"/v1/me/corrections/{asked['id']}/statement"
        status, refused = await ask("PUT", path, {"statement": "Really."}, who=gina)
        assert (status, refused["code"]) == (409, "case_not_refused")
        cases = running.door("accounts").privacy.cases
        await cases.decide(case_id=asked["id"], accepted=False, answer="The room was empty.", decided_by=None)
        assert (await ask("PUT", path, {"statement": "Really."}, who=gina))[0] == 200
        _, found = await ask("GET", "/v1/me/requests", who=gina)
        [case] = found["items"]
        assert (case["state"], case["answer"], case["statement"]) == ("refused", "The room was empty.", "Really.")

    @pytest.mark.parametrize("number", [TFN, TFN.replace(" ", ""), f"medicare {MEDICARE}", "my passport is PA1234567"])
    async def test_that_tells_a_government_number_is_refused_and_kept_nowhere(self, ask, gina, number):
        status, refused = await ask("POST", "/v1/me/corrections", {"about": "id", "says": f"It is {number}."}, who=gina)
        assert status == 422
        assert [(each["pointer"], each["code"]) for each in refused["errors"]] == [
            ("/says", "government_identifier_refused")
        ]
        assert number not in str(refused)
        assert (await ask("GET", "/v1/me/requests", who=gina))[1] == {"items": []}


class TestADecision:
    async def test_is_looked_at_again_by_a_person(self, ask, gina):
        status, asked = await ask("POST", "/v1/decisions/hold_limit/review", {"says": "Why?"}, who=gina)
        assert (status, asked["kind"], asked["about"], asked["state"]) == (201, "review", "hold_limit", "open")


class TestAComplaint:
    async def test_needs_no_account(self, ask):
        body = {"about": "mail", "says": "Too much of it.", "contact": "me@example.com"}
        status, made = await ask("POST", "/v1/privacy/complaints", body)
        assert (status, made["kind"], made["state"]) == (201, "complaint", "open")


class TestARestriction:
    async def test_holds_until_it_is_lifted(self, ask, gina):
        assert await ask("POST", "/v1/me/restrict", {"restricted": True}, who=gina) == (200, {"restricted": True})
        assert await ask("POST", "/v1/me/restrict", {"restricted": False}, who=gina) == (200, {"restricted": False})


class TestAnErasure:
    async def test_waits_ends_every_session_and_can_be_taken_back_by_logging_in(self, running, ask, somebody):
        gina = await somebody("gina")
        status, planned = await ask("DELETE", "/v1/me", who=gina)
        assert (status, planned["state"]) == (202, "waiting")
        assert (await ask("GET", "/v1/me", who=gina))[0] == 401
        access = await running.door("accounts").log_in(email=gina.account.email, password=PASSWORD)
        gina.headers["Authorization"] = f"Bearer {access.token}"
        status, found = await ask("GET", "/v1/me/erasure", who=gina)
        assert (status, found["id"]) == (200, planned["id"])
        status, kept = await ask("DELETE", "/v1/me/erasure", who=gina)
        assert (status, kept["state"]) == (200, "canceled")
        assert (await ask("GET", "/v1/me/erasure", who=gina))[0] == 404

    async def test_is_carried_out_once_its_time_has_come(self, running, ask, somebody):
        gina = await somebody("gina")
        await ask("DELETE", "/v1/me", who=gina)
        work = running.assembly.privacy()
        assert await work.erase_due() == []
        await work.privacy.erasures.hurry(account_id=gina.id)

        async def is_gone():
            await work.erase_due()
            [account] = await running.door("accounts").get_many(ids=[gina.id])
            assert account.disabled
            return gina.account.email not in str(account)

        await eventually(is_gone)

    async def test_waits_while_bookings_lie_ahead(self, running, ask, somebody):
        owner, gina = await somebody("olga", Role.OWNER), await somebody("gina")
        await running.import_samples(owner)
        reference = await booked(running, gina)
        for who in (gina, owner):
            status, refused = await ask("DELETE", "/v1/me", who=who)
            assert (status, refused["code"]) == (409, "active_bookings")
            assert [each["reference"] for each in refused["bookings"]] == [reference]
            assert reference in refused["detail"]
        work = running.assembly.privacy()
        await work.privacy.erasures.ask(account_id=gina.id, cool_off_s=0)
        await work.erase_due()
        [account] = await running.door("accounts").get_many(ids=[gina.id])
        assert account.email == gina.account.email

    async def test_is_refused_while_others_need_ones_organization(self, running, ask, somebody):
        owner, gina = await somebody("olga", Role.OWNER), await somebody("gina")
        [place] = [each for each in running.assembly.privacy().places if each.module == "accounts"]
        joins = partial(add_member, organization_id=owner.id, account_id=gina.id, role=MemberRole.DESK)
        await place.db.write(joins)
        status, refused = await ask("DELETE", "/v1/me", who=owner)
        assert (status, refused["code"]) == (409, "organization_needed")
        assert [each["reference"] for each in refused["organizations"]] == [str(owner.id)]
        assert (await ask("DELETE", "/v1/me", who=gina))[0] == 202


async def booked(running, who):
    """Book a home a month ahead; return the reference.

    Raises:
        AssertionError: None of the samples can be.
    """
    client = running.client
    start = running.clock.today("UTC") + timedelta(days=30)
    dates = {"check_in": start.isoformat(), "check_out": (start + timedelta(days=1)).isoformat()}
    found = (await client.get("/v1/search/stays", params=dates)).json()["items"]
    for each in found:
        item = {"kind": "stay", "property_id": each["property_id"], "guests": 1, **dates}
        quote = await client.post("/v1/quotes", json={"items": [item]}, headers=who.headers)
        if quote.status_code != 201:
            continue
        hold = await client.post("/v1/holds", json={"quote_id": quote.json()["id"]}, headers=who.with_key("hold"))
        body = {"hold_id": hold.json()["id"], "hold_token": hold.json()["token"], "payment": {"method": "at_property"}}
        made = await client.post("/v1/bookings", json=body, headers=who.with_key("book"))
        if made.status_code == 201:
            return made.json()["reference"]
    raise AssertionError("no sample can be booked")


class TestAGovernmentNumber:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            (TFN, "tax_file_number"),
            ("my TFN: 12345677", "tax_file_number"),
            ("my TFN: 12345678", None),
            ("table 12345677", None),
            (f"card {MEDICARE}", "medicare_number"),
            ("medicare 2123456701", "medicare_number"),
            ("Passport N1234567", "passport_number"),
            ("room 123 456 783", None),
            ("call +61 412 345 678", None),
            ("call 0412 345 678 at 19:00 on 2026-12-31", None),
            ("booking HF-7K2M9QX4TD, flight QF1234567", None),
            ("2123456701", None),
            ("no digits at all", None),
            ("we come at 7", None),
        ],
    )
    def test_is_told_from_what_only_looks_like_one(self, text, found):
        assert identifier_in(text) == found
