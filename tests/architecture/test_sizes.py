import ast

import pytest

from architecture.house import ROOT, sources, tracked

FUNCTION_LINES = 70
FILE_LINES = 600


def code_files():
    return [path for path in tracked() if path.suffix == ".py"]


class TestAFile:
    def test_fits_in_the_head(self):
        long = {
            path.relative_to(ROOT).as_posix(): lines
            for path in code_files()
            if (lines := len(path.read_text().splitlines())) > FILE_LINES
        }
        assert not long

    def test_is_looked_at(self):
        assert len(code_files()) > len(sources()) > 20


class TestAFunction:
    def test_fits_on_a_screen(self):
        long = {}
        for path in code_files():
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines = node.end_lineno - node.lineno + 1
                    if lines > FUNCTION_LINES:
                        long[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = lines
        assert not long


packages = [each for each in sources() if each.path.name == "__init__.py"]


class TestAPackage:
    @pytest.mark.parametrize("source", packages, ids=lambda source: source.name)
    def test_says_what_it_is_for(self, source):
        assert ast.get_docstring(source.tree)

    @pytest.mark.parametrize(
        "source", [each for each in packages if len(each.parts) == 2], ids=lambda source: source.name
    )
    def test_of_the_first_floor_does_nothing_else(self, source):
        """Imports there make cycles and slow starts, and hide which file a name is from."""
        assert len(source.tree.body) == 1
