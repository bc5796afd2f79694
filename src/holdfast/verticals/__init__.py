"""What each business means by a request: pure rules that turn a request and an offer into claims, lines and reasons.

`stays` is the first; `dining` and `flights` follow. No input or output, no clock: "now" and "today" are handed in.
"""
