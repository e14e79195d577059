"""PathView: a whole-slide pathology viewer."""

__version__ = "0.1.0"
