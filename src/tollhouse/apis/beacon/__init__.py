"""The CrowdPower Beacon API, and the part of its Core API that reads customers and charges.

Means what docs.crowdpower.io says; where it is silent, docs/beacon.md says what we read. Knows nothing of other wires.
"""
