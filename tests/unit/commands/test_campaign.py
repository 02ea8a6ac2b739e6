import json
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ci_tools.errors import ExitCode
from ci_tools.report.schema import schema as results_schema
from tests.unit.commands.command_line import CAMPAIGN, PASSED, ROOT, Passed, Say, called
from tests.unit.runner.shop import Shop

LIMITED = """\
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({size_bytes}, {size_bytes}))
sys.argv = ["ci-tools", *sys.argv[1:]]
runpy.run_module("ci_tools", run_name="__main__")
"""


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
        (("--out=campaign.toml",), "campaign.toml': File exists"),
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


def test_faults_that_cannot_be_on_together_leave_nothing_behind(say: Say) -> None:
    """What was never switched on is not said to be."""
    words = ("--environment=twin", "--fault=redis_down", "--fault=redis_blackhole", "--out=out")

    done = say("campaign", f"--spec={ROOT / 'campaign.toml'}", *words)

    assert (done.exit_code, done.stdout) == (ExitCode.USAGE, "")
    assert "cannot be on together" in done.stderr
    assert not Path("out").exists()


def test_a_file_with_a_byte_order_mark_is_read(shop: Shop, say: Say) -> None:
    """As it stands behind the mark."""
    shop.spec.write_text(shop.spec.read_text(encoding="utf-8"), encoding="utf-8-sig")

    assert say("plan", "--environment=here", "--plan=full").exit_code == ExitCode.PASS


def test_an_invalid_file_ends_with_2(shop: Shop, say: Say) -> None:
    """With the line, the value and what is allowed."""
    shop.change('kind = "http_json"', 'kind = "http_jsn"')
    number = shop.spec.read_text(encoding="utf-8").splitlines().index('kind = "http_jsn"') + 1

    done = say(*CAMPAIGN)

    assert done.exit_code == ExitCode.USAGE
    assert f"campaign.toml:{number}" in done.stderr
    assert "http_jsn" in done.stderr
    assert "http_json" in done.stderr


@pytest.mark.parametrize("size_bytes", [0, 3_000], ids=["from the start", "later"])
def test_a_full_disk_ends_with_4(shop: Shop, size_bytes: int) -> None:
    """What cannot be written down cannot be trusted."""
    limited = (sys.executable, "-c", LIMITED.format(size_bytes=size_bytes))

    done = called(shop.root, *CAMPAIGN, "--plan=full", command=limited)

    assert done.returncode == ExitCode.DEFECT
    assert "ci-tools: cannot write the journal" in done.stderr
    assert "PASS" not in done.stdout
