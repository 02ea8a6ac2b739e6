"""How urgent a failure is: rules with thresholds and durations, and what proves them."""
