"""What was invoiced."""

from __future__ import annotations

from sqlalchemy import Index

from tollhouse.store.schema.columns import a_table, integer_column, text_column

invoices = a_table(
    "invoices",
    ("tenant_id", "invoice_id"),
    integer_column("tenant_id"),
    integer_column("invoice_id"),
    integer_column("seller_number"),
    integer_column("number"),
    integer_column("customer_number"),
    text_column("customer_name"),
    text_column("timezone"),
    integer_column("start_at"),
    integer_column("end_at"),
    text_column("currency"),
    integer_column("net_minor"),
    integer_column("tax_minor"),
    integer_column("total_minor"),
    text_column("status"),
    integer_column("created_at"),
    integer_column("due_at"),
    integer_column("overdue_at"),
    integer_column("person_id"),
    integer_column("reset_transaction_id", null=True),
    indexes=(
        Index("ux_invoices_number", "tenant_id", "seller_number", "number", unique=True),
        Index("ix_invoices_customer", "tenant_id", "customer_number", "created_at", "invoice_id"),
    ),
)


invoice_transactions = a_table(
    "invoice_transactions",
    ("tenant_id", "transaction_id"),
    integer_column("tenant_id"),
    integer_column("invoice_id"),
    integer_column("transaction_id"),
    indexes=(Index("ix_invoice_transactions_invoice", "tenant_id", "invoice_id", "transaction_id"),),
)


invoice_counters = a_table(
    "invoice_counters",
    ("tenant_id", "seller_number"),
    integer_column("tenant_id"),
    integer_column("seller_number"),
    integer_column("last_number"),
)
