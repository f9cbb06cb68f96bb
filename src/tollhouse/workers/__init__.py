"""WHAT RUNS ALONE: work that no request waits for.

A worker finds what is due, does it through the ledger's commands like any door, and survives whatever goes wrong.
Several processes share the work by claiming it.
"""
