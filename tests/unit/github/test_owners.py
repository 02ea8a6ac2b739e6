import pytest

from ci_tools.errors import ExitCode, UsageError
from ci_tools.github.issues import GitHubIssues
from tests.doubles.github.documents import owners_error
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import Fault


def test_an_unknown_owner_is_named(github: GitHubDouble, issues: GitHubIssues) -> None:
    """With the line to change; it is a mistake of configuration."""
    github.repository.owners_errors = [owners_error(3, "@acme/nobody")]

    with pytest.raises(UsageError, match=r"CODEOWNERS:3: Unknown owner: \* @acme/nobody; whoever is named") as caught:
        issues.check_owners()
    assert caught.value.exit_code is ExitCode.USAGE


def test_many_unknown_owners_are_counted(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The first few are named."""
    github.repository.owners_errors = [owners_error(number, "@acme/nobody") for number in range(1, 9)]

    with pytest.raises(UsageError, match=r"CODEOWNERS:5: .*; and 3 more; "):
        issues.check_owners()


def test_a_hostile_line_commands_nothing(github: GitHubDouble, issues: GitHubIssues) -> None:
    """What stands in CODEOWNERS is printed into a log that a runner reads."""
    github.repository.owners_errors = [{**owners_error(1, "@x"), "source": "\n::error::x\x1b[2J"}]

    with pytest.raises(UsageError) as caught:
        issues.check_owners()
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("errors", [[], None])
def test_a_file_without_errors_is_fine(
    errors: list[dict[str, object]] | None, github: GitHubDouble, issues: GitHubIssues
) -> None:
    """So is no file at all."""
    github.repository.owners_errors = errors

    issues.check_owners()

    assert issues.calls == {"GET": 1}


def test_a_token_that_may_not_ask_is_told_what_it_needs(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The permission is another one than that for issues."""
    github.switches.faults.append(Fault("GET", 403, "Resource not accessible by integration"))

    with pytest.raises(UsageError, match="contents: read"):
        issues.check_owners()


def test_another_mistake_is_told_as_it_is(github: GitHubDouble, issues: GitHubIssues) -> None:
    """A token that is not accepted needs no further permission."""
    github.switches.faults.append(Fault("GET", 401, "Bad credentials"))

    with pytest.raises(UsageError) as caught:
        issues.check_owners()
    assert "contents" not in str(caught.value)
