"""The backend: health, conversations, users, corpus, agents (contract, sections 2, 3 and 5)."""
