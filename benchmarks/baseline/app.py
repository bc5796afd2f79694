"""The naive service. `gunicorn benchmarks.baseline.app:app` with BASELINE_DATABASE_URL and BASELINE_SECRET set."""

import os
from datetime import UTC, date, datetime, timedelta
from functools import wraps

from flask import Flask, g, jsonify, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import create_engine, func, or_, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from benchmarks.baseline.models import Booking, Flight, Property, SeatBooking

app = Flask(__name__)
engine = create_engine(
    os.environ["BASELINE_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg2://"), pool_size=8, max_overflow=8
)
# Objects stay readable after the commit: the default would cost one more query per booking.
db: scoped_session[Session] = scoped_session(sessionmaker(engine, expire_on_commit=False))
secret = OctKey.import_key(os.environ["BASELINE_SECRET"])
claims = jwt.JWTClaimsRegistry(exp={"essential": True}, sub={"essential": True})

HOLD_MINUTES = 10


@app.teardown_appcontext
def end_session(_problem):
    db.remove()


def login_required(view):
    """Let only who has a token of ours in."""

    @wraps(view)
    def checked(*args, **kwargs):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            return jsonify(error="Missing token"), 401
        try:
            decoded = jwt.decode(token, secret)
            claims.validate(decoded.claims)
        except (JoseError, ValueError):
            return jsonify(error="Invalid token"), 401
        g.user_id = int(decoded.claims["sub"])
        return view(*args, **kwargs)

    return checked


def asked():
    """Read property and dates from the body."""
    data = request.get_json()
    start, end = date.fromisoformat(data["startDate"]), date.fromisoformat(data["endDate"])
    if end <= start:
        raise ValueError("endDate must be after startDate")
    return int(data["propertyId"]), start, end


def is_taken(property_id, start, end):
    """Look whether a booking or a live hold overlaps."""
    overlapping = (
        select(Booking.id)
        .where(
            Booking.property_id == property_id,
            Booking.start_date < end,
            Booking.end_date > start,
            or_(
                Booking.status == "confirmed",
                (Booking.status == "held") & (Booking.expires_at > datetime.now(UTC)),  # noqa: TID251 - not our product
            ),
        )
        .limit(1)
    )
    return db.scalar(overlapping) is not None


def insert(home, start, end, *, status, expires_at=None):
    """Write the booking."""
    booking = Booking(
        user_id=g.user_id,
        property_id=home.id,
        start_date=start,
        end_date=end,
        status=status,
        total_price=(end - start).days * home.price_per_night,
        expires_at=expires_at,
    )
    db.add(booking)
    db.commit()
    return booking


@app.post("/api/bookings/book")
@login_required
def book():
    try:
        property_id, start, end = asked()
    except (KeyError, TypeError, ValueError) as problem:
        return jsonify(error=str(problem)), 400
    if request.get_json()["userId"] != g.user_id:
        return jsonify(error="Forbidden"), 403
    home = db.get(Property, property_id)
    if home is None or not home.availability or is_taken(property_id, start, end):
        return jsonify(message="Property not found or not available"), 404
    booking = insert(home, start, end, status="confirmed")
    return jsonify(bookingId=booking.id, message="Booking confirmed", totalPrice=int(booking.total_price)), 201


@app.post("/api/quotes")
@login_required
def quote():
    try:
        property_id, start, end = asked()
    except (KeyError, TypeError, ValueError) as problem:
        return jsonify(error=str(problem)), 400
    home = db.get(Property, property_id)
    if home is None or not home.availability:
        return jsonify(message="Property not found or not available"), 404
    return jsonify(totalPrice=int((end - start).days * home.price_per_night)), 201


@app.post("/api/holds")
@login_required
def hold():
    try:
        property_id, start, end = asked()
    except (KeyError, TypeError, ValueError) as problem:
        return jsonify(error=str(problem)), 400
    home = db.get(Property, property_id)
    if home is None or not home.availability or is_taken(property_id, start, end):
        return jsonify(message="Property not found or not available"), 404
    expires_at = datetime.now(UTC) + timedelta(minutes=HOLD_MINUTES)  # noqa: TID251 - not our product
    booking = insert(home, start, end, status="held", expires_at=expires_at)
    return jsonify(holdId=booking.id, totalPrice=int(booking.total_price)), 201


@app.post("/api/holds/<int:hold_id>/confirm")
@login_required
def confirm(hold_id):
    booking = db.get(Booking, hold_id)
    if booking is None or booking.user_id != g.user_id:
        return jsonify(error="Booking not found"), 404
    if booking.status != "held" or booking.expires_at <= datetime.now(UTC):  # noqa: TID251 - not our product
        return jsonify(error="The hold has expired"), 409
    booking.status = "confirmed"
    db.commit()
    return jsonify(bookingId=booking.id, message="Booking confirmed", totalPrice=int(booking.total_price)), 201


def seats_left(flight):
    """Count who has a seat, and return how many are left."""
    sold = select(func.count()).where(
        SeatBooking.flight_id == flight.id,
        or_(
            SeatBooking.status == "confirmed",
            (SeatBooking.status == "held") & (SeatBooking.expires_at > datetime.now(UTC)),  # noqa: TID251 - not our product
        ),
    )
    return flight.seats - (db.scalar(sold) or 0)


@app.post("/api/flights/<int:flight_id>/quotes")
@login_required
def quote_seat(flight_id):
    flight = db.get(Flight, flight_id)
    if flight is None or seats_left(flight) < 1:
        return jsonify(message="Flight not found or sold out"), 404
    return jsonify(totalPrice=int(flight.price)), 201


@app.post("/api/flights/<int:flight_id>/holds")
@login_required
def hold_seat(flight_id):
    flight = db.get(Flight, flight_id)
    if flight is None or seats_left(flight) < 1:
        return jsonify(message="Flight not found or sold out"), 404
    expires_at = datetime.now(UTC) + timedelta(minutes=HOLD_MINUTES)  # noqa: TID251 - not our product
    seat = SeatBooking(user_id=g.user_id, flight_id=flight.id, status="held", price=flight.price, expires_at=expires_at)
    db.add(seat)
    db.commit()
    return jsonify(holdId=seat.id, totalPrice=int(seat.price)), 201


@app.get("/health")
def health():
    return jsonify(status="ok")
