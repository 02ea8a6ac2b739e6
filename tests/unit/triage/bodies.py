"""What people see of the body of an issue."""

from ci_tools.triage.state import BEGIN, END, ours_in


def visible_in(body: str) -> str:
    """What our part of *body* shows to people."""
    shown = ours_in(body).removeprefix(BEGIN).removesuffix(END)
    return "\n".join(row for row in shown.splitlines() if not row.startswith("<!-- ci-tools:state ")).strip()
