"""Headers, origins, caches and what is open: every kind of answer of a production server, looked at from outside."""

import re

import pytest
from security_house import CLOSED_POLICY, EVERYWHERE, METRICS_TOKEN, PAGE, problem_code, secure_site

STRANGERS = (
    *("https://evil.example", "https://app.example.com.evil.example", "http://app.example.com", "null", "*"),
    *("https://APP.example.com", "https://app.example.com:8443", "https://app.example.com/", "file://", ""),
    *("https://evil.app.example.com", "chrome-extension://abcdefghijklmnop"),
)
HIDDEN = (
    *("/_x", "/debug", "/admin", "/.git/config", "/.env", "/console", "/graphql", "/actuator", "/server-status"),
    *("/v0/me", "/v2/me", "/api/v1/me", "/internal", "/test", "/backup", "/openapi.yaml", "/redoc", "/swagger"),
    *("/holdfast.db", "/.well-known/openid-configuration", "/phpinfo.php", "/wp-login.php", "/docs/../../etc/passwd"),
)
OWN_CODE = r"<script(?![^>]*\bsrc=)[^>]*>|\son\w+\s*=|javascript:|<style|\sstyle\s*="
OPEN = {
    *("/healthz", "/readyz", "/docs", "/docs/docs.css", "/docs/docs.js", "/openapi.json", "/.well-known/security.txt"),
    *(
        "/operator/sagas",
        "/operator/sagas/sagas.css",
        "/operator/sagas/sagas.js",
        "/",
        "/.well-known/jwks.json",
        "/privacy",
    ),
}
"""What answers without a token and is no part of `/v1`: pages without anybody's data."""


@pytest.fixture(scope="module")
def site(safe_site):
    return safe_site


@pytest.fixture(scope="module")
def guest(site):
    return site.guest("hedda")


@pytest.fixture(scope="module")
def paths(site):
    return site.anybody.get("/openapi.json")["paths"]


def answers(site, guest):
    """One answer of every kind, with what its policy must be."""
    long = "x" * 9_000
    kinds = {
        "a page": ("GET", "/docs", {}, 200),
        "a script": ("GET", "/docs/docs.js", {}, 200),
        "the document": ("GET", "/openapi.json", {}, 200),
        "one's own": ("GET", "/v1/me", {"headers": {"authorization": f"Bearer {guest.token}"}}, 200),
        "public": ("GET", "/v1/search/stays?limit=1", {}, 200),
        "a probe": ("GET", "/healthz", {}, 200),
        "a redirect": ("GET", "/", {}, 307),
        "nothing there": ("GET", "/nowhere", {}, 404),
        "no token": ("GET", "/v1/me", {}, 401),
        "another method": ("PATCH", "/v1/search/stays", {}, 405),
        "too large": ("POST", "/v1/quotes", {"content": b"x" * 1_100_000}, 413),
        "too long": ("GET", f"/v1/search/stays?text={long}", {}, 414),
        "wrong type": ("POST", "/v1/sessions", {"content": b"x", "headers": {"content-type": "text/plain"}}, 415),
        "not valid": ("POST", "/v1/sessions", {"json": {}}, 422),
        "a preflight": ("OPTIONS", "/v1/me", {"headers": preflight(PAGE)}, 204),
        "a refused preflight": ("OPTIONS", "/v1/me", {"headers": preflight("null")}, 403),
        "another host": ("GET", "/v1/me", {"headers": {"host": "evil.example"}}, 400),
        "the contract": ("GET", "/api/users/profile", {}, 401),
    }
    for what, (method, path, sent, status) in kinds.items():
        answer = site.anybody.http.request(method, path, **sent)
        assert answer.status_code == status, (what, answer.text)
        yield what, answer


def preflight(origin):
    return {"origin": origin, "access-control-request-method": "GET"}


class TestEveryAnswerHasItsHeaders:
    """S18: the same table on every kind of answer, errors, pages and files included; nothing names the server."""

    def test_whatever_it_is(self, site, guest):
        for what, answer in answers(site, guest):
            assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE, what
            assert answer.headers["content-security-policy"], what
            assert not {"server", "x-powered-by"} & answer.headers.keys(), what

    def test_and_pages_alone_may_load_something_and_only_from_here(self, site, guest):
        for what, answer in answers(site, guest):
            policy = answer.headers["content-security-policy"]
            if what in {"a page", "a script"}:
                assert "default-src 'none'" in policy
                assert "script-src 'self'" in policy
                assert "unsafe" not in policy
                for closed in ("base-uri", "form-action", "frame-ancestors"):
                    assert f"{closed} 'none'" in policy
            else:
                assert policy == CLOSED_POLICY, what


class TestAPlantedScriptDoesNotRun:
    """S25: pages hold no script or style of their own, so that the policy can forbid all that is written into them."""

    @pytest.mark.parametrize("page", ["/docs", "/operator/sagas"])
    def test_in_a_page(self, site, page):
        text = site.anybody.http.get(page).text
        assert not re.search(OWN_CODE, text, re.IGNORECASE)
        assert "innerHTML" not in site.anybody.http.get(re.search(r'src="([^"]+\.js)"', text)[1]).text


class TestOnlyListedPagesMayCall:
    """S16: an allow list of origins; nothing is reflected, `null` and plain http are refused, caches are told."""

    def test_with_credentials(self, site):
        answer = site.anybody.http.get("/v1/search/stays?limit=1", headers={"origin": PAGE})
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert {"ratelimit", "retry-after"} <= set(answer.headers["access-control-expose-headers"].split(", "))
        assert "origin" in answer.headers["vary"].lower()

    @pytest.mark.parametrize("origin", STRANGERS)
    def test_and_no_others(self, site, origin):
        read = site.anybody.http.get("/v1/search/stays?limit=1", headers={"origin": origin})
        asked = site.anybody.http.options("/v1/me", headers=preflight(origin))
        for answer in (read, asked):
            assert not [name for name in answer.headers if name.startswith("access-control-allow")]
            assert "origin" in answer.headers["vary"].lower()
        assert problem_code(asked) == "origin_not_allowed"


class TestNoAnswerIsKeptForSomebodyElse:
    """S42: what is somebody's is `no-store`, and a path that looks like a file of it is not there."""

    @pytest.mark.parametrize("suffix", ["/x.css", "/x.js", "/logo.png", ".css", ";x.css", "%2fx.css", "%00.css"])
    def test_by_a_path_that_looks_like_a_file(self, site, guest, suffix):
        headers = {"authorization": f"Bearer {guest.token}"}
        for path in ("/v1/me", "/v1/bookings"):
            answer = site.anybody.http.get(f"{path}{suffix}", headers=headers)
            assert answer.status_code == 404, path
            assert answer.headers["cache-control"] == "no-store"

    def test_nor_what_was_read_with_a_token(self, guest):
        for path in ("/v1/me", "/v1/bookings"):
            assert guest.ask("GET", path).headers["cache-control"] == "no-store"


class TestNothingIsHidden:
    """S2: what answers is in the document or in a short list; nothing else does."""

    @pytest.mark.parametrize("path", HIDDEN)
    def test_behind_a_path_people_try(self, site, path):
        assert site.anybody.http.get(path).status_code == 404

    def test_that_the_document_does_not_show(self, site, paths):
        document = {path for path in paths if path.startswith(("/v1/", "/api/"))}
        rest = set(paths) - document
        assert rest <= OPEN | {"/metrics"}
        for path in OPEN:
            assert site.anybody.http.get(path).status_code in {200, 307}, path

    def test_and_answers_to_nobody_without_a_token_but_what_is_public(self, site, paths):
        public = set()
        for path, operations in paths.items():
            if not path.startswith("/v1/"):
                continue
            for method, operation in operations.items():
                sent = {"json": {}} if method in {"post", "put", "patch"} else {}
                answer = site.anybody.http.request(method, re.sub(r"\{[^}]+\}", "1", path), **sent)
                if operation.get("security"):
                    assert answer.status_code in {401, 404, 422}, (method, path, answer.status_code)
                else:
                    public.add(f"{method} {path}")
                assert answer.status_code < 500, (method, path, answer.text)
        assert not [each for each in public if each.split()[1].startswith(("/v1/me", "/v1/admin", "/v1/owner"))]


class TestWhatTheOperatorClosesIsClosed:
    """S2, S39: metrics need their token in production; the documentation goes where nobody wants it."""

    def test_metrics_to_everybody(self, site):
        assert problem_code(site.anybody.http.get("/metrics")) == "unauthenticated"
        wrong = site.anybody.http.get("/metrics", headers={"authorization": f"Bearer {METRICS_TOKEN[:-1]}x"})
        assert problem_code(wrong) == "unauthenticated"

    def test_but_not_to_who_has_their_token(self, site):
        answer = site.anybody.http.get("/metrics", headers={"authorization": f"Bearer {METRICS_TOKEN}"})
        assert "holdfast_http_requests_total" in answer.text

    def test_metrics_without_a_token_and_the_documentation(self, tmp_path):
        with secure_site(tmp_path, metrics_token="", show_docs="false", security_contact="") as bare:
            for path in ("/metrics", "/docs", "/docs/docs.js", "/openapi.json", "/"):
                assert bare.anybody.http.get(path).status_code == 404, path
            assert bare.anybody.http.get("/operator/sagas").status_code == 200
            told = bare.anybody.http.get("/.well-known/security.txt").text
            assert "Contact: mailto:security@127.0.0.1\n" in told
