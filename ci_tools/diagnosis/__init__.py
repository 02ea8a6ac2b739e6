"""What failed, why, and because of what: from observations and texts to incidents with one cause each."""
