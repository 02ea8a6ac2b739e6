"""A judgement and the open issues become operations on issues, each with its reason."""
