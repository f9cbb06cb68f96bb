"""WHERE IT IS KEPT: tables, migrations and statements for SQLite and PostgreSQL.

Rows in, rows out, and a unit of work that commits or does not. Decides nothing: no rule about money, customers or time
lives here. Sees only the ledger's facts and ports.
"""
