"""The audit log. The database itself refuses to change or take away what is in it: see migration 0012."""

from __future__ import annotations

from sqlalchemy import Index

from tollhouse.store.schema.columns import a_table, integer_column, sorted_column, text_column

audit_entries = a_table(
    "audit_entries",
    ("tenant_id", "entry_id"),
    integer_column("tenant_id"),
    integer_column("entry_id"),
    integer_column("recorded_at"),
    text_column("actor_kind"),
    integer_column("person_id"),
    text_column("name"),
    integer_column("customer_number"),
    sorted_column("path"),
    text_column("door"),
    text_column("address"),
    text_column("command"),
    text_column("subject_kind"),
    text_column("subject"),
    text_column("subject_name"),
    text_column("changes"),
    indexes=(
        Index("ix_audit_entries_time", "tenant_id", "recorded_at", "entry_id"),
        Index("ix_audit_entries_person", "tenant_id", "person_id", "recorded_at", "entry_id"),
        Index("ix_audit_entries_subject", "tenant_id", "subject_kind", "subject", "recorded_at", "entry_id"),
        Index("ix_audit_entries_path", "tenant_id", "path", "recorded_at", "entry_id"),
        Index("ix_audit_entries_command", "tenant_id", "command", "recorded_at", "entry_id"),
        Index("ix_audit_entries_door", "tenant_id", "door", "recorded_at", "entry_id"),
    ),
)
