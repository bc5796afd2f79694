"""What owners send about a restaurant: every field has a value that is taken; say only what matters."""

WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def usd(amount):
    return {"amount": amount, "currency": "USD"}


def table(code, **changes):
    return {"code": code, "area": "main_room", "seats_min": 1, "seats_max": 4, "online": True} | changes


def service(code="dinner", first="17:30", last="21:45", **changes):
    said = {"code": code, "name": "Evening", "weekdays": WEEK, "first_seating": first, "last_seating": last}
    pacing = {"covers_per_slot": 12, "parties_per_slot": 4, "present_max": 60, "online_bp": 8_000}
    return said | pacing | changes


def combination(*codes, **changes):
    return {"tables": list(codes), "party_min": 5, "party_max": 8, "priority": 1} | changes


def special(day, *codes, note=""):
    return {"date": day, "services": list(codes), "note": note}


def security(party_min, amount=2_500, **changes):
    return {"party_min": party_min, "kind": "deposit", "per_cover": usd(amount)} | changes


def window(hours_before, share_bp=10_000, days_before=0):
    return {"days_before": days_before, "hours_before": hours_before, "share_bp": share_bp}


def policy(*windows, name="own_terms"):
    return {"name": name, "windows": list(windows)}


def terms(**changes):
    said = {
        "zone": "America/New_York",
        "currency": "USD",
        "tables": [table("T1"), table("T2", seats_min=2), table("B-1", area="bar", online=False)],
        "combinations": [combination("T1", "T2")],
        "services": [service("lunch", "11:30", "14:00", weekdays=WEEK[:5]), service()],
        "special_days": [special("2026-12-25"), special("2026-12-31", "dinner", note="Five courses")],
        "turn_times": [{"party_max": 2, "minutes": 90}, {"party_max": 8, "minutes": 120}],
        "minutes_min": 45,
        "minutes_max": 240,
        "party_max": 10,
        "notice_minutes": 90,
        "booking_window_days": 30,
        "securities": [security(6), security(8, 9_900, kind="prepay")],
        "policy": policy(window(48), window(2, 5_000)),
        "tax_bp": 1_000,
    }
    return said | changes


def body(**changes):
    said = {
        "name": "Blue Heron",
        "description": "Fish.\nMostly.",
        "location": {
            "address": "1100 14th St NW",
            "neighbourhood": "Logan Circle",
            "city": "Washington",
            "country": "US",
            "latitude": 38.9,
            "longitude": -77,
        },
        "contact": contact(),
        "cuisines": ["seafood", "house_of_eel"],
        "price_level": 3,
        "cards": ["visa", "diners"],
        "images": ["https://images.example.com/1.jpg"],
        "videos": ["https://videos.example.com:8443/a%20b.mp4?x=1#t"],
        "terms": terms(),
        "listed": True,
    }
    return said | changes


def contact(**changes):
    said = {"phone": "+1 (202) 555-0143", "email": "table+1@example.com", "website": "https://example.com"}
    return said | changes


def placed(**changes):
    return body()["location"] | changes
