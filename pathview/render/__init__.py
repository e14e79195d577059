"""GL: draws a `Frame` with vispy."""
