"""What is sold."""

from __future__ import annotations

from sqlalchemy import Index

from tollhouse.store.schema.columns import a_table, integer_column, text_column

products = a_table(
    "products",
    ("tenant_id", "product_id"),
    integer_column("tenant_id"),
    integer_column("product_id"),
    text_column("uid"),
    text_column("identifier"),
    text_column("name"),
    indexes=(
        Index("ux_products_identifier", "tenant_id", "identifier", unique=True),
        Index("ix_products_uid", "tenant_id", "uid"),
    ),
)


product_details = a_table(
    "product_details",
    ("tenant_id", "product_id"),
    integer_column("tenant_id"),
    integer_column("product_id"),
    text_column("description"),
    text_column("tax_code"),
    text_column("settings"),
    integer_column("archived_at", null=True),
    integer_column("created_at"),
    integer_column("modified_at"),
)


product_terms = a_table(
    "product_terms",
    ("tenant_id", "product_id"),
    integer_column("tenant_id"),
    integer_column("product_id"),
    integer_column("owner_number"),
    text_column("description"),
    text_column("information"),
    text_column("product_type"),
    integer_column("amount"),
    integer_column("allow"),
    integer_column("shared"),
    text_column("currency"),
    text_column("create_fee"),
    text_column("create_buy"),
    text_column("period"),
    text_column("period_fee"),
    text_column("period_buy"),
    integer_column("created_at"),
    indexes=(Index("ix_product_terms_owner", "tenant_id", "owner_number", "product_id"),),
)


features = a_table(
    "features",
    ("tenant_id", "feature_id"),
    integer_column("tenant_id"),
    integer_column("feature_id"),
    text_column("uid"),
    text_column("identifier"),
    text_column("name"),
    text_column("feature_type"),
    indexes=(
        Index("ux_features_identifier", "tenant_id", "identifier", unique=True),
        Index("ix_features_uid", "tenant_id", "uid"),
    ),
)


feature_details = a_table(
    "feature_details",
    ("tenant_id", "feature_id"),
    integer_column("tenant_id"),
    integer_column("feature_id"),
    text_column("description"),
    text_column("details"),
    integer_column("archived_at", null=True),
    integer_column("created_at"),
    integer_column("modified_at"),
)


plans = a_table(
    "plans",
    ("tenant_id", "number"),
    integer_column("tenant_id"),
    integer_column("number"),
    text_column("identifier"),
    text_column("name"),
    integer_column("product_id"),
    integer_column("owner_number"),
    text_column("currency"),
    text_column("state"),
    text_column("features"),
    integer_column("created_at"),
    indexes=(
        Index("ux_plans_identifier", "tenant_id", "identifier", unique=True),
        Index("ix_plans_owner", "tenant_id", "owner_number", "number"),
        Index("ix_plans_product", "tenant_id", "product_id", "number"),
    ),
)


plan_details = a_table(
    "plan_details",
    ("tenant_id", "plan_number"),
    integer_column("tenant_id"),
    integer_column("plan_number"),
    text_column("description"),
    integer_column("shared"),
    integer_column("inheritable"),
    integer_column("inherit_number"),
    integer_column("invoice_due_days"),
    integer_column("invoice_overdue_days"),
    text_column("settings"),
)


plan_fees = a_table(
    "plan_fees",
    ("tenant_id", "plan_number", "feature", "occurs"),
    integer_column("tenant_id"),
    integer_column("plan_number"),
    text_column("feature"),
    text_column("occurs"),
    text_column("fee"),
    text_column("currency"),
)


plan_products = a_table(
    "plan_products",
    ("tenant_id", "plan_number", "product_id"),
    integer_column("tenant_id"),
    integer_column("plan_number"),
    integer_column("product_id"),
    text_column("currency"),
    integer_column("use_markups"),
    text_column("create_fee"),
    text_column("create_markup"),
    text_column("create_margin"),
    text_column("period_fee"),
    text_column("period_markup"),
    text_column("period_margin"),
)


plan_versions = a_table(
    "plan_versions",
    ("tenant_id", "plan_number", "version"),
    integer_column("tenant_id"),
    integer_column("plan_number"),
    integer_column("version"),
    text_column("state"),
    text_column("document"),
    integer_column("created_at"),
    integer_column("modified_at"),
)


plan_entitlements = a_table(
    "plan_entitlements",
    ("tenant_id", "plan_number", "position"),
    integer_column("tenant_id"),
    integer_column("plan_number"),
    integer_column("position"),
    text_column("identifier"),
    text_column("value"),
    integer_column("is_unlimited"),
    integer_column("hard_limit"),
    text_column("reset"),
)


plan_prices = a_table(
    "plan_prices",
    ("tenant_id", "plan_number", "position"),
    integer_column("tenant_id"),
    integer_column("plan_number"),
    integer_column("position"),
    text_column("currency"),
    text_column("charge_period"),
    text_column("price_type"),
    text_column("amount", null=True),
    text_column("tax_behavior"),
    text_column("countries"),
    text_column("uid"),
)


price_features = a_table(
    "price_features",
    ("tenant_id", "plan_number", "price_position", "position"),
    integer_column("tenant_id"),
    integer_column("plan_number"),
    integer_column("price_position"),
    integer_column("position"),
    text_column("identifier"),
    text_column("model"),
    text_column("amount"),
    integer_column("block_size", null=True),
    integer_column("quantity_min", null=True),
    integer_column("quantity_max", null=True),
    text_column("tiers"),
)
