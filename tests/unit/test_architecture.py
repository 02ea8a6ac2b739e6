"""The rules of ARCHITECTURE.md, held against the sources; the table below is the rule."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ci_tools"

VALUES = ("model", "questions", "errors", "texts", "numbers")
EVENTS = ("evidence.events",)
DECIDERS = (
    *("sequential", "secret_names", "spec", "planning", "verdict", "diagnosis", "report", "escalation", "triage"),
    *("evidence.events", "evidence.redaction"),
)
ROOMS: dict[str, tuple[str, ...]] = {
    "model": ("questions",),
    "questions": (),
    "errors": (),
    "texts": (),
    "numbers": (),
    "sequential": (),
    "secret_names": (),
    "process": ("errors",),
    "spec": (*VALUES, "sequential", "secret_names"),
    "planning": (*VALUES, "spec"),
    "evidence": (*VALUES, "secret_names"),
    "verdict": (*VALUES, *EVENTS, "sequential"),
    "diagnosis": (*VALUES, *EVENTS, "verdict"),
    "report": (*VALUES, *EVENTS, "verdict", "diagnosis"),
    "escalation": (*VALUES, "verdict"),
    "triage": (*VALUES, "spec", "verdict", "diagnosis", "report", "escalation"),
    "target": (*VALUES, *DECIDERS),
    "probes": (*VALUES, *DECIDERS, "target"),
    "twin": (*VALUES, "process"),
    "github": (*VALUES, *DECIDERS),
    "knowledge_file": (*VALUES, "diagnosis"),
    "runner": (*VALUES, *DECIDERS, "process", "evidence", "target", "probes", "twin"),
    "strangers": (*VALUES, "diagnosis", "evidence"),
    "arguments": (*VALUES, "triage"),
    "commands": (
        *(*VALUES, *DECIDERS, "arguments", "knowledge_file", "strangers"),
        *("evidence", "target", "probes", "twin", "runner", "github", "process"),
    ),
    "__main__": (*VALUES, "arguments", "commands", "process"),
}
"""What each room may import beside itself."""

IMPURE_MODULES = frozenset(
    {
        *("asyncio", "glob", "http", "httpx", "io", "logging", "multiprocessing", "os", "pathlib", "random"),
        *("secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile"),
        *("threading", "time", "urllib.request", "uuid", "websockets"),
    }
)
PURE_NAMES = frozenset({"pathlib.PurePath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath"})
IMPURE_CALLS = frozenset({"open", "input", "print", "exec", "eval", "breakpoint", "__import__"})
IMPURE_METHODS = frozenset(
    {
        *("now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes"),
        *("getenv", "import_module", "print_json"),
    }
)

VAGUE = frozenset(
    {
        *("util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "base", "unified"),
        *("enhanced", "comprehensive", "final", "v2", "new", "legacy"),
    }
)
NAMES_OF_THE_CONTRACT = ("data_helper",)
"""Names that the deployed system has given itself."""
ROOT_ENTRIES = frozenset(
    {
        *(".ci", ".github", ".gitignore", "ARCHITECTURE.md", "CODEOWNERS", "LICENSE", "README.md"),
        *("campaign.toml", "ci_tools", "docs", "noxfile.py", "pyproject.toml", "tests"),
    }
)
LONGEST_MODULE = 400
LONGEST_FUNCTION = 40
LONGER = {
    "ci_tools.model": "the words of the whole project: who looks one up looks in one place",
    "ci_tools.runner.campaign": "one campaign from plan to last event: its parts share journal, clock and end",
    "ci_tools.commands.campaigns.run_campaign": "one field of the request after the other",
    "ci_tools.runner.pytest_process.arguments": "the words of one command line, with the reasons for some of them",
    "ci_tools.verdict.judge.judge": "one field of the judgement after the other",
}
"""What is longer all the same, and why."""


def module_of(path: Path) -> str:
    """The dotted name of the module in the file *path*."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {module_of(path): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
PACKAGES = {module_of(path) for path in PACKAGE.rglob("__init__.py")}


def imports_of(source: str, module: str = "") -> Iterator[str]:
    """Every module, or name in a module, that *source* imports, wherever it does so."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module if module in PACKAGES else module.rpartition(".")[0]
            above = package.rsplit(".", node.level - 1)[:1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def room_of(module: str) -> str:
    """The room that *module* belongs to; empty for the package itself."""
    return module.partition(".")[2].partition(".")[0]


def is_within(name: str, place: str) -> bool:
    """Whether the dotted *name* is *place* or below it."""
    return name == place or name.startswith(f"{place}.")


def trespasses(module: str, source: str) -> list[str]:
    """The imports in *module* that its room is not allowed."""
    room = room_of(module)
    places = [f"ci_tools.{allowed}" for allowed in (room, *ROOMS.get(room, ()))] if room else []
    ours = [name for name in imports_of(source, module) if is_within(name, "ci_tools") and name != "ci_tools"]
    return [f"{module}: {name}" for name in ours if not any(is_within(name, place) for place in places)]


def is_decider(module: str) -> bool:
    """Whether *module* must do without clock, randomness and files."""
    return any(is_within(module, f"ci_tools.{place}") for place in (*VALUES, *DECIDERS))


def impurities(module: str, source: str) -> list[str]:
    """What in *module* reaches for the outside world."""
    reached = [
        name
        for name in imports_of(source, module)
        if any(is_within(name, impure) for impure in IMPURE_MODULES) and name not in PURE_NAMES
    ]
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    called = [call.id for call in calls if isinstance(call, ast.Name) and call.id in IMPURE_CALLS]
    asked = [ast.unparse(call) for call in calls if isinstance(call, ast.Attribute) and call.attr in IMPURE_METHODS]
    return [f"{module}: {name}" for name in (*reached, *called, *asked)]


def vague_words(path: str) -> set[str]:
    """The words in *path* that say nothing of what is there."""
    own = re.sub("|".join(NAMES_OF_THE_CONTRACT), "", path.lower())
    words = re.split(r"[/_.\-]", own)
    return VAGUE.intersection(words)


def places_of(word: str) -> tuple[str, ...]:
    """What *word* stands for where ARCHITECTURE.md says what a room may import."""
    return {"values": VALUES, "deciders": DECIDERS, "events": EVENTS, "nothing of ours": ()}.get(word, (word,))


def long_functions(source: str) -> list[str]:
    """The names of the functions and methods in *source* that are too long to be read at once."""
    nodes = ast.walk(ast.parse(source))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [one.name for one in functions if (one.end_lineno or 0) - one.lineno >= LONGEST_FUNCTION]


def tracked() -> list[str]:
    """Every file under version control."""
    git = shutil.which("git") or "git"
    listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_every_module_belongs_to_a_room() -> None:
    """The house has no room that the table does not know, and no empty one."""
    assert {room_of(module) for module in SOURCES} == {"", *ROOMS}


def test_the_document_says_the_same_of_the_rooms() -> None:
    """ARCHITECTURE.md and this table speak of the same rooms, and allow them the same."""
    table = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## Rooms")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    told = {row[1].strip(" `"): sorted(chain(*map(places_of, row[3].strip().split(", ")))) for row in rows}

    assert told == {room: sorted(places) for room, places in ROOMS.items()}


def test_what_is_declared_and_not_imported_yet_is_said_to_be_so() -> None:
    """With the room that will be the first to use it; as soon as one does, the document has to say something else."""
    told = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("and not imported yet: ")[2]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    later = {"google-auth": "google.auth", "history": "duckdb", "iac": "hcl2", "report": "jinja2"}
    imported = [name for source in SOURCES.values() for name in imports_of(source)]
    said = set(re.findall(r"`([\w-]+)`", told.partition("\n\n")[0]))

    assert set(later) <= said
    assert set(project["optional-dependencies"]) == {"twin", *later} - {"google-auth"}
    assert [name for name in imported if any(is_within(name, module) for module in later.values())] == []


def test_no_room_imports_what_it_may_not() -> None:
    """Imports go in one direction."""
    assert [found for module, source in SOURCES.items() for found in trespasses(module, source)] == []


def test_deciders_do_no_io_and_read_no_clock() -> None:
    """What decides is replayable: time, randomness and environment are arguments."""
    deciders = {module: source for module, source in SOURCES.items() if is_decider(module)}

    assert [found for module, source in deciders.items() for found in impurities(module, source)] == []


def strangers_in(files: list[Path], package: str) -> list[str]:
    """What *files* import of *package*, which is none of theirs."""
    return [
        f"{path.name}: {name}"
        for path in files
        for name in imports_of(path.read_text(encoding="utf-8"))
        if is_within(name, package)
    ]


def test_the_suite_against_a_deployed_system_knows_nothing_of_the_twin() -> None:
    """The same tests run against any environment."""
    files = sorted((ROOT / "tests" / "e2e").rglob("*.py"))

    assert files
    assert strangers_in(files, "ci_tools.twin") == []


def test_doubles_know_nothing_of_what_is_tested_with_them() -> None:
    """A double that shared code with what it tests would share its mistakes."""
    files = sorted((ROOT / "tests" / "doubles").rglob("*.py"))

    assert files
    assert strangers_in(files, "ci_tools") == []


def test_names_say_what_is_there() -> None:
    """No file and no folder has a name that fits anything."""
    files = [path for path in tracked() if path.startswith(("ci_tools/", "tests/"))]

    assert files
    assert {path: words for path in files if (words := vague_words(path))} == {}


def test_the_root_holds_only_what_belongs_there() -> None:
    """The root folder is an allow-list."""
    assert {path.partition("/")[0] for path in tracked()} <= ROOT_ENTRIES


def test_every_module_says_what_it_is() -> None:
    """Each module begins with its sentence."""
    assert [module for module, source in SOURCES.items() if not ast.get_docstring(ast.parse(source))] == []


def test_nothing_grows_beyond_reading_unexplained() -> None:
    """A module or a function that is longer than this is two, or is told above with its reason."""
    modules = {module for module, source in SOURCES.items() if len(source.splitlines()) > LONGEST_MODULE}
    functions = {f"{module}.{name}" for module, source in SOURCES.items() for name in long_functions(source)}

    assert modules | functions == set(LONGER)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ci_tools.model", "from ci_tools.errors import UsageError"),
        ("ci_tools.spec.parsing", "from ci_tools.planning import plans"),
        ("ci_tools.verdict.gates", "from ci_tools.evidence.journal import read"),
        ("ci_tools.verdict.gates", "from ci_tools.evidence import journal"),
        ("ci_tools.verdict.gates", "import ci_tools.evidence"),
        ("ci_tools.evidence.events", "from ..verdict import fold"),
        ("ci_tools.evidence.events", "def late():\n    from ci_tools.verdict import fold"),
        ("ci_tools.report.markdown", "from ci_tools.twin.handle import Twin"),
        ("ci_tools.target.http", "from ci_tools.runner import campaign"),
        ("ci_tools.probes.tcp", "import importlib\nimportlib.import_module('ci_tools.twin')"),
        ("ci_tools.twin.edge", "from ci_tools.evidence.redaction import Redactor"),
        ("ci_tools.runner.campaign", "import ci_tools.__main__"),
        ("ci_tools.triage.decide", "from ci_tools.github.issues import GitHubIssues"),
        ("ci_tools.github.issues", "from ci_tools.evidence.journal import read"),
        ("ci_tools.spec.parsing", "from ci_tools import twin"),
        ("ci_tools", "from ci_tools import model"),
        ("ci_tools.evidence", "from .journal import read\nfrom ..verdict import fold"),
        ("ci_tools.cellar.store", "from ci_tools.model import Plan"),
    ],
)
def test_a_forbidden_import_is_noticed(module: str, source: str) -> None:
    """The rule above can fail."""
    assert len(trespasses(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ci_tools.verdict.gates", "from ci_tools.evidence.events import Sampled"),
        ("ci_tools.verdict.gates", "from ci_tools.evidence import events"),
        ("ci_tools.verdict.gates", "from .judgement import GateResult\nfrom ci_tools.model import Gate"),
        ("ci_tools.runner.campaign", "from ci_tools.twin.handle import Twin"),
        ("ci_tools.commands.campaigns", "from ci_tools.runner import campaign"),
        ("ci_tools.target.http", "import ci_toolset\nfrom httpx import AsyncClient"),
    ],
)
def test_an_allowed_import_is_not_noticed(module: str, source: str) -> None:
    """The rule above lets pass what the table allows."""
    assert trespasses(module, source) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import os.path",
        "from os import environ",
        "from pathlib import Path",
        "import random",
        "import urllib.request",
        "from urllib import request",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.now(datetime.UTC)",
        "from datetime import date\ndate.today()",
        "open('x')",
        "print('x')",
        "def read(path):\n    return path.read_text()",
    ],
)
def test_reaching_for_the_outside_is_noticed(source: str) -> None:
    """The rule of deciders can fail."""
    assert len(impurities("ci_tools.verdict.gates", source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import UTC, datetime\ndatetime.fromisoformat('2025-09-16')",
        "from pathlib import PurePosixPath",
        "from urllib.parse import quote",
        "import timeit_of_ours",
        "opened = 1",
    ],
)
def test_pure_code_is_not_noticed(source: str) -> None:
    """The rule of deciders lets pass what is pure."""
    assert impurities("ci_tools.verdict.gates", source) == []


@pytest.mark.parametrize(
    ("module", "decides"),
    [
        ("ci_tools.model", True),
        ("ci_tools.spec", True),
        ("ci_tools.verdict.gates", True),
        ("ci_tools.triage.decide", True),
        ("ci_tools.github.issues", False),
        ("ci_tools.evidence.events", True),
        ("ci_tools.evidence.journal", False),
        ("ci_tools.target.http", False),
        ("ci_tools.reporting", False),
    ],
)
def test_deciders_are_told_from_edges(module: str, *, decides: bool) -> None:
    """Every room that decides is held to purity, the journal and the edges are not."""
    assert is_decider(module) is decides


@pytest.mark.parametrize(("lines", "long"), [(LONGEST_FUNCTION, []), (LONGEST_FUNCTION + 1, ["slow"])])
def test_a_long_function_is_noticed(lines: int, long: list[str]) -> None:
    """The rule of sizes can fail, and not one line too early."""
    method = "\n".join(["    async def slow(self):", *["        ..."] * (lines - 1)])

    assert long_functions(f"class A:\n{method}") == long


@pytest.mark.parametrize("path", ["ci_tools/utils.py", "ci_tools/spec/base_gate.py", "tests/unit/common/test_x.py"])
def test_a_vague_name_is_noticed(path: str) -> None:
    """The rule of names can fail."""
    assert vague_words(path)


@pytest.mark.parametrize("path", ["ci_tools/newest.py", "ci_tools/database.py", "ci_tools/data_helper.py"])
def test_a_telling_name_is_not_noticed(path: str) -> None:
    """A word within a word is no word."""
    assert not vague_words(path)
