"""Where weaknesses are reported, and that every requirement of the security list is proved or said not to apply."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
REQUIREMENTS = {f"S{number}" for number in range(1, 49)}

ELSEWHERE = {
    "S1": "tests/outside/test_idor_matrix.py",
    "S3": "tests/outside/test_idor_matrix.py",
    "S20": "tests/bad_inputs/rows_money.py",
    "S21": "tests/gateway/test_paying_by_http.py",
    "S31": "tests/gateway/test_webhook_intake.py",
    "S40": "tests/architecture/test_supply.py",
    "S41": "tests/outside/test_idor_matrix.py",
    "S44": "tests/outside/test_card_numbers.py",
    "S47": "tests/accounts/test_privacy_rights.py",
}
"""What is proved in a file of its own."""

NOT_YET = {
    "S9": "there is no log-in by another service (OAuth)",
    "S27": "nobody can upload a file",
    "S28": "there is no private file but one's own export, which S47 covers",
    "S29": "no picture or video is decoded",
    "S30": "no address that a user gives is fetched",
    "S32": "there are no short links, and nothing redirects to where a request says",
    "S33": "there is no GraphQL",
    "S34": "there are no sockets",
    "S45": "TLS ends in front of Holdfast; S18 covers HSTS, and settings of mail refuse SMTP without TLS",
}
"""What does not apply to what there is, and why."""


def proved():
    """The requirements named by the test classes of the security files, and where."""
    found = {}
    for file in sorted(HERE.glob("test_security_*.py")):
        for text in re.findall(r'^class \w+:\n    """([^"]+?)"""', file.read_text(encoding="utf-8"), re.MULTILINE):
            for name in re.findall(r"\bS\d+\b", text.partition(":")[0]):
                found.setdefault(name, file.name)
    return found


class TestAWeaknessCanBeReported:
    """S48: a file in the repository and a page of the server say where, and what is supported for how long."""

    def test_to_whom_the_server_says(self, safe_site):
        answer = safe_site.anybody.http.get("/.well-known/security.txt")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain")
        said = dict(line.split(": ", 1) for line in answer.text.splitlines())
        assert said["Contact"] == "mailto:security@example.com"
        now = datetime.now(UTC)  # noqa: TID251 - tests from outside have no clock of the product
        assert now < datetime.fromisoformat(said["Expires"]) < now + timedelta(days=365)

    def test_as_the_repository_says(self):
        text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
        for heading in ("## Report a weakness", "## What is supported", "## How fast"):
            assert heading in text


class TestEveryRequirement:
    """Nothing of the list is forgotten."""

    def test_is_proved_or_said_not_to_apply(self):
        told = [set(proved()), set(ELSEWHERE), set(NOT_YET)]
        assert set.union(*told) == REQUIREMENTS
        assert not set(NOT_YET) & (told[0] | told[1])

    def test_that_is_proved_elsewhere_has_its_file(self):
        missing = [path for path in ELSEWHERE.values() if not (ROOT / path).is_file()]
        assert not missing

    def test_stands_in_the_table_of_the_documentation(self):
        table = dict(
            re.findall(r"^\| (S\d+) \|.*\| ([^|]+) \|$", (ROOT / "docs/security.md").read_text(), re.MULTILINE)
        )
        assert table.keys() == REQUIREMENTS
        for name, file in proved().items():
            assert file in table[name] or name in ELSEWHERE, name
        for name, path in ELSEWHERE.items():
            assert path.rpartition("/")[2] in table[name], name
        for name in NOT_YET:
            assert "not yet" in table[name], name
