"""The Kelviq API's one-time charge: POST /api/v1/charges/.

Means what docs.kelviq.com and its SDKs say; where they are silent, docs/kelviq.md says what we read. Knows nothing of
other wires.
"""
