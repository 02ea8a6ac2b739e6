"""Read-only checks of one dependency, by kind."""
