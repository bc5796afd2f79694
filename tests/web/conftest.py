"""The web application in a real browser, on a server with the demo data; each worker has a copy of it to itself."""

import fcntl
import shutil
from pathlib import Path

import pytest
import web_browser
from playwright.sync_api import sync_playwright
from web_browser import Browsing

import holdfast
from support.process import HoldfastServer, run_holdfast
from support.servers import required

BUILT = Path(holdfast.__file__).parent / "app" / "web" / "index.html"
_LOADED_WITHIN_S = 170.0


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory, worker_id):
    """A folder with the demo data, made once for all workers and left alone: whoever serves it takes a copy."""
    if not BUILT.is_file():
        pytest.fail("the web application is not built: make web", pytrace=False)
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "web-demo"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            done = run_holdfast("seed", "--database", f"sqlite:///{folder}/demo.db", within_s=_LOADED_WITHIN_S)
            assert done.returncode == 0, done.stderr
            (folder / "made").touch()
    return folder


@pytest.fixture(scope="session")
def demo_server(demo_files, tmp_path_factory):
    """A function that starts a server on a copy of the demo data, with the settings given."""
    running = []

    def start(**settings):
        folder = tmp_path_factory.mktemp("demo")
        for file in demo_files.glob("demo.*"):
            shutil.copy(file, folder)
        server = HoldfastServer("--database", f"sqlite:///{folder}/demo.db", command="demo", env=settings)
        running.append(server.start())
        return server

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="session")
def house(demo_server):
    """The server most tests look at. They share its stock, so each takes something of its own."""
    return demo_server()


@pytest.fixture(scope="module")
def chromium():
    """A browser. It is closed after each module: while it is open no test of this process can use asyncio."""
    if problem := web_browser.missing():
        if "chromium" in required():
            pytest.fail(f"HOLDFAST_REQUIRE names chromium: {problem}", pytrace=False)
        pytest.skip(problem)
    with sync_playwright() as playwright:
        browser = web_browser.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium, house):
    """A function that opens a window of its own, as a new visitor: `browse(language="es", size="phone")`.

    When the test ends, nothing may have gone wrong in any of them: no error in the console, no answer of 500.
    """
    opened = []

    def window(server=house, **wishes):
        opened.append(Browsing(chromium, server.base_url, **wishes))
        return opened[-1]

    yield window
    for each in opened:
        each.close()
    for each in opened:
        assert each.faults == []
