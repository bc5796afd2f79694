"""Passwords somebody may not have, and how hard others are to guess."""

import asyncio
from contextlib import asynccontextmanager
from hashlib import sha1

import pytest
from accounts_builder import person
from credentials_builder import desk_on
from pydantic import ValidationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from holdfast.accounts import rules
from holdfast.accounts.service.breached import NotAsked, RangeApi, breached_of
from holdfast.accounts.service.strength import judged
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.errors import Invalid

LEAKED = "leaked somewhere else"


def wrong(password, username="john", email="jdoe@fastmail.example"):
    found = rules.wrong_password(password, username=username, email=email)
    return None if found is None else found.code


class TestARule:
    def test_refuses_each_of_the_3000_most_common(self):
        common = [each for each in FREQUENCY_LISTS["passwords"] if len(each) >= rules.MIN_PASSWORD][:3000]
        assert len(common) == 3000
        assert {wrong(each) for each in common} == {"password_too_common"}
        assert {wrong(each.upper()) for each in common[:300]} == {"password_too_common"}

    @pytest.mark.parametrize(
        "password",
        ["holdfast2026", "John-1984", "jdoe@fastmail.example", "fastmail!1", "HOLDFAST", "jdoejdoe", "1johnjohn!"],
    )
    def test_refuses_what_is_easy_to_guess_of_this_person_and_this_product(self, password):
        assert wrong(password) == ("too_short" if len(password) < 8 else "password_too_common")

    @pytest.mark.parametrize(
        ("password", "code"),
        [
            ("x7Kq!pL", "too_short"),
            ("x7Kq!pLw" * 8, None),
            ("x7Kq!pLw" * 16, None),
            ("x7Kq!pLw" * 1250, "too_long"),
            (" leading space", None),
            ("john likes long walks at night", None),
        ],
    )
    def test_takes_any_other_of_8_to_128_characters(self, password, code):
        assert wrong(password) == code


class TestStrength:
    def test_grows_with_what_guessing_takes(self):
        weak, middling, strong = (judged(each, ()) for each in ("password", "x7Kq!pLw", "velvet anchor thirteen plums"))
        assert (weak.score, middling.score, strong.score) == (0, 2, 4)
        assert weak.guesses_log10 < middling.guesses_log10 < strong.guesses_log10
        assert weak.warning
        assert weak.suggestions
        assert (strong.warning, strong.suggestions) == ("", ())

    def test_knows_whose_it_is(self):
        name = "wilhelmina-oxenstierna"
        assert judged(name, (name,)).score < judged(name, ()).score

    def test_looks_at_a_bounded_part(self):
        assert judged("pa$$w0rd" * 125, ("x" * 10_000,) * 100) == judged("pa$$w0rd" * 9, ())
        assert judged("", ()).score == 0

    async def test_decides_where_that_is_set(self, one_url, clock):
        async with desk_on(one_url, clock=clock, password_score_min=4) as desk:
            with pytest.raises(Invalid) as refusal:
                await desk.registered(password="x7Kq!pLw")
            assert [each.code for each in refusal.value.errors] == ["password_too_common"]
            await desk.registered(password="velvet anchor thirteen plums")


@asynccontextmanager
async def range_api(asked, *, broken=False):
    """A server that knows one leaked password."""

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.decode())
        digest = sha1(LEAKED.encode()).hexdigest().upper()  # noqa: S324 - the form of the range API
        body = "".join(f"{rest}:{count}\r\n" for rest, count in ((digest[5:], 3), ("0" * 35, 0)))
        body = body if f"/range/{digest[:5]} " in asked[-1] else "F" * 35 + ":1\r\n"
        status = "500 Broken" if broken else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class TestTheBreachedCheck:
    async def test_finds_what_leaked_and_tells_five_digits_of_a_hash(self):
        asked = []
        async with range_api(asked) as url:
            api = RangeApi(url)
            assert await api.has(LEAKED)
            assert not await api.has("not that one")
            await api.close()
        sent = sha1(LEAKED.encode()).hexdigest().upper()  # noqa: S324 - the form of the range API
        assert asked[0].startswith(f"GET /range/{sent[:5]} HTTP/1.1")
        assert "add-padding: true" in asked[0].lower()
        assert sent[5:10] not in asked[0]

    async def test_lets_pass_what_nobody_can_judge(self):
        asked = []
        async with range_api(asked, broken=True) as url:
            api = RangeApi(url)
            assert not await api.has(LEAKED)
        assert not await api.has(LEAKED)
        await api.close()
        assert len(asked) == 1

    async def test_is_off_unless_it_is_set(self):
        assert isinstance(breached_of(""), NotAsked)
        assert not await breached_of("").has(LEAKED)

    async def test_refuses_a_registration(self, one_url, clock):
        async with range_api([]) as url, desk_on(one_url, clock=clock, breached_url=url) as desk:
            with pytest.raises(Invalid) as refusal:
                await desk.registered(**person(password=LEAKED))
            assert [(each.pointer, each.code) for each in refusal.value.errors] == [("/password", "password_breached")]
            await desk.doors.breached.close()

    @pytest.mark.parametrize("url", ["http://example.com", "ftp://example.com", "https://"])
    def test_speaks_tls_beyond_this_machine(self, url):
        with pytest.raises(ValidationError):
            AccountsSettings(_env_file=None, breached_url=url)
