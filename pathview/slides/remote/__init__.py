"""Slides on servers: their bytes by parts, over HTTP and from S3, kept in a cache on disk."""
