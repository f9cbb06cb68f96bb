"""Charges, customers and transactions as files: CSV, JSON lines, and journals of double entry.

What comes in is translated to commands by the rules of Beacon's wire, what goes out from facts. No rule of the ledger's
is here, and no file is opened here.
"""
