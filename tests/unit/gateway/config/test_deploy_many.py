"""What ships in deploy/ for many gateways fits together, and fits the gateway."""

import re
from typing import Any

import pytest
import yaml
from tests.unit.gateway.config.deployed import (
    CONFIG,
    DEPLOY,
    HOME,
    settings,
    variables,
)
from tests.unit.gateway.config.deployed import (
    read as manifest,
)

from messplus.gateway.serve import _KEEP_ALIVE_S
from messplus.gateway.telemetry import Metrics

EXAMPLE = DEPLOY / "examples" / "many.yaml"
KUBERNETES = DEPLOY / "kubernetes-many"
GATEWAYS = ("gateway-a", "gateway-b")


@pytest.fixture
def services() -> dict[str, Any]:
    found = manifest("compose.many.yaml")["services"]
    assert isinstance(found, dict)
    return found


@pytest.fixture
def nginx() -> str:
    return (DEPLOY / "many" / "nginx.conf").read_text()


@pytest.fixture
def pod() -> dict[str, Any]:
    found = manifest("kubernetes-many/deployment.yaml")["spec"]["template"]["spec"]
    assert isinstance(found, dict)
    return found


def seconds(text: str) -> int:
    assert text.endswith("s")
    return int(text[:-1])


def directive(nginx: str, name: str) -> list[str]:
    """The values of a directive of nginx, in order."""
    return re.findall(rf"^\s*{name}\s+([^;{{]*);", nginx, re.MULTILINE)


def test_both_gateways_of_compose_are_one_but_for_address_and_disk(
    services: dict[str, Any],
) -> None:
    first, second = (dict(services[name]) for name in GATEWAYS)
    for own in ("volumes", "networks"):
        assert first.pop(own) != second.pop(own)
    assert first == second


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_gateway_of_compose_fits_its_configuration(services: dict[str, Any], name: str) -> None:
    gateway = services[name]
    assert seconds(gateway["stop_grace_period"]) > settings(EXAMPLE).server.drain_s
    assert gateway["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    mounted = dict(volume.split(":", 1) for volume in gateway["volumes"])
    assert mounted == {
        "./examples/many.yaml": f"{CONFIG}:ro",
        f"spool-{name[-1]}": HOME,
    }
    environment = gateway["environment"]
    assert variables(EXAMPLE) | {"VLLM_URL"} == set(environment)
    assert all(environment[key].startswith(f"${{{key}:?") for key in variables(EXAMPLE))


def test_compose_has_the_database_that_the_configuration_names(services: dict[str, Any]) -> None:
    database = services["postgres"]
    given = database["environment"]
    password = "long-enough-value-of-POSTGRES_PASSWORD"
    user, name = given["POSTGRES_USER"], given["POSTGRES_DB"]
    assert settings(EXAMPLE).store == f"postgresql://{user}:{password}@postgres/{name}"
    assert database["volumes"] == ["postgres:/var/lib/postgresql/data"]
    assert database["healthcheck"]["test"][-3:] == [user, "-d", name]


def test_compose_declares_what_it_uses_and_shows_nginx_alone(services: dict[str, Any]) -> None:
    compose = manifest("compose.many.yaml")
    named = {
        volume.split(":")[0]
        for service in services.values()
        for volume in service.get("volumes", ())
        if not volume.startswith(".")
    }
    assert named == set(compose["volumes"])
    assert set(compose["networks"]) == {"inside"}
    assert all("inside" in service["networks"] for service in services.values())
    assert {name for name in services if "ports" in services[name]} == {"nginx"}
    assert all(service["restart"] == "unless-stopped" for service in services.values())


def test_nginx_of_compose_finds_the_gateways(services: dict[str, Any], nginx: str) -> None:
    port = settings(EXAMPLE).server.port
    addresses = [
        f"{services[name]['networks']['inside']['ipv4_address']}:{port}" for name in GATEWAYS
    ]
    assert [line.split()[0] for line in directive(nginx, "server")] == addresses
    (listening,) = directive(nginx, "listen")
    assert services["nginx"]["ports"] == [f"127.0.0.1:{port}:{listening}"]
    assert services["nginx"]["volumes"] == ["./many:/etc/nginx/many:ro"]
    assert services["nginx"]["command"][:3] == ["nginx", "-c", "/etc/nginx/many/nginx.conf"]
    assert (
        services["nginx"]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{listening}/nginx/health"
    )


def test_nginx_is_more_patient_than_the_gateway(services: dict[str, Any], nginx: str) -> None:
    found = settings(EXAMPLE)
    (reading,) = directive(nginx, "proxy_read_timeout")
    longest = sum(
        found.providers[model.provider].timeout_s * (1 + found.providers[model.provider].retries)
        for model in found.models.values()
    )
    assert seconds(reading) > longest
    (largest,) = directive(nginx, "client_max_body_size")
    assert int(largest.removesuffix("m")) > found.server.max_body_mb
    idle = [seconds(value.split()[0]) for value in directive(nginx, "keepalive_timeout")]
    assert idle[0] < _KEEP_ALIVE_S
    grace = seconds(services["nginx"]["stop_grace_period"])
    assert grace >= seconds(services["gateway-a"]["stop_grace_period"])


def test_the_pod_gets_time_to_leave_and_to_end(pod: dict[str, Any]) -> None:
    found = settings(KUBERNETES / "gateway.yaml")
    (container,) = pod["containers"]
    leaving = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert leaving >= 5
    assert pod["terminationGracePeriodSeconds"] > leaving + found.server.drain_s


def test_the_pod_has_room_for_its_spool(pod: dict[str, Any]) -> None:
    found = settings(KUBERNETES / "gateway.yaml")
    (volume,) = pod["volumes"]
    assert volume["name"] == "log"
    room = volume["emptyDir"]["sizeLimit"]
    assert float(room.removesuffix("Gi")) * 1024 > found.sharing.spool_mb * found.server.workers


def test_the_overlay_patches_what_the_base_has(pod: dict[str, Any]) -> None:
    base = manifest("kubernetes/deployment.yaml")
    names = {one["name"] for one in base["spec"]["template"]["spec"]["containers"]}
    assert {one["name"] for one in pod["containers"]} == names
    volumes = {one["name"] for one in base["spec"]["template"]["spec"]["volumes"]}
    assert {one["name"] for one in pod["volumes"]} <= volumes
    chosen = base["spec"]["selector"]
    assert all(one["labelSelector"] == chosen for one in pod["topologySpreadConstraints"])
    for name in ("deployment.yaml", "disruption.yaml"):
        ours, theirs = manifest(f"kubernetes-many/{name}"), manifest(f"kubernetes/{name}")
        assert (ours["kind"], ours["metadata"]) == (theirs["kind"], theirs["metadata"])
    overlay = manifest("kubernetes-many/kustomization.yaml")
    base_maps = manifest("kubernetes/kustomization.yaml")["configMapGenerator"]
    assert overlay["configMapGenerator"] == [{**base_maps[0], "behavior": "replace"}]
    (removed,) = (yaml.safe_load(one["patch"]) for one in overlay["patches"] if "patch" in one)
    claim = manifest("kubernetes/claim.yaml")
    assert (removed["kind"], removed["metadata"]) == (claim["kind"], claim["metadata"])
    used = {*overlay["resources"], *(one.get("path") for one in overlay["patches"])}
    outside = {path.name for path in KUBERNETES.glob("*.yaml")} - used
    assert outside == {
        "kustomization.yaml",
        "gateway.yaml",
        "adapter.values.yaml",
        "database.example.yaml",
        "database.trial.yaml",
    }


def test_no_pod_goes_before_another_is_there() -> None:
    spec = manifest("kubernetes-many/deployment.yaml")["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert spec["replicas"] is None  # the autoscaler's
    scaler = manifest("kubernetes-many/autoscaler.yaml")["spec"]
    at_least = manifest("kubernetes-many/disruption.yaml")["spec"]["minAvailable"]
    assert scaler["minReplicas"] > at_least >= 1
    assert scaler["scaleTargetRef"]["name"] == "messplus"


def test_the_autoscaler_goes_by_a_metric_that_the_gateway_has() -> None:
    (metric,) = manifest("kubernetes-many/autoscaler.yaml")["spec"]["metrics"]
    name = metric["pods"]["metric"]["name"]
    limit = settings(KUBERNETES / "gateway.yaml").server.max_requests
    assert int(metric["pods"]["target"]["averageValue"]) < limit
    (rule,) = manifest("kubernetes-many/adapter.values.yaml")["rules"]["custom"]
    assert rule["name"] == {"matches": f"^{name}$", "as": name}
    assert rule["seriesQuery"].startswith(f"{name}{{")
    body, _ = Metrics("1").expose("")
    assert f"# TYPE {name} gauge" in body.decode()


def test_every_variable_of_the_pod_comes_from_a_secret(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    (database,) = container["env"]
    example = manifest("kubernetes/secret.example.yaml")["stringData"]
    assert variables(KUBERNETES / "gateway.yaml") == {*example, database["name"]}
    secret = database["valueFrom"]["secretKeyRef"]
    assert secret == {"name": "messplus-database-app", "key": "uri"}
    cluster = manifest("kubernetes-many/database.example.yaml")
    assert f"{cluster['metadata']['name']}-app" == secret["name"]


def test_the_database_for_trials_is_where_its_secret_says() -> None:
    text = (KUBERNETES / "database.trial.yaml").read_text()
    secret, service, stateful = yaml.safe_load_all(text)
    uri = secret["stringData"]["uri"]
    name = service["metadata"]["name"]
    (container,) = stateful["spec"]["template"]["spec"]["containers"]
    given = {one["name"]: one.get("value") for one in container["env"]}
    password = secret["stringData"]["password"]
    user, database = given["POSTGRES_USER"], given["POSTGRES_DB"]
    assert uri == f"postgresql://{user}:{password}@{name}:5432/{database}"
    assert secret["metadata"]["name"] == "messplus-database-app"
    assert stateful["spec"]["serviceName"] == name
    labels = stateful["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == stateful["spec"]["selector"]["matchLabels"] == labels
