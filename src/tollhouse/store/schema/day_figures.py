"""What the transactions of a day come to."""

from __future__ import annotations

from tollhouse.store.schema.columns import a_table, integer_column, sorted_column, text_column

day_figures = a_table(
    "day_figures",
    # In this order one currency's days are added up as they are read, whatever others there are.
    ("tenant_id", "currency", "effective_on", "kind", "origin", "lane"),
    integer_column("tenant_id"),
    # Days are compared as texts.
    sorted_column("effective_on"),
    text_column("currency"),
    text_column("kind"),
    text_column("origin"),
    integer_column("lane"),
    integer_column("item_count"),
    integer_column("gross_high"),
    integer_column("gross_low"),
    integer_column("tax_high"),
    integer_column("tax_low"),
    integer_column("buy_high"),
    integer_column("buy_low"),
)
