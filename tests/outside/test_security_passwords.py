"""Passwords, and what strangers can learn of who has an account: nothing."""

import re
import sqlite3
import statistics
import time
from email import message_from_bytes, policy

import pytest
from security_house import problem_code

from support.polling import wait_until
from support.visitors import PASSWORD

TIMED = 40
"""Requests of each kind, in turn: enough to tell a password that is hashed from one that is not."""
SAME_MAILBOX = (
    ("gaia@example.com", "GAIA@Example.COM"),
    ("greta@example.com", "\uff47reta@example.com"),
    ("andre\u0301@example.com", "andr\u00e9@example.com"),
    ("stra\u00dfe@example.com", "strasse@example.com"),
    ("kelvin@example.com", "\u212aelvin@example.com"),
    ("gwen@caf\u00e9.example", "gwen@xn--caf-dma.example"),
    ("gus@example.com", "gus@example.com "),
)
NO_MAILBOX = (
    "a@b", "two@@example.com", "a@b@example.com", "a\r\nBcc: x@example.com", "a@example.com, b@example.com",
    '"a b"@example.com', "a" * 300 + "@example.com", "@example.com", "a@", "a@-x.example", "a\u0000@example.com",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(safe_site):
    return safe_site


def register(site, name, email=None, password=PASSWORD):
    body = {"username": name, "email": email or f"{name}@example.com", "password": password, "role": "guest"}
    return site.anybody.http.post("/v1/accounts", json=body)


def log_in(site, name, password=PASSWORD):
    return site.anybody.http.post("/v1/sessions", json={"email": f"{name}@example.com", "password": password})


def letters(site, to):
    """What was written to somebody, oldest first."""
    files = sorted(site.folder.rglob("*.eml"), key=lambda file: file.stat().st_mtime)
    read = (message_from_bytes(file.read_bytes(), policy=policy.default) for file in files)
    return [letter.get_body(("plain",)).get_content() for letter in read if letter["to"].endswith(f"{to}@example.com")]


def link_in(letter):
    """The token of the link in a letter."""
    return re.search(r"[#?&]token=([\w.~-]+)", letter)[1]


def told(answer):
    """All an answer says, but what is different in every answer."""
    changing = {"date", "x-request-id", "ratelimit"}
    headers = {name: value for name, value in answer.headers.items() if name not in changing}
    body = answer.json() if answer.content else None
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "request_id"}
    return answer.status_code, headers, body


def hash_of(site, name):
    with sqlite3.connect(f"file:{site.folder}/house.db?mode=ro", uri=True, timeout=10) as db:
        return db.execute("SELECT password_hash FROM accounts_account WHERE username = ?", (name,)).fetchone()[0]


class TestAPasswordIsKeptSafelyAndExactly:
    """S10 and row 72: argon2id with enough memory, any characters, none cut off, and not what everybody guesses."""

    def test_as_argon2id(self, site):
        assert register(site, "paula").status_code == 202
        written = re.fullmatch(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$.+", hash_of(site, "paula"))
        assert int(written[1]) >= 19_456
        assert int(written[2]) >= 2

    @pytest.mark.parametrize(
        "password",
        [
            "  spaces  around and within  ",
            "pässwörter mit ümläuten sind länger",
            "🐎🔋📎 correct horse battery staple 🐎",
            "x9#" * 21 + "q",
            "7Kd!" * 18,
            "m2$L" * 31,
        ],
    )
    def test_whatever_characters_it_has(self, site, password):
        name = f"pia-{abs(hash(password)) % 10**8}"
        assert register(site, name, password=password).status_code == 202
        assert log_in(site, name, password).status_code == 201
        for other in (password.strip() + "!", password[:-1], password + " ", password.swapcase()):
            assert log_in(site, name, other).status_code == 401, other

    @pytest.mark.parametrize("length", [64, 72, 73, 128])
    def test_to_its_last_character(self, site, length):
        password = ("Zq3v8Kp1Lx7Tn4Wc9Rb2Hd6Mf5Yg0Js-" * 5)[:length]
        name = f"paul-{length}"
        assert register(site, name, password=password).status_code == 202
        assert log_in(site, name, password[:-1] + "#").status_code == 401
        assert log_in(site, name, password[:-1]).status_code == 401
        assert log_in(site, name, password).status_code == 201

    @pytest.mark.parametrize(
        "weak",
        [
            "", "short7!", "password", "password123", "qwertyuiop", "12345678", "iloveyou", "holdfast1234",
            "peter@example.com", "a" * 40, "x" * 10_000, "correct horse battery\u0000",
        ],
    )  # fmt: skip
    def test_and_a_weak_one_is_refused(self, site, weak):
        answer = register(site, "peter", password=weak)
        assert answer.status_code == 422
        assert {each["pointer"] for each in answer.json()["errors"]} == {"/password"}
        if any(each in weak for each in "0123456789@"):  # else it may be a word of the answer
            assert weak not in answer.text


class TestNobodyLearnsWhoHasAnAccount:
    """S11 and row 71: registering, recovering and logging in answer alike for a known and an unknown address."""

    def test_by_registering(self, site):
        assert register(site, "reya").status_code == 202
        known = register(site, "reya-two", "reya@example.com", "another quite long password")
        unknown = register(site, "reya-six", "rexa@example.com", "another quite long password")
        said = [told(each) for each in (known, unknown)]
        own = {"reya@example.com", "rexa@example.com", "reya-two", "reya-six"}
        assert all({body.pop("email"), body.pop("username")} <= own for _, _, body in said)
        assert said[0] == said[1]

    def test_and_an_account_that_is_there_is_left_as_it_was(self, site):
        assert register(site, "runa").status_code == 202
        before = hash_of(site, "runa")
        register(site, "runa-two", "RUNA@example.com", "another quite long password")
        assert hash_of(site, "runa") == before
        assert log_in(site, "runa").status_code == 201
        assert log_in(site, "runa", "another quite long password").status_code == 401
        assert wait_until(lambda: any("account" in each for each in letters(site, "runa")), within_s=20)

    def test_by_asking_for_a_new_password(self, site):
        register(site, "remo")
        ask = [
            site.anybody.http.post("/v1/accounts/recoveries", json={"email": f"{each}@example.com"})
            for each in ("remo", "rxmo")
        ]
        said = [told(each) for each in ask]
        assert [body.pop("email") for _, _, body in said] == ["remo@example.com", "rxmo@example.com"]
        assert said[0] == said[1]

    def test_by_logging_in(self, site):
        register(site, "rana")
        assert told(log_in(site, "rana", "not the password")) == told(log_in(site, "nobody-at-all", "not the password"))

    def test_by_how_long_it_takes(self, site):
        register(site, "rike")
        took = {"rike": [], "nobody-at-all": []}
        for _ in range(TIMED):
            for name, times in took.items():
                began = time.perf_counter()
                log_in(site, name, "not the password")
                times.append(time.perf_counter() - began)
        known, unknown = (statistics.median(times) for times in took.values())
        assert 0.6 < known / unknown < 1.6  # one that is not hashed is answered ten times as fast


class TestALinkInALetterIsGoodOnce:
    """Row 74: a link to a new password works once, for one account, and no other word is one."""

    def test_and_ends_the_sessions(self, site):
        register(site, "lena")
        session = log_in(site, "lena").json()
        site.anybody.http.post("/v1/accounts/recoveries", json={"email": "lena@example.com"})
        assert wait_until(lambda: any("new password" in each for each in letters(site, "lena")), within_s=20)
        token = link_in([each for each in letters(site, "lena") if "new password" in each][-1])
        body = {"token": token, "password": "the third of her passwords"}
        first = site.anybody.http.post("/v1/accounts/recover", json=body)
        again = site.anybody.http.post("/v1/accounts/recover", json=body)
        assert first.status_code == 204, first.text
        assert (again.status_code, problem_code(again)) == (400, "token_invalid")
        assert log_in(site, "lena").status_code == 401
        assert log_in(site, "lena", "the third of her passwords").status_code == 201
        stale = site.anybody.http.get("/v1/me", headers={"authorization": f"Bearer {session['access_token']}"})
        assert stale.status_code == 401
        for name, content in site.files().items():
            assert token.encode() not in content or name.endswith(".eml"), name

    @pytest.mark.parametrize("token", ["x", "a" * 43, "../../etc/passwd", "' OR 1=1 --", "ä" * 43])
    def test_and_no_other_word_is_one(self, site, token):
        body = {"token": token, "password": "the third of her passwords"}
        answer = site.anybody.http.post("/v1/accounts/recover", json=body)
        assert answer.status_code in {400, 422}


class TestWhoeverIsNotTheOwnerIsNoticed:
    """S15: another password, and a log-in on a device the account was never used on, are told to its mailbox."""

    def test_by_letters(self, site):
        register(site, "lotte")
        session = log_in(site, "lotte").json()
        body = {"current_password": PASSWORD, "new_password": "the second of her passwords"}
        headers = {"authorization": f"Bearer {session['access_token']}"}
        assert site.anybody.http.post("/v1/me/password", json=body, headers=headers).status_code == 204
        assert wait_until(lambda: any("was changed" in each for each in letters(site, "lotte")), within_s=20)
        with site.seen_from("127.0.0.77") as elsewhere:
            again = {"email": "lotte@example.com", "password": "the second of her passwords"}
            browser = {"user-agent": "Another browser"}
            assert elsewhere.post("/v1/sessions", json=again, headers=browser).status_code == 201
        assert wait_until(lambda: any("127.0.0.77" in each for each in letters(site, "lotte")), within_s=20)
        assert not [each for each in letters(site, "lotte") if "second of her" in each]


class TestAMailboxHasOneAccount:
    """S36 and row 70: however an address is written, it is one mailbox; what is none is refused."""

    @pytest.mark.parametrize(("one", "other"), SAME_MAILBOX)
    def test_however_it_is_written(self, site, one, other):
        name = f"mail-{SAME_MAILBOX.index((one, other))}"
        assert register(site, name, one).status_code == 202
        assert register(site, f"{name}-again", other).status_code == 202
        with sqlite3.connect(f"file:{site.folder}/house.db?mode=ro", uri=True, timeout=10) as db:
            made = db.execute("SELECT count(*) FROM accounts_account WHERE username LIKE ?", (f"{name}%",)).fetchone()
        assert made == (1,)
        body = {"email": other, "password": PASSWORD}
        assert site.anybody.http.post("/v1/sessions", json=body).status_code == 201

    @pytest.mark.parametrize("email", NO_MAILBOX)
    def test_and_what_is_none_is_refused(self, site, email):
        answer = register(site, "nomail", email)
        assert answer.status_code == 422
        assert {each["pointer"] for each in answer.json()["errors"]} == {"/email"}
