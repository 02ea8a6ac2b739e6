"""The frontend: one page and its health (contract, section 2)."""
