from pathlib import Path

import pytest

from ci_tools.errors import JournalWriteError, UsageError
from ci_tools.model import BypassKey, DeploymentSource, EdgeLimit, Environment
from ci_tools.questions import HttpJsonProbe, TlsProbe, TokenProbe
from ci_tools.target.session import dump_environment, load_environment

TWIN = Environment(
    name="twin",
    hosts={"backend": "https://api.twin.localhost:8443"},
    resolve={"*.twin.localhost": "127.0.0.1"},
    ca_file="/tmp/ca.pem",  # noqa: S108 - only a value here
    time_scale=0.1,
    limits=(EdgeLimit(path_prefix="/api/", rate_per_min=1000),),
    auth=BypassKey(),
    deployment=DeploymentSource(host="backend", path="/api/system/info", revision="revision"),
    provision="twin",
    probes=(
        HttpJsonProbe(name="a", dependency="backend", host="backend", path="/health", expect={"status": ("ok", None)}),
        TlsProbe(name="b", dependency="edge", hosts=("backend",)),
        TokenProbe(name="c", dependency="auth"),
    ),
)


def test_environment_survives_the_file(tmp_path: Path) -> None:
    """What was written is read again, equal in every field and type."""
    path = tmp_path / "environment.json"

    dump_environment(TWIN, path)

    assert load_environment(path) == TWIN
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_takes_no_more_is_no_defect(tmp_path: Path) -> None:
    """What is missing then is said, and what to do."""
    (tmp_path / "environment.json").symlink_to("/dev/full")

    with pytest.raises(JournalWriteError, match=r"cannot write '.*environment\.json': No space left on device; .*free"):
        dump_environment(TWIN, tmp_path / "environment.json")


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is a usage error that names variable and path."""
    with pytest.raises(UsageError, match=r"CAMPAIGN_ENVIRONMENT_FILE names .*absent\.json"):
        load_environment(tmp_path / "absent.json")


@pytest.mark.parametrize("content", ["", "{}", '{"name": "x", "hosts": 7}', "not json"])
def test_foreign_file_is_told(tmp_path: Path, content: str) -> None:
    """A file that holds no environment is a usage error."""
    path = tmp_path / "environment.json"
    path.write_text(content)

    with pytest.raises(UsageError, match="holds no environment"):
        load_environment(path)
