"""Where the parts meet: the only package that names concrete things.

`stores` opens what keeps, `gateways` what moves money, `workers` what runs alone, `doors` who may ask; `front` is the
whole server, `back` the ledger without one.
"""

from tollhouse.app.back import Back, open_back
from tollhouse.app.front import build_front, create
from tollhouse.app.status import Status, TenantStatus, status_of
from tollhouse.app.stores import check_startable, check_there, described, migrate_store, provision, verify_store

__all__ = [
    "Back",
    "Status",
    "TenantStatus",
    "build_front",
    "check_startable",
    "check_there",
    "create",
    "described",
    "migrate_store",
    "open_back",
    "provision",
    "status_of",
    "verify_store",
]
