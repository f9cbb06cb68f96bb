"""The benchmark: Tollhouse against a constant reply and against its own store, by ratio, in one run.

`make bench` runs it; docs/benchmarks.md says what is measured and how to read it.
"""
