"""The charging part of the ENSwitch JSON API: charges, the taxes on them, and what they did to a customer's account.

Means what ENSwitch's guides say; where they are silent, docs/enswitch.md says how we read them. Knows no other wire.
"""
