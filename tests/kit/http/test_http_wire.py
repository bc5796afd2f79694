"""Field types: what they take, and what they say of themselves in the OpenAPI document."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated

import pytest
from http_app import Item, Kind
from pydantic import TypeAdapter, ValidationError

from holdfast.engine.money import DECIMALS
from holdfast.kit.http.bounds import unbounded
from holdfast.kit.http.wire import (
    AmountField,
    Between,
    CurrencyField,
    DayField,
    Digits,
    InstantField,
    Line,
    Measure,
    PathNumber,
    Prose,
    TimeField,
    YesNo,
)


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        (DayField, "2028-02-29", date(2028, 2, 29)),
        (DayField, "0001-01-01", date(1, 1, 1)),
        (DayField, "9999-12-31", date(9999, 12, 31)),
        (DayField, date(2026, 1, 2), date(2026, 1, 2)),
        (TimeField, "00:00", time(0, 0)),
        (TimeField, "23:59", time(23, 59)),
        (TimeField, time(15, 0), time(15, 0)),
        (InstantField, "2026-03-01T10:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        (InstantField, "2026-03-01T10:00:00+10:30", datetime(2026, 2, 28, 23, 30, tzinfo=UTC)),
        (InstantField, "2026-03-01T10:00:00.5-01:00", datetime(2026, 3, 1, 11, 0, 0, 500_000, tzinfo=UTC)),
        (Annotated[int, Digits(-5, 100)], "-5", -5),
        (Annotated[int, Digits(0, 100)], "0", 0),
        (Annotated[int, Digits(0, 100)], 7, 7),
        (PathNumber, str(2**53 - 1), 2**53 - 1),
        (Annotated[float, Measure(-90, 90)], "-33.86", -33.86),
        (Annotated[float, Measure(-90, 90)], "90", 90.0),
        (Annotated[float, Measure(-90, 90)], "3.3485171283599073", 3.3485171283599073),
        (Annotated[float, Measure(-90, 90)], "-1e-7", -1e-7),
        (Annotated[float, Between(0, 1)], 1, 1.0),
        (AmountField, 0, 0),
        (YesNo, "true", True),
        (YesNo, "false", False),
        (CurrencyField, "JPY", "JPY"),
        (Annotated[str, Line(3, 0)], "", ""),
        (Annotated[str, Prose(9)], " \n\t\r\n ", " \n\t\r\n "),
    ],
)
def test_what_is_meant_is_taken(kind, sent, value):
    taken = TypeAdapter(kind).validate_python(sent)
    assert (taken, type(taken)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (DayField, datetime(2026, 1, 1, tzinfo=UTC)),
        (InstantField, datetime(2026, 1, 1)),  # noqa: DTZ001 - the point is the missing zone
        (Annotated[int, Digits(0, 100)], "00"),
        (Annotated[int, Digits(0, 100)], "1e1"),
        (Annotated[int, Digits(0, 100)], "1\n"),
        (Annotated[int, Digits(0, 100)], True),
        (Annotated[float, Measure(-90, 90)], "inf"),
        (Annotated[float, Measure(-90, 90)], ".5"),
        (Annotated[float, Measure(-90, 90)], float("nan")),
        (Annotated[float, Between(0, 1)], float("nan")),
        (Annotated[float, Between(0, 1)], True),
        (AmountField, -1),
        (AmountField, 2**53),
        (YesNo, "True"),
        (YesNo, "1"),
        (YesNo, 1),
        (YesNo, None),
        (DayField, "2026-01-01\n"),
        (TimeField, "15:00\n"),
        (InstantField, "2026-01-01T00:00:00Z\n"),
        (InstantField, "2026-01-01 00:00:00Z"),
        (CurrencyField, None),
    ],
)
def test_what_only_looks_like_it_is_refused(kind, sent):
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(sent)


@pytest.mark.parametrize(
    "kind",
    [
        *(Annotated[str, bounds] for bounds in (Between(0, 1), Digits(0, 1), Measure(0, 1))),
        *(Annotated[int, bounds] for bounds in (Line(1), Prose(1), Measure(0, 1))),
        Annotated[float, Digits(0, 1)],
        Annotated[str | None, Line(1)],
    ],
)
def test_bounds_of_another_type_are_a_mistake_found_at_once(kind):
    with pytest.raises(TypeError):
        TypeAdapter(kind)


def test_a_body_is_frozen():
    item = Item(guests=1)
    with pytest.raises(ValidationError):
        item.guests = 2


def test_a_body_goes_out_as_it_came_in():
    sent = {
        "kind": "room",
        "guests": 3,
        "check_in": "2026-03-01",
        "check_in_from": "15:00",
        "at": "2026-03-01T10:00:00Z",
        "share": 0.5,
        "currency": "AUD",
        "name": "Zoë",
        "note": "a\nb",
    }
    item = Item.model_validate(sent)
    assert item.kind is Kind.ROOM
    assert item.model_dump(mode="json") == sent


class TestTheSchema:
    PROPERTIES = Item.model_json_schema()["properties"]

    def test_has_bounds_everywhere(self):
        assert unbounded(Item.model_json_schema()) == []

    def test_names_the_currencies(self):
        assert self.PROPERTIES["currency"]["anyOf"][0]["enum"] == sorted(DECIMALS)

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            (Annotated[str, Line(5)], "ab"),
            (Annotated[str, Line(5)], " a "),
            (Annotated[str, Line(5)], " "),
            (Annotated[str, Line(5)], "a\nb"),
            (Annotated[str, Line(5)], "\x85"),
            (Annotated[str, Line(5, 0)], " "),
            (Annotated[str, Prose(5)], "a\nb\t"),
            (Annotated[str, Prose(5)], "\x0b"),
            (Annotated[str, Prose(5)], "\x7f"),
            (TimeField, "24:00"),
            (TimeField, "23:59"),
        ],
    )
    def test_allows_what_is_taken_and_nothing_else(self, kind, text):
        adapter = TypeAdapter(kind)
        try:
            adapter.validate_python(text)
            is_taken = True
        except ValidationError:
            is_taken = False
        assert bool(re.search(adapter.json_schema()["pattern"], text)) is is_taken

    def test_gives_the_bounds_of_numbers(self):
        assert (self.PROPERTIES["guests"]["minimum"], self.PROPERTIES["guests"]["maximum"]) == (1, 50)
        schema = TypeAdapter(PathNumber).json_schema()
        assert (schema["type"], schema["minimum"], schema["maximum"]) == ("integer", 1, 2**53 - 1)
