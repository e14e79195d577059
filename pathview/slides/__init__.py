"""Whole-slide files in: readers behind one `Slide`."""
