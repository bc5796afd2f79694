"""What the database says, asked past the product: plain SQL on each engine."""

import json
import sqlite3
from contextlib import closing

from support import servers


def rows(url, sql):
    """The rows of a query, every value as text; None as an empty text."""
    engine = url.partition(":")[0]
    if engine == "sqlite":
        with closing(sqlite3.connect(f"file:{url.removeprefix('sqlite:///')}?mode=ro", uri=True)) as connection:
            return [["" if value is None else str(value) for value in row] for row in connection.execute(sql)]
    printed = server_of(url).execute(sql, url.rpartition("/")[2])
    return [["" if value == "NULL" else value for value in line.split("\t")] for line in printed.splitlines()]


def server_of(url):
    """The database server behind a URL: the shared one, or a private one that was `adopted`."""
    return _ADOPTED.get(url) or servers.shared(url.partition(":")[0])


def adopted(url, server):
    """Remember that a URL leads to a private server."""
    _ADOPTED[url] = server
    return url


_ADOPTED = {}


def tables(url):
    """The names of all tables of a database."""
    names = {
        "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = database()",
    }
    return {name for (name,) in rows(url, names[url.partition(":")[0]])}


def holds(url):
    """Every hold that was ever placed: id -> (quote id, state, its stays)."""
    found = rows(url, "SELECT id, quote_id, state, items FROM booking_hold WHERE kind <> 'owner'")
    return {hold_id: (quote_id, state, json.loads(items)) for hold_id, quote_id, state, items in found}


def bookings(url):
    """Every booking: reference -> (number, hold id, account id, state)."""
    found = rows(url, "SELECT reference, number, hold_id, account_id, state FROM booking_booking")
    return {reference: (int(number), hold, int(account), state) for reference, number, hold, account, state in found}
