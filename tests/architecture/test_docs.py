"""Documents lead where they say."""

import hashlib
import os
import re

import pytest

from architecture.house import ROOT, tracked

PAGES = [path for path in tracked() if path.suffix == ".md"]
LINK = re.compile(r"\]\(([^)\s]+)\)")
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


class TestAPage:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
    def test_leads_to_what_exists(self, page):
        targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
        missing = [target for target in targets if not (page.parent / target.partition("#")[0]).exists()]
        assert not missing

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
    def test_names_make_targets_that_exist(self, page):
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        assert set(re.findall(r"`make ([a-z-]+)", page.read_text())) <= targets


class TestTheDecisions:
    def test_are_all_in_the_list(self):
        folder = ROOT / "docs" / "decisions"
        listed = (folder / "README.md").read_text()
        pages = sorted(path.name for path in folder.glob("0*.md"))
        assert pages
        assert not [page for page in pages if f"({page})" not in listed]

    def test_have_the_same_parts(self):
        for page in (ROOT / "docs" / "decisions").glob("0*.md"):
            heads = re.findall(r"^## (.*)$", page.read_text(), re.MULTILINE)
            assert heads == ["Context", "Decision", "Consequences", "Rejected"], page.name

    def test_that_the_source_names_exist(self):
        for path in tracked():
            if path.suffix == ".py":
                for name in re.findall(r"docs/decisions/[0-9a-z-]+\.md", path.read_text()):
                    assert (ROOT / name).is_file(), f"{path.name} names {name}"


class TestTheRepository:
    def test_has_the_licence_to_the_letter(self):
        assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2

    def test_can_be_checked_by_a_machine(self):
        assert os.access(ROOT / ".ci" / "run", os.X_OK)
