"""Read-only checks of one dependency, by kind: each is one bounded attempt, and never raises for what it sees."""
