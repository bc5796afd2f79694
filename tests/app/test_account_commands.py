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


def session(path):
    """Let the account be logged in."""
    with sqlite3.connect(path) as connection:
        connection.execute(
            "insert into accounts_session (id, account_id, kind, created_at, seen_at, authenticated_at, expires_at,"
            " second_factor) values ('ses_1', 1, 'bearer', 0, 0, 0, 9000000000000000, 0)"
        )


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


class TestClosing:
    def test_ends_sessions_and_is_recorded_and_undone(self, file):
        session(file)
        on = ("--email", "ADA@example.com", "--database", f"sqlite:///{file}")
        closed = run_holdfast("accounts", "disable", *on)
        assert closed.returncode == 0, closed.stderr
        assert "account 1 is closed and its sessions have ended" in closed.stdout
        assert asked(file, "select disabled from accounts_account") == [(1,)]
        assert asked(file, "select ended_why from accounts_session where ended_at is not null") == [("disabled",)]
        opened = run_holdfast("accounts", "enable", *on)
        assert "account 1 is open" in opened.stdout
        assert asked(file, "select disabled from accounts_account") == [(0,)]
        assert asked(file, "select count(*) from accounts_session where ended_at is null") == [(0,)]
        acts = "select kind, subject_id, account_id from accounts_activity where kind like 'account.%abled' order by id"
        assert asked(file, acts) == [("account.disabled", 1, None), ("account.enabled", 1, None)]

    @pytest.mark.parametrize("command", ["disable", "enable", "end-sessions"])
    def test_of_nobody_says_so(self, file, command):
        result = run_holdfast("accounts", command, "--email", "nobody@example.com", "--database", f"sqlite:///{file}")
        assert result.returncode == 2
        assert "no account has this address" in result.stderr


class TestEndingSessions:
    def test_logs_out_and_leaves_the_account_open(self, file):
        session(file)
        on = ("--email", "ada@example.com", "--database", f"sqlite:///{file}")
        result = run_holdfast("accounts", "end-sessions", *on)
        assert result.returncode == 0, result.stderr
        assert "1 sessions of account 1 have ended" in result.stdout
        why = asked(file, "select ended_why from accounts_session where ended_at is not null")
        assert why == [("ended_by_operator",)]
        assert asked(file, "select disabled from accounts_account") == [(0,)]
        assert "0 sessions" in run_holdfast("accounts", "end-sessions", *on).stdout
