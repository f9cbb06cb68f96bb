"""HOW MONEY MOVES: one file a processor, each in three parts: translate out, call, translate in.

A gateway takes money once under a key and can be asked later what became of that key. What it does not understand is
unknown, never a decline. It knows no rule of the ledger's and none of its state.
"""
