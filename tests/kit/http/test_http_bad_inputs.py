"""The bad inputs of the edge, one row each: what it must get, that nothing was done, and that the answer tells little.

The row numbers are those of the list every part of the product is tested against.
"""

import json
import time

import pytest
from http_app import problem_of

JSON = {"content-type": "application/json"}
DEEP = b"[" * 100_000 + b"]" * 100_000
SECONDS_MAX = 1.0
WIDE_ONE = "\N{FULLWIDTH DIGIT ONE}"


def body(text, **headers):
    return {"content": text if isinstance(text, bytes) else text.encode(), "headers": JSON | headers}


def item(**members):
    return body(json.dumps({"guests": 2} | members))


def guests(literal):
    return body(f'{{"guests":{literal}}}')


UNREADABLE = [
    ("1 empty body", body(""), 400, "malformed_json"),
    ("1 blank body", body(" \n"), 400, "malformed_json"),
    ("2 trailing comma", body('{"guests":1,}'), 400, "malformed_json"),
    ("2 single quotes", body("{'guests':1}"), 400, "malformed_json"),
    ("2 trailing bytes", body('{"guests":1}x'), 400, "malformed_json"),
    ("2 two documents", body('{"guests":1}{"guests":1}'), 400, "malformed_json"),
    ("2 comment", body('{"guests":1} // two'), 400, "malformed_json"),
    ("2 raw control character", body(b'{"name":"\x01"}'), 400, "malformed_json"),
    ("3 NaN", guests("NaN"), 400, "malformed_json"),
    ("3 Infinity", guests("Infinity"), 400, "malformed_json"),
    ("3 -Infinity", guests("-Infinity"), 400, "malformed_json"),
    ("3 leading zero", guests("01"), 400, "malformed_json"),
    ("3 plus sign", guests("+1"), 400, "malformed_json"),
    ("5 duplicate key", body('{"guests":1,"guests":40}'), 400, "duplicate_key"),
    ("5 duplicate key, escaped", body('{"guests":1,"gu\\u0065sts":40}'), 400, "duplicate_key"),
    ("6 deep", body(DEEP), 400, "json_too_deep"),
    ("6 deep and not closed", body(b"[" * 100_000), 400, "json_too_deep"),
    ("6 one level too deep", body("[" * 33 + "]" * 33), 400, "json_too_deep"),
    ("6 one level too deep, with an escape", body("[" * 33 + '"\\u0041"' + "]" * 33), 400, "json_too_deep"),
    ("8 lone surrogate", body('{"guests":1,"name":"\\ud800"}'), 400, "invalid_unicode"),
    ("8 lone low surrogate as a name", body('{"guests":1,"\\udc00":1}'), 400, "invalid_unicode"),
    ("10 UTF-16", body('{"guests":1}'.encode("utf-16")), 400, "invalid_encoding"),
    ("10 UTF-16 without a mark", body('{"guests":1}'.encode("utf-16-le")), 400, "invalid_encoding"),
    ("10 UTF-32", body('{"guests":1}'.encode("utf-32-be")), 400, "invalid_encoding"),
    ("10 Latin-1", body('{"name":"é"}'.encode("latin-1")), 400, "invalid_encoding"),
    ("10 surrogates as bytes", body(b'{"name":"\xed\xa0\x80"}'), 400, "invalid_encoding"),
    ("10 overlong", body(b'{"name":"\xc0\xaf"}'), 400, "invalid_encoding"),
    ("11 byte order mark", body(b'\xef\xbb\xbf{"guests":1}'), 400, "malformed_json"),
    ("13 over the limit", body(b'{"name":"' + b"x" * 1_048_576 + b'"}'), 413, "payload_too_large"),
    ("14 gzip", body(b"\x1f\x8b", **{"content-encoding": "gzip"}), 415, "unsupported_media_type"),
    ("15 text/plain", body("{}", **{"content-type": "text/plain"}), 415, "unsupported_media_type"),
    ("15 form", body("a=1", **{"content-type": "application/x-www-form-urlencoded"}), 415, "unsupported_media_type"),
    ("15 none", {"content": b'{"guests":1}'}, 415, "unsupported_media_type"),
    (
        "15 utf-7",
        body("{}", **{"content-type": "application/json; charset=utf-7"}),
        415,
        "unsupported_media_type",
    ),
    ("16 XML wanted", body('{"guests":1}', accept="application/xml"), 406, "not_acceptable"),
    ("16 JSON excluded", body('{"guests":1}', accept="application/json;q=0, */*"), 406, "not_acceptable"),
]

WRONG = [
    ("4 1e999", guests("1e999"), "/guests", "number_out_of_range"),
    ("4 -1e999", body('{"guests":1,"share":-1e999}'), "/share", "number_out_of_range"),
    ("7 5,000 digits", guests("9" * 5_000), "/guests", "number_out_of_range"),
    ("7 5,000 digits before the point", guests("9" * 5_000 + ".5"), "/guests", "number_out_of_range"),
    ("9 NUL", item(name="a\x00b"), "/name", "control_character"),
    ("9 NUL in a name", item(**{"a\x00b": 1}), "/a\x00b", "control_character"),
    ("9 another control character", item(name="a\x1bb"), "/name", "control_character"),
    ("9 line break in a line", item(name="a\nb"), "/name", "control_character"),
    ("9 C1 in prose", item(note="a\x85b"), "/note", "control_character"),
    ("12 array", body("[]"), "", "type_error"),
    ("12 text", body('"guests"'), "", "type_error"),
    ("12 null", body("null"), "", "type_error"),
    ("12 number", body("12"), "", "type_error"),
    ("22 unknown field", item(gusts=2), "/gusts", "unknown_field"),
    ("22 unknown field with a slash", item(**{"a/b~c": 2}), "/a~1b~0c", "unknown_field"),
    ("26 -1", guests("-1"), "/guests", "out_of_range"),
    ("26 0", guests("0"), "/guests", "out_of_range"),
    ("27 1.5", guests("1.5"), "/guests", "type_error"),
    ("27 2.0", guests("2.0"), "/guests", "type_error"),
    ("27 text", guests('"2"'), "/guests", "type_error"),
    ("27 true", guests("true"), "/guests", "type_error"),
    ("27 null", guests("null"), "/guests", "type_error"),
    ("27 full-width digits", guests(f'"{WIDE_ONE}2"'), "/guests", "type_error"),
    ("27 underscore", guests('"1_0"'), "/guests", "type_error"),
    ("27 array", guests("[2]"), "/guests", "type_error"),
    ("27 missing", body("{}"), "/guests", "missing_field"),
    ("28 2**31", guests(str(2**31)), "/guests", "out_of_range"),
    ("28 2**63", guests(str(2**63)), "/guests", "out_of_range"),
    ("28 2**64", guests(str(2**64)), "/guests", "out_of_range"),
    ("28 -2**64", guests(str(-(2**64))), "/guests", "out_of_range"),
    ("31 price from the client", item(total=1), "/total", "unknown_field"),
    ("31 paid", item(paid=True), "/paid", "unknown_field"),
    ("34 lower case currency", item(currency="aud"), "/currency", "unsupported_currency"),
    ("34 no currency", item(currency="XXX"), "/currency", "unsupported_currency"),
    ("34 BTC", item(currency="BTC"), "/currency", "unsupported_currency"),
    ("34 number for a currency", item(currency=36), "/currency", "type_error"),
    *(
        (f"41 {day}", item(check_in=day), "/check_in", "invalid_date")
        for day in (
            *("2026-02-30", "2027-02-29", "0000-01-01", "10000-01-01", "2026-13-01", "2026-W10-1", "20260301", ""),
            *("2026-3-1", "2026-03-01T00:00:00", "2026-03-01 ", f"{WIDE_ONE}026-03-01", "01/03/2026", "tomorrow"),
        )
    ),
    ("41 number for a date", item(check_in=20260301), "/check_in", "type_error"),
    ("44 no offset", item(at="2026-03-01T10:00:00"), "/at", "offset_missing"),
    ("44 offset +25:00", item(at="2026-03-01T10:00:00+25:00"), "/at", "invalid_instant"),
    ("44 second 61", item(at="2026-03-01T10:00:61Z"), "/at", "invalid_instant"),
    ("44 before all time", item(at="0001-01-01T00:00:00+10:00"), "/at", "invalid_instant"),
    ("44 number", item(at=1_772_000_000), "/at", "type_error"),
    ("44 time 24:00", item(check_in_from="24:00"), "/check_in_from", "invalid_time"),
    ("44 time with seconds", item(check_in_from="15:00:00"), "/check_in_from", "invalid_time"),
    ("87 too long", item(name="x" * 21), "/name", "too_long"),
    ("87 blank", item(name=" \t"), "/name", "blank"),
    ("87 empty", item(name=""), "/name", "too_short"),
    ("88 operator for a text", item(name={"$gt": ""}), "/name", "type_error"),
    ("88 unknown kind", item(kind="castle"), "/kind", "invalid_choice"),
]

QUERIES = [
    ("20 line break", "text=a%0d%0ab", 422, "control_character", "#query/text"),
    ("9 NUL", "text=%00", 422, "control_character", "#query/text"),
    ("10 not UTF-8", "text=%ff", 400, "invalid_encoding", None),
    ("21 repeated", "limit=1&limit=9", 400, "duplicate_parameter", "#query/limit"),
    ("21 repeated alike", "limit=1&limit=1", 400, "duplicate_parameter", "#query/limit"),
    ("22 unknown", "limt=1", 422, "unknown_field", "#query/limt"),
    ("22 unknown without a value", "debug", 422, "unknown_field", "#query/debug"),
    ("27 fraction", "limit=1.5", 422, "type_error", "#query/limit"),
    ("27 underscore", "limit=1_0", 422, "type_error", "#query/limit"),
    ("27 full-width digits", "limit=%EF%BC%91", 422, "type_error", "#query/limit"),
    ("27 space", "limit=%201", 422, "type_error", "#query/limit"),
    ("27 plus", "limit=%2B1", 422, "type_error", "#query/limit"),
    ("27 hexadecimal", "limit=0x10", 422, "type_error", "#query/limit"),
    ("27 a flag that is none", "pets=1", 422, "type_error", "#query/pets"),
    ("33 NaN", "latitude=NaN", 422, "type_error", "#query/latitude"),
    ("33 exponent without digits", "latitude=1E", 422, "type_error", "#query/latitude"),
    ("33 beyond all numbers", "latitude=1e999", 422, "out_of_range", "#query/latitude"),
    ("33 Arabic digit", "latitude=%D9%A3", 422, "type_error", "#query/latitude"),
    ("26 out of range", "latitude=90.5", 422, "out_of_range", "#query/latitude"),
    ("41 no date", "day=2026-02-30", 422, "invalid_date", "#query/day"),
    ("88 sort of one's own", "kind=id%3Bdrop", 422, "invalid_choice", "#query/kind"),
    ("90 limit -1", "limit=-1", 422, "out_of_range", "#query/limit"),
    ("90 limit 0", "limit=0", 422, "out_of_range", "#query/limit"),
    ("90 limit 1e9", "limit=1000000000", 422, "out_of_range", "#query/limit"),
    ("90 limit all", "limit=all", 422, "type_error", "#query/limit"),
    ("90 limit 2**63", "limit=9223372036854775808", 422, "out_of_range", "#query/limit"),
    ("90 limit of 5,000 digits", "limit=" + "9" * 5_000, 422, "type_error", "#query/limit"),
    ("90 too many values", "amenity=a&amenity=b&amenity=c&amenity=d", 422, "too_long", "#query/amenity"),
]


@pytest.mark.parametrize(
    ("sent", "status", "code"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE]
)
async def test_what_cannot_be_read_is_refused(client, calls, sent, status, code):
    started = time.process_time()
    response = await client.post("/v1/items", **sent)
    assert time.process_time() - started < SECONDS_MAX
    assert (response.status_code, problem_of(response)["code"]) == (status, code)
    assert calls == []


@pytest.mark.parametrize(("sent", "pointer", "code"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
async def test_what_is_wrong_is_named_by_pointer(client, calls, sent, pointer, code):
    started = time.process_time()
    response = await client.post("/v1/items", **sent)
    assert time.process_time() - started < SECONDS_MAX
    problem = problem_of(response)
    assert (response.status_code, problem["code"]) == (422, "invalid")
    assert {(each["pointer"], each["code"]) for each in problem["errors"]} == {(pointer, code)}
    assert calls == []


@pytest.mark.parametrize(
    ("query", "status", "code", "pointer"), [row[1:] for row in QUERIES], ids=[row[0] for row in QUERIES]
)
async def test_what_is_wrong_in_a_query_is_named(client, calls, query, status, code, pointer):
    response = await client.get(f"/v1/search?{query}")
    problem = problem_of(response)
    assert response.status_code == status
    assert problem["code"] == (code if status == 400 else "invalid")
    found = {(each["pointer"], each["code"]) for each in problem.get("errors", ())}
    # A repeated value that is wrong by itself is named once for each place in the list.
    assert {(each.rstrip("0123456789").rstrip("/"), kind) for each, kind in found} == (
        {(pointer, code)} if pointer else set()
    )
    assert calls == []


async def test_row_13_a_body_without_a_length_is_stopped_at_the_limit(client, calls):
    taken = 0

    async def endless():
        nonlocal taken
        yield b'{"name":"'
        while True:
            taken += 65_536
            yield b"x" * 65_536

    response = await client.post("/v1/items", content=endless(), headers=JSON)
    assert (response.status_code, problem_of(response)["code"]) == (413, "payload_too_large")
    assert response.headers["connection"] == "close"
    assert taken <= 1_048_576 + 65_536
    assert calls == []


async def test_row_13_a_body_at_the_limit_is_read(client):
    text = b'{"guests":1,"name":"' + b"x" * (1_048_576 - 22) + b'"}'
    assert len(text) == 1_048_576
    response = await client.post("/v1/items", **body(text))
    assert problem_of(response)["errors"][0]["code"] == "too_long"


@pytest.mark.parametrize("method", ["PATCH", "POST", "TRACE", "CONNECT", "OPTIONS", "BREW"])
async def test_row_17_other_methods_are_refused_with_those_allowed(client, calls, method):
    response = await client.request(method, "/v1/items/1")
    assert (response.status_code, problem_of(response)["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"] == "DELETE, GET, HEAD, PUT"
    assert calls == []


async def test_row_18_a_long_address_is_refused(client):
    response = await client.get("/v1/search?text=" + "x" * 10_240)
    assert (response.status_code, problem_of(response)["code"]) == (414, "uri_too_long")


@pytest.mark.parametrize("headers", [{"x-large": "x" * 65_536}, {f"x-{number}": "x" for number in range(1_000)}])
async def test_row_18_large_headers_are_refused(client, headers):
    response = await client.get("/v1/search", headers=headers)
    assert (response.status_code, problem_of(response)["code"]) == (431, "headers_too_large")


async def test_row_23_another_method_in_a_header_is_ignored(client, calls):
    response = await client.get("/v1/items/7", headers={"x-http-method-override": "DELETE"})
    assert response.status_code == 200
    assert calls == [7]


@pytest.mark.parametrize(
    "path", ["0", "-1", "1.5", "x", WIDE_ONE, str(2**53), str(2**64), "9" * 5_000, "%00", "1%0a", "1_0"]
)
async def test_a_number_in_a_path_that_is_none_is_not_found(client, calls, path):
    response = await client.get(f"/v1/items/{path}")
    assert (response.status_code, problem_of(response)["code"]) == (404, "not_found")
    assert calls == []


@pytest.mark.parametrize("name", ["a%00b", "a%1bb", "a%C2%85b", "x" * 101])
async def test_a_text_in_a_path_that_is_none_is_not_found(client, calls, name):
    response = await client.get(f"/v1/named/{name}")
    assert (response.status_code, problem_of(response)["code"]) == (404, "not_found")
    assert calls == []


@pytest.mark.parametrize(
    "sent",
    [
        item(name="Ünïcode Zoë 👩‍👩‍👧", note="ein\nzwei\tdrei\r\n"),
        item(name="=1+1", note="{{7*7}} <img onerror=x> ' OR 1=1--"),
        item(check_in="2028-02-29", check_in_from="23:59", at="2026-03-01T10:00:00.123456+10:30"),
        item(kind="room", share=1, currency="AUD"),
        body('{"guests":50,"share":1e-999}'),
        body(b' {"guests":1,"name":"\\ud83d\\ude00"}\n'),
        body('{"guests":1}', **{"content-type": "Application/JSON; Charset=UTF-8"}),
        body('{"guests":1}', accept="text/html, application/*;q=0.5"),
        body('{"guests":1}', accept="application/json"),
    ],
)
async def test_what_is_right_is_taken(client, calls, sent):
    response = await client.post("/v1/items", **sent)
    assert response.status_code == 201, response.text
    assert len(calls) == 1


async def test_texts_are_kept_exactly(client, calls):
    text = f" {WIDE_ONE}\N{RIGHT-TO-LEFT OVERRIDE}é\N{COMBINING ACUTE ACCENT}\N{ZERO WIDTH JOINER} "
    await client.post("/v1/items", **item(name=text))
    assert calls[0].name == text


async def test_every_wrong_field_is_named(client):
    response = await client.post("/v1/items", **item(guests=0, check_in="x", more=1, currency="XXX"))
    found = {(each["pointer"], each["code"]) for each in problem_of(response)["errors"]}
    assert found == {
        ("/guests", "out_of_range"),
        ("/check_in", "invalid_date"),
        ("/more", "unknown_field"),
        ("/currency", "unsupported_currency"),
    }


async def test_a_thousand_wrong_fields_are_not_all_named(client):
    response = await client.post("/v1/items", **item(**{f"m{number}": 1 for number in range(1_000)}))
    assert len(problem_of(response)["errors"]) == 50


async def test_a_long_name_is_cut_in_the_answer(client):
    response = await client.post("/v1/items", **item(**{"m" * 100_000: 1}))
    assert len(response.content) < 2_000


@pytest.mark.parametrize(
    ("items", "pointer", "code"),
    [
        ([{"kind": "stay", "nights": 0}], "/items/0/nights", "out_of_range"),
        ([{"kind": "stay", "nights": 1}, {"kind": "table"}], "/items/1/covers", "missing_field"),
        ([{"kind": "table", "covers": 1, "nights": 1}], "/items/0/nights", "unknown_field"),
        ([{"kind": "x" * 1_000}], "/items/0", "invalid_choice"),
        ([{}], "/items/0", "missing_field"),
        ([], "/items", "too_short"),
        ([{"kind": "stay", "nights": 1}] * 4, "/items", "too_long"),
        ({"0": 1}, "/items", "type_error"),
    ],
)
async def test_pointers_into_lists_of_several_kinds_are_places_in_the_body(client, items, pointer, code):
    response = await client.post("/v1/baskets", json={"items": items})
    [error] = problem_of(response)["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert len(error["detail"]) <= 300


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({"json": {"minutes": 10}}, "/minutes", "unknown_field"),
        ({"json": []}, "", "type_error"),
        (body("null"), "", "type_error"),
    ],
)
async def test_a_body_where_none_is_taken_is_refused(client, calls, sent, pointer, code):
    response = await client.post("/v1/items/1/extend", **sent)
    [error] = problem_of(response)["errors"]
    assert (response.status_code, error["pointer"], error["code"]) == (422, pointer, code)
    assert calls == []


@pytest.mark.parametrize("sent", [{}, {"json": {}}, {"content": b""}])
async def test_no_body_or_an_empty_object_is_fine_where_none_is_taken(client, calls, sent):
    response = await client.post("/v1/items/1/extend", **sent)
    assert response.status_code == 200
    assert calls == [1]


async def test_every_wrong_parameter_is_named_at_once(client, calls):
    response = await client.get("/v1/search?limt=1&limit=0&latitude=NaN")
    named = [(each["pointer"], each["code"]) for each in problem_of(response)["errors"]]
    assert sorted(named) == [
        ("#query/latitude", "type_error"),
        ("#query/limit", "out_of_range"),
        ("#query/limt", "unknown_field"),
    ]
    assert calls == []
