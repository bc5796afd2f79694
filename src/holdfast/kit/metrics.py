"""Metrics in Prometheus' text format, in a registry of our own.

Whoever has something to count registers it here: `lanes = Counter("holdfast_lane_…", "…", registry=registry)`. Labels
take values from a short list (route templates, states), never ids.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]  # their function; a second series per counter helps nobody

registry: Final = CollectorRegistry()

ProcessCollector(registry=registry)
GCCollector(registry=registry)

http_requests: Final = Counter(
    "holdfast_http_requests",
    "Requests answered, by path template, method and status.",
    ("route", "method", "status"),
    registry=registry,
)
http_request_seconds: Final = Histogram(
    "holdfast_http_request_seconds",
    "Seconds from the first byte of a request to the last of its answer, by path template and method.",
    ("route", "method"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=registry,
)
http_requests_in_flight: Final = Gauge(
    "holdfast_http_requests_in_flight", "Requests being answered at this moment.", registry=registry
)


def render() -> tuple[bytes, str]:
    """Return all metrics as text, and the content type of that text."""
    return generate_latest(registry), CONTENT_TYPE_LATEST
