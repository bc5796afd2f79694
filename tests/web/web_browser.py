"""Chromium as visitors use it: windows of a size, a language and an appearance, which notice what goes wrong."""

import os
import shutil
from http import HTTPStatus
from pathlib import Path

from playwright.sync_api import Page, expect

from support.visitors import PASSWORD

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "build" / "screenshots"
"""Pictures of every page, kept as artefacts of a build."""

SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
LOCALES = {"en": "en-US", "es": "es-US"}
PATIENCE_MS = 20_000
"""How long a page may take on a busy machine. Nothing is waited for longer than it takes."""
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")

# Refusals a page asks for on purpose are told by Chromium as errors of the console as well.
_REFUSED = "Failed to load resource: the server responded with a status of 4"
_LOST = "net::ERR_INTERNET_DISCONNECTED"

expect.set_options(timeout=PATIENCE_MS)


def executable():
    """The machine's browser, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def missing():
    """Why no browser can be had; None when there is one."""
    return None if executable() else "Chromium is not installed (apt-get install chromium)"


def launch(playwright):
    """Start the browser. It asks nobody outside for anything."""
    return playwright.chromium.launch(
        executable_path=executable(),
        args=[
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    )


class Browsing:
    """One window of one visitor. `page` is Playwright's; what went wrong in it is in `faults`."""

    def __init__(self, chromium, base_url, *, language="en", size="desktop", theme="light", motion="reduce"):
        self.language, self.size, self.theme = language, size, theme
        self.base_url = base_url
        self.faults = []
        self.context = chromium.new_context(
            base_url=base_url,
            locale=LOCALES[language],
            viewport=SIZES[size],
            has_touch=size == "phone",
            color_scheme=theme,
            reduced_motion=motion,
            timezone_id="Europe/Berlin",  # nobody's zone here: what is shown must not come from the browser's
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._watch)

    def go(self, path):
        """Open a page and wait until nothing is being loaded."""
        self.page.goto(path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def enter(self, email, password=PASSWORD):
        """Log in with the page's own cookies, without the form; see `test_web_account` for that."""
        self._on_some_page()
        answer = self.page.evaluate(
            """async (proof) => {
                const body = JSON.stringify({...proof, mode: "cookie"});
                const headers = {"content-type": "application/json"};
                return (await fetch("/v1/sessions", {method: "POST", headers, body})).status;
            }""",
            {"email": email, "password": password},
        )
        assert answer == HTTPStatus.CREATED
        return self

    def axe(self):
        """What the page breaks of WCAG 2.2 AA, as axe finds it: rule and the places, most readable first."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})",
            list(_RULES),
        )
        return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found["violations"]]

    def picture(self, name):
        """Keep a picture of the whole page."""
        folder = SCREENSHOTS / f"{self.size}-{self.theme}-{self.language}"
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png", full_page=True)

    def close(self):
        """Close the window."""
        self.context.close()

    def _on_some_page(self):
        if self.page.url == "about:blank":
            self.go("/")

    def _hear(self, message):
        if message.type == "error" and _REFUSED not in message.text and _LOST not in message.text:
            self.faults.append(f"{self.page.url}: {message.text}")

    def _watch(self, response):
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.faults.append(f"{response.status} {response.request.method} {response.url}")
