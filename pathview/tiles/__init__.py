"""The pyramid engine: what to draw, what to read, and what to keep."""
