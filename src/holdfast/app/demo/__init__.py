"""The demo: homes, restaurants and flights to try Holdfast with, people to log in as, and what is sold already.

Homes, routes and airports are real, as ATTRIBUTION.md says; restaurants are invented, and so is what things cost.
`pack` reads the homes that tools/pack_demo.py packed, `flights` the routes of tools/pack_routes.py; `load`,
`restaurants`, `flights` and `sold` turn it all into what the modules' doors take. Everything comes from the facts and
from numbers that are the same every time; nothing is written here.
"""
