"""A server that keeps a profile of itself: `python -m bench.sampling OUTPUT serve …`.

A thread looks, hundreds of times a second, at where the others are. The first SIGUSR2 starts it, the second writes what
it saw. It needs the interpreter's lock to look: a thread inside a long C call is seen at the line that called it.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from tollhouse.cli import main as tollhouse

INTERVAL_SECONDS = 0.002
HERE = "tollhouse."


class Sampler(threading.Thread):
    def __init__(self, output: Path) -> None:
        super().__init__(name="sampler", daemon=True)
        self._output = output
        self._wanted = threading.Event()
        self._finished = threading.Event()
        self._lines: dict[str, Counter[str]] = {}
        self._functions: dict[str, Counter[str]] = {}

    def signalled(self, _number: int, _frame: FrameType | None) -> None:
        (self._finished if self._wanted.is_set() else self._wanted).set()

    def run(self) -> None:
        self._wanted.wait()
        started_at, cpu_before = time.perf_counter(), self._cpu_seconds()
        while not self._finished.wait(INTERVAL_SECONDS):
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            for identity, frame in sys._current_frames().items():
                if identity != self.ident:
                    self._see(names.get(identity, "?"), frame)
        seconds = time.perf_counter() - started_at
        threads = {
            name: {
                "cpu": (self._cpu_seconds().get(name, before) - before) / seconds,
                "lines": self._lines.get(name, Counter()).most_common(),
                "functions": self._functions.get(name, Counter()).most_common(),
            }
            for name, before in cpu_before.items()
        }
        part = self._output.with_suffix(".part")
        part.write_text(json.dumps({"seconds": seconds, "threads": threads}))
        part.rename(self._output)

    def _see(self, thread: str, frame: FrameType) -> None:
        code = frame.f_code
        leaf = f"{frame.f_globals.get('__name__', '?')}.{code.co_qualname}:{frame.f_lineno}"
        self._lines.setdefault(thread, Counter())[leaf] += 1
        seen = set()
        above: FrameType | None = frame
        while above is not None:
            module = str(above.f_globals.get("__name__", "?"))
            if module.startswith(HERE):
                seen.add(f"{module}.{above.f_code.co_qualname}")
            above = above.f_back
        self._functions.setdefault(thread, Counter()).update(seen)

    @staticmethod
    def _cpu_seconds() -> dict[str, float]:
        found = {}
        for thread in threading.enumerate():
            if thread.ident is not None:
                found[thread.name] = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        return found


def main() -> None:
    sampler = Sampler(Path(sys.argv.pop(1)))
    signal.signal(signal.SIGUSR2, sampler.signalled)
    sampler.start()
    tollhouse()


if __name__ == "__main__":
    main()
