"""Does the wheel carry everything wijkbot needs and nothing private, and does it run elsewhere?"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKED = ("wijkbot", "adapters", "dialogs", "locales", "pyproject.toml", "README.md", "LICENSE")
ADAPTERS = ["matrix", "sandbox", "telegram", "whatsapp"]
PRIVATE = (
    "wijkbot/private.db",
    "wijkbot/master.key",
    "wijkbot.toml",
    "dialogs/notes.sqlite3",
    "adapters/wijkbot_matrix/store.db",
    "adapters/wijkbot_matrix/__pycache__/adapter.cpython-311.pyc",
    "locales/.env",
)
"""Files that git ignores, put into the copy from which the wheel is built."""
START_SECONDS = 60.0

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the project in which private files lie about."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKED:
        here = ROOT / name
        if here.is_dir():
            shutil.copytree(here, source / name)
        else:
            shutil.copy(here, source)
    shutil.copy(ROOT / ".gitignore", source)
    for name in PRIVATE:
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"private")
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="session")
def inside(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh virtual environment with the wheel in it.

    The dependencies come from this test run's own environment through a path file, so that no
    network is needed. Path files found there are not read: the checkout stays out of sight.
    """
    home = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = home / "bin" / "python"
    folder = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    done = subprocess.run(
        [*pip, "install", "-q", "--no-deps", "--no-index", str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(python: Path, cwd: Path, *arguments: str) -> str:
    done = subprocess.run(
        [python, *arguments], cwd=cwd, env=clean(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def clean() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "WIJKBOT"))}


def test_nothing_that_git_ignores_is_inside(inside: list[str]) -> None:
    wrong = [n for n in inside if n.endswith((".db", ".key", ".pyc", ".sqlite3", ".env"))]
    assert wrong == []
    assert not [name for name in inside if "wijkbot.toml" in name]


def test_nothing_but_wijkbot_and_its_adapters_is_inside(inside: list[str]) -> None:
    tops = {name.split("/")[0] for name in inside}
    packages = {f"wijkbot_{name}" for name in ADAPTERS}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"wijkbot", *packages}


def test_content_texts_and_pages_are_inside(inside: list[str]) -> None:
    for beginning, ending in [
        ("wijkbot/_content/dialogs/", ".yaml"),
        ("wijkbot/_content/locales/", ".po"),
        ("wijkbot/web/static/", ".css"),
        ("wijkbot/web/templates/", ".html"),
        ("wijkbot/storage/migrations/", ".py"),
    ]:
        assert [n for n in inside if n.startswith(beginning) and n.endswith(ending)], beginning
    assert not [name for name in inside if name.endswith(".mo")]


def test_every_package_says_that_it_is_typed(inside: list[str]) -> None:
    assert {f"{p}/py.typed" for p in ("wijkbot", *(f"wijkbot_{n}" for n in ADAPTERS))} <= {*inside}


def test_adapters_are_discovered_from_another_folder(installed: Path, tmp_path: Path) -> None:
    code = (
        "import json, wijkbot; from importlib.metadata import entry_points\n"
        "found = {e.name: callable(e.load()) for e in entry_points(group='wijkbot.adapters')}\n"
        "print(json.dumps([wijkbot.__file__, found]))"
    )
    where, found = json.loads(run(installed, tmp_path, "-c", code))
    assert Path(where).is_relative_to(installed.parents[1])
    assert found == dict.fromkeys(ADAPTERS, True)


def test_content_of_the_wheel_passes_its_check(installed: Path, tmp_path: Path) -> None:
    run(installed, tmp_path, "-m", "wijkbot", "check")


@pytest.fixture
def demo(installed: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a demo that was started from the wheel, in an empty folder."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = tmp_path / "demo.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [installed, "-m", "wijkbot", "demo", "--port", str(port)],
            cwd=tmp_path, env=clean(), stdout=out, stderr=out,
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        last = time.monotonic() + START_SECONDS
        while not answers(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < last, log.read_text()
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=15)


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_demo_of_the_wheel_is_live_and_ready(demo: str) -> None:
    health = httpx.get(f"{demo}/health", timeout=5, trust_env=False).json()
    assert (health["live"], health["ready"]) == (True, True)
