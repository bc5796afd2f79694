"""One way to talk to a database, on SQLite, PostgreSQL and MariaDB/MySQL.

Statements are written once with SQLAlchemy Core over a module's tables, compiled once per dialect, and run by the raw
driver (docs/decisions/0002). `types` and `tables` describe, `statements` say, `database` is what services hold and
`opening` makes one from a URL. `migrate` brings a schema up or down. It never decides what is written.
"""
