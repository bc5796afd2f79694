"""Parts of what an airline offers, by their codes; None where there is no such part."""

from holdfast.verticals.flights.terms import Cabin, FareBrand, FareBucket, LegTerms, Seat


def cabin_of(leg: LegTerms, code: str) -> Cabin | None:
    """Return a cabin of a leg."""
    return next((cabin for cabin in leg.cabins if cabin.code == code), None)


def brand_of(cabin: Cabin, code: str) -> FareBrand | None:
    """Return a fare brand of a cabin."""
    return next((brand for brand in cabin.brands if brand.code == code), None)


def bucket_of(cabin: Cabin, code: str) -> FareBucket | None:
    """Return a fare bucket of a cabin."""
    return next((bucket for bucket in cabin.buckets if bucket.code == code), None)


def seat_code(seat: Seat) -> str:
    """Return what a seat is called: `12A`."""
    return f"{seat.row}{seat.column}"


def seats_by_code(leg: LegTerms) -> dict[str, Seat]:
    """Return the map of a leg's seats, none where seats are given at the gate."""
    return {seat_code(seat): seat for seat in leg.seats}
