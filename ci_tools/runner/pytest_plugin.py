"""The pytest side of a campaign: records what happens, and does nothing at all without a journal."""

from pathlib import Path

import pytest

_DIRECTORY = "campaign_journal"
_PHASE = "campaign_phase"
_CONTROL = "campaign_control"
_SHARD = "campaign_shard"
_FORKS = "campaign_forks"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options by which ``ci-tools campaign`` drives pytest; a suite's own options cannot clash."""
    group = parser.getgroup("campaign", "post-deploy campaign")
    group.addoption(
        "--campaign-journal",
        dest=_DIRECTORY,
        metavar="DIR",
        help="record events into the campaign directory DIR, whose journal holds the plan",
    )
    group.addoption(
        "--campaign-phase", dest=_PHASE, metavar="N", type=int, default=1, help="the phase of the plan that runs"
    )
    group.addoption(
        "--campaign-control",
        dest=_CONTROL,
        metavar="FD",
        type=int,
        help="run the phases that ci-tools campaign orders on the inherited descriptor FD",
    )
    group.addoption(
        "--campaign-shard", dest=_SHARD, metavar="K", type=int, help="write as shard K of a campaign in several parts"
    )
    group.addoption(
        "--campaign-forks", dest=_FORKS, metavar="ADDRESS", help="have workers forked by the process that listens there"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start recording if there is a journal to record into."""
    directory = config.getoption(_DIRECTORY, None)
    if directory is None:
        return
    config.addinivalue_line("markers", "requires(*dependencies): what a test needs of the system, beside its suite")
    control = config.getoption(_CONTROL)
    if control is None:
        from ci_tools.runner import by_hand  # noqa: PLC0415 - an inert plugin must cost nothing

        by_hand.start(config, Path(directory), config.getoption(_PHASE))
    else:
        from ci_tools.runner import by_order  # noqa: PLC0415 - an inert plugin must cost nothing

        by_order.start(
            config,
            Path(directory),
            control=control,
            shard=config.getoption(_SHARD),
            forks=config.getoption(_FORKS),
        )
