"""The three deployed services of the twin, and what they share: web, identity, schema, storage, health."""
