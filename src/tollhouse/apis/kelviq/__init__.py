"""The Kelviq API under /api/v1: the one-time charge, and everything around it.

Means what docs.kelviq.com and its SDKs say; where they are silent, docs/kelviq.md says what we read. Knows nothing of
other wires.
"""
