"""The pages made from code are up to date, and nothing public is missing from them.

`tools/reference.py` refuses what has no words of its own, so these tests also find errors, settings, events and
commands without documentation.
"""

import importlib.util
import json
import re

import pytest

from architecture.house import PACKAGE, ROOT
from support.process import run_holdfast


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
        named = set(re.findall(r'"code": "([a-z0-9_]+)"', document))
        assert named <= known

    def test_explains_every_operation(self, document):
        for path, operations in json.loads(document)["paths"].items():
            for method, operation in operations.items():
                assert operation.get("summary"), f"{method} {path}"
                assert operation.get("description"), f"{method} {path}"
