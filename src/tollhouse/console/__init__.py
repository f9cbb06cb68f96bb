"""The console: pages on which people see what the ledger holds, and act on it.

Pages over the same commands and queries as the wires: `door` finds who asks and what is at a path, `visits` who has
signed in, `pages/` has one file a noun, `rendering` turns what a page shows into HTML. It decides nothing about
charges; what a person may see and do is what their role and branch allow on the wire (`access`).
"""

from tollhouse.console.door import ConsoleDoor
from tollhouse.console.visits import Visits

__all__ = ["ConsoleDoor", "Visits"]
