"""What does every test get? A closed network, a real database server, a real browser.

The network is closed by ``--allow-hosts`` in pyproject.toml (loopback only). What a test needs
and this machine lacks is a failure with the next step, never a silent skip.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.provision import findings
from tests.provision.findings import Found, Missing
from tests.provision.postgres_server import PostgresServer

# How long an example takes says nothing on a busy machine.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is learned is kept for the tests alone; their first one learns, like a first start."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def _strict() -> bool:
    return bool(os.environ.get("CI")) or os.environ.get("WIJKBOT_STRICT") == "1"


def needed(name: str) -> Found:
    """What was found under that name; a test that needs it fails with the next step."""
    finding = findings.read(name)
    if isinstance(finding, Missing):
        pytest.fail(f"This test needs {name}. Next step: {finding.remedy}", pytrace=False)
    return finding


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database, on a server of this test run's own."""
    with PostgresServer(Path(needed("postgresql").path)) as server:
        yield server.url


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The program to give to Playwright as ``executable_path``."""
    return needed("chromium").path


@pytest.fixture(scope="session")
def chromium_args() -> list[str]:
    """The arguments to give to Playwright as ``args``."""
    return list(needed("chromium").arguments)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of few tests: each of those takes long, and none should come last.

    Files of very many tests have short ones, so the processes end at nearly the same time.
    """
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: sizes[item.path])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests were skipped and why; in a strict run, say that this is a failure."""
    skipped: list[pytest.TestReport | pytest.CollectReport] = terminalreporter.getreports(
        "skipped"
    )
    if not skipped:
        return
    terminalreporter.section("skipped tests")
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.line(f"{report.nodeid}: {reason}")
    if _strict():
        terminalreporter.line("In this run nothing may be skipped.", red=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail a strict run in which anything was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if _strict() and reporter is not None and reporter.getreports("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    yield
