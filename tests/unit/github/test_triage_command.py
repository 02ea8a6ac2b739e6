from pathlib import Path

import pytest

from ci_tools.__main__ import main
from ci_tools.errors import ExitCode
from ci_tools.evidence.events import Event
from ci_tools.evidence.journal import JournalWriter
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import DependencyState, Outcome
from tests.doubles.github.documents import owners_error
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.unit.report.judgements import ALL_COLLECTED, CLOSING, GOOD, OPENING, TESTS, ended, seen

ROOT = Path(__file__).parents[3]
KNOWN = """[[known_issues]]
number = 77
dependencies = ["shop"]

[environments.twin]"""
FAILING: tuple[Event, ...] = (
    *OPENING,
    seen(DependencyState.DOWN, code="503", text="503 instead of 200: Redis is gone"),
    *ALL_COLLECTED,
    *(ended(test, Outcome.FAILED, "expected 201, got 500") for test in TESTS),
    *CLOSING,
)
PASSING: tuple[Event, ...] = (
    *OPENING,
    *GOOD,
    *ALL_COLLECTED,
    *(ended(test, Outcome.PASSED) for test in TESTS),
    *CLOSING,
)


def kept(folder: Path, events: tuple[Event, ...]) -> str:
    """A campaign's directory that holds *events*."""
    writer = JournalWriter(folder, "campaign", Redactor())
    for event in events:
        writer.write(event)
    writer.close()
    return str(folder)


@pytest.fixture(autouse=True)
def workflow(github: GitHubDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment of a workflow's job."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    monkeypatch.chdir(tmp_path)


def test_the_plan_of_a_failure_is_printed(
    github: GitHubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a repository nothing is asked of anybody."""
    code = main(["triage", kept(tmp_path / "run", FAILING)])

    printed = capsys.readouterr().out
    assert code == ExitCode.PASS
    assert printed.startswith(
        "1. create 'here: shop: a service does not answer, and nothing outside says why (suspected)'"
    )
    assert "nobody can buy" in printed
    assert github.asked == []


def test_a_passing_campaign_plans_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to tell."""
    assert main(["triage", kept(tmp_path / "run", PASSING)]) == ExitCode.PASS
    assert capsys.readouterr().out.startswith("nothing to do")


def test_with_a_repository_issues_are_read_only(github: GitHubDouble, tmp_path: Path) -> None:
    """A plan changes nothing until it is applied."""
    assert main(["triage", kept(tmp_path / "run", FAILING), "--repo", REPO]) == ExitCode.PASS
    assert github.asked == [
        *(f"GET /repos/{REPO}/issues", "GET /search/issues"),
        f"GET /repos/{REPO}/codeowners/errors",
    ]


def test_applied_twice_a_plan_is_done_once(
    github: GitHubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second run finds its campaign accounted for."""
    arguments = ["triage", kept(tmp_path / "run", FAILING), "--repo", REPO, "--apply", "--run-url", "https://ci.test/1"]

    assert (main(arguments), main(arguments)) == (ExitCode.PASS, ExitCode.PASS)
    assert github.writes() == [f"POST /repos/{REPO}/issues"]
    assert "[run](https://ci.test/1)" in github.issues[1]["body"]
    assert "done, #1: create" in capsys.readouterr().out


def test_a_summary_that_cannot_be_written_keeps_no_outage_from_anybody(
    github: GitHubDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is filed first, and then what is wrong is said; a full disk is nobody's wrong word."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/full")

    code = main(["triage", kept(tmp_path / "run", FAILING), "--repo", REPO, "--apply", "--github"])

    assert code == ExitCode.DEFECT
    assert (
        "cannot write '/dev/full', which GITHUB_STEP_SUMMARY names: No space left on device" in capsys.readouterr().err
    )
    assert list(github.issues) == [1]


def test_a_step_of_github_actions_shows_the_plan(
    github: GitHubDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its summary, behind what stands there already; nothing is done without being asked for."""
    (tmp_path / "summary").write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))

    main(["triage", kept(tmp_path / "run", FAILING), "--repo", REPO, "--github"])

    assert (tmp_path / "summary").read_text("utf-8").startswith("before\n## What the issues would be told\n\n1. create")
    assert github.writes() == []


@pytest.mark.parametrize("file", [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"])
def test_the_owner_stands_in_codeowners(file: str, github: GitHubDouble, tmp_path: Path) -> None:
    """The file of the working directory that GitHub would take, unless another is named."""
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("/dependencies/shop @acme/shop\n", encoding="utf-8")

    main(["triage", kept(tmp_path / "run", FAILING), "--repo", REPO, "--apply"])

    assert github.issues[1]["body"].startswith("For @acme/shop: CODEOWNERS /dependencies/shop decides")


@pytest.mark.parametrize("more", [[], ["--apply"]])
def test_an_owner_who_does_not_exist_is_named(
    more: list[str], github: GitHubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a plan that files, and on a good day: in an outage there are better things to do."""
    github.repository.owners_errors = [owners_error(7, "@acme/nobody")]

    code = main(["triage", kept(tmp_path / "run", PASSING if more else FAILING), "--repo", REPO, *more])

    assert code == ExitCode.USAGE
    assert "CODEOWNERS:7: Unknown owner: * @acme/nobody" in capsys.readouterr().err
    assert github.writes() == []


@pytest.mark.parametrize(
    ("others", "labels", "asked"),
    [
        (0, (), ["GET issues", "GET search", "POST issues"]),
        (1, ("e2e-campaign",), ["GET issues", "POST issues"]),
        (2, ("e2e-campaign",), ["GET issues", "POST issues"]),
        (1, (), ["GET issues", "GET search", "POST issues", "GET issues"]),
    ],
)
def test_filing_takes_few_requests(
    others: int, labels: tuple[str, ...], asked: list[str], github: GitHubDouble, tmp_path: Path
) -> None:
    """Three at most; only the first outage ever is looked for among issues of others as well."""
    for number in range(others):
        github.file(f"of environment {number}", labels=labels)

    main(["triage", kept(tmp_path / "run", FAILING), "--repo", REPO, "--apply"])

    assert [one.replace(f"/repos/{REPO}/", "").replace("/search/issues", "search") for one in github.asked] == asked


def test_what_was_asked_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By verb: a first failure, and the same again, which costs one read."""
    arguments = ["triage", kept(tmp_path / "run", FAILING), "--repo", REPO, "--apply"]
    main(arguments)
    main(arguments)

    printed = capsys.readouterr().out
    assert "asked of GitHub: 2 GET, 1 POST\n" in printed
    assert printed.endswith("asked of GitHub: 1 GET\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--apply"], "--repo OWNER/NAME"),
        (["--repo", "shop"], "as OWNER/NAME"),
        (["--repo", "../.."], "as OWNER/NAME"),
        (["--repo", "acme/.."], "as OWNER/NAME"),
        (["--repo", "acme/."], "as OWNER/NAME"),
        (["--repo", "acme/other"], "no such repository"),
        (["--run-url", "here"], "--run-url"),
        (["--codeowners", "."], "--codeowners FILE"),
        (["--codeowners", "none"], "cannot read 'none': No such file or directory"),
        (["--spec", "none.toml"], "--spec FILE"),
        (["--commits", "none.txt"], "--commits FILE"),
    ],
)
def test_a_mistake_on_the_command_line_ends_with_two(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What to change is named."""
    assert main(["triage", kept(tmp_path / "run", FAILING), *arguments]) == ExitCode.USAGE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "arguments", "said"),
    [
        (("CODEOWNERS", "\n* acme/shop\n"), [], "CODEOWNERS:2: owner 'acme/shop' cannot be mentioned"),
        (
            ("commits.txt", "abc1234 fix\nnonsense\n"),
            ["--commits", "commits.txt"],
            "commits.txt:2: 'nonsense' is no commit",
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(
    file: tuple[str, str], arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is planned."""
    (tmp_path / file[0]).write_text(file[1], encoding="utf-8")

    assert main(["triage", kept(tmp_path / "run", FAILING), *arguments]) == ExitCode.USAGE
    assert said in capsys.readouterr().err


def test_a_commit_that_changes_paths_of_what_fails_is_suspected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As git tells of paths, odd names and words that are no UTF-8 among them."""
    log = (
        b'\x000123456789abcdef fix: caf\xe9\n\nREADME.md\n"dependencies/shop/caf\\303\\251.tf"\n\x00abcdef0 old\n\nx\n'
    )
    (tmp_path / "commits").write_bytes(log)

    assert main(["triage", kept(tmp_path / "run", FAILING), "--commits", "commits"]) == ExitCode.PASS
    printed = capsys.readouterr().out
    assert "1 suspect among the commits" in printed
    assert "| - 0123456789ab fix\\: caf\ufffd: it changes dependencies/shop/caf" in printed


def test_commits_without_paths_are_read_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody knows when it was well, none of them is suspected."""
    (tmp_path / "commits").write_text("0123456789abcdef fix: shop\nabcdef0\n", encoding="utf-8")

    assert main(["triage", kept(tmp_path / "run", FAILING), "--commits", "commits"]) == ExitCode.PASS
    assert "among the commits" not in capsys.readouterr().out


def test_what_campaign_toml_knows_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file of the working directory, or another that is named."""
    known = ROOT.joinpath("campaign.toml").read_text(encoding="utf-8").replace("[environments.twin]", KNOWN, 1)
    (tmp_path / "other.toml").write_text(
        known.replace("load_balancer = []", "load_balancer = []\nshop = []"), encoding="utf-8"
    )

    assert main(["triage", kept(tmp_path / "run", FAILING), "--spec", "other.toml"]) == ExitCode.PASS
    assert capsys.readouterr().out.startswith("1. keep our comment in #77: people have filed #77 for it")


def test_known_issues_of_other_causes_are_not_asked_for(github: GitHubDouble, tmp_path: Path) -> None:
    """A campaign costs the same, however many issues of people are known."""
    known = ROOT.joinpath("campaign.toml").read_text(encoding="utf-8")

    (tmp_path / "campaign.toml").write_text(known, encoding="utf-8")
    main(["triage", kept(tmp_path / "run", PASSING), "--repo", REPO, "--apply"])

    assert "[[known_issues]]" in known
    assert github.asked[:2] == [f"GET /repos/{REPO}/issues", "GET /search/issues"]
    assert github.asked[2:] == [f"GET /repos/{REPO}/codeowners/errors"]


@pytest.mark.parametrize("more", [[], ["--apply"]])
def test_a_known_issue_that_is_not_there_keeps_no_outage_from_anybody(
    more: list[str], github: GitHubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is filed as any other, and the number is named at the end."""
    known = ROOT.joinpath("campaign.toml").read_text(encoding="utf-8").replace("[environments.twin]", KNOWN, 1)
    (tmp_path / "campaign.toml").write_text(
        known.replace("load_balancer = []", "load_balancer = []\nshop = []"), encoding="utf-8"
    )

    code = main(["triage", kept(tmp_path / "run", FAILING), "--repo", REPO, *more])

    assert code == ExitCode.USAGE
    assert f"{REPO} has no issue #77, which [[known_issues]] names" in capsys.readouterr().err
    assert len(github.issues) == len(more)


def test_a_known_issue_about_no_cause_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The causes that there are stand in the message."""
    known = KNOWN.replace('dependencies = ["shop"]', 'causes = ["gremlins"]')
    text = ROOT.joinpath("campaign.toml").read_text(encoding="utf-8").replace("[environments.twin]", known, 1)
    (tmp_path / "campaign.toml").write_text(text, encoding="utf-8")

    assert main(["triage", kept(tmp_path / "run", FAILING)]) == ExitCode.USAGE
    assert "known issue #77: unknown cause 'gremlins'; legal: " in capsys.readouterr().err


def test_a_missing_token_ends_with_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The variable is named."""
    monkeypatch.delenv("GITHUB_TOKEN")

    assert main(["triage", kept(tmp_path / "run", FAILING), "--repo", REPO]) == ExitCode.USAGE
    assert "GITHUB_TOKEN is not set" in capsys.readouterr().err


def test_the_token_stands_in_no_issue(github: GitHubDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret of this job that a journal holds is masked, although the journal's own job did not know it."""
    monkeypatch.setenv("DEPLOY_PASSWORD", "Redis is gone")

    main(["triage", kept(tmp_path / "run", FAILING), "--repo", REPO, "--apply"])

    assert "Redis is gone" not in github.issues[1]["body"]
    assert "redacted" in github.issues[1]["body"]


@pytest.mark.parametrize("login", ["", "a b", "x\n::error::y", "github-actions[app]"])
def test_what_is_no_login_is_no_bot(login: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name everything would be believed that was written by accounts that are gone."""
    code = main(["triage", kept(tmp_path / "run", FAILING), f"--bot={login}"])

    assert code == ExitCode.USAGE
    assert f"{login!r} is no login; allowed: a name on GitHub" in capsys.readouterr().err
