"""Where gateways tell of payments and refunds by themselves: `POST /gateways/{gateway}/{tenant}`."""

from tollhouse.apis.gateways.events import Arrivals
from tollhouse.apis.gateways.routes import GatewaysDoor

__all__ = ["Arrivals", "GatewaysDoor"]
