"""campaign.toml becomes validated values."""
