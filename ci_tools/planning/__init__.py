"""What will run and why, decided before anything runs."""
