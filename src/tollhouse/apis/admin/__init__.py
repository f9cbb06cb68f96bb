"""Our own administration under /admin/v1: what no wire has."""

from tollhouse.apis.admin.audit import AuditLog
from tollhouse.apis.admin.charges import Charges
from tollhouse.apis.admin.exchange_rates import ExchangeRates
from tollhouse.apis.admin.keys import Keys
from tollhouse.apis.admin.payment_methods import KeptMethods
from tollhouse.apis.admin.routes import AdminDoor
from tollhouse.apis.admin.segments import Segments
from tollhouse.apis.admin.transactions import Transactions
from tollhouse.apis.admin.webhooks import Webhooks

__all__ = [
    "AdminDoor",
    "AuditLog",
    "Charges",
    "ExchangeRates",
    "KeptMethods",
    "Keys",
    "Segments",
    "Transactions",
    "Webhooks",
]
