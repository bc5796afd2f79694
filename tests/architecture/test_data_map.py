"""Whatever may tell of a person is in the data map, with a purpose, and each module can export and erase it."""

import re

import pytest

from architecture.house import ROOT
from architecture.impersonal_columns import IMPERSONAL, OF_EVERY_MODULE
from holdfast.app.modules import MODULES, assemble
from holdfast.gateway.privacy_pages import html_of, markdown_of
from holdfast.gateway.privacy_policy import FORMS, map_digest
from holdfast.gateway.privacy_versions import MAP_VERSIONS
from holdfast.kit.db.types import Choice, Json, Text, Whole
from holdfast.kit.privacy import (
    DECISIONS,
    INFO,
    KINDS,
    PURPOSES,
    RECIPIENTS,
    RETENTIONS,
    Decision,
    Erase,
    Kind,
    Purpose,
    Recipient,
    Retention,
    entries,
    personal,
)
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings

KEEPING = [module for module in MODULES if module.tables is not None]
OF_PERSONS = re.compile(r"(^|_)(account|owner|subject)_id$|_by$|_account$")
FOLLOWS = {"search_stay", "search_face", "search_restaurant"}
"""Copies of what the catalog says: cleared there, they are read again."""
PASSING = {"accounts_suppression", "payments_transfer", "payments_message", "search_leg"}
"""What stays and is of no account in particular: digests, postings, messages of providers, flights."""

owners = pytest.mark.parametrize("module", KEEPING, ids=lambda module: module.name)


def allowed(table):
    module, _, kind = table.name.partition("_")
    del module
    return set((IMPERSONAL.get(table.name) or OF_EVERY_MODULE.get(kind, "")).split())


def may_tell_of_a_person(column):
    if isinstance(column.type, Choice):
        return False
    is_text = isinstance(column.type, (Text, Json))
    return is_text or (isinstance(column.type, Whole) and bool(OF_PERSONS.search(column.name)))


@pytest.fixture(scope="module")
async def house():
    assembly = await assemble(Settings(database_url="sqlite:///not-opened.db"), Keyring("k" * 20 + "eyring of a test"))
    yield assembly
    await assembly.stop()


class TestAColumn:
    @owners
    def test_that_may_tell_of_a_person_has_a_purpose_or_is_named_as_telling_of_nobody(self, module):
        unmarked = [
            f"{table.name}.{column.name}"
            for table in module.tables.tables.values()
            for column in table.columns
            if may_tell_of_a_person(column) and INFO not in column.info and column.name not in allowed(table)
        ]
        assert not unmarked, "mark it with holdfast.kit.privacy.personal(...), or name it in impersonal_columns.py"

    @owners
    def test_is_not_both(self, module):
        both = [
            f"{entry.table}.{entry.column}"
            for entry in entries(module.tables)
            if entry.column in allowed(module.tables.tables[entry.table])
        ]
        assert not both

    def test_without_a_purpose_may_not_be_kept(self):
        with pytest.raises(ValueError, match="no purpose"):
            personal(Kind.NAME)

    def test_named_as_telling_of_nobody_exists(self):
        tables = {name: table for module in KEEPING for name, table in module.tables.tables.items()}
        gone = [f"{name}.{each}" for name, told in IMPERSONAL.items() for each in told.split()]
        assert not [each for each in gone if each.split(".")[1] not in tables[each.split(".")[0]].c]


class TestWhatIsErased:
    @owners
    async def test_is_let_go_by_its_module(self, house, module):
        """A column marked as cleared or deleted is in rows its module says it clears or deletes."""
        holdings = house.running[module.name].built.personal
        deleted, cleared = set(), set()
        for each in holdings.held:
            if each.deletes:
                deleted.add(each.table.name)
            else:
                cleared.add(each.table.name)
        missed = [
            f"{entry.table}.{entry.column} {entry.mark.erase.value}"
            for entry in entries(module.tables)
            if entry.table not in FOLLOWS
            and (
                (entry.mark.erase is Erase.DELETED and entry.table not in deleted)
                or (entry.mark.erase is Erase.CLEARED and entry.table not in cleared)
            )
        ]
        assert not missed

    @owners
    def test_is_everything_that_names_or_reaches_somebody(self, module):
        """What stays tells of nobody: numbers, bookings and amounts may, names, addresses, words and health may not."""
        telling = {Kind.NAME, Kind.CONTACT, Kind.SECRET, Kind.DEVICE, Kind.ADDRESS, Kind.HEALTH, Kind.WORDS}
        kept = [
            f"{entry.table}.{entry.column}"
            for entry in entries(module.tables)
            if entry.mark.erase is Erase.KEPT and entry.mark.kind in telling
        ]
        assert not kept


class TestWhatIsExported:
    @owners
    async def test_is_every_table_that_tells_of_a_person(self, house, module):
        held = {each.table.name for each in house.running[module.name].built.personal.held}
        outboxes = {f"{each.name}_outbox" for each in KEEPING}
        told = {entry.table for entry in entries(module.tables)}
        assert not told - held - FOLLOWS - PASSING - outboxes


class TestThePolicy:
    async def test_has_words_for_everything(self):
        for choices, texts in (
            (Kind, KINDS),
            (Purpose, PURPOSES),
            (Retention, RETENTIONS),
            (Recipient, RECIPIENTS),
            (Decision, DECISIONS),
        ):
            assert set(choices) == set(texts)

    async def test_lists_every_decision_a_column_is_used_for(self, house):
        used = {each for entry in house.people().map() for each in entry.mark.automated}
        listed = {each["decision"] for each in house.privacy().policy.document["automated_decisions"]}
        assert used <= listed
        assert listed == set(Decision)

    async def test_is_dated_by_a_line_of_its_own_whenever_the_map_changes(self, house):
        assert map_digest(house.people().map()) == MAP_VERSIONS[-1][1], (
            "the data map or its words changed: add a line with today's date to gateway/privacy_versions.py, "
            "and write docs/privacy-policy.md anew (holdfast privacy policy --render > docs/privacy-policy.md)"
        )

    async def test_is_the_page_in_the_repository(self, house):
        rendered = markdown_of(house.privacy().policy.document)
        assert rendered == (ROOT / "docs/privacy-policy.md").read_text()

    async def test_says_the_same_as_a_page(self, house):
        document = house.privacy().policy.document
        page = html_of(document)
        assert all(each["what"].replace("'", "&#x27;") in page for each in document["kept"])

    async def test_has_a_notice_for_every_form(self, house):
        policy = house.privacy().policy
        for form in FORMS:
            notice = policy.notice(form)
            assert notice["collected"], form.name
            assert notice["version"] == policy.version
