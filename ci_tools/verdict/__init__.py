"""Evidence becomes pass, fail or inconclusive."""
