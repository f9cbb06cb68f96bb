"""Alembic's entry: runs on the connection that `tollhouse.store.migrate` hands over."""

from alembic import context

from tollhouse.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
