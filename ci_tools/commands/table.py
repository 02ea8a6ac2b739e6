"""Which word of the command line is which command."""

import argparse
from collections.abc import Callable, Mapping

from ci_tools.commands.campaigns import plan_ahead, run_campaign
from ci_tools.commands.deployments import name_last_campaign, tell_status
from ci_tools.commands.foreign import diagnose_failures, ingest_files
from ci_tools.commands.jobs import merge_journals, print_jobs
from ci_tools.commands.judging import explain, judge_again
from ci_tools.commands.looking import heartbeat, probe
from ci_tools.commands.serving import list_faults, print_schema, serve_twin
from ci_tools.commands.triage import triage
from ci_tools.commands.triage_issue import triage_issue
from ci_tools.errors import ExitCode

COMMANDS: Mapping[str, Callable[[argparse.Namespace], ExitCode]] = {
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
