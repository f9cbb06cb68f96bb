"""Reading JSON into Structs from several threads at once."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

SHAPES = """
    from __future__ import annotations

    import msgspec

    class Leaf(msgspec.Struct):
        text: str
        number: int | None = None

    class Branch(msgspec.Struct):
        leaves: tuple[Leaf, ...] = ()

    class Tree(msgspec.Struct):
        branches: tuple[Branch, ...]
        names: dict[str, int] = {}
"""
#: A type of its own in each round, read first by eight threads at the same moment.
ROUNDS = """
    import importlib.util, sys, threading
    from tollhouse.shapes import Shape

    sys.setswitchinterval(0.00005)
    for number in range(100):
        spec = importlib.util.spec_from_file_location(f"shapes{number}", sys.argv[1])
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        shape, start, read = Shape(module.Tree), threading.Barrier(8), []

        def read_one():
            start.wait()
            read.append(shape.from_json(b'{"branches": [{"leaves": [{"text": "a", "number": 1}]}]}'))

        threads = [threading.Thread(target=read_one) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(read) == 8
"""


def test_threads_that_read_a_shape_first_at_once_do_not_crash(tmp_path: Path) -> None:
    file = tmp_path / "shapes.py"
    file.write_text(textwrap.dedent(SHAPES))
    command = [sys.executable, "-c", textwrap.dedent(ROUNDS), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
