"""What Prometheus reads of a gateway."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from messplus.gateway.telemetry import Ended, Metrics, Readings
from messplus.gateway.telemetry import series as series_module
from messplus.router import ModelStanding, Reachable, Standing

DONE = Ended(
    request_id="r1", status=200, latency_s=1.2, client="team-a", route="chat", alpha=0.9,
    model="small", provider="here", mode="exploit", overhead_s=0.0011, first_byte_s=0.3,
    prompt_tokens=100, cached_tokens=40, output_tokens=50, cost_usd=0.002,
)  # fmt: skip


STANDING = Standing(
    route="chat", alpha=0.9, requests=10, queue=1.5, debt=1.5, believed=None, price=0.01,
    warnings=("it cannot be kept",), feasible="unclear", reachable=None,
    models=(ModelStanding(model="small", level=0.7, doubt=0.1, cost=0.002, share=1.0),),
)  # fmt: skip


def read(metrics: Metrics) -> Mapping[str, float]:
    """Every sample by its name and labels, as `name{a=x,b=y}`."""
    text, _ = metrics.expose()
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_a_request_is_counted_once_everywhere() -> None:
    metrics = Metrics("1.2.3")
    metrics.ended(DONE)
    metrics.ended(replace(DONE, failed_cost_usd=0.5, energy_j=3.0, mode="fallback", stream=True))
    now = read(metrics)
    assert now["messplus_requests_total{mode=exploit,model=small,route=chat,status=200}"] == 1
    assert now["messplus_decisions_total{mode=fallback,model=small,route=chat}"] == 1
    assert now["messplus_tokens_total{kind=prompt,model=small}"] == 200
    assert now["messplus_tokens_total{kind=cached,model=small}"] == 80
    assert now["messplus_tokens_total{kind=output,model=small}"] == 100
    assert now["messplus_cost_usd_total{model=small,purpose=answer,route=chat}"] == 0.004
    assert now["messplus_cost_usd_total{model=small,purpose=failed,route=chat}"] == 0.5
    assert now["messplus_energy_joules_total{model=small}"] == 3
    assert now["messplus_overhead_seconds_bucket{le=0.001}"] == 0
    assert now["messplus_overhead_seconds_bucket{le=0.0015}"] == 2
    assert now["messplus_ttft_seconds_count{model=small}"] == 1
    assert now["messplus_request_latency_seconds_sum{route=chat}"] == 2.4
    assert not any("team-a" in name for name in now)


def test_a_refused_request_has_no_model() -> None:
    metrics = Metrics("1.2.3")
    metrics.ended(Ended(request_id="r", status=401, latency_s=0.001, error="invalid_api_key"))
    now = read(metrics)
    assert now["messplus_requests_total{mode=,model=,route=,status=401}"] == 1
    assert now["messplus_errors_total{kind=invalid_api_key}"] == 1
    assert now["messplus_overhead_seconds_count"] == 0
    assert not any(name.startswith(("messplus_decisions", "messplus_tokens")) for name in now)


def test_the_brier_score_can_be_read() -> None:
    metrics = Metrics("1.2.3")
    for value, p_sat in ((1.0, 0.75), (0.0, 0.5), (1.0, 1.0)):
        metrics.first_verdict(route="chat", model="small", value=value, p_sat=p_sat)
    now = read(metrics)
    assert now["messplus_prediction_squared_error_total{model=small}"] == 0.0625 + 0.25
    assert now["messplus_verdicts_total{model=small}"] == 3
    assert now["messplus_satisfied_total{model=small}"] == 2
    assert now["messplus_prediction_total{model=small}"] == 2.25
    assert now["messplus_rated_decisions_total{route=chat}"] == 3


@pytest.mark.parametrize(("value", "kind"), [(0, "0"), (1, "1"), (0.5, "between"), (True, "1")])
def test_feedback_is_counted_by_what_it_says(value: float, kind: str) -> None:
    metrics = Metrics("1.2.3")
    metrics.feedback("user", value, "applied", route="chat", delay_s=30)
    metrics.feedback("user", value, "unknown")
    now = read(metrics)
    assert (
        now[f"messplus_feedback_total{{route=chat,source=user,status=applied,value={kind}}}"] == 1
    )
    assert now[f"messplus_feedback_total{{route=,source=user,status=unknown,value={kind}}}"] == 1
    assert now["messplus_feedback_delay_seconds_count{source=user}"] == 1


def test_signals_upstreams_store_and_logs() -> None:
    metrics = Metrics("1.2.3")
    metrics.checked(route="chat", check="json", passed=True)
    metrics.judged(route="chat", judge="large", result="verdict", cost_usd=0.25)
    metrics.judged(route="chat", judge="large", result="timeout")
    metrics.attempt("small", "throttled", 7.0)
    metrics.attempt("small", "ok", 0.5)
    metrics.appended(0.003)
    metrics.log_dropped()
    metrics.configuration_refused()
    now = read(metrics)
    assert now["messplus_checks_total{check=json,result=passed,route=chat}"] == 1
    assert now["messplus_judge_calls_total{judge=large,result=timeout}"] == 1
    assert now["messplus_cost_usd_total{model=large,purpose=judge,route=chat}"] == 0.25
    assert now["messplus_upstream_attempts_total{kind=throttled,model=small}"] == 1
    assert now["messplus_upstream_latency_seconds_sum{model=small}"] == 0.5
    assert now["messplus_store_append_seconds_count"] == 1
    assert now["messplus_log_records_dropped_total"] == 1
    assert now["messplus_config_reloads_total{result=refused}"] == 1


def test_circuits_are_those_of_the_zoo() -> None:
    metrics = Metrics("1.2.3")
    metrics.configured(["small", "large"], 1000.0)
    metrics.circuit("small", "open")
    metrics.circuit("large", "half-open")
    before = read(metrics)
    assert before["messplus_circuit_state{model=small}"] == 2
    assert before["messplus_circuit_state{model=large}"] == 1
    metrics.configured(["large", "new"], 2000.0)
    now = read(metrics)
    assert "messplus_circuit_state{model=small}" not in now
    assert now["messplus_circuit_state{model=new}"] == 0
    assert now["messplus_circuit_state{model=large}"] == 1
    assert now["messplus_circuit_changes_total{model=small,state=open}"] == 1
    assert now["messplus_config_loaded_timestamp_seconds"] == 2000


def test_promises_are_read_at_each_scrape() -> None:
    metrics = Metrics("1.2.3")
    best = Reachable(model="small", satisfaction=0.85, cost=0.002)
    then = replace(STANDING, believed=0.8, feasible="no", reachable=best)
    told = [
        Readings(
            promises=lambda: [STANDING],
            in_flight=3,
            calls_in_flight={"small": 2},
            parked=4,
            store_waiting=7,
        ),
        Readings(promises=lambda: [then]),
    ]
    metrics.watch(lambda: told[0])
    now = read(metrics)
    assert now["messplus_queue_requests{promise=0.9,route=chat}"] == 1.5
    assert now["messplus_alpha{promise=0.9,route=chat}"] == 0.9
    assert now["messplus_promise_feasible{promise=0.9,route=chat}"] == 0.5
    assert now["messplus_upstream_in_flight{model=small}"] == 2
    assert (now["messplus_requests_in_flight"], now["messplus_feedback_parked"]) == (3, 4)
    assert now["messplus_store_waiting_events"] == 7
    assert now["messplus_model_satisfaction{model=small,promise=0.9,route=chat}"] == 0.7
    assert now["messplus_model_expected_cost{model=small,promise=0.9,route=chat}"] == 0.002
    assert now["messplus_promise_warnings{promise=0.9,route=chat}"] == 1
    assert not any("believed" in name or "reachable" in name for name in now)
    del told[0]
    later = read(metrics)
    assert later["messplus_satisfaction_believed{promise=0.9,route=chat}"] == 0.8
    assert later["messplus_satisfaction_reachable{promise=0.9,route=chat}"] == 0.85
    assert later["messplus_promise_feasible{promise=0.9,route=chat}"] == 0


def test_all_names_are_ours_and_none_says_when_it_was_created() -> None:
    metrics = Metrics("1.2.3")
    metrics.ended(DONE)
    names = metrics.names()
    assert all(name.startswith("messplus_") for name in names)
    assert {name.partition("{")[0] for name in read(metrics)} <= names
    assert not any(name.endswith("_created") for name in names)
    _, content_type = metrics.expose("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")


def test_series_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series_module, "MOST_SERIES", 2)
    metrics = Metrics("1.2.3")
    for name in "abcdef":
        metrics.attempt(name, "ok", 0.1)
    now = read(metrics)
    assert now["messplus_upstream_attempts_total{kind=other,model=other}"] == 4
    assert sum("upstream_attempts_total" in name for name in now) == 3
    assert len(metrics._attempts._found) == 2
