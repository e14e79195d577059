"""Shapes that people make: immutable annotations, edits, undo and interchange files."""
