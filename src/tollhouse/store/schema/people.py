"""Who logs in."""

from __future__ import annotations

from sqlalchemy import Index

from tollhouse.store.schema.columns import a_table, integer_column, text_column

login_names = a_table(
    "login_names",
    ("username",),
    text_column("username"),
    integer_column("tenant_id"),
    integer_column("person_id"),
)


installation_secrets = a_table(
    "installation_secrets",
    ("name",),
    text_column("name"),
    text_column("secret"),
    integer_column("created_at"),
)


roles = a_table(
    "roles",
    ("tenant_id", "role_id"),
    integer_column("tenant_id"),
    integer_column("role_id"),
    text_column("name"),
    text_column("privileges"),
    text_column("description"),
    indexes=(Index("ux_roles_name", "tenant_id", "name", unique=True),),
)


people = a_table(
    "people",
    ("tenant_id", "person_id"),
    integer_column("tenant_id"),
    integer_column("person_id"),
    text_column("username"),
    text_column("password_hash"),
    integer_column("role_id"),
    integer_column("customer_number"),
    integer_column("locked"),
    integer_column("created_at"),
    text_column("email"),
    text_column("email_folded"),
    text_column("forename"),
    text_column("surname"),
    text_column("source"),
    integer_column("token_epoch"),
    text_column("totp_secret"),
    text_column("totp_pending"),
    integer_column("totp_step"),
    integer_column("deleted_at", null=True),
    indexes=(
        Index("ix_people_username", "tenant_id", "username"),
        Index("ix_people_email", "tenant_id", "email_folded"),
        Index("ix_people_customer", "tenant_id", "customer_number", "username"),
    ),
)


person_profiles = a_table(
    "person_profiles",
    ("tenant_id", "person_id"),
    integer_column("tenant_id"),
    integer_column("person_id"),
    text_column("details"),
)


login_addresses = a_table(
    "login_addresses",
    ("tenant_id", "person_id", "address"),
    integer_column("tenant_id"),
    integer_column("person_id"),
    text_column("address"),
    integer_column("failures"),
    integer_column("since_at"),
    integer_column("refused_until"),
    integer_column("good_at"),
)


sign_ins = a_table(
    "sign_ins",
    ("tenant_id", "sign_in_hash"),
    integer_column("tenant_id"),
    text_column("sign_in_hash"),
    integer_column("person_id"),
    text_column("stamp"),
    text_column("address"),
    integer_column("began_at"),
    integer_column("ends_at"),
    indexes=(Index("ix_sign_ins_person", "tenant_id", "person_id"),),
)
