"""What owners send about a property: every field has a value that is taken; say only what matters."""


def usd(amount):
    return {"amount": amount, "currency": "USD"}


def body(**changes):
    said = {
        "name": "Two-bedroom townhouse",
        "description": "Quiet.\nVery.",
        "location": {
            "address": "1 Logan Circle NW",
            "neighbourhood": "Logan Circle",
            "city": "Washington",
            "country": "US",
            "latitude": 38.9,
            "longitude": -77,
        },
        "kind": "entire_home",
        "bedrooms": 2,
        "beds": 3,
        "bathrooms": 1.5,
        "amenities": ["wifi", "pool"],
        "house_rules": "",
        "terms": terms(),
        "listed": True,
    }
    return said | changes


def terms(**changes):
    said = {
        "zone": "America/New_York",
        "base_price": usd(12_000),
        "weekend_price": usd(15_000),
        "cleaning_fee": usd(5_000),
        "extra_guest_fee": usd(1_500),
        "guests_included": 2,
        "guests_max": 4,
        "tax_bp": 1595,
        "discounts": [{"nights": 7, "percent_bp": 1000}],
        "min_nights": 2,
        "max_nights": 30,
        "check_in_from": "15:00",
        "check_out_until": "10:30",
        "advance_notice_days": 1,
        "booking_window_days": 365,
        "preparation_nights": 1,
        "policy": OWN_POLICY,
        "adjustments": [
            {"name": "Blossom", "percent_bp": 2500, "weekdays": [], "first": "2027-03-20", "end": "2027-04-12"},
            {"name": "Midweek", "percent_bp": -1000, "weekdays": ["tuesday", "wednesday"], "first": None, "end": None},
        ],
        "early_bird": [{"days": 60, "percent_bp": 500}],
        "last_minute": [{"days": 0, "percent_bp": 2000}, {"days": 3, "percent_bp": 1000}],
        "pets_max": 2,
        "pet_fee": usd(2_500),
        "service_bp": 1_200,
        "instant": False,
        "pay_at_property": False,
    }
    return said | changes


def shares(bp, **changes):
    return {"nights_bp": bp, "cleaning_bp": bp, "service_bp": bp, "tax_bp": None} | changes


def windows(*pairs):
    return {"windows": [{"days_before": days, "shares": shares(bp)} for days, bp in pairs]}


OWN_POLICY = {
    "name": "own_terms",
    "windows": [
        {"days_before": 7, "nights_kept": 0, "shares": shares(5000, service_bp=0)},
        {"days_before": 0, "nights_kept": 1, "shares": shares(5000, service_bp=0)},
    ],
    "grace_hours": 48,
    "grace_days_before": 14,
    "after_check_in": {"nights_more": 1, "shares": shares(2500, cleaning_bp=0, service_bp=0)},
}


def placed(**changes):
    return body()["location"] | changes
