"""Beacon's paths: writes at the root, Core under /v1."""
