"""Edge: issues on GitHub are read, and operations applied to them."""
