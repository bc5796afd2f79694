import pytest
from http_app import problem_of

from holdfast.kit.http.keys import KeyMalformed, KeyMissing

BODY = {"guests": 2, "name": "Zoë"}


def sent(*keys, body=BODY):
    headers = [(b"authorization", b"Bearer guest"), *((b"idempotency-key", key) for key in keys)]
    return {"json": body, "headers": headers}


class TestAKey:
    @pytest.mark.parametrize(
        ("keys", "refusal"),
        [
            ((), KeyMissing),
            ((b"",), KeyMalformed),
            ((b"x" * 256,), KeyMalformed),
            (("schlüssel".encode(),), KeyMalformed),
            ((b"schl\xfcssel",), KeyMalformed),
            ((b"a\tb",), KeyMalformed),
            ((b"a\x7f",), KeyMalformed),
            ((b"a", b"b"), KeyMalformed),
            ((b"a", b"a"), KeyMalformed),
        ],
        ids=["missing", "empty", "too long", "UTF-8", "Latin-1", "tab", "delete", "two", "two alike"],
    )
    async def test_that_is_none_is_refused(self, client, calls, keys, refusal):
        response = await client.post("/v1/holds", **sent(*keys))
        assert (response.status_code, problem_of(response)["code"]) == (400, refusal.code)
        assert calls == []

    @pytest.mark.parametrize("key", [b"a", b"x" * 255, b'8e03978e-40d5-43dd ~!"', b"0"])
    async def test_of_printable_ascii_is_taken(self, client, calls, key):
        await client.post("/v1/holds", **sent(key))
        [(_, _, taken)] = calls
        assert taken.key == key.decode()

    async def test_is_asked_for_only_from_who_may_send_it(self, client):
        response = await client.post("/v1/holds", json=BODY)
        assert problem_of(response)["code"] == "unauthenticated"

    async def test_knows_its_route(self, client, calls):
        await client.post("/v1/holds", **sent(b"k"))
        await client.post("/v1/holds/7/extend", **sent(b"k", body={}))
        assert [each[-1].route for each in calls] == ["POST /v1/holds", "POST /v1/holds/{number}/extend"]


class TestAFingerprint:
    @staticmethod
    async def of(client, calls, path="/v1/holds", *, query="", **request):
        headers = [
            (b"authorization", b"Bearer guest"),
            (b"idempotency-key", b"k"),
            (b"content-type", b"application/json"),
        ]
        response = await client.post(path + query, headers=headers, **request)
        assert response.status_code == 200, response.text
        return calls.pop()[-1].fingerprint

    async def test_is_the_same_for_bodies_that_say_the_same(self, client, calls):
        one = await self.of(client, calls, content=b'{"guests":2,"name":"Zo\\u00eb"}')
        other = await self.of(client, calls, content='{ "name": "Zoë", "guests": 2 }'.encode())
        assert one == other
        assert len(one) == 64

    async def test_differs_with_the_body(self, client, calls):
        bodies = [b'{"guests":2}', b'{"guests":3}', b'{"guests":2,"name":"2"}', b'{"guests":2,"name":null}']
        assert len({await self.of(client, calls, content=body) for body in bodies}) == len(bodies)

    async def test_differs_with_the_path(self, client, calls):
        paths = ["/v1/holds/1/extend", "/v1/holds/2/extend"]
        assert len({await self.of(client, calls, path) for path in paths}) == len(paths)
