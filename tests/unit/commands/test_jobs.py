import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_tools.errors import ExitCode
from tests.unit.commands.command_line import Said, Say, no_file_beyond
from tests.unit.runner.shop import Shop, Site

PLAN = ("plan", "--environment=here", "--shards=phases", "--out=plan.json")
CAMPAIGN = ("campaign", "--plan-file=plan.json", "--campaign-id=run-1", "--workers=1")
Shard = Callable[[int, str], Said]


@pytest.fixture
def shard(shop: Shop, say: Say) -> Shard:
    """Runs a shard of the plan in a folder."""
    assert shop.spec.exists()
    return lambda number, out: say(*CAMPAIGN, f"--shard={number}", f"--out={out}")


def outputs(said: Said) -> dict[str, str]:
    """What a workflow learns."""
    return dict(line.split("=", 1) for line in said.stdout.splitlines())


def test_the_first_job_is_said(shop: Shop, say: Say) -> None:
    """And where the plan runs, and how long to keep what is seen."""
    assert shop.spec.exists()
    say(*PLAN, "--plan=auto")

    assert outputs(say("jobs", "plan.json")) == {
        "environment": "here",
        "artifact_days": "90",
        "first": '{"shard": 1, "name": "first", "minutes": 16}',
    }


def test_evidence_is_kept_as_long_as_the_campaign_file_says(shop: Shop, say: Say) -> None:
    """Issues say until when it is to be had, by the same file."""
    shop.spec.write_text(shop.spec.read_text("utf-8") + "\n[triage]\nartifact_days = 14\n", encoding="utf-8")
    say(*PLAN, "--plan=auto")

    assert outputs(say("jobs", "plan.json"))["artifact_days"] == "14"


def test_what_follows_is_said_after_the_first(say: Say, shard: Shard) -> None:
    """Its verdict has decided that."""
    say(*PLAN, "--plan=auto")
    shard(1, "out")

    assert outputs(say("jobs", "plan.json", "--after=out")) == {
        "together": '[{"shard": 2, "name": "second", "minutes": 16}]',
        "alone": "",
    }


def test_a_plan_that_stops_early_has_no_jobs_after_a_failure(site: Site, say: Say, shard: Shard) -> None:
    """Each would only take a runner."""
    site.status = 503
    say(*PLAN, "--plan=short")
    shard(1, "out")

    assert outputs(say("jobs", "plan.json", "--after=out"))["together"] == "[]"


def test_a_plan_of_one_phase_has_nothing_that_follows(say: Say, shard: Shard) -> None:
    """The workflow asks all the same."""
    say(*PLAN, "--plan=full", "--phase=1")
    shard(1, "out")

    assert outputs(say("jobs", "plan.json", "--after=out")) == {"together": "[]", "alone": ""}


def test_a_campaign_of_another_plan_does_not_say_what_follows(say: Say, shard: Shard) -> None:
    """It would leave out what the plan asks for."""
    say(*PLAN, "--plan=full", "--phase=1")
    shard(1, "out")
    say(*PLAN, "--plan=auto", "--out=auto.json")

    said = say("jobs", "auto.json", "--after=out")

    assert said.exit_code == ExitCode.USAGE
    assert "the campaign in 'out' was not planned by this file" in said.stderr


def test_equal_shards_have_no_first_job(shop: Shop, say: Say) -> None:
    """What to do is said."""
    assert shop.spec.exists()
    say("plan", "--environment=here", "--plan=full", "--shards=2", "--out=plan.json")

    said = say("jobs", "plan.json")

    assert said.exit_code == ExitCode.USAGE
    assert "plan anew: ci-tools plan --shards phases --out FILE" in said.stderr


def test_merged_shards_are_one_campaign(say: Say, shard: Shard) -> None:
    """Also where each was in a folder of its own."""
    say(*PLAN, "--plan=auto")
    shard(1, "one")
    shutil.copytree("one", "two")
    shard(2, "two")
    kept = Path("two-alone/journal")
    kept.mkdir(parents=True)
    for path in Path("two/journal").glob("shard2-*"):
        shutil.copy(path, kept)

    merged = say("merge", "one", "two-alone", "--out=all")

    assert merged.stdout.splitlines() == ["one: shard 1", "two-alone: shard 2"]
    assert say("judge", "all").exit_code == ExitCode.PASS
    assert Path("all/shard1-pytest.log").exists()


def test_what_shards_leave_behind_is_merged_as_it_is(shop: Shop, say: Say) -> None:
    """Each has judged itself; the whole is judged anew, and the logs of all stand side by side."""
    assert shop.spec.exists()
    say("plan", "--environment=here", "--plan=full", "--shards=2", "--out=plan.json")
    for number in ("1", "2"):
        say(*CAMPAIGN, "--campaign-id=4711", f"--shard={number}", f"--out=job{number}")

    merged = say("merge", "job1", "job2", "--out=all")

    assert (merged.exit_code, merged.stderr) == (ExitCode.PASS, "")
    kept = ("environment.json", "pytest.log")
    assert {path.name for path in Path("all").iterdir()} == {
        "journal",
        *(f"shard{number}-{name}" for number in (1, 2) for name in kept),
    }
    assert say("judge", "all").exit_code == ExitCode.PASS
    assert json.loads(Path("all/test_results.json").read_text(encoding="utf-8"))["campaign"]["id"] == "4711"


def test_of_a_shard_that_ran_again_the_last_attempt_counts(site: Site, say: Say, shard: Shard) -> None:
    """Somebody has run its job again; whichever is named first."""
    say(*PLAN, "--plan=auto")
    site.status = 503
    shard(1, "before")
    site.status = 200
    shard(1, "after")

    merged = say("merge", "after", "before", "--out=all")

    assert merged.stdout.splitlines() == ["after: shard 1", "before: shard 1, superseded by a later attempt"]
    say("judge", "all")
    results = json.loads(Path("all/test_results.json").read_text(encoding="utf-8"))
    assert results["phases"][0]["verdict"] == "pass"


def test_a_plan_for_where_the_secret_is_not_set_is_made_for_another_place(shop: Shop, say: Say) -> None:
    """And says so."""
    assert shop.spec.exists()

    said = say("plan", "--environment=locked", "--otherwise=here", "--plan=full", "--out=plan.json")

    assert "its variable SHOP_BEARER is not set" in said.stderr
    assert "planned for 'here' instead" in said.stderr
    assert json.loads(Path("plan.json").read_text(encoding="utf-8"))["plan"]["environment"] == "here"


def test_a_plan_for_where_the_secret_is_set_is_made_for_it(
    shop: Shop, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other place is no more than known."""
    assert shop.spec.exists()
    monkeypatch.setenv("SHOP_BEARER", "hunter2hunter2")

    said = say("plan", "--environment=locked", "--otherwise=here", "--plan=full")

    assert (said.exit_code, said.stderr) == (ExitCode.PASS, "")
    assert "plan full on locked" in said.stdout


@pytest.mark.parametrize("secret", ["", "hunter2hunter2"])
@pytest.mark.parametrize("other", ["", "nowhere"])
def test_another_place_that_is_unknown_is_refused(
    secret: str, other: str, shop: Shop, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is needed today or not, and before it is said that it was planned for."""
    assert shop.spec.exists()
    monkeypatch.setenv("SHOP_BEARER", secret)

    said = say("plan", "--environment=locked", f"--otherwise={other}", "--plan=full")

    assert said.exit_code == ExitCode.USAGE
    assert said.stderr.startswith(f"ci-tools: unknown environment '{other}'; known: here, locked")


def test_phases_may_stand_with_commas_between(shop: Shop, say: Say) -> None:
    """As a person types them into a form; nothing typed is no phase."""
    assert shop.spec.exists()
    say(*PLAN, "--plan=full", "--phase=1, second", "--phase=")

    planned = json.loads(Path("plan.json").read_text(encoding="utf-8"))["plan"]["phases"]
    assert [phase["name"] for phase in planned] == ["first", "second"]


def test_a_number_of_shards_that_is_none_is_refused(say: Say) -> None:
    """With what is allowed."""
    said = say("plan", "--shards=many")

    assert said.exit_code == ExitCode.USAGE
    assert "'many' is no number of shards; allowed: a number, phases" in said.stderr


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("one", "'one' is not empty; a campaign keeps its evidence: choose another --out DIR"),
        ("plan.json", "cannot keep evidence in 'plan.json': File exists; choose another --out DIR"),
    ],
    ids=["a folder that holds something", "a file"],
)
def test_merging_overwrites_nothing(say: Say, shard: Shard, out: str, words: str) -> None:
    """A name that is taken is no defect."""
    say(*PLAN, "--plan=auto")
    shard(1, "one")

    said = say("merge", "one", f"--out={out}")

    assert said.exit_code == ExitCode.USAGE
    assert words in said.stderr


def test_half_a_merge_is_not_left_behind(say: Say, shard: Shard) -> None:
    """It would be judged as a whole; with space for it the same command succeeds."""
    say(*PLAN, "--plan=auto")
    shard(1, "one")
    Path("one/long.log").write_text("x" * 100_000)

    with no_file_beyond(50_000):
        said = say("merge", "one", "--out=all")

    assert said.exit_code == ExitCode.DEFECT
    assert "cannot copy 'one/long.log' to 'all/long.log': File too large; nothing of it is kept" in said.stderr
    assert list(Path("all").iterdir()) == []
    assert say("merge", "one", "--out=all").exit_code == ExitCode.PASS


def test_two_files_of_one_name_are_not_merged(say: Say, shard: Shard) -> None:
    """One of them would be lost."""
    say(*PLAN, "--plan=auto")
    shard(1, "one")
    shutil.copytree("one", "two")

    said = say("merge", "one", "two", "--out=all")

    assert said.exit_code == ExitCode.USAGE
    assert "two directories hold" in said.stderr
    assert not Path("all").exists()


def test_the_same_shard_of_another_campaign_is_no_later_attempt(say: Say, shard: Shard) -> None:
    """It would be judged in place of the one that is asked for."""
    say(*PLAN, "--plan=auto")
    shard(1, "one")
    say(*CAMPAIGN, "--campaign-id=run-2", "--shard=1", "--out=other")

    said = say("merge", "one", "other", "--out=all")

    assert said.exit_code == ExitCode.USAGE
    assert "two directories hold 'shard1-campaign.jsonl'" in said.stderr


def test_a_plan_of_one_phase_is_one_shard_that_says_so(say: Say, shard: Shard) -> None:
    """What it keeps is named after it, as a workflow expects of every job."""
    say(*PLAN, "--plan=full", "--phase=1")

    assert shard(1, "out").exit_code == ExitCode.PASS
    assert Path("out/journal/shard1-campaign.jsonl").exists()
