"""What people write: stored exactly, read as text and nothing else, and never run by anybody."""

import re
import time

import pytest
from security_house import PAGE, is_up, problem_code

from support.visitors import home

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "'\"><script>x()</script>",
    "'><iframe src=javascript:alert(1)>",
    "javascript:alert(1)",
    '<a href="javascript:alert(1)">x</a>',
    "</title><b>",
    "<math><mtext></table><img src onerror=alert(1)>",
    "<!--<script>-->",
    "<body onload=alert(1)>",
    "<style>*{}</style>",
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{0.__class__.__mro__}",
    "%(config)s",
    "{{config.items()}}",
    "${jndi:x}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    '=HYPERLINK("http://127.0.0.1")',
    "\\u003cscript\\u003e",
    "&lt;script&gt;",
    "%3Cscript%3E",
    "a\\r\\nSet-Cookie: x=1",
    '{"a":1}',
    "[1]]]",
    "</script><script>alert(1)</script>",
    "\u202egnp.exe",
    "\u200b\u200dzero width",
    "Z\u0351\u036b\u0343a\u0329l\u0313g\u0308o",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
)
INJECTIONS = (
    "' OR 1=1--",
    "' OR '1'='1",
    '" OR ""="',
    "1; DROP TABLE accounts_account",
    "'; SELECT pg_sleep(3)--",
    "1' AND SLEEP(3)#",
    "1 UNION SELECT 1,2,3",
    "') UNION SELECT NULL--",
    "admin'--",
    "%' AND 1=0 UNION ALL SELECT 1",
    "1' WAITFOR DELAY '0:0:3'--",
    "benchmark(10000000,MD5(1))",
    "randomblob(900000000)",
    "$(sleep 3)",
    "`sleep 3`",
    "; sleep 3 ;",
    "| sleep 3",
    "&& sleep 3",
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "....//....//etc",
    "file:///etc/passwd",
    "C:\\windows\\win.ini",
    '{"$gt":""}',
    '{"$where":"sleep(3000)"}',
    "[$ne]=1",
    "*)(uid=*))(|(uid=*",
    "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
    "%",
    "_",
    "%%%%%",
    "\\",
    "\\'",
    "a" * 39 + "!",
    "(((((((((((((((((((a+)+)+)+)+)+$",
    "id;drop",
    "price' desc",
    "-price,(SELECT 1)",
)
WHERE = (
    "/v1/search/stays?text={}",
    "/v1/search/stays?sort={}",
    "/v1/search/stays?city={}",
    "/v1/search/stays?cursor={}",
    "/v1/properties/{}",
    "/v1/bookings/{}",
    "/v1/holds/{}",
    "/v1/quotes/{}",
    "/v1/restaurants/{}",
    "/v1/flights/{}",
    "/api/bookings/booking/{}",
    "/v1/bookings?cursor={}&limit={}",
)
SECONDS_MAX = 2.5
"""Below what any of them would sleep."""
TELLS = re.compile(r"Traceback|\.py\b|SELECT .* FROM|sqlite|syntax error|near \"|site-packages|root:x:", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(safe_site):
    return safe_site


@pytest.fixture(scope="module")
def owner(site):
    return site.owner("ingo")


def text_of(answer):
    assert answer.status_code < 500, answer.text
    return answer.text


class TestWhatPeopleWriteIsTextToEverybody:
    """S24 and row 87: stored exactly, answered as JSON and never as a page."""

    @pytest.mark.parametrize("written", PAYLOADS, ids=range(len(PAYLOADS)))
    def test_in_what_is_answered(self, site, owner, written):
        answer = owner.ask("POST", "/v1/owner/properties", home(description=written))
        if answer.status_code == 422:  # a character no text of ours has
            assert {each["code"] for each in answer.json()["errors"]} <= {"control_character", "invalid_value"}
            return
        assert answer.status_code == 201, answer.text
        shown = site.anybody.http.get(f"/v1/properties/{answer.json()['id']}")
        assert shown.headers["content-type"] == "application/json"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert shown.json()["description"] == written
        assert "49" not in shown.json()["description"]

    @pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml", "image/svg+xml"])
    def test_and_no_page_is_made_of_it(self, site, owner, accept):
        made = owner.ask("POST", "/v1/owner/properties", home(name=PAYLOADS[0])).json()
        answer = site.anybody.http.get(f"/v1/properties/{made['id']}", headers={"accept": accept})
        assert answer.status_code == 406
        assert "html" not in answer.headers["content-type"]

    def test_nor_of_an_address_that_is_not_there(self, site):
        for written in PAYLOADS:
            answer = site.anybody.http.get(f"/nowhere/{written.replace('#', '').replace('?', '')}")
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.status_code in {404, 400}


class TestWhatPeopleWriteIsNeverRun:
    """S26 and rows 88 and 89: no statement, command, pattern or path is made of it; every answer comes at once."""

    @pytest.mark.parametrize("where", WHERE)
    def test_wherever_it_is_written(self, site, owner, where):
        for written in INJECTIONS:
            path, _, query = where.partition("?")
            params = dict.fromkeys(re.findall(r"(\w+)=\{\}", query), written)
            target = path.replace("{}", written.replace("?", "").replace("#", ""))
            began = time.monotonic()
            answer = site.anybody.http.get(target, params=params, headers={"authorization": f"Bearer {owner.token}"})
            assert time.monotonic() - began < SECONDS_MAX, (where, written)
            assert answer.status_code in {200, 400, 404, 406, 422}, (where, written, answer.text)
            assert not TELLS.search(answer.text.replace(written, "")), (where, written, answer.text)
            assert len(answer.content) < 200_000

    @pytest.mark.parametrize("written", INJECTIONS, ids=range(len(INJECTIONS)))
    def test_nor_in_a_body(self, site, written):
        body = {"email": f"{written}@example.com"[-250:], "password": written * 3}
        text_of(site.anybody.http.post("/v1/sessions", json=body))
        bodies = [{"items": [written]}, {"items": written}, {"items": [{"kind": written}]}, {written: 1}]
        for each in bodies:
            answer = site.anybody.http.post("/v1/quotes", json=each)
            assert answer.status_code in {401, 422}

    def test_and_a_long_search_is_refused(self, site):
        began = time.monotonic()
        answer = site.anybody.http.get("/v1/search/stays", params={"text": "(a+)+$" * 1_000})
        assert answer.status_code in {414, 422}
        assert time.monotonic() - began < SECONDS_MAX

    def test_and_wildcards_are_letters(self, site, owner):
        owner.property(name="Plain cabin by a lake")
        for written in ("%", "_", "*", "Pl_in"):
            assert site.anybody.get("/v1/search/stays", text=written)["items"] == [], written


class TestPagesCannotBeMadeUp:
    """S35 and row 90: a cursor is signed, belongs to its list and whom it was given to; limits have bounds."""

    @pytest.mark.parametrize("limit", ["-1", "0", "1000000000", "all", "1.5", "", "1e3", "\uff11"])
    def test_by_a_strange_limit(self, owner, limit):
        answer = owner.ask("GET", "/v1/bookings", limit=limit)
        assert (answer.status_code, problem_code(answer)) == (422, "invalid")

    @pytest.mark.parametrize("cursor", ["x", "a.b", "AAAA", "' OR 1=1--", "0", "x" * 500, "\u00e4"])
    def test_by_a_made_up_cursor(self, site, cursor):
        answer = site.anybody.http.get("/v1/search/stays", params={"cursor": cursor})
        assert answer.status_code in {400, 422}

    def test_by_a_cursor_of_another_list(self, site, owner):
        for number in range(3):
            owner.property(name=f"Cursor house {number}")
        page = site.anybody.get("/v1/search/stays", text="Cursor house", limit=1)
        cursor = page["next_cursor"]
        assert cursor
        for params in ({"text": "other", "limit": 1}, {"text": "Cursor house", "limit": 1, "guests": 3}):
            answer = site.anybody.http.get("/v1/search/stays", params=params | {"cursor": cursor})
            assert answer.status_code == 400, params
        flipped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
        tampered = {"text": "Cursor house", "limit": 1, "cursor": flipped}
        assert site.anybody.http.get("/v1/search/stays", params=tampered).status_code == 400
        answer = owner.ask("GET", "/v1/bookings", cursor=cursor)
        assert answer.status_code == 400


class TestTheServerGoesOn:
    """S38: whatever was sent, it answers, and said nothing of what is inside."""

    def test_after_all_that(self, site):
        assert is_up(site)
        assert "Traceback" not in site.server.output()
        answer = site.anybody.http.get("/v1/search/stays?limit=1", headers={"origin": PAGE})
        assert answer.status_code == 200
