"""What ships in deploy/ fits together, and fits the gateway."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.gateway.config.deployed import (
    CONFIG,
    DEPLOY,
    HOME,
    LIVE,
    READY,
    USER,
    read,
    settings,
    variables,
)

from messplus.gateway.config import Settings, advice
from messplus.stores import is_shared

KUBERNETES = DEPLOY / "kubernetes"
MANY = [DEPLOY / "examples" / "many.yaml", DEPLOY / "kubernetes-many" / "gateway.yaml"]
ONE = [DEPLOY / "examples" / name for name in ("compose.yaml", "full.yaml")]
IN_CONTAINER = [*ONE, KUBERNETES / "gateway.yaml", *MANY]
EXAMPLES = [*IN_CONTAINER, DEPLOY / "examples" / "minimal.yaml"]


def manifest(name: str) -> dict[str, Any]:
    return read(f"kubernetes/{name}")


@pytest.fixture
def container() -> dict[str, Any]:
    (found,) = manifest("deployment.yaml")["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


@pytest.fixture
def dockerfile() -> str:
    return (DEPLOY / "Dockerfile").read_text()


def test_everything_can_be_parsed() -> None:
    parsed = 0
    for path in DEPLOY.rglob("*"):
        if path.suffix in (".yaml", ".yml"):
            assert None not in yaml.safe_load_all(path.read_text()), path
            parsed += 1
        elif path.suffix == ".json":
            json.loads(path.read_text())
            parsed += 1
    assert parsed >= 24
    assert set(EXAMPLES) >= set((DEPLOY / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_example_is_a_configuration_without_warnings(path: Path) -> None:
    assert advice(settings(path)) == ()


@pytest.mark.parametrize("path", IN_CONTAINER, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_example_for_a_container_works_in_one(path: Path) -> None:
    found = settings(path)
    assert (found.server.host, found.server.port) == ("0.0.0.0", 4000)
    assert found.keys
    if path in MANY:
        assert is_shared(found.store)
        assert found.sharing.spool == f"{HOME}/spool"
    else:
        assert found.store == f"sqlite:{HOME}/messplus.db"


def test_the_image_runs_as_somebody_who_may_only_write_the_log(dockerfile: str) -> None:
    last = dockerfile.rsplit("FROM ", 1)[1]
    assert f"USER {USER}:{USER}" in last
    assert f"VOLUME {HOME}" in last
    assert f"EXPOSE {Settings.model_fields['server'].default.port}" in last
    assert f"http://127.0.0.1:4000{LIVE}" in last
    assert f'CMD ["serve", "--config", "{CONFIG}"' in last


def test_the_image_is_made_of_what_the_project_has(dockerfile: str) -> None:
    root = DEPLOY.parent
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE):
        for name in line.split():
            assert (root / name).exists(), name
            assert f"!{name}" in (DEPLOY / "Dockerfile.dockerignore").read_text()
    extras = re.findall(r'EXTRAS="([^"]*)"', dockerfile)[0].split(",")
    extras += re.findall(r'EXTRAS: "([^"]*)"', (DEPLOY / "compose.yaml").read_text())[0].split(",")
    assert set(extras) == {"gateway", "otel", "postgres", "replay", "local"}
    declared = (root / "pyproject.toml").read_text()
    assert all(re.search(rf"^{extra} = \[", declared, re.MULTILINE) for extra in extras)


def test_the_pod_fits_the_image_and_the_configuration(container: dict[str, Any]) -> None:
    found = settings(KUBERNETES / "gateway.yaml")
    spec = manifest("deployment.yaml")["spec"]
    pod = spec["template"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert container["args"][:3] == ["serve", "--config", CONFIG]
    assert container["ports"] == [{"name": "http", "containerPort": found.server.port}]
    assert container["startupProbe"]["httpGet"] == {"path": LIVE, "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": LIVE, "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": READY, "port": "http"}
    assert pod["terminationGracePeriodSeconds"] > found.server.drain_s
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == USER
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {str(Path(CONFIG).parent): "config", HOME: "log", "/tmp": "tmp"}
    assert {volume["name"] for volume in pod["volumes"]} == set(mounts.values())
    annotations = spec["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(found.server.port)


def test_the_manifests_name_each_other() -> None:
    chosen = {"app.kubernetes.io/component": "gateway"}
    labels = manifest("deployment.yaml")["spec"]["template"]["metadata"]["labels"]
    assert labels == chosen
    assert manifest("service.yaml")["spec"]["selector"] == chosen
    for name, key in (("disruption.yaml", "selector"), ("network.yaml", "podSelector")):
        assert manifest(name)["spec"][key]["matchLabels"] == chosen
    resources = manifest("kustomization.yaml")["resources"]
    on_disk = {path.name for path in KUBERNETES.glob("*.yaml")}
    assert on_disk - set(resources) == {"kustomization.yaml", "gateway.yaml", "secret.example.yaml"}


def test_the_secret_has_every_variable_of_the_configuration() -> None:
    text = (KUBERNETES / "gateway.yaml").read_text()
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(
        manifest("secret.example.yaml")["stringData"]
    )


def files_mounted() -> Iterator[str]:
    for service in yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].values():
        for volume in service.get("volumes", ()):
            if volume.startswith("."):
                yield volume.split(":")[0]


def test_compose_mounts_what_is_there() -> None:
    mounted = list(files_mounted())
    assert len(mounted) == 4
    assert all((DEPLOY / path).exists() for path in mounted)


def test_compose_fits_the_configuration() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    found = settings(DEPLOY / "examples" / "compose.yaml")
    gateway = services["gateway"]
    assert gateway["ports"] == [f"127.0.0.1:{found.server.port}:{found.server.port}"]
    assert int(gateway["stop_grace_period"].rstrip("s")) > found.server.drain_s
    assert any(volume.endswith(f":{CONFIG}:ro") for volume in gateway["volumes"])
    assert variables(DEPLOY / "examples" / "compose.yaml") == set(gateway["environment"])
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (job,) = scraped["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"gateway:{found.server.port}"]}]
