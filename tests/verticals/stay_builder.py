"""What a property and a request look like where the test says nothing else."""

from dataclasses import replace
from datetime import date, time, timedelta

from hypothesis import strategies as st

from holdfast.verticals import stays
from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.stays import Adjustment, AheadDiscount, LengthDiscount, NightTerms, StayRequest, StayTerms

PLAIN = StayTerms(
    property_id=7,
    currency="USD",
    zone="America/New_York",
    base_minor=10_000,
    weekend_minor=None,
    cleaning_minor=0,
    extra_guest_minor=0,
    guests_included=2,
    guests_max=6,
    tax_bp=0,
    discounts=(),
    min_nights=1,
    max_nights=30,
    check_in_from=time(15),
    check_out_until=time(11),
    advance_notice_days=0,
    booking_window_days=365,
    preparation_nights=0,
    policy=POLICIES["flexible"],
)
MONDAY = date(2026, 8, 3)


def terms(**changes):
    return replace(PLAIN, **changes)


def stay(nights=3, *, check_in=MONDAY, guests=2, pets=0):
    return StayRequest(check_in=check_in, check_out=check_in + timedelta(days=nights), guests=guests, pets=pets)


def price(the_terms, request, *, today=None):
    """The price on a day that is neither early nor late, unless the test says which."""
    return stays.price(the_terms, request, today=today or request.check_in - timedelta(days=20))


night_terms = st.builds(
    NightTerms,
    price_minor=st.none() | st.integers(0, 3) | st.integers(0, 100_000),
    min_nights=st.none() | st.integers(1, 10),
    max_nights=st.none() | st.integers(1, 10),
    closed_to_arrival=st.booleans(),
    closed_to_departure=st.booleans(),
)


def calendars(first=MONDAY, days=40):
    days_ahead = st.integers(0, days).map(lambda ahead: first + timedelta(days=ahead))
    return st.dictionaries(days_ahead, night_terms, max_size=12)


some_days = st.none() | st.integers(0, 40).map(lambda ahead: MONDAY + timedelta(days=ahead))
some_adjustments = st.lists(
    st.builds(
        Adjustment,
        name=st.sampled_from(["Season", "Fair", "Quiet days"]),
        percent_bp=st.integers(-6_000, 15_000),
        weekdays=st.lists(st.integers(0, 6), unique=True, max_size=4).map(lambda days: tuple(sorted(days))),
        first=some_days,
        end=some_days,
    ),
    max_size=4,
).map(tuple)
ahead = st.lists(st.builds(AheadDiscount, days=st.integers(0, 40), percent_bp=st.integers(1, 10_000)), max_size=2).map(
    tuple
)
some_terms = st.builds(
    terms,
    base_minor=st.integers(0, 100_000),
    weekend_minor=st.none() | st.integers(0, 100_000),
    cleaning_minor=st.sampled_from([0, 4_999]),
    extra_guest_minor=st.sampled_from([0, 1_001]),
    guests_included=st.integers(1, 4),
    guests_max=st.integers(1, 6),
    tax_bp=st.sampled_from([0, 725, 1_495]),
    discounts=st.lists(
        st.builds(LengthDiscount, nights=st.integers(1, 35), percent_bp=st.integers(0, 10_000)),
        max_size=3,
        unique_by=lambda discount: discount.nights,
    ).map(tuple),
    adjustments=st.just(()) | some_adjustments,
    early_bird=ahead,
    last_minute=ahead,
    pet_minor=st.sampled_from([0, 1_999]),
    pets_max=st.integers(0, 3),
    service_bp=st.sampled_from([0, 1_415]),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    min_nights=st.integers(1, 5),
    max_nights=st.integers(1, 35),
    advance_notice_days=st.integers(0, 3),
    booking_window_days=st.integers(0, 40),
    nights=st.just({}) | calendars(),
)
some_stays = st.builds(
    stay,
    nights=st.integers(1, 40),
    check_in=st.integers(0, 20).map(lambda ahead: MONDAY + timedelta(days=ahead)),
    guests=st.integers(1, 6),
    pets=st.integers(0, 3),
)
