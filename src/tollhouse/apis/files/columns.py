"""The columns of each kind of file, in their order: fields of the same names in JSON lines.

Amounts are integers of the currency's smallest unit; `…_major` is the same as a decimal. `created_at` of a charge is in
UNIX seconds, as Beacon's wire has it; other times are ISO 8601 in UTC.
"""

from __future__ import annotations

from typing import Final

#: What an import of charges reads.
READ: Final = ("user_id", "email", "amount", "created_at", "currency")

#: Without them the header of such a file is refused: whoever misspells them would date all charges today.
REQUIRED: Final = ("amount", "created_at")

#: What an export of charges tells besides, and an import passes over.
TOLD_BESIDES: Final = (
    "amount_major",
    "refunded",
    "transaction",
    "customer",
    "door",
    "description",
    "effective_at",
    "recorded_at",
)

CHARGES: Final = READ + TOLD_BESIDES

TRANSACTIONS: Final = (
    "transaction",
    "customer",
    "user_id",
    "email",
    "kind",
    "settlement",
    "door",
    "currency",
    "net",
    "tax",
    "gross",
    "buy",
    "gross_major",
    "effective_at",
    "recorded_at",
    "charge",
    "payment",
    "corrects",
    "exchange_from",
    "exchange_rate",
    "exchange_rate_at",
    "description",
)

CUSTOMERS: Final = (
    "customer",
    "id",
    "user_id",
    "email",
    "name",
    "parent",
    "country",
    "timezone",
    "currency",
    "balance",
    "door",
    "sessions",
    "created_at",
    "last_seen_at",
    "charges_currency",
    "charges_count",
    "charges_sum",
    "charges_refunded",
    "first_charged_at",
    "last_charged_at",
)
