"""The docks round the canvas, one a file."""
