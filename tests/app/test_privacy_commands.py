"""What operators do about people's data, run as people run it: in a process of its own."""

import csv
import json
import stat
from io import StringIO
from zipfile import ZipFile

import pytest

from holdfast.accounts.privacy_api import ConsentPurpose
from holdfast.kit.privacy_words import KINDS, Kind
from support.process import run_holdfast

PASSWORD = {"HOLDFAST_ADMIN_PASSWORD": "four random words here"}
EMAIL = "ada@example.com"


@pytest.fixture
def database(tmp_path):
    """A SQLite database with one account."""
    url = f"sqlite:///{tmp_path}/cli.db"
    done(run_holdfast("migrate", "--database", url))
    done(run_holdfast("create-admin", "--email", EMAIL, "--username", "ada", "--database", url, env=PASSWORD))
    return url


def done(result):
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(result, *words):
    assert result.returncode == 2, result.stdout
    assert "Traceback" not in result.stderr
    assert all(word in result.stderr for word in words), result.stderr


class TestThePolicy:
    def test_is_printed_without_a_database_and_names_the_operator(self):
        ours = {"HOLDFAST_PRIVACY_OPERATOR": "Example Pty Ltd", "HOLDFAST_PRIVACY_CONTACT": "privacy@example.com"}
        said = done(run_holdfast("privacy", "policy", "--render", env=ours))
        assert "# Privacy policy of Example Pty Ltd" in said
        assert "privacy@example.com" in said

    def test_refuses_a_recipient_there_is_none_of(self):
        wrong = {"HOLDFAST_PRIVACY_RECIPIENT_COUNTRIES": "nobody=AU"}
        refused(run_holdfast("privacy", "policy", env=wrong), "HOLDFAST_PRIVACY", "stripe=IE")

    def test_lists_its_fields(self):
        found = json.loads(done(run_holdfast("privacy", "fields", "--json")))
        [email] = [each for each in found if (each["table"], each["column"]) == ("accounts_account", "email")]
        assert (email["kind"], email["erase"]) == ("contact", "cleared")


class TestANotice:
    def test_is_printed_for_each_form_and_names_the_operator(self):
        ours = {"HOLDFAST_PRIVACY_OPERATOR": "Example Pty Ltd", "HOLDFAST_PRIVACY_CONTACT": "privacy@example.com"}
        said = done(run_holdfast("privacy", "notices", "table_notes", env=ours))
        assert "what Example Pty Ltd collects and why" in said
        assert "privacy@example.com" in said
        assert KINDS[Kind.HEALTH] in said

    def test_is_printed_as_the_route_answers_it(self):
        said = json.loads(done(run_holdfast("privacy", "notices", "registration", "--json")))
        assert (said["form"], "contact" in {each["kind"] for each in said["collected"]}) == ("registration", True)

    def test_there_is_none_of_a_form_there_is_none_of(self):
        refused(run_holdfast("privacy", "notices", "nothing"), "nothing", "registration, booking")


class TestAConsent:
    def test_is_shown_and_withdrawn_for_somebody_who_asks(self, database):
        of_ada = ("privacy", "consents", "--email", EMAIL, "--database", database)
        said = {each["purpose"]: each for each in json.loads(done(run_holdfast(*of_ada)))}
        assert set(said) == {each.value for each in ConsentPurpose}
        assert said["marketing_email"]["how"] is None
        said = json.loads(done(run_holdfast(*of_ada, "--withdraw", "marketing_email")))
        [withdrawn] = [each for each in said if each["purpose"] == "marketing_email"]
        assert (withdrawn["granted"], withdrawn["how"]) == (False, "operator")
        refused(run_holdfast(*of_ada, "--withdraw", "everything"), "marketing_push")


class TestARestriction:
    def test_is_set_and_lifted(self, database):
        of_ada = ("privacy", "restrict", "--email", EMAIL, "--database", database)
        assert "is restricted" in done(run_holdfast(*of_ada))
        assert "is not restricted" in done(run_holdfast(*of_ada, "--lift"))
        nobody = ("privacy", "restrict", "--email", "nobody@example.com", "--database", database)
        refused(run_holdfast(*nobody), "no account")


class TestABreach:
    def test_goes_from_a_suspicion_to_people_who_are_told(self, database):
        what = ("--title", "A laptop", "--what", "It was stolen.", "--kind", "contact", "--database", database)
        breach_id, _, rest = done(run_holdfast("breach", "open", *what)).partition(":")
        assert "1 people concerned" in rest
        assessed = ("breach", "assess", breach_id, "--serious", "--reasons", "It was open.", "--database", database)
        assert "OAIC" in done(run_holdfast(*assessed))
        told = list(csv.DictReader(StringIO(done(run_holdfast("breach", "notify", breach_id, "--database", database)))))
        assert [(each["email"], each["kinds"]) for each in told] == [(EMAIL, "contact")]
        assert "told" in done(run_holdfast("breach", "list", "--database", database))


class TestSomebodysData:
    def test_is_copied_for_them_alone_and_then_erased_with_books_that_are_right(self, database, tmp_path):
        out = tmp_path / "ada.zip"
        done(run_holdfast("privacy", "export", "--email", EMAIL, "--out", str(out), "--database", database))
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        with ZipFile(out) as archive:
            assert EMAIL in archive.read("data.json").decode()
        assert "booking_note" in done(run_holdfast("privacy", "retention", "--dry-run", "--database", database))
        erase = ("privacy", "erase", "--email", EMAIL, "--now", "--yes", "--database", database)
        assert "is erased" in done(run_holdfast(*erase))
        [erasure] = json.loads(done(run_holdfast("privacy", "erasures", "--database", database)))
        assert (erasure["state"], erasure["asked_by"]) == ("done", "operator")
        assert "clean" in done(run_holdfast("verify", "--database", database))
        refused(run_holdfast(*erase), "no account")
