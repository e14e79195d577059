"""Small widgets that float over the canvas and let the mouse through."""
