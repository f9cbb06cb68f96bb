"""The benchmark: Tollhouse against a constant reply and against its own store, by ratio, in one run.

`make bench` runs it; docs/benchmarks.md says what is measured and how to read it.
"""

import warnings

# The PostgreSQL of the benchmark asks for a folder to keep its lock in; without a login session it takes one of /tmp.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
