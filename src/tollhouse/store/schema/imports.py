"""Charges brought in from files."""

from __future__ import annotations

from tollhouse.store.schema.columns import a_table, integer_column, text_column

imports = a_table(
    "imports",
    ("tenant_id", "digest"),
    integer_column("tenant_id"),
    text_column("digest"),
    integer_column("rows_read"),
    integer_column("charged"),
    integer_column("refused"),
    integer_column("customers"),
    text_column("sums"),
    integer_column("started_at"),
    integer_column("finished_at", null=True),
)


refused_rows = a_table(
    "refused_rows",
    ("tenant_id", "digest", "line"),
    integer_column("tenant_id"),
    text_column("digest"),
    integer_column("line"),
    text_column("reason"),
)
