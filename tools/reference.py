#!/usr/bin/env python3
"""Write the reference pages of `docs/` and `.env.sample` from the code: settings, errors, events, commands.

    tools/reference.py           write them
    tools/reference.py --check   write nothing, say what is out of date, exit 1 if anything is

What the pages say stands in docstrings and field descriptions, and nowhere else. Anything left without one is refused.
"""

import ast
import dataclasses
import difflib
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, get_type_hints

import click
from pydantic.fields import FieldInfo

import holdfast
from holdfast.app.cli import main as command_line
from holdfast.app.modules import MODULES
from holdfast.kit.errors import HoldfastError
from holdfast.kit.http.problems import FIELD_CODES
from holdfast.kit.settings import ModuleSettings, Setting, describe

ROOT = Path(__file__).resolve().parents[1]
MADE = "Made by `make reference` from the code; change it there."
ABOUT_SETTINGS = """\
Every setting is an environment variable, or a line in the file `.env` of the working folder (the environment
wins). [`.env.sample`](../.env.sample) has them all. Options of the command line win over both. A setting that
is out of range or cannot be read stops the start with a message."""
ABOUT_DATABASES = "A module with a URL of its own keeps its tables there; the others share `HOLDFAST_DATABASE_URL`."
ABOUT_ERRORS = """\
Under `/v1` an error is `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail`,
`instance`, the stable `code` below, and where single fields are wrong `errors`, each with a JSON pointer and a
code of its own. Rely on `status` and `code`; titles and details are for people and may change."""
ABOUT_EVENTS = """\
What modules tell each other after it happened. An event is a row of its module's outbox, written in the
transaction that made it true; subscribers read them in order and at their own pace. It names what changed: for
the present state ask the module. Fields may be added; none changes its meaning. [Why an
outbox](decisions/0005-outbox.md)."""
ABOUT_FIELD_CODES = """\
They stand in `errors[].code`, mostly of a 422 `invalid`; `detail` says what was wrong with the value."""
Row = tuple[str, ...]
T = TypeVar("T")


class Undocumented(SystemExit):
    """Something public has no words; the text names it."""


def modules() -> list[ModuleType]:
    """Import everything there is, so that every class is known; revisions of a schema are no modules."""
    names = sorted(each.name for each in pkgutil.walk_packages(holdfast.__path__, "holdfast."))
    return [importlib.import_module(name) for name in names if ".migrations" not in name]


def kinds_of(base: type[T]) -> Iterator[type[T]]:
    """Yield the classes below a class, each once, in order of module and line."""
    found: set[type[T]] = set()
    waiting = [base]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            if kind not in found and kind.__module__.startswith("holdfast."):
                found.add(kind)
            waiting.append(kind)
    yield from sorted(found, key=lambda kind: (kind.__module__, inspect.getsourcelines(kind)[1]))


def words_of(thing: Any, name: str) -> str:
    """Return a docstring as one paragraph of Markdown, without the sections for programmers.

    Raises:
        Undocumented: There is none of its own.
    """
    own = vars(thing).get("__doc__") if isinstance(thing, type) else thing.__doc__
    if not own or own.startswith(f"{getattr(thing, '__name__', '')}("):  # what dataclasses write by themselves
        raise Undocumented(f"{name} has no docstring")
    return sentence(re.split(r"\n\s*(?:Args|Returns|Raises|Yields):\n", inspect.cleandoc(own))[0])


def sentence(text: str) -> str:
    """Return text on one line, safe in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def part_of(thing: type) -> str:
    """Return which part of the house a class is from."""
    return thing.__module__.split(".")[1]


def table(heads: Row, rows: Sequence[Row]) -> str:
    """Return a Markdown table."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


# ---------------------------------------------------------------------------- settings
def settings() -> list[type[ModuleSettings]]:
    """Return every class of settings that has fields of its own, the house's first.

    A class with an underscore only reads what another one describes.
    """
    found = (kind for kind in kinds_of(ModuleSettings) if kind.model_fields and not kind.__name__.startswith("_"))
    return [kind for kind in found if "<locals>" not in kind.__qualname__]


def bounds(info: FieldInfo) -> str:
    """Return the limits of a setting."""
    words = {"ge": "at least", "le": "at most", "gt": "above", "lt": "below"}
    return ", ".join(
        f"{word} {getattr(rule, key)}" for rule in info.metadata for key, word in words.items() if hasattr(rule, key)
    )


def told(kind: type[ModuleSettings]) -> Iterator[tuple[Setting, str]]:
    """Yield the settings of a class and the limits of each.

    Raises:
        Undocumented: One says nothing.
    """
    for setting, info in zip(describe(kind), kind.model_fields.values(), strict=True):
        if not setting.description:
            raise Undocumented(f"{setting.name} has no description")
        yield setting, bounds(info)


def settings_page() -> str:
    """Return docs/settings.md."""
    parts = ["# Settings", MADE, ABOUT_SETTINGS]
    for kind in settings():
        rows = [
            (
                f"`{setting.name}`",
                f"`{setting.default}`" if setting.default else "",
                sentence(setting.description) + (f" ({limits})" if limits else ""),
            )
            for setting, limits in told(kind)
        ]
        parts += [
            f"## {part_of(kind)}",
            words_of(kind, kind.__name__),
            table(("variable", "default", "what it does"), rows),
        ]
    parts += ["## A database per module", ABOUT_DATABASES, "\n".join(f"- `{name}`" for name in database_urls())]
    parts += ["## For one command", table(("variable", "read by"), sorted(command_variables()))]
    return "\n\n".join(parts) + "\n"


def database_urls() -> list[str]:
    """Return the variables that give a module a database of its own."""
    return [f"HOLDFAST_{module.name.upper()}_DATABASE_URL" for module in MODULES if module.tables is not None]


def command_variables() -> set[Row]:
    """Return the variables that one command alone reads, as its help says: no settings, and not for a file."""
    return {
        (f"`{name}`", f"`holdfast {command}`")
        for command, each in commands().items()
        for name in re.findall(r"HOLDFAST_\w+", each.help or "")
    }


def sample() -> str:
    """Return .env.sample."""
    lines = [f"# Settings of Holdfast. Copy to .env and uncomment what differs. {MADE}", ""]
    for kind in settings():
        lines += [f"# ---- {part_of(kind)}: {words_of(kind, kind.__name__)}", ""]
        for setting, _ in told(kind):
            lines += [*wrapped(setting.description), f"#{setting.name}={setting.default}", ""]
    lines += ["# ---- A database per module", "", *wrapped(ABOUT_DATABASES)]
    lines += [f"#{name}=" for name in database_urls()]
    return "\n".join(lines) + "\n"


def wrapped(text: str) -> list[str]:
    """Return text as comments of a .env file."""
    return textwrap.wrap(text, 118, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


# ---------------------------------------------------------------------------- errors
def errors() -> list[type[HoldfastError]]:
    """Return every error a caller can meet."""
    return list(kinds_of(HoldfastError))


def field_codes() -> Mapping[str, str]:
    """Return every code a single field can be refused with, and what it means.

    The edge names its own. Those of modules are found where they are given: in `FieldError(code=…)`, in a rule's
    `Reason`, in a function that hands its argument on to one of them or returns a rule with its text, and in a
    validator's `PydanticCustomError`.
    """
    found: dict[str, str] = {}
    for path in sorted((ROOT / "src" / "holdfast").rglob("*.py")):
        found |= {code: told for code, told in given_in(ast.parse(path.read_text())).items() if code not in found}
    return dict(sorted((found | dict(FIELD_CODES)).items()))


def given_in(tree: ast.Module) -> dict[str, str]:
    """Return the codes a file gives, each with the first text that goes with it."""
    found: dict[str, str] = {}
    givers = {
        "FieldError": ("code", "detail", 1, ""),
        "Reason": ("rule", "detail", 0, ""),
        "PydanticCustomError": ("", "", 0, ""),
    }
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    for function in functions:
        names = [each.arg for each in function.args.args if each.arg != "self"]
        for call in calls(function, {"FieldError", "Reason"}):
            keyword, words, place, _ = givers[called(call)]
            given, told = argument(call, keyword, place), argument(call, words, place + 1)
            if isinstance(given, ast.Name) and given.id in names:
                # What stands before the text that is handed on: "Leg 2 (HF101)" before "is canceled."
                before = (
                    values(told, function, call.lineno)[0].removesuffix("…") if isinstance(told, ast.JoinedStr) else ""
                )
                givers[function.name] = (keyword, words, names.index(given.id), before)
    for scope in functions:
        found = dict(rules_returned(scope)) | found
        for call in calls(scope, givers.keys()):
            keyword, words, place, before = givers[called(call)]
            codes = values(argument(call, keyword, place), scope, call.lineno)
            texts = values(argument(call, words, place + 1), scope, call.lineno)[-len(codes) :] or [""]
            for number, code in enumerate(codes):
                found.setdefault(code, before + texts[min(number, len(texts) - 1)])
    return found


def rules_returned(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    """Yield the rules a function returns, each with its text: it says that it returns such a pair, or nothing."""
    if function.returns is None or ast.unparse(function.returns) != "tuple[str, str] | None":
        return
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            rule, text = (values(each, function, node.lineno) for each in node.value.elts)
            yield from zip(rule, text, strict=False)


def calls(scope: ast.AST, names: Collection[str]) -> list[ast.Call]:
    """Return the calls of some functions."""
    return [each for each in ast.walk(scope) if isinstance(each, ast.Call) and called(each) in names]


def called(call: ast.Call) -> str:
    """Return the last part of the name that is called."""
    return ast.unparse(call.func).rpartition(".")[2]


def argument(call: ast.Call, keyword: str, place: int) -> ast.expr | None:
    """Return an argument by its keyword, else by its place."""
    by_name = next((each.value for each in call.keywords if each.arg == keyword), None)
    return by_name or (call.args[place] if place < len(call.args) else None)


def values(expression: ast.expr | None, scope: ast.AST, line: int) -> list[str]:
    """Return the texts an expression can be, as far as the source says; parts that are computed become an ellipsis."""
    match expression:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)]
        case ast.IfExp(body=first, orelse=second):
            return values(first, scope, line) + values(second, scope, line)
        case ast.Name(id=name):
            return [text for value in assigned(name, scope, line) for text in values(value, scope, line)]
    return []


def assigned(name: str, scope: ast.AST, line: int) -> Iterator[ast.expr]:
    """Yield what a local name is set to before a line, also as one of several names at once."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and node.lineno < line:
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    yield node.value
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = zip(target.elts, node.value.elts, strict=True)
                    yield from (value for each, value in pairs if isinstance(each, ast.Name) and each.id == name)


def errors_page() -> str:
    """Return docs/errors.md."""
    rows = {
        (kind.code, kind.status): (
            f"`{kind.code}`",
            str(kind.status),
            kind.title,
            words_of(kind, kind.__name__),
            part_of(kind),
        )
        for kind in errors()
    }
    parts = [
        "# Errors",
        MADE,
        ABOUT_ERRORS,
        table(
            ("code", "status", "title", "what it means and what to do", "from"),
            [row for _, row in sorted(rows.items())],
        ),
        "## Codes of single fields",
        ABOUT_FIELD_CODES,
        table(("code", "meaning"), [(f"`{code}`", sentence(told)) for code, told in field_codes().items()]),
    ]
    return "\n\n".join(parts) + "\n"


# ---------------------------------------------------------------------------- events
def events() -> list[type]:
    """Return every event of every module."""
    found = []
    for module in modules():
        if module.__name__.endswith(".events"):
            local = [
                kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__
            ]
            found += [kind for kind in local if dataclasses.is_dataclass(kind)]
    return found


def notes_of(kind: type) -> dict[str, str]:
    """Return what stands in a string under each field."""
    [tree] = ast.parse(inspect.cleandoc(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 - the source of a class is a class
    notes = {}
    for field, after in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            notes[ast.unparse(field.target)] = sentence(str(after.value.value))
    return notes


def events_page() -> str:
    """Return docs/events.md."""
    parts = [
        "# Events",
        MADE,
        ABOUT_EVENTS,
    ]
    part = ""
    for kind in events():
        if part_of(kind) != part:
            part = part_of(kind)
            parts.append(f"## {part}")
        hints, notes = get_type_hints(kind), notes_of(kind)
        rows = [
            (f"`{field.name}`", f"`{plain(hints[field.name])}`", notes.get(field.name, ""))
            for field in dataclasses.fields(kind)
        ]
        parts += [f"### {kind.__name__}", words_of(kind, kind.__name__), table(("field", "type", ""), rows)]
    return "\n\n".join(parts) + "\n"


def plain(hint: Any) -> str:
    """Return a type as it is written in code."""
    return hint.__name__ if isinstance(hint, type) and not getattr(hint, "__args__", None) else str(hint)


# ---------------------------------------------------------------------------- commands
def commands() -> Mapping[str, click.Command]:
    """Return every command of the command line."""
    assert isinstance(command_line, click.Group)  # noqa: S101 - holdfast is a group of commands
    return command_line.commands


def commands_page() -> str:
    """Return docs/cli.md."""
    parts = ["# Command line", MADE, paragraphs(command_line, "holdfast")]
    for name, command in sorted(commands().items()):
        context = click.Context(command, info_name=f"holdfast {name}")
        usage = " ".join(["holdfast", name, *command.collect_usage_pieces(context)])
        parts += [f"## holdfast {name}", paragraphs(command, name), f"```\n{usage}\n```"]
        rows = [row for option in command.params if (row := option_row(option, context, name))]
        if rows:
            parts.append(table(("option", "what it does"), rows))
    return "\n\n".join(parts) + "\n"


def paragraphs(command: click.Command, name: str) -> str:
    """Return the help of a command.

    Raises:
        Undocumented: It has none.
    """
    if not command.help:
        raise Undocumented(f"the command {name} has no help")
    text = inspect.cleandoc(command.help).replace("\b\n", "")
    return "\n\n".join(" ".join(each.split()) for each in text.split("\f")[0].split("\n\n"))


def option_row(option: click.Parameter, context: click.Context, command: str) -> Row | None:
    """Return the line of an option, or None for an argument, which the usage shows.

    Raises:
        Undocumented: The option has no help.
    """
    if not isinstance(option, click.Option):
        return None
    record = option.get_help_record(context)
    if record is None or not option.help:
        raise Undocumented(f"the option {option.opts[0]} of {command} has no help")
    return (f"`{record[0]}`", sentence(record[1]))


# ---------------------------------------------------------------------------- all of it
PAGES: Mapping[str, Callable[[], str]] = {
    "docs/settings.md": settings_page,
    "docs/errors.md": errors_page,
    "docs/events.md": events_page,
    "docs/cli.md": commands_page,
    ".env.sample": sample,
}


def stale() -> Iterator[str]:
    """Yield how each file that is out of date differs from what it should be."""
    for name, page in PAGES.items():
        path = ROOT / name
        old = path.read_text() if path.exists() else ""
        lines = difflib.unified_diff(
            old.splitlines(), page().splitlines(), name, f"{name} (from the code)", lineterm=""
        )
        if difference := "\n".join(lines):
            yield difference


def run(arguments: list[str]) -> int:
    """Write the pages, or with `--check` compare them, and return the exit code."""
    modules()
    if arguments == ["--check"]:
        differences = list(stale())
        if differences:
            sys.stderr.write("\n".join([*differences, "", "out of date: run `make reference`", ""]))
        return int(bool(differences))
    for name, page in PAGES.items():
        (ROOT / name).write_text(page())
        sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
