"""The house rules that a machine can hold. Exemptions only shrink, each with its reason."""

from __future__ import annotations

import ast
import fnmatch
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "analyzer"
CRATE = PACKAGE / "decode" / "native"

# Who stands where; imports go only downwards, and rooms of one level never import each other.
LEVELS = (
    ("dns", "errors", "findings"),
    ("messages", "options"),
    ("capture", "decode", "transactions", "measures", "config", "inventory", "diff", "gate"),
    ("detectors", "whatif", "crosscheck", "report"),
    ("pipeline", "live"),
    ("api", "plots", "cli"),
    ("__init__", "__main__"),  # the two doors: `import analyzer` and `python -m analyzer`
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}

# Heavy packages, and packages of an extra: the only files that may import them (by path without suffix, `*` at the end).
DOORS = {
    "scapy": ("live/*",),
    "matplotlib": ("report/plots*",),
    "pandas": ("report/tables*", "api*"),
    "pyarrow": ("report/tables*", "api*"),
    "dpkt": (),  # an oracle of the tests
    "publicsuffixlist": ("dns/suffixes*",),
    "click": ("cli/*",),
    "prometheus_client": ("live/*",),
    "psutil": ("live/*",),
}
ONE_FILE = ("scapy",)  # GPL-2.0: exactly one importing file
LIGHT_RUN = ("scapy", "matplotlib", "pandas", "pyarrow")

MODULE_LINES, MODULE_MEDIAN, FUNCTION_LINES, FUNCTION_MEDIAN, RUST_LINES = 400, 120, 60, 8, 300
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "tools", "lib"}

# Test files that hold a whole room to something: their first word after `test_`.
WHOLE_ROOM = {
    "columns": "the list of columns, in Python and in the extension",
    "contract": "one suite for both decoders, by subject",
    "corpus": "kept captures, each with the rows it must give",
    "differential": "both decoders on the same bytes, made and mutated",
    "properties": "what holds for every measure alike",
    "truncation": "captures cut at every length",
}

# Modules without a test file of their own name, and what holds them instead. Lines are only ever taken out.
UNMIRRORED = ROOT / "tests" / "unmirrored.tsv"

# Each has a letter in brackets, so that it does not find itself.
LEFT_OPEN = re.compile(r"T[O]DO|FIX[M]E|X[X]X|NotImplemented[E]rror|pragma[:] no cover")
SILENCED = re.compile(r"type[:] ignore\s*$|no[q]a\s*$")
ELSEWHERE = re.compile(r"(?<![\w.])/(?:work|root)/")


def modules() -> list[Path]:
    """Every Python file of the package."""
    return sorted(path for path in PACKAGE.rglob("*.py") if CRATE not in path.parents)


def sources() -> list[Path]:
    """Every text that is ours: package, crate, tests, scripts, pages."""
    kinds = {".py", ".pyi", ".rs", ".md", ".toml", ".html", ".js", ".css", ".ipynb", ""}
    places = [
        ROOT / name for name in ("analyzer", "tests", "samples", "benchmarks", "docs", "notebooks", "deploy", ".ci")
    ]
    found = [path for place in places for path in place.rglob("*") if path.is_file() and path.suffix in kinds]
    unwanted = {"target", "data", "__pycache__", ".ipynb_checkpoints", "artifacts"}
    fuzzed = CRATE / "fuzz" / "corpus"
    return sorted(path for path in found if not unwanted & set(path.parts) and not path.is_relative_to(fuzzed))


def name_of(path: Path) -> str:
    """`analyzer/decode/reference.py` is `decode/reference`."""
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def room_of(path: Path) -> str:
    """The first word of the name: a folder, or a module at the top."""
    return name_of(path).split("/")[0]


def imported(path: Path, tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Absolute dotted names that a file imports, at any depth, also for type checking only, with their lines."""
    package = ["analyzer", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from ((str(arg.value), node.lineno) for arg in node.args[:1] if isinstance(arg, ast.Constant))


def matches(name: str, doors: tuple[str, ...]) -> bool:
    return any(name == door or (door.endswith("*") and name.startswith(door[:-1])) for door in doors)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_every_room_has_its_level() -> None:
    assert {room_of(path) for path in modules()} <= set(LEVEL)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_go_downwards(path: Path) -> None:
    here, wrong = room_of(path), []
    for name, line in imported(path, parse(path)):
        words = name.split(".")
        if words[0] != "analyzer" or name == "analyzer.__version__":  # a constant of the package, known to every room
            continue
        room = words[1] if len(words) > 1 and words[1] in LEVEL else "__init__"
        if room != here and LEVEL[room] >= LEVEL[here]:
            wrong.append(f"line {line}: {here} (level {LEVEL[here]}) imports {room} (level {LEVEL[room]})")
    assert not wrong


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_heavy_packages_stay_behind_their_doors(path: Path) -> None:
    found = {name.split(".")[0]: line for name, line in imported(path, parse(path))}
    wrong = [
        f"line {line}: {name}" for name, line in found.items() if not matches(name_of(path), DOORS.get(name, ("*",)))
    ]
    assert not wrong


@pytest.mark.parametrize("package", ONE_FILE)
def test_one_file_imports(package: str) -> None:
    users = [
        name_of(path) for path in modules() if any(n.split(".")[0] == package for n, _ in imported(path, parse(path)))
    ]
    assert len(users) <= 1


def test_only_the_decoder_room_imports_the_extension() -> None:
    users = {
        name_of(path)
        for path in modules()
        if any("_native" in name.split(".") for name, _ in imported(path, parse(path)))
    }
    assert users <= {"decode/__init__", "decode/native"}  # whether it loads, and its face


@pytest.mark.parametrize(
    "words", ["--help", "analyze samples/self-loop.pcap", "analyze samples/self-loop.pcap -o json"]
)
def test_a_light_run_imports_nothing_heavy(words: str) -> None:
    program = (
        "import sys\nfrom analyzer.cli import main\nsys.argv = ['dnsloupe', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('loaded:', *sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *words.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    loaded = set(run.stderr.rpartition("loaded:")[2].split())
    unwanted = set(LIGHT_RUN)
    assert "analyzer" in loaded
    assert not loaded & unwanted


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_modules_and_functions_are_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MODULE_LINES
    assert not [
        f"{node.name}: {length(node)} lines" for node in functions(parse(path)) if length(node) > FUNCTION_LINES
    ]


def test_most_modules_and_functions_are_very_small() -> None:
    assert statistics.median(len(path.read_text(encoding="utf-8").splitlines()) for path in modules()) <= MODULE_MEDIAN
    assert statistics.median(length(node) for path in modules() for node in functions(parse(path))) <= FUNCTION_MEDIAN


def test_rust_files_are_small() -> None:
    files = [path for path in CRATE.rglob("*.rs") if "target" not in path.relative_to(CRATE).parts]
    assert not {
        path.name: count for path in files if (count := len(path.read_text(encoding="utf-8").splitlines())) > RUST_LINES
    }


@pytest.mark.parametrize("path", [path for path in modules() if path.stat().st_size], ids=name_of)
def test_every_module_says_what_it_is(path: Path) -> None:
    tree = parse(path)
    assert ast.get_docstring(tree)
    # ruff keeps it sorted (RUF022)
    listed = [node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
    public = [n.name for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef) and not n.name.startswith("_")]
    assert listed or not public or room_of(path) in {"detectors", "measures"}, "no __all__"


def test_no_vague_rooms() -> None:
    assert not [name_of(path) for path in modules() if VAGUE & set(name_of(path).split("/"))]


def mirrored(path: Path) -> bool:
    """Whether tests/ROOM/test_MODULE.py, or test_MODULE_SUBJECT.py, is there."""
    folder = ROOT / "tests" / path.relative_to(PACKAGE).parent
    return any([*folder.glob(f"test_{path.stem}.py"), *folder.glob(f"test_{path.stem}_*.py")])


def test_every_module_has_its_test_file() -> None:
    """A line of tests/unmirrored.tsv is a pattern of modules and the tests that hold them; none may be idle."""
    own = [path for path in modules() if not path.name.startswith("__") and path.stat().st_size]
    missing = {name_of(path) for path in own if not mirrored(path)}
    lines = [line.split("\t") for line in UNMIRRORED.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    used: dict[str, set[str]] = {words: set() for words, _ in lines}
    for words, held_by in lines:
        assert [path for path in held_by.split() if not [*ROOT.glob(path)]] == [], f"{words}: no such tests"
        for pattern in words.split():
            used[words] |= (matched := {name for name in missing if fnmatch.fnmatchcase(name, pattern)})
            assert matched, f"{pattern} has its test files: take it out of tests/unmirrored.tsv"
    assert sorted(missing - set().union(*used.values())) == []


def test_every_test_file_in_a_room_has_its_module() -> None:
    stray = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        room = PACKAGE / path.parent.relative_to(ROOT / "tests")
        if room == PACKAGE or not room.is_dir():
            continue
        stems = {module.stem for module in room.glob("*.py")} | {room.name, *WHOLE_ROOM}
        if not any(path.stem == f"test_{stem}" or path.stem.startswith(f"test_{stem}_") for stem in stems):
            stray.append(path.relative_to(ROOT).as_posix())
    assert stray == []


@pytest.mark.parametrize("pattern", [LEFT_OPEN, SILENCED, ELSEWHERE], ids=["left-open", "silenced", "elsewhere"])
def test_nothing_left_open(pattern: re.Pattern[str]) -> None:
    found = []
    for path in sources():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not found
