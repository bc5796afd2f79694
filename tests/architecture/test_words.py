"""What may not stand in a file of the repository, whatever the file."""

import re
from pathlib import Path

from architecture.house import ROOT, tracked

TODO = re.compile(r"(#|//|<!--|/\*)\s*(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\):)")
REGISTRIES = re.compile(
    "|".join(("python" + "hosted", r"pyp" + r"i\.org", r"registry\.npm" + "js", r"deb\.deb" + "ian"))
)
INDEX_OPTIONS = re.compile(r"://|--(extra-)?index-url|--find-links|--trusted-host")
NOQA = re.compile(r"#\s*noqa(?!: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)* +[-#—] +\S)")


def lines(*suffixes):
    for path in tracked():
        if path.suffix in suffixes or (not suffixes and path.suffix not in {".gz", ".png", ".ico"}):
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                yield f"{path.relative_to(ROOT)}:{number}", line


def found(pattern, *suffixes):
    here = Path(__file__).relative_to(ROOT).as_posix()
    return [f"{where} {line.strip()}" for where, line in lines(*suffixes) if pattern.search(line) and here not in where]


class TestATodo:
    def test_names_its_issue(self):
        assert not found(TODO, ".py", ".toml", ".sh", ".js")

    def test_is_recognised(self):
        assert TODO.search("# TODO: later")
        assert not TODO.search("# TODO(#12): later")


class TestALockFile:
    def test_names_no_registry(self):
        files = sorted((ROOT / "requirements").glob("*.txt"))
        assert files
        assert not [
            f"{file.name}: {line}"
            for file in files
            for line in file.read_text().splitlines()
            if INDEX_OPTIONS.search(line)
        ]

    def test_has_a_hash_for_every_package(self):
        for file in (ROOT / "requirements").glob("*.txt"):
            requirements = [each for each in file.read_text().replace("\\\n", " ").splitlines() if "==" in each]
            assert requirements
            assert not [each for each in requirements if "--hash=sha256:" not in each]

    def test_agrees_with_the_others(self):
        pins = {}
        for file in (ROOT / "requirements").glob("*.txt"):
            for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", file.read_text(), re.MULTILINE):
                pins.setdefault(name, {}).setdefault(version, []).append(file.name)
        assert not {name: versions for name, versions in pins.items() if len(versions) > 1}


class TestTheRepository:
    def test_names_no_registry(self):
        assert not found(REGISTRIES)


class TestAnException:
    def test_from_a_rule_says_which_and_why(self):
        assert not found(NOQA, ".py")

    def test_without_a_reason_is_recognised(self):
        assert NOQA.search("x = 1  # noqa")
        assert NOQA.search("x = 1  # noqa: S101")
        assert not NOQA.search("x = 1  # noqa: S101 - holds by the caller's check")
