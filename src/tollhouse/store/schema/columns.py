"""How a table is written down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

metadata = MetaData()


_INTEGER = BigInteger().with_variant(Integer(), "sqlite")


def integer_column(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, _INTEGER, nullable=null, autoincrement=False)


def text_column(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text(), nullable=null)


def sorted_column(name: str, *, null: bool = False) -> Column[str]:
    """A text that is compared by its characters' code points on every store."""
    return Column(name, Text().with_variant(Text(collation="C"), "postgresql"), nullable=null)


def a_table(name: str, key: tuple[str, ...], *columns: Column[Any], indexes: tuple[Index, ...] = ()) -> Table:
    return Table(
        name,
        metadata,
        *columns,
        PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        *indexes,
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
