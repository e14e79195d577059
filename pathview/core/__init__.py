"""Values that every floor shares: geometry, regions, pyramids, the inbox, errors and files."""
