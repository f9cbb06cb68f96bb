"""Our own administration under /admin/v1: what no wire has."""

from tollhouse.apis.admin.routes import AdminDoor

__all__ = ["AdminDoor"]
