import sqlite3

import pytest

from support.process import run_holdfast

ADMIN = ("--email", "ada@example.com", "--username", "ada")
PASSWORD = {"HOLDFAST_ADMIN_PASSWORD": "four random words here"}
RESET = ("accounts", "reset-factors", "--email")


@pytest.fixture
def file(tmp_path):
    """A SQLite database with one account, which has a passkey."""
    path = tmp_path / "accounts.db"
    made = run_holdfast("create-admin", *ADMIN, "--database", f"sqlite:///{path}", env=PASSWORD)
    assert made.returncode == 0, made.stderr
    with sqlite3.connect(path) as connection:
        connection.execute(
            "insert into accounts_passkey values ('pk_1', 1, 'phone', ?, 'AAAA', 'AAAA', 0, 0, 0, null)", ["a" * 64]
        )
    return path


def asked(path, query):
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


class TestResettingFactors:
    def test_takes_them_away_and_is_recorded(self, file):
        result = run_holdfast(*RESET, "ADA@example.com", "--yes", "--database", f"sqlite:///{file}")
        assert result.returncode == 0, result.stderr
        assert "no authenticator app, 0 recovery codes and 1 passkeys" in result.stdout
        assert asked(file, "select count(*) from accounts_passkey") == [(0,)]
        noted = asked(file, "select subject_id, account_id from accounts_activity where kind = 'factors.reset'")
        assert noted == [(1, None)]
        assert asked(file, "select account_id from accounts_mail where kind = 'factors_changed'") == [(1,)]

    def test_of_nobody_says_so(self, file):
        result = run_holdfast(*RESET, "nobody@example.com", "--yes", "--database", f"sqlite:///{file}")
        assert result.returncode == 2
        assert "no account has this address" in result.stderr

    def test_asks_first(self, file):
        result = run_holdfast(*RESET, "ada@example.com", "--database", f"sqlite:///{file}")
        assert result.returncode != 0
        assert asked(file, "select count(*) from accounts_passkey") == [(1,)]
