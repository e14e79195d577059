"""Slides, annotations and runs on disk; one open slide is a `Session`."""
