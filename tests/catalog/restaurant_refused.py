"""Bodies of a restaurant that are refused, each with the one field that is wrong and why."""

from restaurant_bodies import (
    body,
    combination,
    contact,
    placed,
    policy,
    security,
    service,
    special,
    table,
    terms,
    usd,
    window,
)

LONG = "https://example.com/" + "a" * 481


def of_terms(pointer, code, /, **changes):
    return body(terms=terms(**changes)), f"/terms{pointer}", code


def of_table(pointer, code, /, **changes):
    return of_terms(f"/tables/2{pointer}", code, tables=[table("T1"), table("T2"), table("T3") | changes])


def of_combination(pointer, code, /, *codes, **changes):
    said = [combination(*(codes or ("T1", "T2")), **changes)]
    return of_terms(f"/combinations/0{pointer}", code, combinations=said)


def of_service(pointer, code, /, **changes):
    said = [service("lunch", "11:30", "14:00"), service() | changes]
    return of_terms(f"/services/1{pointer}", code, services=said, special_days=[])


def of_day(pointer, code, /, *codes, day="2026-12-31", **changes):
    said = [special("2026-12-25"), special(day, *codes) | changes]
    return of_terms(f"/special_days/1{pointer}", code, special_days=said)


def of_turns(pointer, code, /, *pairs):
    said = [{"party_max": party, "minutes": minutes} for party, minutes in pairs]
    return of_terms(f"/turn_times{pointer}", code, turn_times=said)


def of_security(pointer, code, /, **changes):
    return of_terms(f"/securities/0{pointer}", code, securities=[security(6, **changes)])


def of_policy(pointer, code, /, *windows, **changes):
    return of_terms(f"/policy{pointer}", code, policy=policy(*windows, **changes))


BAD = [
    *((body(**{name: 1}), f"/{name}", "unknown_field") for name in ("owner_id", "id", "rating", "notes", "version")),
    (body(name=" "), "/name", "blank"),
    (body(name="n" * 121), "/name", "too_long"),
    (body(name="bell\x07"), "/name", "control_character"),
    (body(description=None), "/description", "type_error"),
    (body(description="d" * 5_001), "/description", "too_long"),
    (body(location=placed(latitude=-91)), "/location/latitude", "out_of_range"),
    (body(location=placed(country="XX")), "/location/country", "unknown_country"),
    (body(contact=contact(phone="call us")), "/contact/phone", "invalid_format"),
    (body(contact=contact(phone="1" * 31)), "/contact/phone", "too_long"),
    (body(contact=contact(email="nobody")), "/contact/email", "invalid_format"),
    (body(contact=contact(email="a@b")), "/contact/email", "invalid_format"),
    *(
        (body(contact=contact(website=url)), "/contact/website", "invalid_format")
        for url in (
            "http://example.com",
            "example.com",
            "https://localhost",
            "https://a.example\n",
            "https://who@example.com",
            "https://example.com/a b",
            "javascript:alert(1)",
            'https://example.com/"onload',
        )
    ),
    (body(contact=contact(fax="1")), "/contact/fax", "unknown_field"),
    (body(contact=None), "/contact", "type_error"),
    (body(cuisines=["Sea food"]), "/cuisines/0", "invalid_format"),
    (body(cuisines=["thai", "thai"]), "/cuisines/1", "duplicate"),
    (body(cuisines=[f"c{n}" for n in range(21)]), "/cuisines", "too_long"),
    (body(price_level=0), "/price_level", "out_of_range"),
    (body(price_level=5), "/price_level", "out_of_range"),
    (body(price_level="3"), "/price_level", "type_error"),
    (body(cards=["visa", "maestro"]), "/cards/1", "invalid_choice"),
    (body(cards=["visa", "visa"]), "/cards/1", "duplicate"),
    (body(images=["data:image/png;base64,AAAA"]), "/images/0", "invalid_format"),
    (body(images=["https://example.com/1.jpg"] * 2), "/images/1", "duplicate"),
    (body(images=[LONG]), "/images/0", "too_long"),
    (body(images=[f"https://example.com/{n}" for n in range(51)]), "/images", "too_long"),
    (body(videos=[f"https://example.com/{n}" for n in range(11)]), "/videos", "too_long"),
    (body(listed=1), "/listed", "type_error"),
    of_terms("/currency_rate", "unknown_field", currency_rate=2),
    of_terms("/restaurant_id", "unknown_field", restaurant_id=1),
    of_terms("/zone", "unknown_zone", zone="Mars/Base"),
    of_terms("/zone", "too_long", zone="Z" * 65),
    of_terms("/currency", "unsupported_currency", currency="BTC", securities=[]),
    of_terms("/securities/0/per_cover/currency", "currency_mismatch", currency="EUR", securities=[security(6)]),
    of_terms("/tables", "too_short", tables=[], combinations=[]),
    of_terms("/tables", "too_long", tables=[table(f"T{n}") for n in range(301)]),
    of_table("/code", "duplicate", code="T1"),
    of_table("/code", "invalid_format", code="T 1"),
    of_table("/code", "invalid_format", code="a:b"),
    of_table("/code", "invalid_format", code="\N{LATIN SMALL LETTER E WITH ACUTE}"),
    of_table("/code", "too_short", code=""),
    of_table("/code", "too_long", code="T" * 21),
    of_table("/area", "invalid_format", area="Main room"),
    of_table("/seats_min", "out_of_range", seats_min=0),
    of_table("/seats_max", "out_of_range", seats_max=101),
    of_table("/seats_max", "below_minimum", seats_min=5),
    of_table("/online", "type_error", online="yes"),
    of_combination("/tables", "too_short", "T1"),
    of_combination("/tables/1", "unknown_table", "T1", "T9"),
    of_combination("/tables/1", "duplicate", "T1", "T1"),
    of_combination("/tables", "too_long", *(f"T{n}" for n in range(9))),
    of_combination("/party_min", "out_of_range", party_min=0),
    of_combination("/party_max", "below_minimum", party_min=9),
    of_combination("/priority", "out_of_range", priority=-1),
    of_terms(
        "/combinations/1/tables",
        "duplicate",
        combinations=[combination("T1", "T2"), combination("T2", "T1")],
    ),
    of_terms("/services", "too_short", services=[], special_days=[]),
    of_service("/code", "duplicate", code="lunch"),
    of_service("/code", "invalid_format", code="Dinner!"),
    of_service("/name", "blank", name="\N{EM SPACE}"),
    of_service("/weekdays/1", "duplicate", weekdays=["monday", "monday"]),
    of_service("/weekdays/0", "invalid_choice", weekdays=["Montag"]),
    of_service("/first_seating", "not_on_a_quarter", first_seating="17:20"),
    of_service("/last_seating", "not_on_a_quarter", last_seating="21:59"),
    of_service("/last_seating", "invalid_time", last_seating="24:00"),
    of_service("/last_seating", "invalid_time", last_seating="21:45:00"),
    of_service("/last_seating", "empty_or_negative_range", last_seating="17:15"),
    of_service("/first_seating", "overlap", first_seating="14:00"),
    of_service("/first_seating", "overlap", first_seating="10:00", last_seating="22:00"),
    of_service("/covers_per_slot", "out_of_range", covers_per_slot=0),
    of_service("/parties_per_slot", "out_of_range", parties_per_slot=10_001),
    of_service("/present_max", "type_error", present_max=1.5),
    of_service("/online_bp", "out_of_range", online_bp=10_001),
    of_day("/services/0", "unknown_service", "brunch"),
    of_day("/services/1", "duplicate", "dinner", "dinner"),
    of_day("/date", "duplicate", day="2026-12-25"),
    of_day("/date", "invalid_date", day="2026-02-29"),
    of_day("/date", "out_of_range", day="1999-12-31"),
    of_day("/date", "out_of_range", day="2200-01-01"),
    of_day("/note", "too_long", note="n" * 201),
    of_day("/note", "control_character", note="two\nlines"),
    of_terms(
        "/special_days/0/services/1",
        "overlap",
        services=[service(weekdays=["monday"]), service("brunch", "10:00", "17:30", weekdays=["sunday"])],
        special_days=[special("2026-12-31", "brunch", "dinner")],
    ),
    of_turns("", "too_short"),
    of_turns("/1/party_max", "not_ascending", (2, 90), (2, 105)),
    of_turns("/0/minutes", "out_of_range", (2, 50)),
    of_turns("/0/minutes", "out_of_range", (2, 0)),
    of_turns("/0/minutes", "out_of_range", (2, 1_455)),
    of_turns("/0/party_max", "out_of_range", (101, 90)),
    of_terms("/minutes_min", "out_of_range", minutes_min=50),
    of_terms("/minutes_max", "below_minimum", minutes_max=30),
    of_terms("/party_max", "out_of_range", party_max=0),
    of_terms("/party_max", "out_of_range", party_max=101),
    of_terms("/notice_minutes", "out_of_range", notice_minutes=43_201),
    of_terms("/booking_window_days", "below_notice", notice_minutes=1_440, booking_window_days=0),
    of_terms("/booking_window_days", "out_of_range", booking_window_days=731),
    of_terms("/securities/1/party_min", "not_ascending", securities=[security(6), security(6)]),
    of_security("/kind", "invalid_choice", kind="hostage"),
    of_security("/per_cover/amount", "out_of_range", per_cover=usd(0)),
    of_security("/per_cover/amount", "out_of_range", per_cover=usd(10**11 + 1)),
    of_security("/per_cover/amount", "type_error", per_cover=usd(1.5)),
    of_security("/per_cover", "type_error", per_cover=2_500),
    of_security("/per_cover/currency", "missing_field", per_cover={"amount": 1}),
    of_terms("/policy", "invalid_choice", policy="flexible"),
    of_terms("/policy", "type_error", policy=7),
    of_policy("/name", "reserved_name", window(3), name="free_until_2h"),
    of_policy("/name", "reserved_name", name="flexible"),
    of_policy("/name", "invalid_format", name="Own terms"),
    of_policy("/windows/1", "not_descending", window(2), window(2, 5_000)),
    of_policy("/windows/1", "not_descending", window(0, days_before=1), window(24, 5_000)),
    of_policy("/windows/1/share_bp", "not_descending", window(24, 5_000), window(2, 5_001)),
    of_policy("/windows/0/hours_before", "out_of_range", window(721)),
    of_policy("/windows/0/share_bp", "out_of_range", window(2, 10_001)),
    of_policy("/windows", "too_long", *(window(24 - n) for n in range(11))),
    of_policy("/windows/0/shares", "unknown_field", window(2) | {"shares": {}}),
    of_terms("/policy/grace_hours", "unknown_field", policy=policy() | {"grace_hours": 1}),
    of_terms("/tax_bp", "out_of_range", tax_bp=10_001),
]
