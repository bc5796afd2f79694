"""Walls that no linter of ours can build: who may touch SQL and the clock, and that the lists of modules agree."""

import ast

import pytest

from architecture.house import MODULES, PACKAGE, contract, sources
from holdfast.app.modules import MODULES as REGISTERED

SQL_LIVES_IN = {"store.py", "models", "models.py", "store", "migrations"}
ALEMBICS_TABLES = ("app", "schema.py")
"""Reads the revision of each schema from Alembic's own tables, which are no module's."""
CLOCK = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "monotonic", "perf_counter"},
}

files = pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)


class TestSql:
    @files
    def test_is_written_in_the_store(self, source):
        if source.module == "kit" or SQL_LIVES_IN & set(source.parts) or source.parts == ALEMBICS_TABLES:
            return
        imported = [name for name in source.imports() if name.split(".")[0] in {"sqlalchemy", "alembic"}]
        # A plug names the type of its module's tables and nothing else of it.
        assert set(imported) <= ({"sqlalchemy", "sqlalchemy.MetaData"} if source.path.name == "module.py" else set())

    @files
    def test_reaches_a_driver_only_through_the_kit(self, source):
        if source.module == "kit":
            return
        assert not [name for name in source.imports() if name.split(".")[0] in {"sqlite3", "asyncpg", "asyncmy"}]


class TestTheClock:
    @files
    def test_is_read_by_nobody_but_the_kit(self, source):
        if source.module == "kit":
            return
        reads = [
            f"{source.name}:{node.lineno} {ast.unparse(node)}"
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Attribute)
            and node.attr in CLOCK.get(ast.unparse(node.value).rpartition(".")[2], ())
        ]
        assert not reads

    @files
    def test_in_the_kit_is_read_in_one_place(self, source):
        if source.module != "kit" or source.path.name == "clock.py":
            return
        reads = [
            f"{source.name}:{node.lineno} {ast.unparse(node)}"
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"datetime.now", "date.today", "time.time"}
        ]
        assert not reads


class TestChance:
    @files
    def test_comes_from_the_kit(self, source):
        if source.module == "kit":
            return
        assert not [name for name in source.imports() if name.split(".")[0] in {"secrets", "uuid"}]
        assert not [name for name in source.imports() if name.startswith("random.")]

    @files
    def test_elsewhere_is_repeatable(self, source):
        if source.module == "kit":
            return
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "random":
                assert node.attr == "Random", "only a generator of one's own can be given a seed"
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "random.Random":
                assert node.args, "a generator without a seed is different every time"


class TestTheListOfModules:
    def test_is_what_the_application_registers(self):
        assert {module.name for module in REGISTERED} == MODULES

    @pytest.mark.parametrize(
        ("name", "key"),
        [("A module is entered by its api or its events", "protected_modules"), ("Inside a module", "containers")],
    )
    def test_is_what_the_import_contracts_protect(self, name, key):
        assert set(contract(name)[key]) == {f"holdfast.{module}" for module in MODULES}

    def test_names_each_module_once(self):
        names = [module.name for module in REGISTERED]
        assert len(names) == len(set(names))

    def test_has_a_door_and_a_purpose_for_each(self):
        for module in MODULES:
            assert (PACKAGE / module / "api.py").is_file(), module

    def test_needs_only_modules_below(self):
        layers = contract("Imports point down")["layers"]
        rank = {
            name.strip(" ()"): len(layers) - position
            for position, layer in enumerate(layers)
            for name in layer.split("|")
        }
        for module in REGISTERED:
            for needed in module.needs:
                assert rank[needed] < rank[module.name], f"{module.name} needs {needed}"


class TestADoor:
    @pytest.mark.parametrize("module", sorted(MODULES))
    def test_passes_only_frozen_data(self, module):
        for file in ("api.py", "events.py"):
            path = PACKAGE / module / file
            tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
            for node in tree.body:
                if isinstance(node, ast.ClassDef):
                    shapes = [ast.unparse(each) for each in node.decorator_list if "dataclass" in ast.unparse(each)]
                    assert all("frozen=True" in shape and "slots=True" in shape for shape in shapes), node.name

    @pytest.mark.parametrize("module", sorted(MODULES))
    def test_takes_keywords_only(self, module):
        tree = ast.parse((PACKAGE / module / "api.py").read_text())
        for node in tree.body:
            if not (isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)):
                continue
            for way in node.body:
                if isinstance(way, ast.AsyncFunctionDef | ast.FunctionDef):
                    positional = [each.arg for each in way.args.args if each.arg != "self"]
                    # One thing that the name of the function says needs no name of its own.
                    assert len(positional) <= 1, f"{node.name}.{way.name}"
