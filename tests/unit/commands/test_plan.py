import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ci_tools.__main__ import main
from ci_tools.errors import ExitCode
from tests.unit.runner.shop import Shop, Site, lean_pytest

HERE = "--environment=here"
FAILING = "def test_it(): assert False, 'no cart'\ndef test_that(): pass\n"
FAILING_OTHERWISE = "def test_it(): pass\ndef test_that(): assert False, 'no cart'\n"
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def site() -> Iterator[Site]:
    """The system under test, healthy."""
    with Site().serving() as serving:
        yield serving


@pytest.fixture
def shop(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Its campaign, in the folder where commands are given."""
    monkeypatch.chdir(tmp_path)
    with lean_pytest():
        yield Shop(tmp_path, site)


@pytest.fixture
def say(shop: Shop, capsys: pytest.CaptureFixture[str]) -> Say:
    """Gives a command; its exit code and all that it prints."""
    assert shop.spec.exists()

    def run(*words: str) -> tuple[int, str]:
        try:
            exit_code = main(words)
        except SystemExit as stop:
            exit_code = int(str(stop.code))
        captured = capsys.readouterr()
        return exit_code, captured.out + captured.err

    return run


def test_a_plan_is_printed(say: Say) -> None:
    """What would run, and why; nothing is written or asked."""
    exit_code, said = say("plan", HERE, "--plan=full")

    assert exit_code == ExitCode.PASS
    for word in ("plan full on here", "all phases", "1 first", "smoke", "orders", "nobody can buy"):
        assert word in said


def test_shards_run_a_plan_and_the_last_one_passes(say: Say) -> None:
    """Planned once, run by two jobs, judged as one campaign."""
    assert say("plan", HERE, "--plan=full", "--shards=2", "--out=plan.json")[0] == ExitCode.PASS
    words = ("campaign", "--plan-file=plan.json", "--campaign-id=night-7", "--out=out", "--workers=1")

    assert say(*words, "--shard=1")[0] == ExitCode.INCONCLUSIVE
    exit_code, said = say(*words, "--shard=2")

    assert exit_code == ExitCode.PASS
    assert json.loads(Path("out/test_results.json").read_text(encoding="utf-8"))["campaign"]["id"] == "night-7"
    assert "campaign night-7: plan full on here, shard 2 of 2" in said


def test_a_plan_file_for_one_job_needs_no_shard(say: Say) -> None:
    """It is a campaign like any other."""
    say("plan", HERE, "--plan=auto", "--out=plan.json")

    assert say("campaign", "--plan-file=plan.json", "--out=out", "--workers=1")[0] == ExitCode.PASS


def test_a_campaign_is_compared_with_the_one_before(say: Say, shop: Shop) -> None:
    """What failed and passes is fixed; what fails now is new."""
    shop.suite("smoke", FAILING)
    say("campaign", HERE, "--plan=full", "--out=first", "--workers=1")
    shop.suite("smoke", FAILING_OTHERWISE)

    exit_code, said = say("campaign", HERE, "--plan=full", "--previous=first", "--out=second", "--workers=1")

    assert exit_code == ExitCode.FAIL
    assert "(shop-1): 1 newly failing, 1 fixed" in said
    assert "newly failing: tests/test_smoke.py::test_that" in said
    assert "fixed: tests/test_smoke.py::test_it" in said
    assert "- newly failing: " in Path("second/report.md").read_text(encoding="utf-8")


def test_a_random_order_is_told_by_its_seed(say: Say) -> None:
    """It runs all the same tests."""
    assert say("campaign", HERE, "--plan=full", "--order=random:7", "--out=out", "--workers=1")[0] == ExitCode.PASS


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--shards=0",), "--shards 0: allowed: 1 to 256"),
        (("--plan=auto", "--shards=2"), "plan 'auto' decides by the verdict of its first phase"),
        (("--plan=nothing",), "unknown plan 'nothing'"),
        (("--environment=nowhere",), "unknown environment 'nowhere'"),
        (("--plan=full", "--out=missing/plan.json"), "cannot write 'missing/plan.json'"),
        (("--previous=missing",), "--previous: no campaign directory 'missing'"),
        (("--order=random",), "'random' is no order; allowed: longest, random:SEED"),
        (("--order=random:-1",), "is no order"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(say: Say, words: tuple[str, ...], error: str) -> None:
    """With what was said, and what is allowed."""
    exit_code, said = say("plan", HERE, *words)

    assert exit_code == ExitCode.USAGE
    assert error in said


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--shard=1",), "--shard needs --plan-file FILE"),
        (("--plan-file=plan.json",), "the plan is for 2 shards; say which one this is: --shard 1 to 2"),
        (("--plan-file=plan.json", "--shard=3", "--campaign-id=c"), "the plan has no shard 3"),
        (("--plan-file=plan.json", "--shard=1"), "--shard needs --campaign-id ID"),
        (("--plan-file=plan.json", "--shard=1", "--campaign-id=a/b"), "'a/b' is no campaign id"),
        (("--plan-file=plan.json", "--shard=1", "--campaign-id=c", HERE), "--environment beside --plan-file"),
        (("--plan-file=plan.json", "--shard=1", "--campaign-id=c", "--plan=full"), "--plan beside --plan-file"),
        (("--plan-file=plan.json", "--shard=1", "--campaign-id=c", "--order=longest"), "--order beside --plan-file"),
        (("--plan-file=plan.json", "--shard=1", "--campaign-id=c", "--phase=1"), "--phase beside --plan-file"),
        (("--plan-file=plan.json", "--shard=1", "--campaign-id=c", "--previous=x"), "--previous beside --plan-file"),
        (("--plan-file=missing.json",), "cannot read 'missing.json'"),
        (("--plan-file=campaign.toml",), "'campaign.toml' holds no plan of version 1"),
    ],
)
def test_a_shard_that_cannot_be_is_refused(say: Say, words: tuple[str, ...], error: str) -> None:
    """Before anything is written."""
    say("plan", HERE, "--plan=full", "--shards=2", "--out=plan.json")

    exit_code, said = say("campaign", "--out=out", *words)

    assert exit_code == ExitCode.USAGE
    assert error in said
    assert not Path("out").exists()


def test_a_plan_of_another_campaign_file_is_refused(say: Say, shop: Shop) -> None:
    """The jobs have to read what was planned with."""
    say("plan", HERE, "--plan=full", "--out=plan.json")
    shop.extend("# changed")

    exit_code, said = say("campaign", "--plan-file=plan.json")

    assert exit_code == ExitCode.USAGE
    assert "was planned with another campaign.toml" in said


def test_a_campaign_before_on_another_environment_is_refused(say: Say, shop: Shop) -> None:
    """What changed would be the place."""
    say("campaign", HERE, "--plan=full", "--out=first", "--workers=1")
    shop.extend('[environments.there]\nhosts = { shop = "http://127.0.0.1:1" }\n')

    exit_code, said = say("campaign", "--environment=there", "--plan=full", "--previous=first")

    assert exit_code == ExitCode.USAGE
    assert "--previous 'first' ran on 'here', this campaign runs on 'there'" in said


def test_a_plan_overwrites_nothing(say: Say, shop: Shop) -> None:
    """Least of all the campaign file."""
    before = shop.spec.read_bytes()

    exit_code, said = say("plan", HERE, "--plan=full", "--out=campaign.toml")

    assert exit_code == ExitCode.USAGE
    assert "cannot write 'campaign.toml': File exists" in said
    assert shop.spec.read_bytes() == before


def test_a_plan_file_holds_no_secret(say: Say, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that an earlier campaign did not know for a secret."""
    shop.suite("smoke", "import pytest\n@pytest.mark.parametrize('x', ['hunter2hunter2', 'y'])\ndef test_it(x): pass\n")
    say("campaign", HERE, "--plan=full", "--out=first", "--workers=1")
    monkeypatch.setenv("MY_API_KEY", "hunter2hunter2")

    assert say("plan", HERE, "--plan=full", "--previous=first", "--out=plan.json")[0] == ExitCode.PASS
    assert "hunter2hunter2" not in Path("plan.json").read_text(encoding="utf-8")


def test_the_seed_stands_in_the_evidence(say: Say) -> None:
    """An order that fails can be repeated."""
    say("campaign", HERE, "--plan=full", "--order=random:7", "--out=out", "--workers=1")

    assert json.loads(Path("out/test_results.json").read_text(encoding="utf-8"))["campaign"]["order"] == "random:7"
    assert "order random:7" in Path("out/report.md").read_text(encoding="utf-8")


def test_a_campaign_before_that_lost_evidence_is_said(say: Say) -> None:
    """A test that it lost seems to fail newly."""
    say("campaign", HERE, "--plan=full", "--out=first", "--workers=1")
    next(Path("first/journal").glob("gw0*.jsonl")).unlink()

    _, said = say("campaign", HERE, "--plan=full", "--previous=first", "--out=second", "--workers=1")

    assert "which is not whole (gw0" in said


LOGIN = "import os\ndef test_it(): assert os.environ['SHOP_BEARER'] == 'x'\ndef test_that(): pass\n"


def test_the_secret_of_the_auth_strategy_is_masked_everywhere(
    say: Say, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its variable is called: in journal, results, report and output, also when judged or triaged again."""
    monkeypatch.setenv("SHOP_LOGIN", "hunter2hunter2")
    shop.change('token_env = "SHOP_BEARER"', 'token_env = "SHOP_LOGIN"')
    shop.suite("smoke", LOGIN.replace("SHOP_BEARER", "SHOP_LOGIN"))

    said = [
        say("campaign", "--environment=locked", "--plan=full", "--out=out", "--workers=1"),
        say("judge", "out"),
        say("triage", "out"),
    ]

    kept = [path.read_text(encoding="utf-8") for path in Path("out").rglob("*") if path.is_file()]
    assert said[0][0] == ExitCode.FAIL
    assert [text for text in (*kept, *(output for _, output in said)) if "hunter2hunter2" in text] == []


def test_a_campaign_before_is_compared_with_where_it_can_be(say: Say) -> None:
    """As with --previous: the plan that is kept says what it was."""
    say("campaign", HERE, "--plan=full", "--out=first", "--campaign-id=night-6", "--workers=1")

    exit_code, _ = say("plan", HERE, "--plan=full", "--previous-if-any=first", "--out=plan.json")

    assert exit_code == ExitCode.PASS
    assert json.loads(Path("plan.json").read_text(encoding="utf-8"))["previous"]["campaign"] == "night-6"


@pytest.mark.parametrize(("kept", "said"), [(None, ""), ("torn", "this campaign is compared with none")])
def test_no_campaign_waits_for_a_comparison(kept: str | None, said: str, say: Say) -> None:
    """What is not there, or cannot be read, is left out."""
    if kept is not None:
        Path("before").mkdir()
        Path("before", "campaign.jsonl").write_text(kept, encoding="utf-8")

    exit_code, printed = say("plan", HERE, "--plan=full", "--previous-if-any=before", "--out=plan.json")

    assert exit_code == ExitCode.PASS
    assert said in printed
    assert json.loads(Path("plan.json").read_text(encoding="utf-8"))["previous"] is None
