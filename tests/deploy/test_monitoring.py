"""Dashboard and alerts ask for metrics that exist, by labels they bear; and the alerts fire when they must."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import Histogram, MetricWrapperBase

import service.app  # noqa: F401 - it registers every metric
from service.routes import resources

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
SLO = yaml.safe_load((DEPLOY / "prometheus" / "slo.yaml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana" / "fourcast.json").read_text())
RULES = [rule for group in SLO["groups"] for rule in group["rules"]]
RECORDED = {rule["record"]: rule["expr"] for rule in RULES if "record" in rule}
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
QUERIES = [
    *(
        (f"panel {panel['title']}", target["expr"])
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
    ),
    *((rule.get("record") or rule["alert"], rule["expr"]) for rule in RULES),
]
SELECTOR = re.compile(r"\b(fourcast(?::\w+|_\w+)+)(?:\{([^}]*)\})?")


def registered() -> Iterator[tuple[str, MetricWrapperBase]]:
    """Each sample's name with the metric it belongs to."""
    for metric in set(REGISTRY._collector_to_names):
        if isinstance(metric, MetricWrapperBase):
            for name in REGISTRY._collector_to_names[metric]:
                yield name, metric


METRICS = dict(registered())


def labels_of(name: str) -> set[str]:
    """The labels a sample bears; buckets have their bound besides."""
    return set(METRICS[name]._labelnames) | ({"le"} if name.endswith("_bucket") else set())


@pytest.mark.parametrize(("where", "query"), QUERIES, ids=[where for where, _ in QUERIES])
def test_every_query_names_a_metric_that_exists_and_labels_it_bears(where: str, query: str) -> None:
    promql_parser.parse(query.replace("$__rate_interval", "5m"))
    found = SELECTOR.findall(query)
    assert found, f"{where} asks for nothing of ours: {query}"
    borne: set[str] = set()
    for name, matchers in found:
        if name in RECORDED:
            continue
        assert name in METRICS, f"{where} asks for {name}, which nothing counts"
        borne |= labels_of(name)
        assert set(re.findall(r"(\w+)\s*[=!]~?", matchers)) <= labels_of(name), f"{where}: {matchers}"
    for grouped in re.findall(r"\bby \(([^)]*)\)", query):
        assert set(re.split(r",\s*", grouped)) <= borne, f"{where} groups by {grouped}"


def test_every_bound_that_is_asked_for_is_one_that_is_counted() -> None:
    for _, query in QUERIES:
        for name, bound in re.findall(r'(\w+)_bucket\{[^}]*le="([^"]+)"', query):
            metric = METRICS[f"{name}_bucket"]
            assert isinstance(metric, Histogram)
            assert float(bound) in metric._kwargs["buckets"]


def test_every_route_that_is_asked_for_is_served(rules: set[str]) -> None:
    for _, query in QUERIES:
        for route in re.findall(r'route="([^"]+)"', query):
            assert route in rules


@pytest.fixture(scope="module")
def rules() -> set[str]:
    """The templates of all routes."""
    from flask import Flask

    app = Flask("rules")
    for blueprint in resources():
        app.register_blueprint(blueprint)
    return {rule.rule for rule in app.url_map.iter_rules()}


def test_every_metric_of_ours_is_on_the_dashboard_or_in_a_rule() -> None:
    asked = {name for _, query in QUERIES for name, _ in SELECTOR.findall(query)}
    families = {metric._name for name, metric in METRICS.items() if name.startswith("fourcast_")}
    assert [family for family in sorted(families) if not any(name.startswith(family) for name in asked)] == []


def test_panels_have_ids_and_places_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells


def test_each_aim_has_four_alerts_over_a_long_and_a_short_window_each() -> None:
    for aim in ("availability", "latency", "whole"):
        mine = [rule for rule in ALERTS.values() if rule["labels"].get("slo") == aim]
        windows = [tuple(re.findall(r"ratio_rate(\w+)", rule["expr"])) for rule in mine]
        assert windows == [("1h", "5m"), ("6h", "30m"), ("1d", "2h"), ("3d", "6h")]
        assert [rule["labels"]["severity"] for rule in mine] == ["page", "page", "ticket", "ticket"]
        assert all(f"fourcast:{aim}_errors:ratio_rate{w}" in RECORDED for pair in windows for w in pair)


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    """Prometheus' own checker; skips where it is not installed (Debian: apt-get install prometheus)."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    return subprocess.run(["promtool", *words], capture_output=True, text=True, check=False, cwd=DEPLOY / "prometheus")


@pytest.mark.parametrize(
    "words",
    [("check", "rules", "slo.yaml"), ("test", "rules", "slo_test.yaml"), ("check", "config", "prometheus.yaml")],
    ids=" ".join,
)
def test_prometheus_itself_reads_the_rules_and_raises_the_alerts_that_it_must(words: tuple[str, ...]) -> None:
    ran = promtool(*words)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_alerts_tried_are_alerts_that_stand_in_the_rules() -> None:
    tried = yaml.safe_load((DEPLOY / "prometheus" / "slo_test.yaml").read_text())
    names: Any = [case["alertname"] for test in tried["tests"] for case in test.get("alert_rule_test", ())]
    assert set(names) <= ALERTS.keys()
    assert len(names) >= 6
