"""Our own administration under /admin/v1: what no wire has."""

from tollhouse.apis.admin.charges import Charges
from tollhouse.apis.admin.payment_methods import KeptMethods
from tollhouse.apis.admin.routes import AdminDoor
from tollhouse.apis.admin.segments import Segments
from tollhouse.apis.admin.transactions import Transactions
from tollhouse.apis.admin.webhooks import Webhooks

__all__ = ["AdminDoor", "Charges", "KeptMethods", "Segments", "Transactions", "Webhooks"]
