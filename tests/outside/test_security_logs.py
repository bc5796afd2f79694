"""Logs and secrets: who did what is written down, and nothing that could be used."""

import json
import re
import secrets
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from security_house import METRICS_TOKEN, PRODUCTION, problem_code, secure_site

from support.process import run_holdfast
from support.servers import free_port
from support.visitors import PASSWORD, SECRET, stay

ROOT = Path(__file__).parents[2]
NEW_SECRET = "Vn4Lq8Xs2Zt6Wb0Rm5Kj9Hg3Fd7Cp1Ya"
WEAK = "Change-Me-0123456789-abcdefghijklmnop"
"""Long enough, and a default; every other kind is tried in tests/kit/test_settings.py."""
LINE_BREAKS = (
    "a\nb",
    'x\n{"level":"error","event":"forged"}',
    "\r\n\r\nforged",
    "\x1b[31mred",
    "\u2028forged",
    "\u202eforged",
)
IN_THE_REPOSITORY = re.compile(
    r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----|AKIA[0-9A-Z]{16}|sk_live_[0-9a-zA-Z]{16}|ghp_[0-9A-Za-z]{36}"
)


@pytest.fixture(scope="module")
def site(safe_site):
    return safe_site


def lines(site):
    """The log, line by line."""
    return [json.loads(line) for line in site.server.output().splitlines() if line.startswith("{")]


def log_in(site, email, password):
    return site.anybody.http.post("/v1/sessions", json={"email": email, "password": password})


class TestTheLogTellsWhatHappenedAndNothingThatCouldBeUsed:
    """S37: log-ins, refusals, limits and money with time and request; no password, token, cookie or mail address."""

    def test_of_a_day_full_of_secrets(self, site):
        mark = secrets.token_hex(6)
        said = {
            "password": f"canary password {mark}",
            "email": f"canary-{mark}@example.com",
            "username": f"canary-{mark}",
        }
        site.anybody.http.post("/v1/accounts", json={**said, "role": "guest"})
        given = log_in(site, said["email"], said["password"]).json()
        headers = {"authorization": f"Bearer {given['access_token']}"}
        body = {"email": said["email"], "password": said["password"], "mode": "cookie"}
        cookies = site.anybody.http.post("/v1/sessions", json=body).headers.get_list("set-cookie")
        site.anybody.http.cookies.clear()
        tried = [
            site.anybody.http.post("/v1/sessions/refresh", json={"refresh_token": given["refresh_token"]}),
            site.anybody.http.get("/v1/me", headers={"authorization": f"Bearer wrong.{mark}.token"}),
            site.anybody.http.get(f"/v1/search/stays?text={mark}&token={mark}", headers={"cookie": f"session={mark}"}),
            site.anybody.http.post("/v1/sessions", json={"email": said["email"], "password": f"wrong {mark}"}),
            site.anybody.http.post("/v1/sessions", content=f'{{"password": "{mark}'.encode(), headers=headers),
            site.anybody.http.post("/v1/webhooks/simulator", content=mark.encode(), headers={"x-signature": mark}),
            site.anybody.http.get(f"/v1/bookings/{mark}", headers=headers),
        ]
        log = site.server.output()
        told = "".join(each.text for each in tried[1:] if each.status_code >= 400)
        values = [part.partition("=")[2].partition(";")[0] for part in cookies]
        for canary in (*said.values(), given["access_token"], given["refresh_token"], *values, SECRET, METRICS_TOKEN):
            assert canary not in log
            assert canary not in told
        assert f"wrong {mark}" not in log

    def test_with_time_and_request_of_each(self, site):
        refused = log_in(site, "nobody-at-all@example.com", "wrong words entirely")
        mine = [each for each in lines(site) if each.get("request_id") == refused.headers["x-request-id"]]
        [line] = [each for each in mine if each["event"] == "request.answered"]
        assert (line["status"], line["code"], line["route"]) == (401, "invalid_credentials", "/v1/sessions")
        assert datetime.fromisoformat(line["timestamp"]).utcoffset().total_seconds() == 0

    @pytest.mark.parametrize("written", LINE_BREAKS)
    def test_and_nobody_can_write_a_line_of_it(self, site, written):
        before = len(lines(site))
        site.anybody.http.get(f"/nowhere/{written.encode().hex()}")
        site.anybody.http.get("/v1/search/stays", params={"text": written})
        site.anybody.http.post("/v1/sessions", json={"email": written, "password": written, written: 1})
        for line in site.server.output().splitlines():
            assert line.isprintable()
        assert not [each for each in lines(site)[before:] if each.get("event") == "forged"]

    def test_nor_do_metrics_name_anybody(self, site):
        guest = site.guest("mona")
        text = site.anybody.http.get("/metrics", headers={"authorization": f"Bearer {METRICS_TOKEN}"}).text
        assert "holdfast_http_requests_total" in text
        for name in ("mona", guest.account["email"], guest.token):
            assert name not in text


class TestASecretIsNowhereToBeSeen:
    """S39: from the environment only, strong or refused, and changed without anybody being logged out."""

    def test_in_how_the_server_was_started(self, site):
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                arguments = process.read_bytes()
            except OSError:
                continue
            assert SECRET.encode() not in arguments
            assert METRICS_TOKEN.encode() not in arguments
        assert SECRET not in site.server.output()
        for name, content in site.files().items():
            assert SECRET.encode() not in content, name

    @pytest.mark.parametrize("secret", [WEAK, ""])
    def test_if_it_is_weak_or_missing_and_says_nothing_of_it(self, tmp_path, secret):
        env = PRODUCTION | {"HOLDFAST_SECRET": secret}
        done = run_holdfast("migrate", "--database", f"sqlite:///{tmp_path}/x.db", env=env)
        assert done.returncode != 0
        assert "HOLDFAST" in done.stderr
        assert WEAK not in done.stdout + done.stderr
        assert not (tmp_path / "x.db").exists()

    def test_when_it_is_changed(self, tmp_path):
        with secure_site(tmp_path) as first:
            owner, guest = first.owner("olaf"), first.guest("gaby")
            quoted = guest.quoted(stay(owner.property(), 40))
            owner.property()
            page = first.anybody.http.get("/v1/search/stays", params={"limit": 1}).json()
            proof = {"email": "gaby@example.com", "password": PASSWORD}
            given = first.anybody.http.post("/v1/sessions", json=proof).json()
            baked = first.anybody.http.post("/v1/sessions", json={**proof, "mode": "cookie"})
            sent = "; ".join(each.partition(";")[0] for each in baked.headers.get_list("set-cookie"))
        with secure_site(tmp_path, secret=NEW_SECRET, secret_previous=SECRET) as second:
            headers = {"authorization": f"Bearer {guest.token}", "idempotency-key": "after-rotation"}
            assert second.anybody.http.get("/v1/me", headers=headers).status_code == 200
            held = second.anybody.http.post("/v1/holds", json={"quote_id": quoted["id"]}, headers=headers)
            assert held.status_code == 201, held.text
            assert second.visitor().logged_in("gaby").get("/v1/me")["username"] == "gaby"
            http = second.anybody.http
            following = http.get("/v1/search/stays", params={"limit": 1, "cursor": page["next_cursor"]})
            assert following.status_code == 200, following.text
            carried = http.post("/v1/sessions/refresh", json={"refresh_token": given["refresh_token"]})
            assert carried.status_code == 201, carried.text
            cookies = {"cookie": sent, "x-csrf-token": baked.json()["csrf_token"]}
            gone = http.delete("/v1/sessions/current", headers=cookies)
            assert gone.status_code == 204, gone.text

    def test_in_the_repository(self):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
        if listed.returncode:
            pytest.skip("no repository here")
        for name in filter(None, listed.stdout.split("\0")):
            file = ROOT / name
            if file.is_file():
                assert not IN_THE_REPOSITORY.search(file.read_text(errors="replace")), name


class TestAnErrorTellsNothing:
    """S38: plain words and a number to ask by; and where tries cannot be counted, nobody is let in."""

    def test_of_what_is_inside(self, site):
        answer = site.anybody.http.post("/v1/sessions", content=b"\xff", headers={"content-type": "application/json"})
        assert set(answer.json()) <= {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}
        assert not re.search(r"Traceback|\.py|SELECT|site-packages|/home|/work", answer.text)

    def test_and_who_cannot_be_counted_is_not_let_in(self, tmp_path):
        with secure_site(tmp_path, redis_url=f"redis://127.0.0.1:{free_port()}/0") as site:
            answer = log_in(site, "nora@example.com", PASSWORD)
            assert (answer.status_code, problem_code(answer)) == (503, "limits_unavailable")
            assert answer.headers["retry-after"]
            assert site.anybody.http.get("/v1/search/stays?limit=1").status_code == 200


class TestNobodyIsThereToBeginWith:
    """S46: a new installation has no account, and an admin is made by whoever runs it."""

    @pytest.mark.parametrize("name", ["admin", "root", "holdfast", "demo", "test"])
    def test_whatever_is_tried(self, site, name):
        for password in ("admin", "password", "holdfast", "changeme", name):
            assert log_in(site, f"{name}@example.com", password).status_code == 401

    def test_but_who_is_made_on_the_command_line(self, site):
        admin = site.admin("arne", site.database, site.env)
        assert admin.get("/v1/me")["role"] == "admin"
        assert problem_code(site.guest("gast").ask("GET", "/v1/admin/accounts")) == "forbidden"
