"""Windows, docks and actions: the only floor that knows Qt."""
