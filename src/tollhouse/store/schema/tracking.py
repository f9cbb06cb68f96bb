"""What Beacon's callers tell of customers besides charges, and what reads are kept short by."""

from __future__ import annotations

from sqlalchemy import Index

from tollhouse.store.schema.columns import a_table, integer_column, sorted_column, text_column

tracked_customers = a_table(
    "tracked_customers",
    ("tenant_id", "customer_number"),
    integer_column("tenant_id"),
    integer_column("customer_number"),
    text_column("first_name"),
    text_column("last_name"),
    text_column("phone"),
    integer_column("signed_up_at", null=True),
    text_column("ip"),
    text_column("country"),
    text_column("user_agent"),
    text_column("notes"),
    integer_column("unsubscribed_at", null=True),
)


traits = a_table(
    "traits",
    ("tenant_id", "field"),
    integer_column("tenant_id"),
    text_column("field"),
    integer_column("trait_id"),
    text_column("kind"),
    text_column("format"),
    integer_column("created_at"),
    indexes=(Index("ux_traits_id", "tenant_id", "trait_id", unique=True),),
)


customer_traits = a_table(
    "customer_traits",
    ("tenant_id", "customer_number", "field"),
    integer_column("tenant_id"),
    integer_column("customer_number"),
    text_column("field"),
    text_column("value"),
    sorted_column("sort_key"),
    integer_column("updated_at"),
    indexes=(Index("ix_customer_traits_value", "tenant_id", "field", "sort_key", "customer_number"),),
)


event_definitions = a_table(
    "event_definitions",
    ("tenant_id", "action"),
    integer_column("tenant_id"),
    text_column("action"),
    integer_column("event_id"),
    integer_column("created_at"),
    indexes=(Index("ux_event_definitions_id", "tenant_id", "event_id", unique=True),),
)


tracked_events = a_table(
    "tracked_events",
    ("tenant_id", "tracked_event_id"),
    integer_column("tenant_id"),
    integer_column("tracked_event_id"),
    integer_column("customer_number"),
    integer_column("event_id"),
    text_column("properties"),
    integer_column("effective_at"),
    integer_column("recorded_at"),
    indexes=(Index("ix_tracked_events_customer", "tenant_id", "customer_number", "effective_at", "tracked_event_id"),),
)


event_summaries = a_table(
    "event_summaries",
    ("tenant_id", "customer_number", "event_id"),
    integer_column("tenant_id"),
    integer_column("customer_number"),
    integer_column("event_id"),
    integer_column("event_count"),
    integer_column("first_at"),
    integer_column("last_at"),
)


tags = a_table(
    "tags",
    ("tenant_id", "name"),
    integer_column("tenant_id"),
    text_column("name"),
    integer_column("tag_id"),
    integer_column("created_at"),
    indexes=(Index("ux_tags_id", "tenant_id", "tag_id", unique=True),),
)


customer_tags = a_table(
    "customer_tags",
    ("tenant_id", "customer_number", "tag_id"),
    integer_column("tenant_id"),
    integer_column("customer_number"),
    integer_column("tag_id"),
    integer_column("created_at"),
    indexes=(Index("ix_customer_tags_tag", "tenant_id", "tag_id", "customer_number"),),
)


page_visits = a_table(
    "page_visits",
    ("tenant_id", "customer_number", "page_hash"),
    integer_column("tenant_id"),
    integer_column("customer_number"),
    text_column("page_hash"),
    text_column("url"),
    text_column("title"),
    integer_column("visit_count"),
    integer_column("first_at"),
    integer_column("last_at"),
    indexes=(Index("ix_page_visits_last", "tenant_id", "customer_number", "last_at", "page_hash"),),
)


segments = a_table(
    "segments",
    ("tenant_id", "slug"),
    integer_column("tenant_id"),
    text_column("slug"),
    integer_column("segment_id"),
    text_column("name"),
    text_column("op"),
    text_column("rules"),
    integer_column("created_at"),
    integer_column("updated_at"),
    indexes=(Index("ux_segments_id", "tenant_id", "segment_id", unique=True),),
)


project_details = a_table(
    "project_details",
    ("tenant_id", "name"),
    integer_column("tenant_id"),
    text_column("name"),
    text_column("value"),
)


corrections = a_table(
    "corrections",
    ("tenant_id", "transaction_id"),
    integer_column("tenant_id"),
    integer_column("transaction_id"),
    integer_column("corrected_id"),
    integer_column("customer_number"),
    text_column("kind"),
    text_column("reason"),
    text_column("figures"),
    indexes=(
        Index("ix_corrections_corrected", "tenant_id", "corrected_id", "transaction_id"),
        Index("ix_corrections_customer", "tenant_id", "customer_number", "kind", "corrected_id"),
    ),
)


totals = a_table(
    "totals",
    ("tenant_id", "name", "lane"),
    integer_column("tenant_id"),
    text_column("name"),
    integer_column("lane"),
    integer_column("item_count"),
    integer_column("high"),
    integer_column("low"),
)


customer_words = a_table(
    "customer_words",
    ("tenant_id", "word", "customer_number"),
    integer_column("tenant_id"),
    sorted_column("word"),
    integer_column("customer_number"),
    indexes=(Index("ix_customer_words_customer", "tenant_id", "customer_number", "word"),),
)
