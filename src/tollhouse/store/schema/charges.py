"""Charges, taxes and rates of exchange."""

from __future__ import annotations

from sqlalchemy import Index, text

from tollhouse.store.schema.columns import a_table, integer_column, text_column

charges = a_table(
    "charges",
    ("tenant_id", "charge_id"),
    integer_column("tenant_id"),
    integer_column("charge_id"),
    integer_column("customer_number"),
    integer_column("plan_number"),
    integer_column("owner_number"),
    text_column("name"),
    text_column("description"),
    text_column("amount"),
    text_column("buy"),
    text_column("currency"),
    text_column("period"),
    integer_column("start_at"),
    integer_column("end_at"),
    integer_column("number_max"),
    text_column("anchor"),
    text_column("origin"),
    integer_column("created_at"),
    integer_column("deleted_at", null=True),
    text_column("anchor_on"),
    integer_column("product_id"),
    integer_column("plan_run_id"),
    integer_column("enrolling_from", null=True),
    integer_column("enrolling_at"),
    indexes=(
        Index("ix_charges_customer", "tenant_id", "customer_number", "charge_id"),
        Index("ix_charges_plan", "tenant_id", "plan_number", "charge_id"),
        Index(
            "ix_charges_enrolling",
            "tenant_id",
            "enrolling_from",
            "charge_id",
            sqlite_where=text("enrolling_from IS NOT NULL"),
            postgresql_where=text("enrolling_from IS NOT NULL"),
        ),
    ),
)


occurrences = a_table(
    "occurrences",
    ("tenant_id", "charge_id", "customer_number", "occurrence_key"),
    integer_column("tenant_id"),
    integer_column("charge_id"),
    integer_column("customer_number"),
    text_column("occurrence_key"),
    integer_column("transaction_id"),
    integer_column("charged_at"),
    text_column("basis"),
)


taxes = a_table(
    "taxes",
    ("tenant_id", "tax_id"),
    integer_column("tenant_id"),
    integer_column("tax_id"),
    integer_column("owner_number"),
    text_column("name"),
    text_column("description"),
    text_column("rate"),
    text_column("flat"),
    text_column("currency"),
    integer_column("accounts"),
    integer_column("calls"),
    integer_column("cardgroups"),
    integer_column("charges"),
    integer_column("features"),
    integer_column("messages"),
    integer_column("numbers"),
    integer_column("products"),
    integer_column("liable"),
    integer_column("shared"),
    integer_column("created_at"),
    indexes=(Index("ix_taxes_owner", "tenant_id", "owner_number"),),
)


tax_liabilities = a_table(
    "tax_liabilities",
    ("tenant_id", "object_type", "object_id", "tax_id"),
    integer_column("tenant_id"),
    integer_column("tax_id"),
    text_column("object_type"),
    integer_column("object_id"),
    integer_column("liable"),
)


exchange_rates = a_table(
    "exchange_rates",
    ("tenant_id", "from_currency", "to_currency", "effective_at"),
    integer_column("tenant_id"),
    text_column("from_currency"),
    text_column("to_currency"),
    integer_column("effective_at"),
    text_column("rate"),
    indexes=(Index("ix_exchange_rates_to", "tenant_id", "to_currency"),),
)
