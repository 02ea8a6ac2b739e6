"""Post-deploy verification: does the deployed system work, and if not, why, with evidence."""
