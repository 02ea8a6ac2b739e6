"""What users ask, so that its answer can be told from the answer to anything else."""

import re

FOR_MANY_AGENTS = "Reduce our costs and optimize our spending: 1200, 1600, 900 and 2300 USD."
NO_NUMBERS = {"data": "these are no numbers"}
"""Context with which an agent that is to compute something must fail."""


def costs(unit: int) -> str:
    """A question whose numbers have the average ``3 * unit``, which is none of them."""
    return f"Our monthly costs were {unit}, {2 * unit} and {6 * unit} USD: analyse the numbers and tell me the average"


def tells(said: object, number: int) -> bool:
    """Whether *number* stands in what was said, as a number of its own."""
    return re.search(rf"(?<![\d.]){number}(?!\d|\.\d*[1-9])", str(said).replace(",", "")) is not None
