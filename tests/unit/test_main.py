import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from jsonschema import Draft202012Validator

from ci_tools.__main__ import main
from ci_tools.errors import ExitCode
from ci_tools.evidence.events import CampaignFinished, Interrupted, TestFinished
from ci_tools.evidence.journal import read
from ci_tools.report.schema import schema as results_schema
from ci_tools.spec import schema as spec_schema
from tests.unit.runner.shop import ADDOPTS, HANGING, Shop, Site

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60
COMMAND = (sys.executable, "-m", "ci_tools")
LIMITED = """\
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({size_bytes}, {size_bytes}))
sys.argv = ["ci-tools", *sys.argv[1:]]
runpy.run_module("ci_tools", run_name="__main__")
"""

Eventually = Callable[..., None]


def environ(**variables: str) -> Mapping[str, str]:
    """The environment of a command: ours, lean, and without what others have set."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("CI", "SHOP_BEARER")}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ADDOPTS, **variables}


def called(folder: Path, *words: str, command: tuple[str, ...] = COMMAND) -> "subprocess.CompletedProcess[str]":
    """What the real command line says and ends with."""
    return subprocess.run(
        [*command, *words],
        cwd=folder,
        env=environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )


CAMPAIGN = ("campaign", "--environment=here", "--out=out", "--workers=1")


@dataclass(frozen=True)
class Said:
    """What a command printed and what its process would end with."""

    exit_code: int
    stdout: str
    stderr: str


Say = Callable[..., Said]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command in this process, in the test's directory: quicker than one of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", ADDOPTS)
    monkeypatch.delenv("SHOP_BEARER", raising=False)

    def run(*words: str) -> Said:
        try:
            exit_code = main(words)
        except SystemExit as end:
            # argparse ends the process itself.
            exit_code = int(end.code or 0)
        captured = capsys.readouterr()
        return Said(exit_code, captured.out, captured.err)

    return run


@pytest.fixture
def site() -> Iterator[Site]:
    """The system under test, healthy."""
    with Site().serving() as serving:
        yield serving


@pytest.fixture
def shop(tmp_path: Path, site: Site) -> Shop:
    """Its campaign, in which everything passes."""
    return Shop(tmp_path, site)


@pytest.fixture(scope="session")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, "subprocess.CompletedProcess[str]"]]:
    """A campaign that has passed, by the command line."""
    with Site().serving() as serving:
        shop = Shop(tmp_path_factory.mktemp("passed"), serving)
        yield shop, called(shop.root, *CAMPAIGN, "--plan=full")


Passed = tuple[Shop, "subprocess.CompletedProcess[str]"]
PASSED = pytest.mark.xdist_group("passed campaign")


def copied(shop: Shop, folder: Path) -> Path:
    """The journal of a campaign, in a directory of its own."""
    journal = folder / "copy" / "journal"
    journal.mkdir(parents=True)
    for path in (shop.out / "journal").iterdir():
        (journal / path.name).write_bytes(path.read_bytes())
    return journal.parent


def test_exit_codes_are_distinct() -> None:
    """A workflow can tell them apart, and 0 is a pass alone."""
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4]


@PASSED
def test_a_pass_ends_with_0(passed: Passed) -> None:
    """The verdict is the last word but for the place of the evidence."""
    _, done = passed

    assert (done.returncode, done.stderr) == (ExitCode.PASS, "")
    *_, verdict, evidence = done.stdout.splitlines()
    assert verdict.startswith("PASS  here, plan full, shop-1 in ")
    assert evidence == "evidence: out"


@PASSED
def test_a_campaign_leaves_its_evidence(passed: Passed) -> None:
    """Journal, results, report and logs; the results as described by their schema."""
    shop, _ = passed

    names = {path.name for path in shop.out.iterdir()}
    assert names == {
        "journal",
        "environment.json",
        "pytest.log",
        "test_results.json",
        "report.md",
    }
    results = json.loads((shop.out / "test_results.json").read_text(encoding="utf-8"))
    Draft202012Validator(results_schema()).validate(results)
    assert results["verdict"]["verdict"] == "pass"


@PASSED
def test_a_journal_is_judged_as_the_campaign_was(passed: Passed, tmp_path: Path, say: Say) -> None:
    """From its journal alone, in the same words."""
    shop, done = passed
    copy = copied(shop, tmp_path)

    judged = say("judge", str(copy / "journal"))

    assert judged.exit_code == ExitCode.PASS
    assert judged.stdout.splitlines()[-2] == done.stdout.splitlines()[-2]
    assert (copy / "test_results.json").read_bytes() == (shop.out / "test_results.json").read_bytes()
    assert (copy / "report.md").read_bytes() == (shop.out / "report.md").read_bytes()


@PASSED
def test_a_torn_journal_is_inconclusive(passed: Passed, tmp_path: Path, say: Say) -> None:
    """The last line without its end is evidence of missing evidence."""
    shop, _ = passed
    copy = copied(shop, tmp_path)
    torn = copy / "journal" / "campaign.jsonl"
    os.truncate(torn, torn.stat().st_size - 3)

    judged = say("judge", "copy")

    assert judged.exit_code == ExitCode.INCONCLUSIVE
    assert "campaign.jsonl: the last line is torn" in judged.stdout


@PASSED
def test_a_lost_file_of_a_journal_is_inconclusive(passed: Passed, tmp_path: Path, say: Say) -> None:
    """Also one that nobody misses by its own lines."""
    shop, _ = passed
    copy = copied(shop, tmp_path)
    next((copy / "journal").glob("gw0-*.jsonl")).unlink()

    judged = say("judge", "copy")

    assert judged.exit_code == ExitCode.INCONCLUSIVE
    assert "events are missing at the end" in judged.stdout


def test_a_failing_gate_ends_with_1(shop: Shop) -> None:
    """The reason names the dependency; the tests that need it are blocked by it."""
    shop.site.answers["/health"] = {"status": "broken"}

    done = called(shop.root, *CAMPAIGN, "--plan=short")

    assert done.returncode == ExitCode.FAIL
    assert "  shop: shop fails: " in done.stdout
    assert done.stdout.splitlines()[-2].startswith("FAIL  here, plan short")


def test_an_unreachable_host_ends_with_1(shop: Shop, say: Say) -> None:
    """Nothing listens there: the deployed system does not work."""
    shop.spec.write_text(shop.spec.read_text(encoding="utf-8").replace(str(shop.site.port), "1"), encoding="utf-8")

    done = say(*CAMPAIGN, "--phase=first")

    assert done.exit_code == ExitCode.FAIL
    assert "ECONNREFUSED" in done.stdout


def test_a_skipped_test_ends_with_3(shop: Shop, say: Say) -> None:
    """No evidence is never a pass."""
    shop.suite("orders", "import pytest\ndef test_it(): pytest.skip('not today')\n")

    done = say(*CAMPAIGN, "--phase=2")

    assert done.exit_code == ExitCode.INCONCLUSIVE
    assert "1 skipped" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--plan=nothing",), "unknown plan 'nothing'"),
        (("--environment=nowhere",), "unknown environment 'nowhere'"),
        (("--environment=locked",), "SHOP_BEARER"),
        (("--phase=9",), "has no phase '9'"),
        (("--phase=²",), "has no phase '²'"),
        (("--workers=0",), "'0' is not a number of workers"),
        (("--workers=²",), "'²' is not a number of workers"),
        (("--spec=nothing.toml",), "cannot read 'nothing.toml'"),
        (("--spec=tests",), "cannot read 'tests'"),
        (("--out=tests",), "tests' is not empty"),
        (("--out=campaign.toml",), "campaign.toml' as campaign directory: File exists"),
        (("--fault=redis_down",), "faults are switched in the twin only"),
        (("--surprise",), "unrecognized arguments: --surprise"),
    ],
)
def test_a_wrong_wish_ends_with_2(shop: Shop, say: Say, words: tuple[str, ...], said: str) -> None:
    """It is refused by name, and nothing is started or written."""
    done = say(*CAMPAIGN, *words)

    assert done.exit_code == ExitCode.USAGE
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not shop.out.exists()
    assert shop.site.asked == []


def test_an_invalid_file_ends_with_2(shop: Shop, say: Say) -> None:
    """With the line, the value and what is allowed."""
    shop.change('kind = "http_json"', 'kind = "http_jsn"')
    number = shop.spec.read_text(encoding="utf-8").splitlines().index('kind = "http_jsn"') + 1

    done = say(*CAMPAIGN)

    assert done.exit_code == ExitCode.USAGE
    assert f"campaign.toml:{number}" in done.stderr
    assert "http_jsn" in done.stderr
    assert "http_json" in done.stderr


def write_foreign(folder: Path) -> None:
    """Somebody else's files."""
    folder.joinpath("log.jsonl").write_text('{"level": "info"}\n', encoding="utf-8")


def write_other(folder: Path) -> None:
    """No journal at all."""
    folder.joinpath("notes.txt").write_text("mine", encoding="utf-8")


def write_empty(folder: Path) -> None:
    """A journal into which nothing was written."""
    folder.joinpath("journal").mkdir()
    folder.joinpath("journal", "campaign.jsonl").touch()


def write_torn(folder: Path) -> None:
    """A journal whose only line was never finished."""
    folder.joinpath("journal").mkdir()
    folder.joinpath("journal", "campaign.jsonl").write_text('{"v":1,"event":"campaign_sta', encoding="utf-8")


@pytest.mark.parametrize(
    ("write", "exit_code", "said"),
    [
        (Path.rmdir, ExitCode.USAGE, "no campaign directory"),
        (write_other, ExitCode.USAGE, "holds no journal"),
        (write_foreign, ExitCode.USAGE, "holds no event that this version can read"),
        (write_empty, ExitCode.INCONCLUSIVE, "is empty: nothing was seen, so nothing passes"),
        (write_torn, ExitCode.INCONCLUSIVE, "holds no whole event"),
    ],
)
def test_what_cannot_be_judged_is_told_apart(
    tmp_path: Path, say: Say, write: Callable[[Path], None], exit_code: ExitCode, said: str
) -> None:
    """A wrong directory is a mistake of usage; a journal without evidence is no pass."""
    folder = tmp_path / "campaign"
    folder.mkdir()
    write(folder)

    done = say("judge", "campaign")

    assert done.exit_code == exit_code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("size_bytes", [0, 3_000], ids=["from the start", "later"])
def test_a_full_disk_ends_with_4(shop: Shop, size_bytes: int) -> None:
    """What cannot be written down cannot be trusted."""
    limited = (sys.executable, "-c", LIMITED.format(size_bytes=size_bytes))

    done = called(shop.root, *CAMPAIGN, "--plan=full", command=limited)

    assert done.returncode == ExitCode.DEFECT
    assert "ci-tools: cannot write the journal" in done.stderr
    assert "PASS" not in done.stdout


def test_a_failure_of_our_own_ends_with_4(tmp_path: Path) -> None:
    """It is never mistaken for one of the deployed system."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, "schema"],
            cwd=tmp_path,
            env=environ(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == ExitCode.DEFECT
    assert "this is a defect of ci-tools, not of the deployed system; no verdict" in done.stderr


Begun = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def begun(shop: Shop) -> Iterator[Begun]:
    """Begins a campaign, over the first phase unless told otherwise, which is gone afterwards."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*COMMAND, *CAMPAIGN, *(words or ("--phase=1",))],
            cwd=shop.root,
            env=environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        with process:
            process.kill()


@pytest.fixture
def hanging(shop: Shop, begun: Begun, eventually: Eventually) -> "subprocess.Popen[str]":
    """A campaign in the middle of a test that hangs."""
    shop.suite("smoke", HANGING)
    process = begun()
    eventually((shop.root / "hanging").exists, within_s=PATIENCE_S, what="the test hangs")
    return process


def children_of(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """Every process that the campaign has started and that runs."""
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_campaign_ends_with_3(
    shop: Shop, hanging: "subprocess.Popen[str]", eventually: Eventually, number: signal.Signals
) -> None:
    """Its journal says what was seen until then, it is judged, and no process is left."""
    children = children_of(hanging)

    hanging.send_signal(number)
    told, _ = hanging.communicate(timeout=PATIENCE_S)

    assert hanging.returncode == ExitCode.INCONCLUSIVE
    assert f"interrupted: {number.name} was received" in told
    assert told.splitlines()[-2].startswith("INCONCLUSIVE  here, plan full")
    assert shop.events(Interrupted) == [Interrupted(reason=f"{number.name} was received")]
    assert [event.node_id for event in shop.events(TestFinished)] == ["tests/test_smoke.py::test_it"]
    assert len(shop.events(CampaignFinished)) == 1
    assert read(shop.out).problems == ()
    assert (shop.out / "test_results.json").is_file()
    assert len(children) >= 2
    eventually(lambda: not any(child.is_running() for child in children), within_s=2, what="its children are gone")


def test_a_killed_campaign_can_be_judged_and_leaves_no_process(
    shop: Shop, hanging: "subprocess.Popen[str]", eventually: Eventually
) -> None:
    """What it saw stands; that it never finished makes it inconclusive."""
    children = children_of(hanging)

    hanging.kill()
    hanging.wait()
    eventually(lambda: not any(child.is_running() for child in children), within_s=2, what="its children are gone")
    judged = called(shop.root, "judge", "out")

    assert judged.returncode == ExitCode.INCONCLUSIVE
    assert "the campaign never finished: its process was killed or is still running" in judged.stdout
    assert "1 not run" in judged.stdout


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_campaign_that_ends_between_two_phases_leaves_no_process(
    shop: Shop, begun: Begun, eventually: Eventually, number: signal.Signals
) -> None:
    """However it ends while its pytest waits for the next phase."""
    shop.extend(
        '[gates.again]\nphase = "second"\nkind = "reliability"\n'
        'dependency = "shop"\nprobe = "shop"\nfloor = 0.5\ntarget = 1.0\n'
    )
    shop.suite("smoke", "import pathlib\ndef test_it(): pass\ndef test_that(): pathlib.Path('tested').touch()\n")
    between = threading.Event()

    def answer() -> object:
        if (shop.root / "tested").exists():
            between.set()
            shop.site.released.clear()
            shop.site.released.wait(PATIENCE_S)
        return {"status": "ok"}

    shop.site.answers["/health"] = answer
    process = begun("--plan=full")
    assert between.wait(PATIENCE_S)
    children = children_of(process)

    process.send_signal(number)
    process.communicate(timeout=PATIENCE_S)

    assert len(children) >= 2
    eventually(lambda: not any(child.is_running() for child in children), within_s=5, what="its children are gone")
    judged = called(shop.root, "judge", "out")
    assert judged.returncode == ExitCode.INCONCLUSIVE
    assert [event.node_id.partition("::")[2] for event in shop.events(TestFinished)] == ["test_it", "test_that"]


def test_a_campaign_can_be_stopped_while_it_probes(shop: Shop, begun: Begun, eventually: Eventually) -> None:
    """A deployed system that does not answer holds nobody up."""
    shop.site.released.clear()
    process = begun()
    eventually(lambda: shop.site.asked, within_s=PATIENCE_S, what="it probes")

    process.send_signal(signal.SIGTERM)
    told, _ = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == ExitCode.INCONCLUSIVE
    assert "interrupted: SIGTERM was received" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    "words", [("campaign", "--environment=here", "--phase=2", "--workers=1"), ("schema", "results")]
)
def test_output_that_nobody_reads_is_no_verdict(shop: Shop, words: tuple[str, ...]) -> None:
    """A closed pipe is neither a pass nor a failure of the deployed system."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=shop.root,
            env=environ(),
            stdout=writing,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
    finally:
        os.close(writing)

    assert done.returncode == ExitCode.INCONCLUSIVE
    assert "Traceback" not in done.stderr


def test_the_schemas_are_printed(say: Say) -> None:
    """As JSON, that of the campaign file unless the other is asked for."""
    assert json.loads(say("schema").stdout) == spec_schema()
    assert json.loads(say("schema", "results").stdout) == results_schema()


def test_the_faults_are_listed(say: Say) -> None:
    """As JSON, each with the cause that it stands for."""
    done = say("faults")

    assert done.exit_code == ExitCode.PASS
    assert "redis_down" in done.stdout
    assert json.loads(done.stdout)


@pytest.mark.parametrize("words", [(), ("judge",), ("nonsense",), ("faults", "--on=a", "--off=b"), ("schema", "other")])
def test_a_wrong_command_line_ends_with_2(say: Say, words: tuple[str, ...]) -> None:
    """With the usage, and without a traceback."""
    done = say(*words)

    assert done.exit_code == ExitCode.USAGE
    assert done.stderr.startswith("usage: ci-tools")
