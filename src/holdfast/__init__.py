"""Holdfast: one reservation engine for stays, dining and flights.

Packages, from the ground up: `engine` (arithmetic), `kit` (toolbox) and `verticals` (rules of each business), the
modules `accounts`, `catalog`, `booking`, `payments` and `search`, the `gateway` (public edge) and `app` (puts it
together). Imports point down only; ARCHITECTURE.md says where a new file goes.
"""
