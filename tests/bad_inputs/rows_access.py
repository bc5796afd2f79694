"""Rows 66-76 and 87-90: who somebody says they are, and the words they write.

Rows 73 (second factors) and 76 (a hundred wrong passwords) need a person and a place of their own:
tests/outside/test_security_access.py and test_security_limits.py.
"""

import base64
import json

from bad_house import Case, Sent, account, get, search

TRIED = ("accounts_limit", "accounts_activity", "accounts_activity_origin")
"""What a refused try leaves: that it was counted, and noted."""


def b64(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def bearing(token):
    """Read one's account with a token."""
    return lambda house: Sent(
        "GET", "/v1/me", who=None, headers={"authorization": f"Bearer {token(house) if callable(token) else token}"}
    )


def changed(header=None, claims=None, signature=None):
    """The guest's own token with something in it changed."""

    def token(house):
        parts = house.people["guest"].token.split(".")
        said = [json.loads(base64.urlsafe_b64decode(each + "==")) for each in parts[:2]]
        kept = parts[2] if signature is None else signature
        return f"{b64(said[0] | (header or {}))}.{b64(said[1] | (claims or {}))}.{kept}"

    return bearing(token)


def me(**fields):
    return lambda _: Sent("PATCH", "/v1/me", fields)


def log_in(**changes):
    body = {"email": "gina@example.com", "password": "four random words here"}
    return lambda _: Sent("POST", "/v1/sessions", body | changes, who=None)


def recover(token, **changes):
    return lambda _: Sent("POST", "/v1/accounts/recover", {"token": token, "password": "a new long password"} | changes,
                          who=None)  # fmt: skip


def refresh(**body):
    return lambda _: Sent("POST", "/v1/sessions/refresh", body, who=None)


def described(text):
    """Describe a property anew, as its owner."""

    def send(house):
        found = house.people["owner"].ask("GET", f"/v1/owner/properties/{house.villa}")
        wanted = ("name", "location", "kind", "bedrooms", "beds", "bathrooms", "terms", "listed")
        body = {name: found.json()[name] for name in wanted} | {"description": text}
        headers = {"if-match": found.headers["etag"]}
        return Sent("PUT", f"/v1/owner/properties/{house.villa}", body, who="owner", headers=headers)

    return send


def named(text):
    def send(house):
        sent = described("x")(house)
        return Sent(sent.method, sent.path, sent.body | {"name": text}, who="owner", headers=sent.headers)

    return send


TOKENS = [
    Case(66, "no token", lambda _: Sent("GET", "/v1/me", who=None), 401, "unauthenticated", has=("www-authenticate",)),
    Case(66, "garbage", bearing("garbage"), 401, "unauthenticated", has=("www-authenticate",)),
    Case(66, "three parts of garbage", bearing("a.b.c"), 401, "unauthenticated", has=("www-authenticate",)),
    Case(66, "a refresh token", bearing("hfr_" + "a" * 43), 401, "unauthenticated", has=("www-authenticate",)),
    Case(66, "a key nobody has", bearing("hfk_live_" + "a" * 43), 401, "unauthenticated", has=("www-authenticate",)),
    Case(66, "run out, by itself", changed(claims={"exp": 1}), 401, "unauthenticated"),
    Case(66, "not yet good", changed(claims={"nbf": 2**33}), 401, "unauthenticated"),
    Case(66, "for another service", changed(claims={"aud": "somebody else"}), 401, "unauthenticated"),
    Case(66, "of another service", changed(claims={"iss": "somebody else"}), 401, "unauthenticated"),
    Case(66, "a scheme of another kind", get("/v1/me", who=None, headers={"authorization": "Basic eA=="}), 401,
         "unauthenticated"),
    Case(66, "two tokens", lambda house: Sent(
        "GET", "/v1/me", who=None,
        headers=[("authorization", f"Bearer {house.people['guest'].token}"), ("authorization", "Bearer x")]),
        401, "unauthenticated"),
    *(Case(67, f"alg {name!r}", changed(header={"alg": name}, signature=""), 401, "unauthenticated")
      for name in ("none", "None", "nOnE", "NONE")),
    *(Case(67, f"alg {name}", changed(header={"alg": name}), 401, "unauthenticated")
      for name in ("HS256", "RS256", "ES384", "EdDSA")),
    *(Case(67, f"a header with {next(iter(extra))}", changed(header=extra), 401, "unauthenticated") for extra in (
        {"jwk": {"kty": "EC"}}, {"jku": "http://127.0.0.1:9/k"}, {"x5u": "http://127.0.0.1:9/c"}, {"x5c": ["MIIB"]},
        {"kid": "../../../../dev/null"}, {"crit": ["exp"]}, {"typ": "JWT"})),
    *(Case(68, f"somebody else's {next(iter(claim))}", changed(claims=claim), 401, "unauthenticated") for claim in (
        {"sub": "1"}, {"role": "admin"}, {"sid": "ses_00000000000000000000000000"}, {"org": "1"})),
    Case(66, "a refresh token nobody was given", refresh(refresh_token="hfr_" + "a" * 43), 401, "refresh_refused"),
    Case(66, "an access token to refresh with", lambda house: Sent(
        "POST", "/v1/sessions/refresh", {"refresh_token": house.people["guest"].token}, who=None), 422, "too_long",
        "/refresh_token"),
    Case(66, "no refresh token", refresh(), 401, "refresh_refused"),
]  # fmt: skip

PEOPLE = [
    *(Case(69, f"{name} of oneself", me(username="gina", **{name: value}), 422, "unknown_field", f"/{name}")
      for name, value in {"role": "admin", "tenant_id": 1, "user_id": 1, "email_verified": True, "is_staff": True,
                          "owner_id": 1, "permissions": ["administer"], "disabled": False}.items()),
    Case(69, "an admin by registering", account(role="admin"), 422, "invalid_choice", "/role"),
    *(Case(70, what, account(email=email), 422, code, "/email") for what, email, code in (
        ("an address without a dot", "a@b", "invalid_email"),
        ("an address of 300 characters", "a" * 290 + "@b.example", "too_long"),
        ("two @", "a@@example.com", "invalid_email"),
        ("two @ apart", "a@b@example.com", "invalid_email"),
        ("punycode that is none", "a@xn--zzzzzz-.example", "invalid_email"),
        ("a line break in an address", "a@example.com\r\nBcc: b@example.com", "invalid_email"),
        ("two addresses", "a@example.com,b@example.com", "invalid_email"),
        ("a quoted name", '"a b"@example.com', "invalid_email"))),
    *(Case(72, what, account(password=password), 422, code, "/password") for what, password, code in (
        ("seven characters", "a1B2c3D", "too_short"),
        ("what everybody has", "password", "password_too_common"),
        ("10,000 characters", "x" * 10_000, "too_long"),
        ("NUL in a password", "four random\0words here", "control_character"))),
    Case(74, "a link nobody was sent", recover("a" * 43), 400, "token_invalid", may_write=TRIED),
    Case(74, "a link that could be a statement", recover("' OR 1=1 --"), 422, "invalid_format", "/token"),
    Case(74, "a link without a token", recover(""), 422, "too_short", "/token"),
    Case(75, "a booking nobody has", get("/v1/bookings/AAAAAAAAAA"), 404, "not_found", may_write=TRIED),
    Case(76, "a wrong password", log_in(password="five wrong words in here"), 401, "invalid_credentials",
         may_write=TRIED),
    Case(76, "nobody's address", log_in(email="nobody@example.com"), 401, "invalid_credentials", may_write=TRIED),
    Case(76, "a code nobody asked for", log_in(password="five wrong words in here", code="123456"), 401,
         "invalid_credentials", may_write=TRIED),
    Case(76, "an operator for a password", log_in(password={"$gt": ""}), 422, "type_error", "/password"),
]  # fmt: skip

WORDS = [
    Case(87, "a name of 1 MB", named("x" * 1_000_000), 422, "too_long", "/name"),
    Case(87, "a description of 1 MB", described("x" * 1_000_000), 422, "too_long", "/description"),
    Case(87, "a name of spaces", named("   "), 422, "blank", "/name"),
    Case(87, "a line break in a name", named("a\nb"), 422, "control_character", "/name"),
    Case(88, "an operator for a text", lambda _: Sent("POST", "/v1/quotes", {"items": {"$gt": ""}}), 422, "type_error",
         "/items"),
    Case(88, "an operator for a number", lambda house: Sent(
        "POST", "/v1/quotes", {"items": [house.wish(guests={"$gt": 0})]}), 422, "type_error", "/items/0/guests"),
    Case(88, "a statement for a sort", search("sort=id;drop table x"), 422, "invalid_choice", "#query/sort"),
    Case(88, "a column for a sort", search("sort=password_hash"), 422, "invalid_choice", "#query/sort"),
    Case(88, "a statement for a text", search("text=' OR 1=1--"), 200),
    Case(88, "wildcards for a text", search("text=%25_%25"), 200),
    Case(88, "a statement for an id", get("/v1/properties/1 OR 1=1"), 404, "not_found"),
    Case(89, "a pattern of 50 KB", search("text=" + "(a%2B)%2B$" * 5_000), 414, "uri_too_long"),
    Case(89, "a pattern of 2 KB", search("text=" + "(a%2B)%2B$" * 200), 422, "too_long", "#query/text"),
    *(Case(90, f"a limit of {limit!r}", get(f"/v1/bookings?limit={limit}"), 422, code, "#query/limit")
      for limit, code in (("-1", "out_of_range"), ("0", "out_of_range"), ("1000000000", "out_of_range"),
                          ("all", "type_error"), ("1.5", "type_error"))),
    Case(90, "a made-up cursor", search("cursor=AAAA"), 400, "cursor_invalid"),
    Case(90, "an offset", search("offset=9223372036854775808"), 422, "unknown_field", "#query/offset"),
]  # fmt: skip

CASES = [*TOKENS, *PEOPLE, *WORDS]
