"""The command line: arguments become one call, its result an exit code (0 pass, 1 fail, 2, 3, 4)."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from io import TextIOWrapper

from ci_tools.arguments import parser
from ci_tools.commands.campaigns import plan_ahead, run_campaign
from ci_tools.commands.console import say_error
from ci_tools.commands.deployments import name_last_campaign, tell_status
from ci_tools.commands.foreign import diagnose_failures, ingest_files
from ci_tools.commands.jobs import merge_journals, print_jobs
from ci_tools.commands.judging import explain, judge_again
from ci_tools.commands.looking import heartbeat, probe
from ci_tools.commands.serving import list_faults, print_schema, serve_twin
from ci_tools.commands.triage import triage
from ci_tools.commands.triage_issue import triage_issue
from ci_tools.errors import CampaignError, ExitCode
from ci_tools.stopping import signals_stop


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return what the process should exit with."""
    _tolerate_any_encoding()
    try:
        with signals_stop():
            arguments = parser().parse_args(argv)
            exit_code = int(_COMMANDS[arguments.command](arguments))
            sys.stdout.flush()
    except CampaignError as error:
        say_error(f"ci-tools: {error}")
        return error.exit_code
    except KeyboardInterrupt as stop:
        print(f"ci-tools: interrupted {stop}".rstrip(), file=sys.stderr)
        return ExitCode.INCONCLUSIVE
    except BrokenPipeError:
        # The reader of our output has gone; what was asked for may be undone, so it is no pass.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.INCONCLUSIVE
    except Exception:  # noqa: BLE001 - the last resort: a defect has an exit code of its own
        say_error(traceback.format_exc())
        say_error("ci-tools: this is a defect of ci-tools, not of the deployed system; no verdict")
        return ExitCode.DEFECT
    return exit_code


def _tolerate_any_encoding() -> None:
    """What a terminal of another encoding cannot show is replaced: a sign must not cost a verdict."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], ExitCode]] = {
    "campaign": run_campaign,
    "plan": plan_ahead,
    "jobs": print_jobs,
    "merge": merge_journals,
    "judge": judge_again,
    "explain": explain,
    "probe": probe,
    "heartbeat": heartbeat,
    "ingest": ingest_files,
    "triage": triage,
    "triage-issue": triage_issue,
    "deployment-status": tell_status,
    "last-campaign": name_last_campaign,
    "diagnose": diagnose_failures,
    "schema": print_schema,
    "faults": list_faults,
    "twin": serve_twin,
}


if __name__ == "__main__":
    sys.exit(main())
