import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from githubkit_schemas.v2026_03_10.models import ReposOwnerRepoDeploymentsDeploymentIdStatusesPostBody

from ci_tools.__main__ import main
from ci_tools.errors import CredentialsMissingError, ExitCode, UsageError
from ci_tools.github.deployments import tell_deployment
from ci_tools.model import Verdict
from tests.unit.github.test_triage_command import FAILING, kept

REPO, TOKEN = "acme/shop", "ghs_0123456789abcdef0123"


class Deployments(ThreadingHTTPServer):
    """Takes the statuses of deployment 7, if it is asked with the token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, path: str, document: dict[str, Any], *, is_known: bool) -> int:
        """The status of the answer to a POST."""
        if not is_known:
            return 403
        if path != f"/repos/{REPO}/deployments/7/statuses":
            return 404
        ReposOwnerRepoDeploymentsDeploymentIdStatusesPostBody.model_validate(document)
        self.told.append(document)
        return 201


class _Handler(BaseHTTPRequestHandler):
    server: Deployments

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.answer(self.path, document, is_known=self.headers["Authorization"] == f"token {TOKEN}")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the original names it so
        """Say nothing."""


@pytest.fixture
def deployments() -> Iterator[Deployments]:
    """GitHub, as far as deployments go."""
    with Deployments() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def environ(deployments: Deployments, token: str = TOKEN) -> dict[str, str]:
    """The environment of a workflow's job."""
    return {"GITHUB_TOKEN": token, "GITHUB_API_URL": deployments.url}


@pytest.mark.parametrize(
    ("verdict", "state"),
    [(Verdict.PASS, "success"), (Verdict.FAIL, "failure"), (Verdict.INCONCLUSIVE, "error")],
)
def test_a_verdict_is_a_status(deployments: Deployments, verdict: Verdict, state: str) -> None:
    """No evidence is an error, never a success; deployments before stay active."""
    told = tell_deployment(REPO, 7, verdict, "words", environ(deployments), log_url="https://github.com/run")

    assert told == state
    assert deployments.told == [
        {"state": state, "description": "words", "auto_inactive": False, "log_url": "https://github.com/run"}
    ]


def test_a_description_is_one_short_line(deployments: Deployments) -> None:
    """GitHub takes 140 characters."""
    tell_deployment(REPO, 7, Verdict.FAIL, "many\nwords " * 50, environ(deployments))

    assert len(deployments.told[0]["description"]) == 140
    assert "\n" not in deployments.told[0]["description"]


def test_a_deployment_that_is_not_there_is_a_usage_error(deployments: Deployments) -> None:
    """It is named."""
    with pytest.raises(UsageError, match="/deployments/8/statuses"):
        tell_deployment(REPO, 8, Verdict.PASS, "", environ(deployments))


def test_a_token_that_may_not_is_told_what_it_needs(deployments: Deployments) -> None:
    """A workflow's token has only what its job asks for."""
    with pytest.raises(UsageError, match="deployments: write"):
        tell_deployment(REPO, 7, Verdict.PASS, "", environ(deployments, token="other"))


def test_without_a_token_nothing_is_asked(deployments: Deployments) -> None:
    """It says which one is wanted."""
    with pytest.raises(CredentialsMissingError, match=r"GITHUB_TOKEN is not set.*deployments: write"):
        tell_deployment(REPO, 7, Verdict.PASS, "", environ(deployments, token=" "))


def test_what_is_no_repository_is_refused(deployments: Deployments) -> None:
    """Before a token is shown to anybody."""
    with pytest.raises(UsageError, match="'acme' is no repository"):
        tell_deployment("acme", 7, Verdict.PASS, "", environ(deployments))


def test_the_command_tells_what_a_campaign_found(
    deployments: Deployments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has done its work whatever the verdict is."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", deployments.url)

    code = main(["deployment-status", kept(tmp_path / "run", FAILING), "--repo", REPO, "--deployment", "7"])

    assert (code, deployments.told[0]["state"]) == (ExitCode.PASS, "failure")
    assert capsys.readouterr().out == "deployment 7 of acme/shop is told: failure\n"


@pytest.mark.parametrize("number", ["0", "-1", "seven"])
def test_what_is_no_number_ends_with_two(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The value and what is allowed, before anything is asked."""
    with pytest.raises(SystemExit) as ended:
        main(["deployment-status", "run", "--repo", REPO, f"--deployment={number}"])

    assert ended.value.code == ExitCode.USAGE
    assert f"{number!r} is no number of a deployment; allowed: 1, 2, 3" in capsys.readouterr().err
