"""What is installed: the bill of materials is the lock file, and a known weakness fails the audit."""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support.servers import free_port

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==([^ ;\\]+)", re.MULTILINE | re.IGNORECASE)
WEAK = "msgspec"


def supply(*arguments):
    command = [sys.executable, str(ROOT / "tools" / "supply.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def pinned(lock):
    text = (ROOT / "requirements" / lock).read_text()
    return {(name.lower().replace("_", "-"), version) for name, version in PINNED.findall(text)}


class _Osv(BaseHTTPRequestHandler):
    """Knows one weakness, of one package."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        found = {"vulns": [weakness()]} if asked["package"]["name"] == self.server.weak else {}
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def weakness():
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999.0"}]}]
    affected = [{"package": {"name": WEAK, "ecosystem": "PyPI"}, "ranges": ranges}]
    return {"id": "PYSEC-2026-1", "aliases": [], "summary": "Weak.", "details": "Weak.", "affected": affected}


@pytest.fixture
def osv_of():
    servers = []

    def serve(weak):
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Osv)
        server.weak = weak
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/v1/query"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


class TestTheBillOfMaterials:
    def test_lists_what_the_lock_file_pins_and_nothing_else(self, tmp_path):
        done = supply("sbom", "--to", str(tmp_path / "sbom.json"))
        assert done.returncode == 0, done.stderr
        document = json.loads((tmp_path / "sbom.json").read_text())
        assert document["bomFormat"] == "CycloneDX"
        assert {(each["name"].lower(), each["version"]) for each in document["components"]} == pinned("run.txt")
        assert all("SHA-256" in json.dumps(each) for each in document["components"])


class TestTheAudit:
    def test_fails_on_a_known_weakness_and_names_it(self, osv_of):
        done = supply("audit", "--osv-url", osv_of(WEAK))
        assert done.returncode == 1, done.stderr
        assert f"{WEAK} " in done.stdout
        assert "PYSEC-2026-1, fixed in 999.0" in done.stdout

    def test_passes_when_nothing_is_known_and_says_what_it_looked_at(self, osv_of):
        done = supply("audit", "--osv-url", osv_of(None))
        assert done.returncode == 0, done.stderr
        assert re.search(r"^checked: \d{2,} pinned releases, 0 known weaknesses$", done.stdout, re.MULTILINE)

    def test_says_plainly_that_it_checked_nothing_where_nobody_can_be_asked(self):
        done = supply("audit", "--osv-url", f"http://127.0.0.1:{free_port()}/v1/query")
        assert done.returncode == 0
        assert done.stdout.startswith("NOT CHECKED: ")
        assert "\nchecked" not in done.stdout
