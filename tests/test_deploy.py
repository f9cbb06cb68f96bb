"""The files in deploy/ name things that exist. Nothing here runs a container or a unit."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from tollhouse.cli import cli
from tollhouse.config import PREFIX, Settings
from tollhouse.metrics import Metrics

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNITS = ["tollhouse.service", "tollhouse-worker.service", "tollhouse.socket"]
SETTINGS = {PREFIX + setting.name.upper() for setting in fields(Settings)}
COMMANDS: dict[str, Any] = typer.main.get_command(cli).commands  # type: ignore[attr-defined]
HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "User": "tollhouse",
    "StateDirectory": "tollhouse",
    "StateDirectoryMode": "0700",
    "UMask": "0077",
}


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def unit(name: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(text_of(name))
    return parsed


def check_command(words: list[str]) -> None:
    """A command of ours with options that it has."""
    name, *rest = words
    assert name in COMMANDS
    known = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


# The container.


def instructions() -> list[tuple[str, str]]:
    joined = text_of("Dockerfile").replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines)]


def test_what_the_dockerfile_copies_is_there_and_not_left_out() -> None:
    kept = [line[1:] for line in text_of("Dockerfile.dockerignore").splitlines() if line.startswith("!")]
    copied = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and "--from" not in rest]
    sources = [source for row in copied for source in row]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source in kept, source
    build = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'license-files = ["LICENSE"]' in build
    assert "readme" not in build.partition("[tool.")[0]


def test_the_container_checks_hashes_is_not_root_and_says_whether_it_is_ready() -> None:
    found = instructions()
    installs = [rest for word, rest in found if word == "RUN" and "pip install" in rest]
    assert any("--require-hashes --requirement requirements/run.txt" in rest for rest in installs)
    assert any("--no-deps --no-build-isolation ." in rest for rest in installs)
    assert [rest for word, rest in found if word == "USER"] == ["10001"]
    assert [word for word, _ in found].count("FROM") == 2
    assert any(word == "HEALTHCHECK" and "/readyz" in rest for word, rest in found)
    assert "://" not in text_of("Dockerfile").replace("http://127.0.0.1:8080/readyz", "")


def test_the_container_runs_a_command_that_exists() -> None:
    (entry,) = [yaml.safe_load(rest) for word, rest in instructions() if word == "ENTRYPOINT"]
    (given,) = [yaml.safe_load(rest) for word, rest in instructions() if word == "CMD"]
    assert entry == ["tollhouse"]
    check_command(given)


# The composition.


def test_the_composition_runs_commands_with_settings_that_exist() -> None:
    composed = yaml.safe_load(text_of("compose.yaml"))
    services = composed["services"]
    assert set(services) == {"database", "migrate", "serve", "worker"}
    for name in ("migrate", "serve", "worker"):
        service = services[name]
        check_command(service["command"])
        assert {setting for setting in service["environment"] if setting.startswith(PREFIX)} <= SETTINGS
        Settings.from_environment({key: str(value) for key, value in service["environment"].items()})
        assert (DEPLOY / service["build"]["context"]).resolve() == ROOT
        assert (ROOT / service["build"]["dockerfile"]).is_file()
        assert service["read_only"] is True
        assert set(service["depends_on"]) <= set(services)
    assert services["serve"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    mounted = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert mounted == set(composed["volumes"])


def test_what_is_stopped_has_the_time_that_it_may_take() -> None:
    serve = yaml.safe_load(text_of("compose.yaml"))["services"]["serve"]
    drain, stop = int(serve["environment"]["TOLLHOUSE_DRAIN_SECONDS"]), Settings().stop_seconds
    assert int(serve["stop_grace_period"].removesuffix("s")) > drain + stop
    assert int(unit("tollhouse.service")["Service"]["TimeoutStopSec"]) > Settings().drain_seconds + stop


def test_no_password_is_written_down() -> None:
    services = yaml.safe_load(text_of("compose.yaml"))["services"].values()
    secrets = [value for service in services for key, value in service["environment"].items() if "PASSWORD" in key]
    assert len(secrets) == 4
    assert all(secret.startswith("${POSTGRES_PASSWORD:?") for secret in secrets)


# The units.


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_can_be_read(name: str) -> None:
    parsed = unit(name)
    assert "Unit" in parsed
    assert "Description" in parsed["Unit"]
    assert "WantedBy" in parsed["Install"]


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_a_service_runs_a_command_that_exists_and_may_do_little(name: str) -> None:
    service = unit(name)["Service"]
    program, *words = service["ExecStart"].split()
    assert program == "/opt/tollhouse/bin/tollhouse"
    check_command(words)
    assert {key: service[key] for key in HARDENED} == HARDENED


def test_the_server_takes_the_socket_and_tells_when_it_is_ready() -> None:
    service = unit("tollhouse.service")["Service"]
    assert (service["Type"], service["NotifyAccess"], service["Sockets"]) == ("notify", "all", "tollhouse.socket")
    assert unit("tollhouse.socket")["Socket"]["ListenStream"] == "127.0.0.1:8080"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_knows_every_word_of_the_units(tmp_path: Path) -> None:
    """With programs that exist here: where Tollhouse is installed is not what this is about."""
    for name in UNITS:
        (tmp_path / name).write_text(re.sub(r"^ExecStart=\S+.*$", "ExecStart=/bin/true", text_of(name), flags=re.M))
    units = [str(tmp_path / name) for name in UNITS]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if any(name in line for name in UNITS)]
    assert told == [], done.stderr


# The alerts.


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(text_of("prometheus-alerts.yaml"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def test_every_metric_that_an_alert_asks_exists_and_has_the_labels() -> None:
    text = Metrics().text(0).decode()
    known = set(re.findall(r"^# HELP (\w+)", text, re.MULTILINE))
    asked = {name for rule in alerts() for name in re.findall(r"\btollhouse_\w+", rule["expr"])}
    assert asked
    assert asked <= known


def test_every_alert_says_what_it_is_and_how_urgent() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(set(names)) == len(names)
    for rule in alerts():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_what_matters_has_an_alert() -> None:
    asked = " ".join(rule["expr"] for rule in alerts())
    for metric in (
        "up",
        "tollhouse_store_unavailable_total",
        "tollhouse_commit_queue_weight",
        "tollhouse_oldest_open_outcome_seconds",
        "tollhouse_parked_charges",
        "tollhouse_webhook_oldest_open_seconds",
        "tollhouse_last_backup_timestamp_seconds",
        "tollhouse_backup_failures_total",
    ):
        assert metric in asked
