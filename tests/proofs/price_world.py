"""Homes whose prices never stand still, and what a stay costs by what a home's page says, reckoned another way.

The model below knows nothing of the product's code: it reads the JSON of the page and rounds with exact fractions.
"""

from datetime import date, timedelta
from fractions import Fraction

from support.visitors import day, home

CURRENCIES = {"JPY": 0, "KRW": 0, "USD": 2, "EUR": 2, "KWD": 3, "BHD": 3}
"""Decimals of each."""
MONEY_NAMES = (
    *("amount", "price", "total", "currency", "discount", "tax", "fee", "coupon", "unit_price", "refund"),
    *("amount_minor", "total_minor", "service_bp", "tax_bp", "percent_bp", "fx_rate", "lines", "digest", "payable"),
)
"""What somebody might send in the hope that it is taken for the price."""
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def money(amount, currency):
    return {"amount": amount, "currency": currency}


def terms(chance, currency):
    """Prices and rules at random, of the size people ask in this currency."""
    unit = 10 ** CURRENCIES[currency]

    def price(least, most):
        return money(chance.randrange(least * unit, most * unit), currency)

    return {
        "base_price": price(40, 400),
        "weekend_price": chance.choice([None, price(40, 500)]),
        "cleaning_fee": price(0, 90),
        "extra_guest_fee": price(0, 20),
        "guests_included": 2,
        "guests_max": 4,
        "tax_bp": chance.choice([0, 725, 1_000, 1_495, 2_000, chance.randrange(3_000)]),
        "discounts": [{"nights": 2, "percent_bp": chance.randrange(1, 2_500)}] if chance.random() < 0.5 else [],
        "early_bird": [{"days": 30, "percent_bp": chance.randrange(1, 2_500)}] if chance.random() < 0.4 else [],
        "last_minute": [{"days": 60, "percent_bp": chance.randrange(1, 2_500)}] if chance.random() < 0.3 else [],
        "adjustments": [_adjustment(chance, place) for place in range(chance.randrange(4))],
        "pets_max": 2,
        "pet_fee": price(0, 30),
        "policy": chance.choice(["flexible", "moderate", "limited", "firm", "non_refundable", "long_stay"]),
        "instant": chance.random() < 0.8,
        "pay_at_property": chance.random() < 0.5,
        "booking_window_days": 730,
    }


def _adjustment(chance, place):
    return {
        "name": f"Season {place}",
        "percent_bp": chance.choice([-1, 1]) * chance.randrange(1, 2_500),
        "weekdays": chance.sample(_WEEK, chance.randrange(4)),
        "first": chance.choice([None, day(chance.randrange(20, 60)).isoformat()]),
        "end": chance.choice([None, day(chance.randrange(61, 120)).isoformat()]),
    }


def description(name, chance, currency):
    """A home as its owner sends it."""
    return home(name=name, listed=True, terms=terms(chance, currency))


def total_by_page(page, stay, ahead):
    """What a stay booked so many days ahead comes to, by what the page of the home says."""
    said = page["terms"]
    first, end = date.fromisoformat(stay["check_in"]), date.fromisoformat(stay["check_out"])
    nights = [first + timedelta(days=n) for n in range((end - first).days)]
    total = sum(_night(said, night) for night in nights)
    for each in said["adjustments"]:
        total += _share(sum(_night(said, night) for night in nights if _is_for(each, night)), each["percent_bp"])
    total -= _share(total, _best_discount(said, len(nights), ahead))
    extra = max(0, stay["guests"] - said["guests_included"])
    total += said["cleaning_fee"]["amount"] + extra * len(nights) * said["extra_guest_fee"]["amount"]
    total += stay.get("pets", 0) * said["pet_fee"]["amount"]
    total += _share(total, said["service_bp"])
    return total + _share(total, said["tax_bp"])


def _night(said, night):
    weekend = said["weekend_price"] if night.strftime("%A") in {"Friday", "Saturday"} else None
    return (weekend or said["base_price"])["amount"]


def _is_for(each, night):
    return (
        (not each["weekdays"] or night.strftime("%A").lower() in each["weekdays"])
        and (each["first"] is None or each["first"] <= night.isoformat())
        and (each["end"] is None or night.isoformat() < each["end"])
    )


def _best_discount(said, nights, ahead):
    reached = [each["percent_bp"] for each in said["discounts"] if nights >= each["nights"]]
    reached += [each["percent_bp"] for each in said["early_bird"] if ahead >= each["days"]]
    reached += [each["percent_bp"] for each in said["last_minute"] if ahead <= each["days"]]
    return max(reached, default=0)


def _share(amount, basis_points):
    return round(Fraction(amount * basis_points, 10_000))  # Python rounds a half to the even one
