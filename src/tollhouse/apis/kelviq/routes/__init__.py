"""Kelviq's paths: `door` finds the operation, a file a noun answers it."""
