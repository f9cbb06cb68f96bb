"""Every metric that /metrics tells."""

from __future__ import annotations

from typing import Any

from reference.markdown import code, table
from reference.markdown import page as markdown_page
from tollhouse.metrics import Metrics


def metrics() -> dict[str, Any]:
    """By the name that a query asks for."""
    kept = [metric for metric in vars(Metrics()).values() if hasattr(metric, "_labelnames")]
    return {_name(metric): metric for metric in sorted(kept, key=_name)}


def _name(metric: Any) -> str:
    return str(metric._name) + ("_total" if metric._type == "counter" else "")


def page() -> str:
    rows = [
        (code(name), metric._type, ", ".join(map(code, metric._labelnames)), metric._documentation)
        for name, metric in metrics().items()
    ]
    return markdown_page(
        "Metrics",
        "What `/metrics` tells of the process that answers, in Prometheus' text form. A histogram is asked for with "
        "`_bucket`, `_sum` and `_count` behind its name. What to watch: "
        "[operations.md](../operations.md#health-and-metrics).",
        table(("metric", "kind", "labels", "meaning"), rows),
    )
