"""HTML of the simulator's pages. Whatever comes from outside goes through `text`."""

from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from typing import Final

from holdfast.engine.money import decimals_of

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{root}/style.css">
</head>
<body class="{look}">
<a class="skip" href="#content">Skip to the content</a>
<header><p class="brand">{brand}</p><p class="note">Payment simulator: no real money moves here.</p></header>
<main id="content">
{content}
</main>
</body>
</html>
"""

STYLE: Final = files("holdfast.payments.simulator").joinpath("style.css").read_text(encoding="utf-8")


def text(value: object) -> str:
    """Return a value as text in HTML, also inside an attribute."""
    return escape(str(value), quote=True)


def page(*, root: str, title: str, content: str, brand: str = "Holdfast", look: str = "plain") -> str:
    """Return a whole page."""
    return _PAGE.format(root=text(root), title=text(title), content=content, brand=text(brand), look=text(look))


def money(amount: int, currency: str) -> str:
    """Return an amount for people."""
    decimals = decimals_of(currency)
    if not decimals:
        return f"{amount:,} {currency}"
    whole, part = divmod(amount, 10**decimals)
    return f"{whole:,}.{part:0{decimals}} {currency}"


def button(label: str, *, name: str = "", value: str = "", kind: str = "") -> str:
    """Return a button that sends its form."""
    named = f' name="{text(name)}" value="{text(value)}"' if name else ""
    return f'<button type="submit" class="{text(kind or "go")}"{named}>{text(label)}</button>'


def form(action: str, content: str, *, hidden: Mapping[str, str] | None = None, look: str = "") -> str:
    """Return a form."""
    fields = "".join(f'<input type="hidden" name="{text(k)}" value="{text(v)}">' for k, v in (hidden or {}).items())
    return f'<form method="post" action="{text(action)}" class="{text(look)}">{fields}{content}</form>'


def field(label: str, name: str, **attributes: object) -> str:
    """Return an input with its label."""
    more = " ".join(f'{key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items())
    return f'<label>{text(label)} <input name="{text(name)}" {more}></label>'


def choice(label: str, name: str, options: Iterable[tuple[str, str]]) -> str:
    """Return a list to choose from, with its label."""
    made = "".join(f'<option value="{text(value)}">{text(shown)}</option>' for value, shown in options)
    return f'<label>{text(label)} <select name="{text(name)}">{made}</select></label>'


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]], *, empty: str) -> str:
    """Return a table of cells that are HTML already."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return f'<p class="note">{text(empty)}</p>'
    head = "".join(f'<th scope="col">{text(each)}</th>' for each in heads)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption)}"><table>'
        f'<caption class="skip">{text(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
