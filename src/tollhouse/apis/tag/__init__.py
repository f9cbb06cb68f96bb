"""The script that web pages load: it speaks to the Beacon door from a browser. Described in docs/tag.md."""

from tollhouse.apis.tag.door import TagDoor

__all__ = ["TagDoor"]
