"""What the screen should show, as values: no Qt and no GL."""
