"""Bringing a store's tables to this version; on a server with Citus also distributing them by tenant."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tollhouse.ledger.ports import UnusableStore
from tollhouse.store import schema
from tollhouse.store.store import SqlStore

POSTGRES_VERSION_MIN = 150000


def migrate(store: SqlStore) -> str:
    """Run what is missing; the sentence says what was done. Safe to repeat."""
    with store.writing_rows() as connection:
        if not store.is_sqlite:
            _check_version(connection)
            _take_time(connection)
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7205759403792795)")
        before = after = _revision(connection)
        if before != _scripts().get_current_head():
            _check_known(before, _scripts())
            configuration = _configuration()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
            after = _revision(connection)
    done = "The tables are up to date." if before == after else f"The tables were brought to revision {after}."
    if not store.is_sqlite and (count := _distribute(store)):
        done += f" {count} tables were distributed by tenant."
    return done


def is_current(store: SqlStore) -> bool:
    found, wanted = revisions(store)
    return found == wanted


def revisions(store: SqlStore) -> tuple[str | None, str | None]:
    """Of which revision the tables are, None where there are none, and that of this version."""
    with store.reading_rows() as connection:
        return _revision(connection), _scripts().get_current_head()


def check_known(revision: str) -> None:
    """UnusableStore for a revision of tables that this version does not know: it is of a later one."""
    _check_known(revision, _scripts())


def _check_version(connection: Connection) -> None:
    if int(str(connection.exec_driver_sql("SHOW server_version_num").scalar_one())) < POSTGRES_VERSION_MIN:
        raise UnusableStore("PostgreSQL 15 or later is needed.")


def _check_known(revision: str | None, scripts: ScriptDirectory) -> None:
    if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
        raise UnusableStore(
            f"The tables are of revision {revision}, which this version does not know: use the version that made them."
        )


def _take_time(connection: Connection) -> None:
    """Lift a writer's limits for this unit of work: a change of many rows is long, and so is the wait for another's."""
    for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {limit} = 0")


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_configuration())


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return configuration


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _distribute(store: SqlStore) -> int:
    """Distribute what is not yet distributed: `tenant_id` decides where, and all tables of a tenant lie together."""
    count = 0
    with store.writing_rows() as connection:
        if connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'citus'")).first() is None:
            return 0
        _take_time(connection)
        known = set(connection.execute(text("SELECT logicalrelid::text FROM pg_dist_partition")).scalars())
        for table in schema.REFERENCE_TABLES:
            if table.name not in known:
                connection.execute(text("SELECT create_reference_table(:name)"), {"name": table.name})
                count += 1
        for table in (schema.customers, *schema.DISTRIBUTED_TABLES):
            if table.name not in known:
                _drop_triggers(connection, table.name)
                connection.execute(
                    text("SELECT create_distributed_table(:name, 'tenant_id', colocate_with => :other)"),
                    {"name": table.name, "other": "default" if table is schema.customers else "customers"},
                )
                known.add(table.name)
                count += 1
    return count


def _drop_triggers(connection: Connection, table_name: str) -> None:
    """A table with triggers is not distributed. They guard what was migrated before the server had the extension."""
    query = text("SELECT tgname FROM pg_trigger WHERE tgrelid = CAST(:name AS regclass) AND NOT tgisinternal")
    for (name,) in connection.execute(query, {"name": table_name}).all():
        connection.execute(text(f"DROP TRIGGER {name} ON {table_name}"))
