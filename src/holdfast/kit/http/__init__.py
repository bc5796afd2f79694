"""The public edge, the same for every module: read strictly, refuse clearly, answer with the right headers.

`routes.Router` reads requests, `wire` describes bodies, `problems` renders refusals, `principals` says who asks,
`keys` reads Idempotency-Key, `cursors` signs page positions, `edge` wraps the whole application, `health` serves the
probes. A route is parse, service, render, and nothing more; see `holdfast.kit.http.routes` for how to write one.
"""
