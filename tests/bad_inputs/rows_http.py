"""Rows 1-25: what is wrong with a request before anybody reads its fields."""

from bad_house import BODY_LIMIT_BYTES, JSON, Case, Sent, account, get, quote, quote_bytes, raw, search

DEEP = 100_000
SMUGGLED = b"0\r\n\r\nGET /v1/me HTTP/1.1\r\n\r\n"
"""A body to one reading of its length, and the next request to another."""


def endless(size):
    """A body of that many bytes whose length nobody says."""

    def parts():
        yield b'{"items":"'
        left = size
        while left > 0:
            yield b"x" * min(left, 65_536)
            left -= 65_536

    return lambda _: Sent("POST", "/v1/quotes", parts(), headers=JSON)


def put_property(**headers):
    """Change a property with these conditions."""

    def send(house):
        found = house.people["owner"].get(f"/v1/owner/properties/{house.villa}")
        wanted = ("name", "description", "location", "kind", "bedrooms", "beds", "bathrooms", "terms", "listed")
        body = {name: found[name] for name in wanted} | {"description": "changed by a bad input"}
        return Sent("PUT", f"/v1/owner/properties/{house.villa}", body, who="owner", headers=headers)

    return send


def overridden(house):
    held = house.hold()
    return Sent("GET", f"/v1/holds/{held['id']}", headers={"x-http-method-override": "DELETE"})


READING = [
    Case(1, "no body", quote_bytes(b""), 400, "malformed_json"),
    Case(1, "a blank body", quote_bytes(b" \r\n\t"), 400, "malformed_json"),
    Case(2, "a trailing comma", quote_bytes(b'{"items":[],}'), 400, "malformed_json"),
    Case(2, "single quotes", quote_bytes(b"{'items':[]}"), 400, "malformed_json"),
    Case(2, "trailing bytes", quote_bytes(b'{"items":[]}x'), 400, "malformed_json"),
    Case(2, "two documents", quote_bytes(b'{"items":[]}{"items":[]}'), 400, "malformed_json"),
    Case(3, "NaN", quote("NaN"), 400, "malformed_json"),
    Case(3, "Infinity", quote("Infinity"), 400, "malformed_json"),
    Case(3, "-Infinity", quote("-Infinity"), 400, "malformed_json"),
    Case(4, "1e999", quote("1e999"), 422, "number_out_of_range", "/items/0/guests"),
    Case(4, "-1e999", quote("-1e999"), 422, "number_out_of_range", "/items/0/guests"),
    Case(5, "a member twice", quote_bytes(b'{"items":[],"items":[]}'), 400, "duplicate_key"),
    Case(5, "a member twice, inside", quote('1,"guests":2'), 400, "duplicate_key", "/items/0/guests"),
    Case(5, "a member twice, escaped", quote_bytes(b'{"items":[],"\\u0069tems":[]}'), 400, "duplicate_key"),
    Case(6, "nested 100,000 deep", quote_bytes(b"[" * DEEP + b"]" * DEEP), 400, "json_too_deep"),
    Case(6, "nested and never closed", quote_bytes(b'{"items":' * 20_000), 400, "json_too_deep"),
    Case(7, "5,000 digits", quote("9" * 5_000), 422, "number_out_of_range", "/items/0/guests"),
    Case(8, "half a surrogate pair", quote_bytes(b'{"items":"\\ud800"}'), 400, "invalid_unicode"),
    Case(9, "NUL in a number's place", quote('"\\u0000"'), 422, "control_character", "/items/0/guests"),
    Case(9, "NUL in a name", account(username="a\0b"), 422, "control_character", "/username"),
    Case(9, "NUL in an address", account(email="a\0b@example.com"), 422, "control_character", "/email"),
    Case(9, "NUL in a query", search("text=a%00b"), 422, "control_character", "#query/text"),
    Case(9, "NUL in a path", get("/v1/holds/a%00b"), 404, "not_found"),
    Case(10, "UTF-16", quote_bytes('{"items":[]}'.encode("utf-16")), 400, "invalid_encoding"),
    Case(10, "UTF-16 without a mark", quote_bytes('{"items":[]}'.encode("utf-16-le")), 400, "invalid_encoding"),
    Case(10, "Latin-1", quote_bytes('{"items":"é"}'.encode("latin-1")), 400, "invalid_encoding"),
    Case(10, "overlong UTF-8", quote_bytes(b'{"items":"\xc0\xaf"}'), 400, "invalid_encoding"),
    Case(10, "a query that is not UTF-8", search("text=%ff"), 400, "invalid_encoding"),
    Case(11, "a byte order mark", quote_bytes(b'\xef\xbb\xbf{"items":[]}'), 400, "malformed_json"),
    Case(12, "an array", quote_bytes(b"[]"), 422, "type_error", ""),
    Case(12, "a text", quote_bytes(b'"items"'), 422, "type_error", ""),
    Case(12, "null", quote_bytes(b"null"), 422, "type_error", ""),
    Case(12, "a number", quote_bytes(b"12"), 422, "type_error", ""),
    Case(12, "an array to the contract", lambda _: Sent("POST", "/api/users/register", []), 400, contract=True),
    Case(13, "one byte too many", quote_bytes(b'{"items":"' + b"x" * (BODY_LIMIT_BYTES - 11) + b'"}'), 413,
         "payload_too_large", closes=True),
    Case(13, "too many without a length", endless(BODY_LIMIT_BYTES + 1), 413, "payload_too_large", closes=True),
    Case(13, "50 MB without a length", endless(50 * BODY_LIMIT_BYTES), 413, "payload_too_large", closes=True),
    Case(13, "as many as are read", quote_bytes(b'{"items":"' + b"x" * (BODY_LIMIT_BYTES - 12) + b'"}'), 422,
         "type_error", "/items"),
    Case(14, "a bomb of gzip", quote_bytes(b"\x1f\x8b", **{"content-encoding": "gzip"}), 415, "unsupported_media_type"),
    Case(15, "text/plain", quote_bytes(b"{}", **{"content-type": "text/plain"}), 415, "unsupported_media_type"),
    Case(15, "a form", quote_bytes(b"a=1", **{"content-type": "application/x-www-form-urlencoded"}), 415,
         "unsupported_media_type"),
    Case(15, "UTF-7", quote_bytes(b"{}", **{"content-type": "application/json; charset=utf-7"}), 415,
         "unsupported_media_type"),
    Case(15, "no type", raw(b"POST /v1/quotes", b"Content-Length: 2", content=b"{}"), 415, "unsupported_media_type"),
    Case(16, "XML wanted", search("limit=1", headers={"accept": "application/xml"}), 406, "not_acceptable"),
    Case(16, "JSON refused", search("limit=1", headers={"accept": "application/json;q=0"}), 406, "not_acceptable"),
]  # fmt: skip

TALKING = [
    Case(17, "TRACE", raw(b"TRACE /v1/me"), 405, "method_not_allowed",
         has=("allow",)),
    Case(17, "CONNECT", raw(b"CONNECT /v1/me"), 405,
         "method_not_allowed", has=("allow",)),
    Case(17, "PATCH where one reads", lambda _: Sent("PATCH", "/v1/bookings", {}), 405, "method_not_allowed",
         has=("allow",)),
    Case(17, "POST where one searches", lambda _: Sent("POST", "/v1/search/stays", {}), 405, "method_not_allowed",
         has=("allow",)),
    Case(17, "DELETE of the probe", lambda _: Sent("DELETE", "/healthz"), 405, "method_not_allowed", has=("allow",)),
    Case(17, "PUT to the contract", lambda _: Sent("PUT", "/api/users/profile", {}), 405, has=("allow",),
         contract=True),
    Case(18, "an address of 10 KB", get("/v1/search/stays?text=" + "x" * 10_240), 414, "uri_too_long"),
    Case(18, "a path of 10 KB", raw(b"GET /" + b"x" * 10_240), 414,
         "uri_too_long"),
    Case(18, "64 KB in one header", raw(b"GET /v1/me", b"X: " + b"y" * 65_536), 431,
         "headers_too_large"),
    Case(18, "1,000 headers", raw(b"GET /v1/me", *[b"X: y"] * 1_000),
         431, "headers_too_large"),
    *(
        Case(19, what, raw(b"POST /v1/quotes", *head, content=SMUGGLED, close=False), 400, closes=True)
        for what, head in {
            "a length and chunks": (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
            "chunks and a length": (b"Transfer-Encoding: chunked", b"Content-Length: 5"),
            "two lengths": (b"Content-Length: 5", b"Content-Length: 6"),
            "a negative length": (b"Content-Length: -5",),
            "a length that is none": (b"Content-Length: 5x",),
        }.items()
    ),
    *(
        Case(20, what, raw(b"GET /v1/me", header), 400)
        for what, header in {"CR in a header": b"X-Request-ID: a\rb", "NUL in a header": b"X-Request-ID: a\0b",
                             "a space in a header's name": b"X Request: a"}.items()
    ),
    Case(20, "a line break in a path", get("/v1/holds/%0d%0aSet-Cookie:%20x"), 404, "not_found"),
    Case(20, "a line break in a query", search("text=a%0d%0aSet-Cookie:%20x"), 422, "control_character", "#query/text"),
    Case(20, "an id of the request that could split", get("/v1/nowhere", headers={"x-request-id": "a b;c"}), 404,
         "not_found"),
    Case(21, "a parameter twice", search("limit=1&limit=9"), 400, "duplicate_parameter", "#query/limit"),
    Case(21, "a parameter twice, alike", search("sort=price&sort=price"), 400, "duplicate_parameter", "#query/sort"),
    Case(22, "an unknown parameter", search("limt=1"), 422, "unknown_field", "#query/limt"),
    Case(22, "an unknown parameter without a value", search("debug"), 422, "unknown_field", "#query/debug"),
    Case(22, "an unknown field", quote(gusts=2), 422, "unknown_field", "/items/0/gusts"),
    Case(22, "an unknown field of an account", account(is_staff=True), 422, "unknown_field", "/is_staff"),
    Case(23, "another method in a header", overridden, 200),
    Case(24, "another host", get("/v1/search/stays", headers={"host": "evil.example"}), 400, "host_not_allowed"),
    Case(24, "another host to the contract", get("/api/bookings/properties", headers={"host": "evil.example"}), 400,
         "host_not_allowed"),
    Case(25, "If-Match without quotes", put_property(**{"if-match": "1"}), 400, "if_match_malformed"),
    Case(25, "If-Match that is an empty list", put_property(**{"if-match": ",,"}), 400, "if_match_malformed"),
    Case(25, "an old ETag", put_property(**{"if-match": '"9999"'}), 412, "precondition_failed", members=("current",)),
    Case(25, "a weak ETag", put_property(**{"if-match": 'W/"1"'}), 412, "precondition_failed"),
    Case(25, "no If-Match", put_property(), 428, "precondition_required"),
    Case(25, "a Range nobody serves", get("/v1/search/stays", headers={"range": "bytes=9-1,x"}), 200),
]  # fmt: skip

CASES = [*READING, *TALKING]
