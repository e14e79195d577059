"""What runs a network: torch itself, or a faster engine that says the same."""
