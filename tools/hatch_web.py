"""Builds the web application into the wheel (a build hook of hatchling)."""  # noqa: INP001 - loaded by its path

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebBuildHook(BuildHookInterface[Any]):
    """Runs before a wheel is packed. An editable install has none in it: there `make web` builds."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's
        """Build `src/holdfast/app/web` unless it is there and up to date.

        Raises:
            CalledProcessError: npm ended with an error.
        """
        if version == "editable":
            return
        subprocess.run([sys.executable, Path(self.root) / "tools" / "web.py", "build"], check=True)  # noqa: S603 - ours
