"""The policy and a copy of somebody's data as pages and texts for people. Whatever is shown is escaped."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from holdfast.kit.privacy import Extract

POLICY_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'none'"
    ),
    "cache-control": "no-cache",
}
"""Pages of plain HTML need nothing from anywhere; the only form sends to this server."""


def markdown_of(document: Mapping[str, Any]) -> str:
    """Return the policy as Markdown."""
    lines = [f"# Privacy policy of {document['operator']}", "", f"Version {document['version']}.", ""]
    if document["contact"]:
        lines += [f"Contact: {document['contact']}. Complaints: {document['complaints']}.", ""]
    lines += [f"We answer within {document['answer_days']} days. Data is kept in {document['country']}.", ""]
    lines += [
        "## What is kept, why and how long",
        "",
        "| what | why | how long | who else gets it |",
        "|---|---|---|---|",
    ]
    for kept in document["kept"]:
        why = " ".join(each["why"] for each in kept["purposes"])
        long = " ".join(each["how_long"] for each in kept["kept_for"])
        sensitive = " **Sensitive.**" if kept["sensitive"] else ""
        lines.append(f"| {kept['what']}{sensitive} | {why} | {long} | {', '.join(kept['recipients']) or 'nobody'} |")
    lines += ["", "## Who else gets it", "", "| who | why | country |", "|---|---|---|"]
    for given in document["recipients"]:
        country = given["country"] or "where what you book is"
        lines.append(f"| {given['name']} | {given['why']} | {country}{' (overseas)' if given['overseas'] else ''} |")
    lines += ["", "## What programs decide", "", "| what is decided | by | what follows |", "|---|---|---|"]
    for decided in document["automated_decisions"]:
        lines.append(f"| {decided['what']} | {', '.join(decided['kinds'])} | {decided['effect']} |")
    lines += ["", "A person looks again if you ask: `POST /v1/decisions/{id}/review`."]
    lines += ["", "## What you can agree to", "", *[f"- {each['text']}" for each in document["consents"]]]
    lines += ["", "## What you can do", "", *[f"- **{each['right']}.** {each['how']}" for each in document["rights"]]]
    lines += ["", "## Without telling who you are", "", document["anonymous"], "", document["government_identifiers"]]
    return "\n".join(lines) + "\n"


def notice_markdown(notice: Mapping[str, Any]) -> str:
    """Return what people are told where they fill in a form, as Markdown."""
    lines = [f"# {notice['what']}: what {notice['operator']} collects and why", "", f"Version {notice['version']}.", ""]
    if notice["contact"]:
        lines += [f"Contact: {notice['contact']}.", ""]
    lines += ["## What is collected", "", *[f"- {each['what']}" for each in notice["collected"]], ""]
    lines += ["## What for", "", *[f"- {each['why']}" for each in notice["purposes"]], ""]
    lines += ["## Who else gets it", ""]
    given = [
        f"- {each['name']}: {each['why']} ({each['country'] or 'where what you book is'})"
        for each in notice["recipients"]
    ]
    lines += [*(given or ["Nobody."]), "", "## If you do not say it", "", notice["otherwise"], ""]
    return "\n".join([*lines, f"All of it is told in the privacy policy: {notice['policy']}"]) + "\n"


def html_of(document: Mapping[str, Any]) -> str:
    """Return the policy as a page."""
    kept = (
        (
            each["what"] + (" Sensitive." if each["sensitive"] else ""),
            " ".join(purpose["why"] for purpose in each["purposes"]),
            " ".join(keep["how_long"] for keep in each["kept_for"]),
            ", ".join(each["recipients"]) or "nobody",
        )
        for each in document["kept"]
    )
    given = (
        (
            each["name"],
            each["why"],
            (each["country"] or "where what you book is") + (" (overseas)" if each["overseas"] else ""),
        )
        for each in document["recipients"]
    )
    decided = ((each["what"], ", ".join(each["kinds"]), each["effect"]) for each in document["automated_decisions"])
    contact = f"Contact: {document['contact']}. Complaints: {document['complaints']}." if document["contact"] else ""
    return _page(
        f"Privacy policy of {document['operator']}",
        _said(f"Version {document['version']}.", contact, f"We answer within {document['answer_days']} days."),
        _said(f"Data is kept in {document['country']}."),
        _titled("What is kept, why and how long", _table(("what", "why", "how long", "who else gets it"), kept)),
        _titled("Who else gets it", _table(("who", "why", "country"), given)),
        _titled("What programs decide", _table(("what is decided", "by", "what follows"), decided)),
        _titled("What you can agree to", _said(*[each["text"] for each in document["consents"]])),
        _titled("What you can do", _said(*[f"{each['right']}: {each['how']}" for each in document["rights"]])),
        _titled("Without telling who you are", _said(document["anonymous"], document["government_identifiers"])),
    )


def copy_page(extracts: Iterable[Extract], cells: Mapping[str, list[list[str]]], made: str) -> str:
    """Return a copy of somebody's data as a page."""
    parts = [_said(f"Made on {made}. The same is in data.json and, table by table, in the folder csv.")]
    for extract in extracts:
        rows = cells[extract.table]
        body = _table(extract.columns, rows) if rows else _said("Nothing.")
        parts.append(_titled(extract.table.replace("_", " "), body))
    return _page("What is kept of you", *parts)


def unsubscribe_page() -> str:
    """Return the page behind the link of a message: reading it changes nothing, its button does."""
    return _page(
        "No more offers",
        "<form method='post'><button>Stop these messages</button></form>",
    )


def unsubscribed_page() -> str:
    """Return what is said afterwards."""
    return _page("No more offers", _said("You will get no more of these messages."))


def _page(title: str, *parts: str) -> str:
    shown = escape(title)
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{shown}</title></head>"
        f"<body><main><h1>{shown}</h1>{''.join(parts)}</main></body></html>\n"
    )


def _titled(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>{body}"


def _said(*texts: str) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts if text)


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
