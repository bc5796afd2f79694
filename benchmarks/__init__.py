"""What Holdfast costs, measured side by side with something everybody knows. Start with `make bench`; see README.md."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The database servers and the product's process are started by the same helpers as in the tests.
sys.path.insert(0, str(ROOT / "tests"))
