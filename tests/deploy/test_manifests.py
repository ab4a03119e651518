"""compose.yaml and the Kubernetes manifests fit their schemas, and name only what the service really has."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose

from service import __version__
from service.cli.main import MODULES, main
from service.routes import resources
from service.runtime.config import Settings, settings_table

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
LEAST_KUBERNETES = "1.30"
"""The oldest version whose schema holds all we use (a preStop that sleeps)."""

KUSTOMIZATION = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
DOCUMENTS: list[dict[str, Any]] = [
    document for name in KUSTOMIZATION["resources"] for document in yaml.safe_load_all((KUBERNETES / name).read_text())
]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
VARIABLES = set(re.findall(r"`(FOURCAST_\w+)`", settings_table()))


def named(kind: str, name: str = "fourcast") -> dict[str, Any]:
    (found,) = [each for each in DOCUMENTS if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


DEPLOYMENTS = [each for each in DOCUMENTS if each["kind"] == "Deployment"]
PODS = [(each["metadata"]["name"], each["spec"]["template"]["spec"]) for each in DEPLOYMENTS]
CONTAINERS = [
    (f"{name}/{container['name']}", container)
    for name, pod in PODS
    for container in [*pod.get("initContainers", ()), *pod["containers"]]
]


# Kubernetes


@pytest.mark.parametrize("version", [LEAST_KUBERNETES, kubernetes_validate.latest_version()])
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_every_manifest_fits_the_schema_of_its_kind_strictly(document: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


def test_a_misspelt_member_is_found_by_that_check() -> None:
    wrong = {**named("PodDisruptionBudget"), "spec": {"minAvailible": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, LEAST_KUBERNETES, strict=True)


def test_kustomize_builds_them_all() -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    built = subprocess.run(["kubectl", "kustomize", str(KUBERNETES)], capture_output=True, text=True, check=True).stdout
    assert len([*yaml.safe_load_all(built)]) == len(DOCUMENTS)
    assert f"image: fourcast:{__version__}" in built


def test_every_file_of_the_folder_is_in_the_kustomization() -> None:
    assert {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"} == set(KUSTOMIZATION["resources"])


@pytest.mark.parametrize(("name", "container"), CONTAINERS, ids=[name for name, _ in CONTAINERS])
def test_every_container_is_confined_and_bounded(name: str, container: dict[str, Any]) -> None:
    confined = container["securityContext"]
    assert confined["readOnlyRootFilesystem"] is True
    assert confined["allowPrivilegeEscalation"] is False
    assert confined["capabilities"] == {"drop": ["ALL"]}
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert "memory" in container["resources"]["limits"]
    assert all(mount.get("readOnly") for mount in container["volumeMounts"] if mount["name"] == "models")


@pytest.mark.parametrize(("name", "container"), CONTAINERS, ids=[name for name, _ in CONTAINERS])
def test_every_container_runs_a_verb_that_exists(name: str, container: dict[str, Any]) -> None:
    verb, *options = container["args"]
    found = main.get_command(click.Context(main), verb)
    assert found is not None
    known = {option for parameter in found.params for option in parameter.opts}
    assert set(options) <= known


@pytest.mark.parametrize(("name", "pod"), PODS, ids=[name for name, _ in PODS])
def test_every_pod_is_the_images_user_without_a_token_and_without_service_links(name: str, pod: dict[str, Any]) -> None:
    user = re.search(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert user is not None
    assert pod["securityContext"]["runAsUser"] == int(user[1])
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False, "FOURCAST_PORT=tcp://... would be taken for our setting"


def test_what_is_set_are_settings_and_secrets_are_referred_to_only() -> None:
    settings = named("ConfigMap")["data"]
    assert settings.keys() <= VARIABLES
    Settings.read(settings)
    assert not any("URL" in name for name in settings)
    assert not [each for each in DOCUMENTS if each["kind"] == "Secret"]
    for _, container in CONTAINERS:
        assert {"secretRef": {"name": "fourcast"}} in container["envFrom"]


def test_probes_and_ingress_lead_to_what_is_served_and_the_metrics_stay_inside() -> None:
    served = {path for blueprint in resources() for path in paths(blueprint)}
    for _, container in CONTAINERS:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if probe in container:
                assert container[probe]["httpGet"]["path"] in served
    public = [path["path"] for path in named("Ingress")["spec"]["rules"][0]["http"]["paths"]]
    assert public == ["/v1", "/docs", "/openapi.json"]
    assert not any(path.startswith(tuple(public)) for path in ("/metrics", "/healthz", "/readyz"))


def paths(blueprint: Any) -> set[str]:
    from flask import Flask

    app = Flask("paths")
    app.register_blueprint(blueprint)
    return {rule.rule for rule in app.url_map.iter_rules()}


def test_selectors_find_the_pods_they_mean() -> None:
    deployment = named("Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for selector in (
        named("Service")["spec"]["selector"],
        named("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        named("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        deployment["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    others = [each["spec"]["template"]["metadata"]["labels"] for each in DEPLOYMENTS if each is not deployment]
    assert not any(named("Service")["spec"]["selector"].items() <= each.items() for each in others)


def test_the_autoscaler_moves_the_deployment_by_the_share_that_the_adapter_gives() -> None:
    scaler = named("HorizontalPodAutoscaler")["spec"]
    assert scaler["scaleTargetRef"]["name"] == named("Deployment")["metadata"]["name"]
    assert "replicas" not in named("Deployment")["spec"]
    assert scaler["minReplicas"] > named("PodDisruptionBudget")["spec"]["minAvailable"]
    (rule,) = yaml.safe_load((ROOT / "deploy" / "prometheus" / "adapter.yaml").read_text())["rules"]
    assert scaler["metrics"][0]["pods"]["metric"]["name"] == rule["name"]["as"]
    assert "fourcast_request_seconds_sum" in rule["metricsQuery"]


def test_volumes_that_are_mounted_are_declared() -> None:
    for name, pod in PODS:
        declared = {volume["name"] for volume in pod["volumes"]}
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= declared, name
        claims = {v["persistentVolumeClaim"]["claimName"] for v in pod["volumes"] if "persistentVolumeClaim" in v}
        assert all(named("PersistentVolumeClaim", claim) for claim in claims)


# Compose


def test_the_compose_file_fits_its_specification() -> None:
    PyCompose.from_yaml(yaml.safe_dump(COMPOSE)).validate()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("healthcheck:", "healthchek:"),
        ("interval: 10s", "interval: soon"),
    ],
)
def test_a_slip_in_the_compose_file_is_found_by_that_check(right: str, wrong: str) -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert right in text
    with pytest.raises(ValueError, match=r"\w"):
        PyCompose.from_yaml(yaml.safe_dump(yaml.safe_load(text.replace(right, wrong)))).validate()


def test_the_compose_services_wait_for_each_other_and_say_how_they_are() -> None:
    services = COMPOSE["services"]
    assert {"postgresql", "valkey", "prepare", "service"} <= services.keys()
    for name, each in services.items():
        for other, wanted in each.get("depends_on", {}).items():
            assert wanted["condition"] in {"service_healthy", "service_completed_successfully"}
            assert wanted["condition"] != "service_healthy" or "healthcheck" in services[other], name


def test_the_volumes_of_the_compose_services_are_declared() -> None:
    mounted = {row.split(":")[0] for each in COMPOSE["services"].values() for row in each.get("volumes", ())}
    assert mounted == COMPOSE["volumes"].keys()


def test_the_compose_services_of_ours_are_confined_and_run_verbs_that_exist() -> None:
    ours = {name: each for name, each in COMPOSE["services"].items() if each["image"] == "fourcast"}
    for each in ours.values():
        assert each["read_only"] is True
        assert each["cap_drop"] == ["ALL"]
        assert "user" not in each, "the image's own user has no rights"
        words = each.get("command") or re.findall(r"fourcast (\w+)", each["entrypoint"][-1])
        assert set(words) <= MODULES.keys()


def test_the_example_of_secrets_names_settings_and_is_not_the_file_that_is_read() -> None:
    rows = [
        line
        for line in (ROOT / "deploy" / "fourcast.env.example").read_text().splitlines()
        if line[:1] not in ("", "#")
    ]
    told = dict(row.split("=", 1) for row in rows)
    ours = {name: text for name, text in told.items() if name.startswith("FOURCAST_")}
    assert ours.keys() <= VARIABLES
    assert told["POSTGRES_PASSWORD"] in str(Settings.read(ours).database_url)
    assert "deploy/fourcast.env" in (ROOT / ".gitignore").read_text().splitlines()
