"""Widgets that float over the canvas: most let the mouse through, the palette and the cards take it."""
