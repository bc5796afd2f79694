from prometheus_client import REGISTRY, Counter
from prometheus_client.parser import text_string_to_metric_families

from holdfast.kit.metrics import registry, render


def test_what_others_register_is_rendered():
    counter = Counter("holdfast_test_sample", "A sample.", ("kind",), registry=registry)
    try:
        counter.labels("a").inc(3)
        body, content_type = render()
    finally:
        registry.unregister(counter)
    assert content_type.startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert [(s.name, s.labels, s.value) for s in families["holdfast_test_sample"].samples] == [
        ("holdfast_test_sample_total", {"kind": "a"}, 3.0)
    ]


def test_the_process_is_measured():
    names = {family.name for family in text_string_to_metric_families(render()[0].decode())}
    assert {"process_cpu_seconds", "process_resident_memory_bytes", "holdfast_http_requests"} <= names


def test_nothing_is_put_into_the_library_s_own_registry():
    assert not [family.name for family in REGISTRY.collect() if family.name.startswith("holdfast")]
