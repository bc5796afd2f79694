"""The Home Rental contract, word for word.

Goal: whoever wrote a client against the document finds every path, field, status and message as written. Method: the
whole product in this process on a database of its own, the five sample properties, and requests as the document shows
them; tables for everything that is refused.
"""

import json
from datetime import date, timedelta

import pytest

from holdfast.accounts.api import Role
from support.polling import eventually
from support.product import PASSWORD, product
from support.visitors import home

VILLA, PENTHOUSE, NOWHERE = 2, 5, 4711
SAMPLES = 5
VILLA_PRICE = 450
NOT_AVAILABLE = {"message": "Property not found or not available"}
NO_BOOKING = {"error": "Booking not found"}


@pytest.fixture(scope="module")
async def house(tmp_path_factory):
    file = tmp_path_factory.mktemp("home-rental") / "home.db"
    async with product(f"sqlite:///{file}") as running:
        running.owner = await running.person("olga", Role.OWNER)
        running.admin = await running.person("ada", Role.ADMIN)
        running.john = await running.person("john")
        running.mary = await running.person("mary")
        await running.import_samples(running.owner)
        running.days_given = 0
        yield running


@pytest.fixture
def dates(house):
    """A function that returns arrival and departure of a stay nobody asked for yet, as the contract writes them."""

    def fresh(nights=5):
        start = house.clock.today("America/Los_Angeles") + timedelta(days=10 + house.days_given)
        house.days_given += nights + 1
        return start.isoformat(), (start + timedelta(days=nights)).isoformat()

    return fresh


@pytest.fixture
def book(house, dates):
    """A function that books, by default the villa for John on dates of its own."""

    async def ask(person=None, *, user_id=None, property_id=VILLA, start=None, end=None):
        person = person or house.john
        if start is None:
            start, end = dates()
        body = {"userId": user_id or person.id, "propertyId": property_id, "startDate": start, "endDate": end}
        return await house.client.post("/api/bookings/book", json=body, headers=person.headers)

    return ask


class TestRegistering:
    async def test_answers_as_written(self, house):
        body = {"username": "peter", "email": "peter@gmail.com", "password": PASSWORD}
        answer = await house.client.post("/api/users/register", json=body)
        assert (answer.status_code, answer.json()) == (201, {"message": "User registered successfully"})

    @pytest.mark.parametrize(
        ("username", "email"),
        [("john", "other@gmail.com"), ("other", "john@example.com"), ("JOHN", "John@Example.com")],
    )
    async def test_the_same_user_twice_is_refused(self, house, username, email):
        body = {"username": username, "email": email, "password": PASSWORD}
        answer = await house.client.post("/api/users/register", json=body)
        assert (answer.status_code, answer.json()) == (409, {"error": "User already exists"})

    async def test_makes_a_guest_whatever_else_is_sent(self, house):
        body = {"username": "eve", "email": "eve@gmail.com", "password": PASSWORD, "role": "admin", "is_admin": True}
        await house.client.post("/api/users/register", json=body)
        login = await house.client.post("/api/users/login", json={"email": "eve@gmail.com", "password": PASSWORD})
        headers = {"Authorization": f"Bearer {login.json()['token']}"}
        assert (await house.client.get("/api/users/allusers", headers=headers)).status_code == 403

    @pytest.mark.parametrize("wrong", [{"username": "x"}, {"email": "nobody"}, {"password": "short"}])
    async def test_fields_that_break_a_rule_are_named(self, house, wrong):
        body = {"username": "paul", "email": "paul@gmail.com", "password": PASSWORD, **wrong}
        answer = await house.client.post("/api/users/register", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(next(iter(wrong)))


class TestLoggingIn:
    async def test_gives_a_token_that_works(self, house):
        answer = await house.client.post("/api/users/login", json={"email": "john@example.com", "password": PASSWORD})
        assert answer.status_code == 200
        body = answer.json()
        assert set(body) == {"token", "message"}
        assert body["message"] == "Login successful"
        mine = await house.client.get("/api/users/profile", headers={"Authorization": f"Bearer {body['token']}"})
        assert mine.json()["username"] == "john"

    @pytest.mark.parametrize(
        ("email", "password"),
        [("john@example.com", "wrong password"), ("nobody@example.com", PASSWORD), ("", ""), ("john", PASSWORD)],
    )
    async def test_wrong_credentials_are_one_answer(self, house, email, password):
        answer = await house.client.post("/api/users/login", json={"email": email, "password": password})
        assert (answer.status_code, answer.json()) == (401, {"error": "Invalid credentials"})


class TestUsers:
    async def test_profile_says_whose_token_it_is(self, house):
        answer = await house.client.get("/api/users/profile", headers=house.john.headers)
        expected = {"id": house.john.id, "username": "john", "email": "john@example.com"}
        assert (answer.status_code, answer.json()) == (200, expected)

    async def test_all_users_are_for_admins(self, house):
        refused = await house.client.get("/api/users/allusers", headers=house.john.headers)
        assert refused.status_code == 403
        assert set(refused.json()) == {"error"}
        answer = await house.client.get("/api/users/allusers", headers=house.admin.headers)
        assert answer.status_code == 200
        users = answer.json()
        assert all(set(user) == {"id", "username", "email"} for user in users)
        assert {"olga", "ada", "john", "mary"} <= {user["username"] for user in users}


class TestProperties:
    async def test_are_listed_for_everybody_as_in_the_document(self, house):
        answer = await house.client.get("/api/bookings/properties")
        assert answer.status_code == 200
        # Other tests of this file may have listed more.
        places = [tuple(each.values()) for each in answer.json() if each["propertyId"] <= SAMPLES]
        assert list(answer.json()[0]) == ["propertyId", "name", "location", "pricePerNight", "availability"]
        assert places == [
            (1, "Modern City Apartment", "New York City NY", 120, True),
            (2, "Oceanfront Luxury Villa", "Malibu, CA", 450, True),
            (3, "Rustic Mountain Cabin", "Aspen, CO", 180, True),
            (4, "Charming Country Cottage", "Charleston, SC", 90, True),
            (5, "Downtown Penthouse", "Chicago, IL", 600, False),
        ]


class TestBooking:
    @pytest.mark.parametrize("nights", [1, 5, 30])
    async def test_costs_nights_times_price(self, house, book, dates, nights):
        start, end = dates(nights)
        answer = await book(start=start, end=end)
        assert answer.status_code == 201
        body = answer.json()
        assert set(body) == {"bookingId", "message", "totalPrice"}
        assert isinstance(body["bookingId"], int)
        assert (body["message"], body["totalPrice"]) == ("Booking confirmed", nights * VILLA_PRICE)
        read = await house.client.get(f"/api/bookings/booking/{body['bookingId']}", headers=house.john.headers)
        assert (read.status_code, read.json()) == (
            200,
            {
                "bookingId": body["bookingId"],
                "userId": house.john.id,
                "propertyId": VILLA,
                "startDate": start,
                "endDate": end,
            },
        )

    @pytest.mark.parametrize("property_id", [PENTHOUSE, NOWHERE])
    async def test_a_property_that_is_not_there_or_not_listed(self, book, property_id):
        answer = await book(property_id=property_id)
        assert (answer.status_code, answer.json()) == (404, NOT_AVAILABLE)

    @pytest.mark.parametrize("term", ["instant", "pay_at_property"])
    async def test_a_property_whose_owner_wants_to_be_asked_or_paid_first(self, house, book, dates, term):
        made = await house.client.post(
            "/v1/owner/properties", json=home(name=f"Not {term}", terms={term: False}), headers=house.owner.headers
        )
        property_id = made.json()["id"]
        start, end = dates()
        nights = {"first": date.fromisoformat(start), "end": date.fromisoformat(end)}

        async def has_stock():
            return bool((await house.door("booking").stock(property_ids=[property_id], **nights)).get(property_id))

        await eventually(has_stock, within_s=20)
        listed = (await house.client.get("/api/bookings/properties")).json()
        assert [each["availability"] for each in listed if each["propertyId"] == property_id] == [False]
        answer = await book(property_id=property_id, start=start, end=end)
        assert (answer.status_code, answer.json()) == (404, NOT_AVAILABLE)

    async def test_a_taken_night_is_not_available_and_the_day_of_departure_is(self, house, book):
        today = house.clock.today("America/Los_Angeles")
        first, middle, last = (str(today + timedelta(days=days)) for days in (600, 603, 606))
        assert (await book(start=first, end=middle)).status_code == 201
        for start, end in [(first, middle), (str(today + timedelta(days=602)), last)]:
            answer = await book(house.mary, start=start, end=end)
            assert (answer.status_code, answer.json()) == (404, NOT_AVAILABLE)
        assert (await book(house.mary, start=middle, end=last)).status_code == 201

    async def test_is_for_oneself(self, house, book):
        answer = await book(house.mary, user_id=house.john.id)
        assert answer.status_code == 403
        assert set(answer.json()) == {"error"}

    async def test_an_admin_books_for_anybody_there_is(self, house, book):
        answer = await book(house.admin, user_id=house.mary.id)
        assert answer.status_code == 201
        read = await house.client.get(f"/api/bookings/booking/{answer.json()['bookingId']}", headers=house.mary.headers)
        assert read.json()["userId"] == house.mary.id
        nobody = await book(house.admin, user_id=2**40)
        assert (nobody.status_code, set(nobody.json())) == (400, {"error"})

    async def test_somebody_elses_booking_is_not_there(self, house, book):
        number = (await book()).json()["bookingId"]
        for method, path in [("GET", f"/api/bookings/booking/{number}"), ("DELETE", f"/api/cancel-booking/{number}")]:
            for stranger in (house.mary, house.owner):
                answer = await house.client.request(method, path, headers=stranger.headers)
                assert (answer.status_code, answer.json()) == (404, NO_BOOKING)
        assert await house.client.get(path.replace("cancel-booking", "bookings/booking"), headers=house.admin.headers)

    @pytest.mark.parametrize("number", ["4711", "0", "-1", "abc", "1.0", "٣", "9" * 30, "%00"])
    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "/api/bookings/booking/"), ("DELETE", "/api/cancel-booking/")]
    )
    async def test_a_booking_that_never_was(self, house, method, path, number):
        answer = await house.client.request(method, f"{path}{number}", headers=house.john.headers)
        assert (answer.status_code, answer.json()) == (404, NO_BOOKING)


class TestCanceling:
    async def test_frees_the_nights_and_leaves_nothing_to_cancel(self, house, book, dates):
        start, end = dates()
        number = (await book(start=start, end=end)).json()["bookingId"]
        answer = await house.client.delete(f"/api/cancel-booking/{number}", headers=house.john.headers)
        assert (answer.status_code, answer.json()) == (200, {"message": "Booking cancelled successfully"})
        again = await house.client.delete(f"/api/cancel-booking/{number}", headers=house.john.headers)
        assert (again.status_code, again.json()) == (404, NO_BOOKING)
        gone = await house.client.get(f"/api/bookings/booking/{number}", headers=house.john.headers)
        assert (gone.status_code, gone.json()) == (404, NO_BOOKING)
        assert (await book(house.mary, start=start, end=end)).status_code == 201

    async def test_an_admin_cancels_for_anybody(self, house, book):
        number = (await book()).json()["bookingId"]
        answer = await house.client.delete(f"/api/cancel-booking/{number}", headers=house.admin.headers)
        assert (answer.status_code, answer.json()) == (200, {"message": "Booking cancelled successfully"})


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{",
            b"{'userId': 3}",
            b'{"userId": 3,}',
            b"[]",
            b"null",
            b'"text"',
            b'{"userId": NaN}',
            b'{"userId": 1, "userId": 2}',
            b'{"email": "\\ud800", "password": "x"}',
            b"\xff\xfe",
            b"[" * 100_000,
        ],
    )
    @pytest.mark.parametrize("path", ["/api/users/register", "/api/users/login", "/api/bookings/book"])
    async def test_is_400_with_an_error(self, house, path, raw):
        answer = await house.client.post(path, content=raw, headers=house.john.headers)
        assert answer.status_code == 400
        assert set(answer.json()) == {"error"}
        assert answer.json()["error"]

    async def test_a_card_number_is_refused_by_the_name_of_its_field(self, house):
        body = {"username": "kim", "email": "kim@gmail.com", "password": "4242 4242 4242 4242"}
        answer = await house.client.post("/api/users/register", json=body)
        assert (answer.status_code, answer.json()) == (400, {"error": "password: This looks like a card number."})

    @pytest.mark.parametrize("missing", ["username", "email", "password"])
    async def test_a_missing_field_of_registration_is_named(self, house, missing):
        body = {"username": "kim", "email": "kim@gmail.com", "password": PASSWORD}
        del body[missing]
        answer = await house.client.post("/api/users/register", json=body)
        assert (answer.status_code, answer.json()) == (400, {"error": f"{missing} is missing"})

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"userId": None}, "userId must be a whole number"),
            ({"userId": "3"}, "userId must be a whole number"),
            ({"userId": 3.5}, "userId must be a whole number"),
            ({"userId": True}, "userId must be a whole number"),
            ({"userId": 0}, "userId must be a whole number"),
            ({"userId": 2**53}, "userId must be a whole number"),
            ({"propertyId": -2}, "propertyId must be a whole number"),
            ({"propertyId": [2]}, "propertyId must be a whole number"),
            ({"startDate": 20241010}, "startDate must be a text"),
            ({"startDate": "2024-02-30"}, "startDate must be a date"),
            ({"startDate": "20241010"}, "startDate must be a date"),
            ({"startDate": "2024-W41-4"}, "startDate must be a date"),
            ({"startDate": "10/10/2024"}, "startDate must be a date"),
            ({"endDate": "2024-10-15T00:00:00"}, "endDate must be a date"),
            ({"endDate": "0000-01-01"}, "endDate must be a date"),
            ({"endDate": "٢٠٢٤-10-15"}, "endDate must be a date"),
        ],
    )
    async def test_a_wrong_field_of_a_booking_is_named(self, house, dates, change, error):
        start, end = dates()
        body = {"userId": house.john.id, "propertyId": VILLA, "startDate": start, "endDate": end, **change}
        answer = await house.client.post("/api/bookings/book", content=json.dumps(body), headers=house.john.headers)
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(error)

    @pytest.mark.parametrize("missing", ["userId", "propertyId", "startDate", "endDate"])
    async def test_a_missing_field_of_a_booking_is_named(self, house, dates, missing):
        start, end = dates()
        body = {"userId": house.john.id, "propertyId": VILLA, "startDate": start, "endDate": end}
        del body[missing]
        answer = await house.client.post("/api/bookings/book", json=body, headers=house.john.headers)
        assert (answer.status_code, answer.json()) == (400, {"error": f"{missing} is missing"})

    @pytest.mark.parametrize(("start", "end"), [(5, 5), (5, 4), (-1, 2), (10, 10_000)])
    async def test_dates_that_make_no_stay(self, house, book, start, end):
        today = house.clock.today("America/Los_Angeles")
        answer = await book(start=str(today + timedelta(days=start)), end=str(today + timedelta(days=end)))
        assert answer.status_code == 400
        assert set(answer.json()) == {"error"}


class TestTheEdges:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/api/users/profile"),
            ("GET", "/api/users/allusers"),
            ("POST", "/api/bookings/book"),
            ("GET", "/api/bookings/booking/1"),
            ("DELETE", "/api/cancel-booking/1"),
        ],
    )
    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer nonsense", "Basic am9objpw", "token"])
    async def test_without_a_good_token_the_answer_is_401(self, house, method, path, header):
        headers = {} if header is None else {"Authorization": header}
        answer = await house.client.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert set(answer.json()) == {"error"}
        assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize("path", ["/api/", "/api/nothing", "/api/users", "/api/users/profile/"])
    async def test_other_addresses_are_404_in_the_contracts_form(self, house, path):
        answer = await house.client.get(path)
        assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("GET", "/api/users/register", "POST"),
            ("PUT", "/api/users/profile", "GET"),
            ("DELETE", "/api/bookings/book", "POST"),
            ("POST", "/api/bookings/booking/1", "GET"),
            ("GET", "/api/cancel-booking/1", "DELETE"),
        ],
    )
    async def test_other_methods_are_405_and_say_which_is_meant(self, house, method, path, allowed):
        answer = await house.client.request(method, path, headers=house.john.headers)
        assert (answer.status_code, answer.json()) == (405, {"error": "Method Not Allowed"})
        assert allowed in answer.headers["allow"]

    async def test_every_answer_is_json_with_a_request_id(self, house):
        for path in ("/api/bookings/properties", "/api/users/profile", "/api/nothing"):
            answer = await house.client.get(path)
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["x-request-id"]
