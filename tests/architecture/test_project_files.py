"""The project's own files: linted, free of secrets, registry addresses and paths of one machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from worker.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())


def test_dockerfile_passes_its_linter():
    hadolint = Path(sys.executable).parent / "hadolint"
    if not hadolint.exists():
        pytest.skip("hadolint has no wheel for this platform")
    done = subprocess.run([hadolint, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["postgres", "redis", "migrate", "web", "worker", "beat"])
def test_compose_has_every_service_non_root_with_a_health_check(name):
    service = COMPOSE["services"][name]
    if name != "migrate":
        assert service["healthcheck"]["test"]
    if name != "postgres":
        assert service["user"] not in {"0", "root"}


def test_compose_holds_no_secret():
    text = (ROOT / "docker-compose.yml").read_text()
    assert "${POSTGRES_PASSWORD:?" in text
    assert not re.search(r"(TOKEN|SECRET|PASSWORD): +[^$\s]", text)


def test_every_setting_in_the_example_exists():
    named = re.findall(rf"^#? ?({PREFIX}\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(named) <= known
    assert len(named) > 8


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_have_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    pinned = re.findall(r"^[A-Za-z0-9_.-]+(?:\[[^\]]*\])?==", text, re.MULTILINE)
    assert len(pinned) > 30
    assert len(re.findall(r"--hash=sha256:", text)) >= len(pinned)
