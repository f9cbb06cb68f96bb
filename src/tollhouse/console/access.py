"""What each part of the console wants of whoever opens it: the privileges that its functions want on the wire.

`of_root`: what belongs to the whole tenant and to no branch is for the root's own people.
"""

from __future__ import annotations

from typing import Final

from tollhouse.apis.people.person import Access


class Opens(Access, frozen=True):
    of_root: bool = False


#: To sign in, and see and change oneself.
SELF: Final = Opens(("user",))
#: To change one's own password and one-time codes.
SELF_CHANGE: Final = Opens(("user",), is_change=True)

#: Figures of the whole tenant.
FIGURES: Final = Opens(("reports",), of_root=True)

CUSTOMERS: Final = Opens(("commerce", "callshop", "reports"), below=("commerce", "callshop"))
#: To make, delete and undelete customers.
CUSTOMERS_CHANGE: Final = Opens(("commerce",), below=("commerce",), is_change=True)
CUSTOMERS_EDIT: Final = Opens(("administrator", "commerce", "wholesale"), below=("commerce",), is_change=True)
CUSTOMERS_MOVE: Final = Opens(("system",), below=("system",), is_change=True)
#: What on the wire only the tenant's keys read of a customer: what it did, and how it pays.
CUSTOMERS_KEPT: Final = Opens(("commerce", "callshop", "reports"), below=("commerce", "callshop"), of_root=True)

CHARGES: Final = Opens(("commerce",), below=("commerce",))
#: To create, change and delete what will be charged.
CHARGES_CHANGE: Final = Opens(("administrator", "wholesale"), below=("wholesale",), is_change=True)
#: To charge now, refund, credit and void: what moves money.
MONEY: Final = Opens(("commerce",), below=("commerce",), is_change=True)
#: To record what was collected elsewhere: on the wire the tenant's keys alone do.
RECORD: Final = Opens(("commerce",), below=("commerce",), of_root=True, is_change=True)

#: To refund and void charges: on the wire whoever holds the tenant's key does, so nobody of a branch.
CORRECTIONS: Final = Opens(("commerce",), below=("commerce",), of_root=True, is_change=True)

#: To let what is parked fall due again: the same.
PARKED_RETRY: Final = Opens(("commerce",), below=("commerce",), of_root=True, is_change=True)

TRANSACTIONS: Final = Opens(("reports",), below=("commerce", "callshop"))

PLANS: Final = Opens(("commerce", "settings"), below=("commerce", "system"))
#: The catalog of products and priced plans is the tenant's, of no branch.
CATALOG: Final = Opens(("commerce", "settings"), of_root=True)
CATALOG_CHANGE: Final = Opens(("commerce",), of_root=True, is_change=True)

TAXES: Final = Opens(("commerce", "payment"), below=("commerce",))
TAXES_CHANGE: Final = Opens(("commerce",), below=("commerce",), is_change=True)

RATES: Final = Opens(("commerce", "settings", "system"), of_root=True)
RATES_CHANGE: Final = Opens(("settings", "system"), of_root=True, is_change=True)

WEBHOOKS: Final = Opens(("settings", "system"), of_root=True)
WEBHOOKS_CHANGE: Final = Opens(("settings", "system"), of_root=True, is_change=True)

KEYS: Final = Opens(("system",), of_root=True)
KEYS_CHANGE: Final = Opens(("system",), of_root=True, is_change=True)

PEOPLE: Final = Opens(("administrator", "wholesale"), below=("commerce", "wholesale"))
PEOPLE_CHANGE: Final = Opens(("administrator", "wholesale"), below=("wholesale",), is_change=True)
ROLES: Final = Opens(("administrator", "system"))
ROLES_CHANGE: Final = Opens(("system",), of_root=True, is_change=True)

AUDIT: Final = Opens(("administrator", "system"), below=("commerce", "system", "wholesale"))
