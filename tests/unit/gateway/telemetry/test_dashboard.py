"""The dashboard and the alerts ask for metrics that exist, by labels that they have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from messplus.gateway.telemetry import Ended, Metrics, Readings
from messplus.router import ModelStanding, Reachable, Standing

DEPLOY = Path(__file__).parents[4] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "dashboard.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def queries() -> Iterator[str]:
    for panel in panels():
        for target in panel.get("targets", ()):
            yield target["expr"]
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]
    for part in json.loads(DASHBOARD.read_text())["templating"]["list"]:
        yield part.get("definition", "")
    for note in json.loads(DASHBOARD.read_text())["annotations"]["list"]:
        yield note["expr"]


@pytest.fixture(scope="module")
def labels() -> dict[str, set[str]]:
    """Every sample's labels by its name, after everything has happened once."""
    metrics = Metrics("0")
    metrics.watch(
        lambda: Readings(
            promises=lambda: [
                Standing(
                    route="r",
                    alpha=0.9,
                    requests=1,
                    queue=0,
                    debt=0,
                    believed=1,
                    price=0,
                    warnings=(),
                    feasible="no",
                    reachable=Reachable(model="m", satisfaction=1, cost=1),
                    models=(ModelStanding(model="m", level=1, doubt=0, cost=1, share=1),),
                )
            ],
            calls_in_flight={"m": 1},
            store_bytes=1,
        )
    )
    metrics.ended(
        Ended(
            request_id="r", status=200, latency_s=1, route="r", model="m", mode="exploit",
            stream=True, first_byte_s=1, overhead_s=1, prompt_tokens=1, output_tokens=1, cost_usd=1,
            energy_j=1, error="e",
        )
    )  # fmt: skip
    metrics.feedback("user", 1, "applied", route="r", delay_s=1)
    metrics.first_verdict(route="r", model="m", value=1, p_sat=1)
    metrics.checked(route="r", check="c", passed=True)
    metrics.judged(route="r", judge="j", result="verdict")
    metrics.attempt("m", "ok", 1)
    metrics.circuit("m", "open")
    metrics.configured(["m"], 0)
    text, _ = metrics.expose()
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_metric_that_is_asked_for_exists(labels: dict[str, set[str]]) -> None:
    asked = {name for query in queries() for name in re.findall(r"messplus_\w+", query)}
    assert asked <= set(labels), asked - set(labels)


def test_every_label_that_is_asked_for_exists(labels: dict[str, set[str]]) -> None:
    for query in queries():
        for name, matchers in re.findall(r"(messplus_\w+)\{([^}]*)\}", query):
            for label in re.findall(r"(\w+)(?:=~|!=|=)", matchers):
                assert label in labels[name], (query, label)
        names = re.findall(r"messplus_\w+", query)
        for kept in re.findall(r"by \(([^)]*)\)", query):
            for label in kept.split(", "):
                assert all(label in labels[name] for name in names), (query, label)


def test_every_series_has_the_labels_of_its_legend(labels: dict[str, set[str]]) -> None:
    for panel in panels():
        for target in panel.get("targets", ()):
            (first, *_) = re.findall(r"messplus_\w+", target["expr"])
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                assert label in labels[first], (panel["title"], label)


def test_panels_lie_beside_each_other_and_not_above() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_nothing_that_is_counted_is_left_out_of_the_reference() -> None:
    text = (DEPLOY.parent / "docs" / "reference" / "metrics.md").read_text()
    told = set(re.findall(r"`(messplus_\w+)", text))
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in Metrics("0").names()}
    process = {name for name in bare if name.startswith("messplus_process_")}
    assert told - process == bare - process
