"""Bodies of a property that are refused, each with the one field that is wrong and why."""

from catalog_bodies import body, placed, shares, terms, usd, windows

BAD = [
    (body(guests=2), "/guests", "unknown_field"),
    (body(owner_id=1), "/owner_id", "unknown_field"),
    (body(id=1), "/id", "unknown_field"),
    (body(rating=5), "/rating", "unknown_field"),
    (body(notes={}), "/notes", "unknown_field"),
    (body(version=7), "/version", "unknown_field"),
    (body(state="confirmed"), "/state", "unknown_field"),
    (body(name="n" * 121), "/name", "too_long"),
    (body(name="nul\x01"), "/name", "control_character"),
    (body(name=7), "/name", "type_error"),
    (body(kind="castle"), "/kind", "invalid_choice"),
    (body(listed="yes"), "/listed", "type_error"),
    (body(bedrooms=1.5), "/bedrooms", "type_error"),
    (body(bedrooms="2"), "/bedrooms", "type_error"),
    (body(bedrooms=True), "/bedrooms", "type_error"),
    (body(bedrooms=None), "/bedrooms", "type_error"),
    (body(bathrooms=1.25), "/bathrooms", "out_of_range"),
    (body(amenities="wifi"), "/amenities", "type_error"),
    (body(amenities=["Free parking"]), "/amenities/0", "invalid_format"),
    (body(amenities=["wifi", "wifi"]), "/amenities/1", "duplicate"),
    (body(location=placed(latitude=91)), "/location/latitude", "out_of_range"),
    (body(location=placed(longitude="-77")), "/location/longitude", "type_error"),
    (body(location=placed(country="USA")), "/location/country", "too_long"),
    (body(location=placed(country="XX")), "/location/country", "unknown_country"),
    (body(location=placed(planet="Mars")), "/location/planet", "unknown_field"),
    (body(terms=terms(guests_max=-1)), "/terms/guests_max", "out_of_range"),
    (body(terms=terms(guests_max=0)), "/terms/guests_max", "out_of_range"),
    (body(terms=terms(guests_max=1.5)), "/terms/guests_max", "type_error"),
    (body(terms=terms(guests_max="2")), "/terms/guests_max", "type_error"),
    (body(terms=terms(guests_max="１２")), "/terms/guests_max", "type_error"),  # noqa: RUF001 - digits of another script
    (body(terms=terms(guests_max="1_0")), "/terms/guests_max", "type_error"),
    (body(terms=terms(guests_max=True)), "/terms/guests_max", "type_error"),
    (body(terms=terms(guests_max=None)), "/terms/guests_max", "type_error"),
    (body(terms=terms(guests_max=2**31)), "/terms/guests_max", "out_of_range"),
    (body(terms=terms(guests_max=2**63)), "/terms/guests_max", "out_of_range"),
    (body(terms=terms(guests_max=2**64)), "/terms/guests_max", "out_of_range"),
    (body(terms=terms(guests_included=5)), "/terms/guests_included", "above_maximum"),
    (body(terms=terms(base_price=usd(-1))), "/terms/base_price/amount", "out_of_range"),
    (body(terms=terms(base_price=usd(0.01))), "/terms/base_price/amount", "type_error"),
    (body(terms=terms(base_price=usd("10.001"))), "/terms/base_price/amount", "type_error"),
    (body(terms=terms(base_price=usd("NaN"))), "/terms/base_price/amount", "type_error"),
    (body(terms=terms(base_price=usd("10,00"))), "/terms/base_price/amount", "type_error"),
    (body(terms=terms(base_price=usd(10**12))), "/terms/base_price/amount", "out_of_range"),
    (body(terms=terms(base_price=120)), "/terms/base_price", "type_error"),
    (body(terms=terms(total=usd(1))), "/terms/total", "unknown_field"),
    (body(terms=terms(currency_rate=2)), "/terms/currency_rate", "unknown_field"),
    *(
        (
            body(terms=terms(base_price={"amount": 1, "currency": code})),
            "/terms/base_price/currency",
            "unsupported_currency",
        )
        for code in ("usd", "XXX", "BTC", "")
    ),
    (
        body(terms=terms(cleaning_fee={"amount": 1, "currency": "EUR"})),
        "/terms/cleaning_fee/currency",
        "currency_mismatch",
    ),
    (body(terms=terms(tax_bp=10_001)), "/terms/tax_bp", "out_of_range"),
    (
        body(terms=terms(discounts=[{"nights": 7, "percent_bp": 10_100}])),
        "/terms/discounts/0/percent_bp",
        "out_of_range",
    ),
    (
        body(terms=terms(discounts=[{"nights": 7, "percent_bp": -5_000}])),
        "/terms/discounts/0/percent_bp",
        "out_of_range",
    ),
    *(
        (body(terms=terms(zone=zone)), "/terms/zone", "unknown_zone")
        for zone in ("Mars/Base", "AEST", "../../etc/passwd")
    ),
    (body(terms=terms(zone="Z" * 10_240)), "/terms/zone", "too_long"),
    (body(terms=terms(min_nights=31)), "/terms/max_nights", "below_minimum"),
    (body(terms=terms(max_nights=10_000)), "/terms/max_nights", "out_of_range"),
    (body(terms=terms(check_in_from="25:00")), "/terms/check_in_from", "invalid_time"),
    (body(terms=terms(check_in_from="15:00:00")), "/terms/check_in_from", "invalid_time"),
    (body(terms=terms(policy="lenient")), "/terms/policy", "invalid_choice"),
    (body(terms=terms(policy=7)), "/terms/policy", "type_error"),
    (
        body(terms=terms(policy={"name": "flexible", "windows": []})),
        "/terms/policy/name",
        "reserved_name",
    ),
    (
        body(terms=terms(policy=windows((1, 1), (2, 1)))),
        "/terms/policy/windows/1/days_before",
        "not_descending",
    ),
    (
        body(terms=terms(policy={"windows": [{"days_before": 1, "shares": shares(1, nights_bp=10_001)}]})),
        "/terms/policy/windows/0/shares/nights_bp",
        "out_of_range",
    ),
    (body(terms=terms(policy=windows((1, 1)) | {"grace_hours": 1.5})), "/terms/policy/grace_hours", "type_error"),
    (
        body(terms=terms(policy=windows((5, 1)) | {"after_check_in": {"nights_more": 1, "shares": shares(0)}})),
        "/terms/policy/windows",
        "no_last_window",
    ),
    *(
        (body(terms=terms(adjustments=[{"name": "A", "percent_bp": bp}])), "/terms/adjustments/0/percent_bp", code)
        for bp, code in (
            *(
                (-9_001, "out_of_range"),
                (10_001, "out_of_range"),
                (0, "zero"),
                (1.5, "type_error"),
                ("5", "type_error"),
            ),
        )
    ),
    (
        body(terms=terms(adjustments=[{"name": "A", "percent_bp": 1, "weekdays": ["Montag"]}])),
        "/terms/adjustments/0/weekdays/0",
        "invalid_choice",
    ),
    (
        body(terms=terms(adjustments=[{"name": "A", "percent_bp": 1, "weekdays": ["monday", "monday"]}])),
        "/terms/adjustments/0/weekdays/1",
        "duplicate",
    ),
    (
        body(terms=terms(adjustments=[{"name": "A", "percent_bp": 1, "first": "2027-02-30"}])),
        "/terms/adjustments/0/first",
        "invalid_date",
    ),
    (
        body(terms=terms(adjustments=[{"name": "A", "percent_bp": 1, "first": "2027-02-03", "end": "2027-02-01"}])),
        "/terms/adjustments/0/end",
        "empty_or_negative_range",
    ),
    *(
        (body(terms=terms(**{name: [{"days": 3, "percent_bp": bp}]})), f"/terms/{name}/0/percent_bp", "out_of_range")
        for name in ("early_bird", "last_minute")
        for bp in (10_100, -5_000, 0)
    ),
    (body(terms=terms(pets_max=-1)), "/terms/pets_max", "out_of_range"),
    (body(terms=terms(pet_fee={"amount": 1, "currency": "EUR"})), "/terms/pet_fee/currency", "currency_mismatch"),
    (body(terms=terms(service_bp=3_001)), "/terms/service_bp", "out_of_range"),
    (body(terms=terms(instant="yes")), "/terms/instant", "type_error"),
    (body(terms=terms(pay_at_property=None)), "/terms/pay_at_property", "type_error"),
]
