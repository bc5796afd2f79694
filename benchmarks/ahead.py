"""`holdfast serve` with its clock some days ahead: `python -m benchmarks.ahead DAYS --host H --port P`.

There is no setting for it, because no installation needs one. Time of the database's clock goes along, as always.
"""

import argparse
from datetime import timedelta

import uvicorn

from holdfast.app.asgi import create_app
from holdfast.kit.clock import Clock


def main() -> None:
    """Serve until told to stop; everything but the clock comes from the environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("days", type=int)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    app = create_app(clock=Clock(timedelta(days=asked.days)))
    options = {"loop": "uvloop", "http": "httptools", "ws": "none", "log_config": None, "access_log": False}
    uvicorn.run(app, host=asked.host, port=asked.port, server_header=False, **options)


if __name__ == "__main__":
    main()
