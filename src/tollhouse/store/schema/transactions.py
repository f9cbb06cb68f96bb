"""What happened."""

from __future__ import annotations

from sqlalchemy import Index, text

from tollhouse.store.schema.columns import a_table, integer_column, text_column

transactions = a_table(
    "transactions",
    ("tenant_id", "transaction_id"),
    integer_column("tenant_id"),
    integer_column("transaction_id"),
    integer_column("customer_number"),
    text_column("kind"),
    text_column("settlement"),
    text_column("origin"),
    text_column("currency"),
    integer_column("net_minor"),
    integer_column("tax_minor"),
    integer_column("gross_minor"),
    integer_column("buy_minor"),
    integer_column("effective_at"),
    integer_column("recorded_at"),
    integer_column("charge_id", null=True),
    integer_column("payment_id", null=True),
    integer_column("person_id", null=True),
    text_column("description"),
    text_column("exchange_from", null=True),
    text_column("exchange_rate", null=True),
    integer_column("exchange_rate_at", null=True),
    indexes=(
        # With the kind, so that a page far into a customer's charges is found without a look at those before it.
        Index("ix_transactions_customer", "tenant_id", "customer_number", "effective_at", "transaction_id", "kind"),
        # The newest of all, a page at a time from any day on.
        Index("ix_transactions_time", "tenant_id", "effective_at", "transaction_id"),
        # Charges below zero are listed and not counted in a summary: there are few, and these tell how many.
        Index(
            "ix_transactions_credits",
            "tenant_id",
            "customer_number",
            sqlite_where=text("kind = 'charge' AND gross_minor < 0"),
            postgresql_where=text("kind = 'charge' AND gross_minor < 0"),
        ),
    ),
)


transaction_taxes = a_table(
    "transaction_taxes",
    ("tenant_id", "transaction_id", "line_no"),
    integer_column("tenant_id"),
    integer_column("transaction_id"),
    integer_column("line_no"),
    integer_column("tax_id"),
    text_column("name"),
    text_column("rate"),
    text_column("flat"),
    integer_column("amount_minor"),
)


receipts = a_table(
    "receipts",
    ("tenant_id", "scope", "key_hash"),
    integer_column("tenant_id"),
    text_column("scope"),
    text_column("key_hash"),
    text_column("fingerprint"),
    text_column("kind"),
    integer_column("fact_id"),
    integer_column("recorded_at"),
)
