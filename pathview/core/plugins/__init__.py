"""Processes that the code of plugins runs in."""
