"""WHAT HAPPENS: commands in, receipts out.

Decides every change and is the only package that commits one. A command is a frozen value; a batch of commands of one
tenant shares one look at the state, one set of appended facts and one commit, and each keeps its own yes or no.

Knows the store, the clock and the gateways only by their ports. Does not know HTTP, a wire's field names, SQL or a
file.
"""
