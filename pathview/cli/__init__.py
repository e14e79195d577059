"""The command line: no Qt, no GL."""
