"""The demo: five sample properties, Washington DC's 6,257 homes, people to log in as, and a year of occupancy.

`pack` reads the data file (made by tools/pack_demo.py, see ATTRIBUTION.md), `load` turns it into what the modules'
doors take. Everything comes from the facts and from numbers that are the same every time; nothing is written here.
"""
