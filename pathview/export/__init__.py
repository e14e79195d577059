"""Files out: annotations, regions, tables and previews."""
