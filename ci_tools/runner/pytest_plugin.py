"""The pytest side of a campaign: inert without a journal."""
