"""The pages made from code are up to date, and nothing public is missing from them.

`tools/reference.py` refuses what has no words of its own, so these tests also find errors, settings, events and
commands without documentation.
"""

import ast
import importlib.util
import json
import re

import pytest

from architecture.house import PACKAGE, ROOT
from support.process import run_holdfast

OF_STOCK = {
    "pacing_covers",
    "pacing_parties",
    "room_full",
    "online_covers",
    "online_parties",
    "online_room_full",
}
"""What a full room says, with its numbers, where slots and why-not are asked; no request is refused with it."""
NO_RULES = {"seat_reasons"}
"""What stands among rules in those texts and is a module."""


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    loaded.modules()
    return loaded


class TestTheReference:
    def test_is_up_to_date(self, reference):
        assert not list(reference.stale()), "run `make reference`"

    def test_covers_every_setting(self, reference):
        pages = (ROOT / "docs/settings.md").read_text(), (ROOT / ".env.sample").read_text()
        assert reference.settings()
        for kind in reference.settings():
            for setting in reference.describe(kind):
                assert all(setting.name in page for page in pages), setting.name

    def test_covers_every_setting_the_source_names(self):
        page = (ROOT / "docs/settings.md").read_text()
        named = {
            name
            for path in PACKAGE.rglob("*.py")
            for name in re.findall(r"\bHOLDFAST_[A-Z][A-Z_]+[A-Z]\b", path.read_text())
        }
        assert named
        assert not {name for name in named if name not in page}

    def test_covers_every_error(self, reference):
        page = (ROOT / "docs/errors.md").read_text()
        assert reference.errors()
        for kind in reference.errors():
            assert f"`{kind.code}` | {kind.status} |" in page, kind.__name__

    def test_covers_every_rule_a_vertical_lists(self, reference):
        """The modules of reasons say in which order they ask; a quote is refused with those that need no stock."""
        listed = {
            rule
            for path in (PACKAGE / "verticals").rglob("*reasons.py")
            for rule in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", ast.get_docstring(ast.parse(path.read_text())) or "")
        }
        assert "seat_at_exit" in listed
        explained = reference.field_codes()
        assert not listed - explained.keys() - OF_STOCK - NO_RULES
        assert not [code for code, told in explained.items() if not told]

    def test_covers_every_event(self, reference):
        page = (ROOT / "docs/events.md").read_text()
        assert reference.events()
        for kind in reference.events():
            assert f"### {kind.__name__}\n" in page

    def test_covers_every_command(self, reference):
        page = (ROOT / "docs/cli.md").read_text()
        assert reference.commands()
        for name in reference.commands():
            assert f"## holdfast {name}\n" in page


class TestAnErrorCode:
    def test_means_one_status(self, reference):
        statuses = {}
        for kind in reference.errors():
            statuses.setdefault(kind.code, set()).add(kind.status)
        assert not {code: found for code, found in statuses.items() if len(found) > 1}

    def test_belongs_to_one_class(self, reference):
        codes = [kind.code for kind in reference.errors() if "code" in vars(kind)]
        assert sorted(codes) == sorted(set(codes))

    def test_is_a_plain_word(self, reference):
        assert not [kind.code for kind in reference.errors() if not re.fullmatch(r"[a-z][a-z0-9_]{2,39}", kind.code)]

    def test_has_a_status_that_says_who_has_to_act(self, reference):
        """The caller (4xx), the operator (503, 507), or us (500, for what nobody foresaw)."""
        ours = {"internal_error": 500}
        assert not [
            kind
            for kind in reference.errors()
            if not (400 <= kind.status < 500 or kind.status in {503, 507, ours.get(kind.code)})
        ]


@pytest.fixture(scope="module")
def document():
    done = run_holdfast("openapi")
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestTheOpenApiDocument:
    def test_is_the_one_in_the_repository(self, document):
        assert document == (ROOT / "openapi.json").read_text(), "run `make reference`"

    def test_names_every_error_a_route_answers(self, document, reference):
        known = {kind.code for kind in reference.errors()} | set(reference.field_codes())
        problems = [
            answer["content"]["application/problem+json"]
            for operations in json.loads(document)["paths"].values()
            for operation in operations.values()
            for answer in operation["responses"].values()
            if "application/problem+json" in answer.get("content", {})
        ]
        named = set(re.findall(r'"code": "([a-z0-9_]+)"', json.dumps(problems)))
        assert named
        assert named <= known

    def test_explains_every_operation(self, document):
        for path, operations in json.loads(document)["paths"].items():
            for method, operation in operations.items():
                assert operation.get("summary"), f"{method} {path}"
                assert operation.get("description"), f"{method} {path}"
