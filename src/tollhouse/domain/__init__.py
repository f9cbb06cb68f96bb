"""WHAT IS TRUE: values and the rules about them.

What an amount is, how it is rounded, taxed, priced and added up, what counts as the same e-mail, when a
session begins.

Decides nothing about anybody's data: it is given values and answers with values, the same for ever. It does
not know who asks, what is stored, what time it is, or how a wire spells a field; time comes in as integer
microseconds since 1970-01-01 UTC, and facts about the world (which currencies, which countries) come with the
imported packages.

No I/O, no clock, no random, no float. Only `money` rounds. Refusals are exceptions that carry their data.
"""
