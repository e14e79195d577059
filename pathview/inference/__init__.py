"""Models, runs and heatmaps."""
