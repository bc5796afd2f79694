"""The naive stack: a booking service as most tutorials and many products write it.

Flask, SQLAlchemy's ORM with a session per request, gunicorn, PostgreSQL. To book is to look whether an overlapping
booking exists and to insert one if not. It is no straw man: connections are pooled, the look is served by an index,
debug is off, the token is the cheapest kind (HS256) and no account is loaded per request. What it lacks is what such
services lack: a guard in the database against two requests that look at the same moment.
"""
