"""The auth service: accounts, sessions, tokens (contract, section 4)."""
