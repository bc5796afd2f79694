"""Limits, as whoever guesses, holds and floods meets them: on a server with the limits it comes with."""

import secrets
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from security_house import problem_code, secure_site

from support.visitors import PASSWORD, stay

ALLOWED = 10
"""Failed log-ins to one account from one address."""
FEW = {
    "limits_times": "1",
    "limits_registrations": "1000/60",
    "limits_holds": "15/600",
    "limits_why_not": "20/600",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with secure_site(tmp_path_factory.mktemp("limits"), **FEW) as made:
        yield made


def guess(client, name, **headers):
    body = {"email": f"{name}@example.com", "password": secrets.token_hex(8)}
    return client.post("/v1/sessions", json=body, headers=headers)


def good(client, name):
    return client.post("/v1/sessions", json={"email": f"{name}@example.com", "password": PASSWORD})


def tried(guesses, *, quota=ALLOWED, window_s=900):
    """Whether as many of these guesses were looked at as are allowed, and those that came back meanwhile."""
    began = time.monotonic()
    statuses = Counter(answer.status_code for answer in guesses)
    came_back = int((time.monotonic() - began) * quota / window_s)
    assert set(statuses) == {401, 429}
    return quota <= statuses[401] <= quota + came_back


class TestGuessingAPasswordComesToAnEnd:
    """S14 and row 76: exactly as many guesses as are allowed, wherever they say they come from, and for good."""

    def test_after_a_few_tries_of_a_thousand(self, site):
        site.guest("gina")
        with site.seen_from("127.0.0.10") as stranger:
            assert tried(guess(stranger, "gina") for _ in range(1_000))
            answers = [guess(stranger, "gina") for _ in range(2)]
        assert problem_code(answers[-1]) == "too_many_requests"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 90
        assert answers[-1].headers["ratelimit-policy"].startswith('"login_pair";q=10;w=900')
        assert '"login_pair";r=0;' in answers[-1].headers["ratelimit"]

    def test_though_each_says_it_comes_from_elsewhere(self, site):
        site.guest("gerd")
        with site.seen_from("127.0.0.11") as stranger:
            made_up = [
                {"x-forwarded-for": f"203.0.113.{n % 100}", "forwarded": f"for=192.0.2.{n}"} for n in range(1_000)
            ]
            assert tried(guess(stranger, "gerd", **headers) for headers in made_up)

    def test_though_there_is_no_such_account(self, site):
        with site.seen_from("127.0.0.12") as stranger:
            answers = [guess(stranger, "nobody-at-all") for _ in range(30)]
        assert Counter(each.status_code for each in answers) == {401: ALLOWED, 429: 30 - ALLOWED}

    def test_though_all_come_at_once(self, site):
        site.guest("gesa")
        with site.seen_from("127.0.0.13") as stranger, ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda _: guess(stranger, "gesa"), range(50)))
        assert Counter(each.status_code for each in answers) == {401: ALLOWED, 429: 50 - ALLOWED}

    def test_though_it_is_one_account_after_another(self, site):
        with site.seen_from("127.0.0.14") as stranger:
            assert tried((guess(stranger, f"person-{each}") for each in range(150)), quota=100)

    def test_but_the_owner_gets_in_from_elsewhere(self, site):
        site.guest("gabi")
        with site.seen_from("127.0.0.15") as stranger, site.seen_from("127.0.0.16") as owner:
            assert [guess(stranger, "gabi").status_code for _ in range(100)].count(429) == 90
            assert good(stranger, "gabi").status_code == 429
            assert good(owner, "gabi").status_code == 201

    def test_and_stays_at_its_end_when_the_server_is_killed(self, site):
        site.guest("gila")
        with site.seen_from("127.0.0.17") as stranger:
            assert [guess(stranger, "gila").status_code for _ in range(11)].count(401) == ALLOWED
        site.server.kill()
        site.server.start()
        with site.seen_from("127.0.0.17") as stranger:
            assert guess(stranger, "gila").status_code == 429

    def test_without_an_address_at_rest(self, site):
        with site.seen_from("127.0.0.18") as stranger:
            guess(stranger, "unheard-of")
        for name, content in site.files().items():
            assert b"unheard-of@" not in content, name
            assert b"127.0.0.18" not in content, name


class TestGuessingAReferenceComesToAnEnd:
    """S4 and row 75: a thousand references, then no more; what is there and not one's own looks like nothing there."""

    def test_of_a_thousand(self, site):
        guest = site.guest("rita")
        codes = ("".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(10)) for _ in range(1_000))
        statuses = Counter(guest.ask("GET", f"/v1/bookings/{code}").status_code for code in codes)
        assert set(statuses) == {404, 429}
        assert 30 <= statuses[404] <= 35  # one comes back each twenty seconds
        assert guest.ask("GET", "/v1/bookings").status_code == 200

    def test_and_somebody_elses_looks_like_none(self, site):
        owner, guest, other = site.owner("rolf"), site.guest("rosi"), site.guest("rudi")
        booked = guest.booked(stay(owner.property(), 40))
        foreign = other.ask("GET", f"/v1/bookings/{booked['reference']}")
        missing = other.ask("GET", "/v1/bookings/0000000000")
        assert (foreign.status_code, missing.status_code) == (404, 404)
        told = [{**each.json(), "instance": "", "request_id": ""} for each in (foreign, missing)]
        assert told[0] == told[1]
        changing = {"date", "x-request-id", "ratelimit"}
        assert {k: v for k, v in foreign.headers.items() if k not in changing} == {
            k: v for k, v in missing.headers.items() if k not in changing
        }


class TestHoldingToKeepOthersOutComesToAnEnd:
    """S23 and S22: so many holds at a time and in ten minutes, even if they are let go; others can still book."""

    def test_and_others_can_still_book(self, site):
        owner, scalper, guest = site.owner("hugo"), site.guest("hans"), site.guest("hella")
        home = owner.property()
        statuses = Counter()
        for round_ in range(20):
            quoted = scalper.quoted(stay(home, 40 + 3 * (round_ % 5)))
            answer = scalper.ask("POST", "/v1/holds", {"quote_id": quoted["id"]}, key=scalper.fresh_key())
            statuses[answer.status_code] += 1
            if answer.status_code == 201:
                scalper.delete(f"/v1/holds/{answer.json()['id']}")
        assert statuses == {201: 15, 429: 5}
        assert guest.booked(stay(home, 40))["reference"]

    def test_nor_do_fifty_at_once_hold_more_than_they_may(self, site):
        owner, scalper = site.owner("hilde"), site.guest("heinz")
        homes = [owner.property() for _ in range(14)]
        quotes = [scalper.quoted(stay(home, 40))["id"] for home in homes]

        def hold(quote_id):
            return scalper.ask("POST", "/v1/holds", {"quote_id": quote_id}, key=scalper.fresh_key()).status_code

        with ThreadPoolExecutor(14) as pool:
            assert Counter(pool.map(hold, quotes)) == {201: 10, 429: 4}

    def test_and_questions_why_not_do_as_well(self, site):
        owner, guest = site.owner("henri"), site.guest("helge")
        body = {"items": [stay(owner.property(), 40)]}
        statuses = Counter(guest.ask("POST", "/v1/why-not", body).status_code for _ in range(30))
        assert statuses == {200: 20, 429: 10}
