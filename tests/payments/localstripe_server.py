"""Run localstripe on one loopback port, as `python localstripe_server.py <port>`.

localstripe's own command listens on every address and keeps its objects in a file that all its users share; this does
neither. It speaks an older version of the API than we do, so three things are put right at its edge: it does not know
`return_url`, calls `allowed_payment_method_types` by its former name, and leaves out `amount_received`,
`amount_captured` and `disputed`. All the rest is localstripe's own doing.
"""

import re
import sys

from aiohttp import web
from localstripe import resources, server

server.store.dump_to_disk = lambda: None
resources.PaymentIntent.amount_received = property(lambda self: self.amount if self.status == "succeeded" else 0)
resources.Charge.amount_captured = property(lambda self: self.amount if self.captured else 0)
resources.Charge.disputed = False

_parse = server.unflatten_data


def _without_what_it_does_not_know(multidict):
    data = _parse(multidict)
    data.pop("return_url", None)
    if "allowed_payment_method_types" in data:
        data["payment_method_types"] = data.pop("allowed_payment_method_types")
    return data


server.unflatten_data = _without_what_it_does_not_know

if __name__ == "__main__":
    assert re.fullmatch("[0-9]+", sys.argv[1])
    web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
