"""The entry for people: thin over ``python -m ci_tools``; arguments after ``--`` pass through.

nox -s campaign                 verify the local staging twin (add: -- --environment staging)
nox -s quick | infra            the shorter plans
nox -s phase1-infrastructure    one phase; likewise phase2-critical … phase5-advanced
nox -s twin                     serve the twin for a person
nox -s tests | lint | lock      check this repository
nox -s coverage                 hold the deciders against their own unit tests, by branch (two minutes)
nox -s acceptance               show at full size what it promises (an hour and a half)
nox -s diagnosis                run every fault and hold the diagnoses against what should be found (an hour)
nox -s triage-replay            file outages as we and four others would, and hold our promises (a minute)
nox -s bench                    measure it beside plain pytest (a quarter of an hour)
"""

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests", "lint"]

LOCK = ".ci/requirements.txt"
PHASES = ("phase1-infrastructure", "phase2-critical", "phase3-features", "phase4-coverage", "phase5-advanced")
DECIDERS = ("diagnosis", "escalation", "evidence", "planning", "report", "spec", "triage", "verdict")
TYPED_TESTS = ("tests/e2e", "tests/bench", "tests/doubles", "tests/replay")
PATIENCE_S = 30.0
"""A campaign that is told to stop needs time to stop its twin and to say what it saw."""


@nox.session(default=False)
def installed(session: nox.Session) -> None:
    """Install the locked requirements and this package; the other sessions run in it."""
    compiled = {"UV_COMPILE_BYTECODE": "1"}  # pip does so itself; without it every start imports from source
    session.install("--require-hashes", "--requirement", LOCK, env=compiled)
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")


def _run(session: nox.Session, program: str, *arguments: str) -> None:
    programs = Path(session.cache_dir).parent / "installed" / "bin"
    environ = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "CI_TOOLS_PARENT": str(os.getpid()),
        # A session is many processes from one checkout: without bytecode each would compile all of it anew.
        "PYTHONDONTWRITEBYTECODE": None,
    }
    session.run(
        programs / program,
        *arguments,
        external=True,
        env=environ,
        interrupt_timeout=PATIENCE_S,
        terminate_timeout=PATIENCE_S,
    )


@nox.session(default=False, venv_backend="none", requires=["installed"])
def campaign(session: nox.Session) -> None:
    """Verify a deployed system: infrastructure first, then what its verdict allows."""
    _run(session, "python", "-m", "ci_tools", "campaign", *session.posargs)


@nox.session(default=False, venv_backend="none", requires=["installed"])
def quick(session: nox.Session) -> None:
    """Verify within five minutes: infrastructure and the P1 suite, stopping early."""
    _run(session, "python", "-m", "ci_tools", "campaign", "--plan", "quick", *session.posargs)


@nox.session(default=False, venv_backend="none", requires=["installed"])
def infra(session: nox.Session) -> None:
    """Look into the infrastructure, for when it is in doubt."""
    _run(session, "python", "-m", "ci_tools", "campaign", "--plan", "infra", *session.posargs)


def _add_phase(name: str) -> None:
    @nox.session(name=name, default=False, venv_backend="none", requires=["installed"])
    def phase(session: nox.Session) -> None:
        number, _, title = name.removeprefix("phase").partition("-")
        session.log(f"phase {number}: {title}")
        _run(session, "python", "-m", "ci_tools", "campaign", "--phase", number, *session.posargs)

    phase.__doc__ = f"Verify only phase {name[5]}, {name.partition('-')[2]}."


for _name in PHASES:
    _add_phase(_name)


@nox.session(default=False, venv_backend="none", requires=["installed"])
def twin(session: nox.Session) -> None:
    """Serve the local staging twin and say where it is and how to switch its faults."""
    _run(session, "python", "-m", "ci_tools", "twin", *session.posargs)


@nox.session(venv_backend="none", requires=["installed"])
def tests(session: nox.Session) -> None:
    """Test this repository; what measures times runs alone, after the others."""
    if session.posargs:
        _run(session, "python", "-m", "pytest", *session.posargs)
        return
    _run(session, "python", "-m", "pytest", "--numprocesses=4")
    _run(session, "python", "-m", "pytest", "tests/acceptance", "tests/workflows/executed")


@nox.session(default=False, venv_backend="none", requires=["installed"])
def coverage(session: nox.Session) -> None:
    """Say which branches of the deciders their own unit tests leave out; none may be."""
    own = [f"tests/unit/{name}" for name in (*DECIDERS, "test_secret_names.py", "test_sequential.py")]
    _run(session, "python", "-m", "coverage", "erase")
    _run(session, "python", "-m", "coverage", "run", "-m", "pytest", *own, "--hypothesis-seed=0", *session.posargs)
    _run(session, "python", "-m", "coverage", "combine", "--quiet")
    _run(session, "python", "-m", "coverage", "report")


@nox.session(default=False, venv_backend="none", requires=["installed"])
def acceptance(session: nox.Session) -> None:
    """Show what is promised at full size: every fault, kills, every torn byte, planted defects."""
    executed = ["tests/acceptance", "tests/workflows/executed"]
    _run(session, "python", "-m", "pytest", *executed, "--acceptance=full", *session.posargs)


@nox.session(default=False, venv_backend="none", requires=["installed"])
def diagnosis(session: nox.Session) -> None:
    """Hold the diagnoses of every fault, alone and in pairs, against what should be found."""
    _run(session, "python", "-m", "tests.diagnosis", *session.posargs)


@nox.session(name="triage-replay", default=False, venv_backend="none", requires=["installed"])
def triage_replay(session: nox.Session) -> None:
    """Replay outages on a GitHub of our own, beside the rules of four other tools, and hold what is promised."""
    _run(session, "python", "-m", "tests.replay", *session.posargs)


@nox.session(default=False, venv_backend="none", requires=["installed"])
def bench(session: nox.Session) -> None:
    """Measure campaigns beside plain pytest and beside the least time that the same tests could need."""
    _run(session, "python", "-m", "tests.bench", *session.posargs)
    _run(session, "python", "-m", "tests.bench.fingerprints")


@nox.session(venv_backend="none", requires=["installed"])
def lint(session: nox.Session) -> None:
    """Check style, types, schemas and workflows."""
    _run(session, "python", "-m", "ruff", "check", ".")
    _run(session, "python", "-m", "ruff", "format", "--check", ".")
    _run(session, "python", "-m", "mypy")
    _run(session, "python", "-m", "mypy", "--explicit-package-bases", *TYPED_TESTS)
    workflows = [str(path) for path in sorted(Path(".github/workflows").glob("*.yml"))]
    _run(session, "python", "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    _run(session, "python", "-m", "check_jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml")
    _run(session, "actionlint")
    _run(session, "zizmor", "--offline", "--quiet", ".github")
    _run(session, "python", "-m", "pytest", "--quiet", "tests/workflows/test_workflow_files.py")


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Renew the hashed requirements."""
    session.install("uv")
    arguments = (
        "--extra=twin",
        "--group=build",
        "--group=tests",
        "--group=lint",
        "--universal",
        "--python-version=3.11",
    )
    options = ("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--quiet")
    session.run("uv", "pip", "compile", "pyproject.toml", *arguments, *options, "--output-file", LOCK, *session.posargs)
