"""API keys as lists for people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from tollhouse.ledger.facts import KeyFact
from tollhouse.store.rows import columns_of
from tollhouse.store.schema import api_keys
from tollhouse.store.store import SqlStore

_KEY = [api_keys.c[name] for name in columns_of(KeyFact)]


class SqlKeyLists:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def live(self, tenant_id: int, after: str, count: int) -> list[KeyFact]:
        query = select(*_KEY).where(
            api_keys.c.tenant_id == tenant_id, api_keys.c.revoked_at.is_(None), api_keys.c.name > after
        )
        return self._keys(query.order_by(api_keys.c.name).limit(count))

    def revoked(self, tenant_id: int, count: int) -> list[KeyFact]:
        query = select(*_KEY).where(api_keys.c.tenant_id == tenant_id, api_keys.c.revoked_at.is_not(None))
        return self._keys(query.order_by(api_keys.c.revoked_at.desc(), api_keys.c.key_hash).limit(count))

    def _keys(self, query: Select[Any]) -> list[KeyFact]:
        with self._store.reading_rows() as connection:
            return [KeyFact(*row) for row in connection.execute(query)]
