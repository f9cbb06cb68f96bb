"""Tollhouse: one ledger of customer charges behind three compatible HTTP APIs."""

__version__ = "0.1.0"
