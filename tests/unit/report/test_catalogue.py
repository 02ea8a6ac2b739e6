from io import StringIO

from rich.console import Console

from ci_tools.report.catalogue import print_faults

FAULT = {"name": "cache_down", "dependency": "cache", "cause": "refused", "summary": "the cache refuses connections"}


def test_a_fault_is_one_row_and_the_next_step_is_said() -> None:
    """What it is called, what it hits, what it stands for and what it does."""
    console = Console(file=StringIO(), width=160, force_terminal=False, highlight=False)

    print_faults([FAULT], console)

    assert isinstance(console.file, StringIO)
    *_, row, step = console.file.getvalue().splitlines()
    assert row.split(maxsplit=3) == ["cache_down", "cache", "refused", FAULT["summary"]]
    assert step == "from the start: ci-tools campaign --fault NAME; in a served twin: ci-tools faults --on NAME"
