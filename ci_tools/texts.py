"""What is read out of texts that others wrote: the line that says something, and who is mentioned."""

MENTION = r"@[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9_.-]+)?"
"""A user or a team as GitHub and CODEOWNERS mention them; a pattern for the whole of a word."""


def first_line(text: str) -> str:
    """The first line of *text* that says something, without the spaces around it; empty where none does."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
