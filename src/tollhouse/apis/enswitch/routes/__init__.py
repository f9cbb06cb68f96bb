"""ENSwitch's functions, answered noun by noun."""

from tollhouse.apis.enswitch.routes.door import EnswitchDoor

__all__ = ["EnswitchDoor"]
