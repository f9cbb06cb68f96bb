"""What each door serves, as a page to be read: /docs lists the doors, /docs/<door> is one, made of its OpenAPI."""

from tollhouse.apis.docs.door import DocsDoor

__all__ = ["DocsDoor"]
