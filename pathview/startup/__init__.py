"""Settings, plugin discovery and wiring."""
