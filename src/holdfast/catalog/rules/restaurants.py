"""What may be said of a restaurant: a draft in, every wrong field out, each with a pointer into the body of `/v1`.

Pure. How it seats parties is in `dining`. The same limits stand as CHECKs in `models`.
"""

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import Final

from holdfast.catalog.dining_api import Contact, RestaurantDraft
from holdfast.catalog.location import Location
from holdfast.catalog.rules.checks import country, line, real, whole
from holdfast.catalog.rules.dining import NOT_IN_LINES, characters, terms_errors
from holdfast.catalog.rules.limits import ADDRESS_MAX, CITY_MAX, CODE_MAX, NAME_MAX, RATING_MAX, TEXT_MAX
from holdfast.kit.errors import FieldError

CUISINES_MAX: Final = 20
PRICE_LEVEL_MAX: Final = 4
IMAGES_MAX: Final = 50
VIDEOS_MAX: Final = 10
URL_MAX: Final = 500
PHONE_MIN: Final = 5
PHONE_MAX: Final = 30
EMAIL_MAX: Final = 254
REVIEWS_MAX: Final = 10**9

URL: Final = r"^https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?$"
"""An address that browsers can be sent to without a warning: `https`, a host with a domain, nobody's user name."""
PHONE: Final = "^[+(]?[0-9][0-9 ()./-]*[0-9]$"
EMAIL: Final = r"^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"

_URL: Final = re.compile(URL)
_PHONE: Final = re.compile(PHONE)
_EMAIL: Final = re.compile(EMAIL)
_CODE: Final = re.compile("[a-z0-9]+(?:_[a-z0-9]+)*")
# As NOT_IN_LINES, but for line breaks.
_NOT_IN_TEXTS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def restaurant_errors(draft: RestaurantDraft) -> list[FieldError]:
    """Return every wrong field of a draft; pointers are those of the body of `/v1/owner/restaurants`."""
    return [
        *line("/name", draft.name, NAME_MAX),
        *characters("/description", draft.description, TEXT_MAX, _NOT_IN_TEXTS),
        *_location(draft.location),
        *_contact(draft.contact),
        *_cuisines(draft.cuisines),
        *whole("/price_level", draft.price_level, 1, PRICE_LEVEL_MAX),
        *_repeated("/cards", draft.cards),
        *_urls("/images", draft.images, IMAGES_MAX),
        *_urls("/videos", draft.videos, VIDEOS_MAX),
        *terms_errors(draft.terms),
        *_rating(draft),
    ]


def _location(location: Location) -> Iterator[FieldError]:
    yield from line("/location/address", location.address, ADDRESS_MAX)
    yield from characters("/location/neighbourhood", location.neighbourhood, ADDRESS_MAX, NOT_IN_LINES)
    yield from line("/location/city", location.city, CITY_MAX)
    yield from country("/location/country", location.country)
    yield from real("/location/latitude", location.latitude, -90, 90)
    yield from real("/location/longitude", location.longitude, -180, 180)


def _contact(contact: Contact) -> Iterator[FieldError]:
    if contact.phone is not None and not (
        PHONE_MIN <= len(contact.phone) <= PHONE_MAX and _PHONE.fullmatch(contact.phone)
    ):
        yield _error("/contact/phone", "malformed", "Write the phone number like +1 202-555-0143.")
    if contact.email is not None and not (len(contact.email) <= EMAIL_MAX and _EMAIL.fullmatch(contact.email)):
        yield _error("/contact/email", "malformed", "Write the address like table@example.com.")
    if contact.website is not None:
        yield from _url("/contact/website", contact.website)


def _cuisines(cuisines: Sequence[str]) -> Iterator[FieldError]:
    if len(cuisines) > CUISINES_MAX:
        yield _error("/cuisines", "too_many", f"At most {CUISINES_MAX} cuisines.")
        return
    for place, code in enumerate(cuisines):
        if len(code) > CODE_MAX or not _CODE.fullmatch(code):
            detail = f"A cuisine is a code such as new_american, of at most {CODE_MAX} characters."
            yield _error(f"/cuisines/{place}", "malformed", detail)
    yield from _repeated("/cuisines", cuisines)


def _urls(pointer: str, urls: Sequence[str], most: int) -> Iterator[FieldError]:
    if len(urls) > most:
        yield _error(pointer, "too_many", f"At most {most} of them.")
        return
    for place, url in enumerate(urls):
        yield from _url(f"{pointer}/{place}", url)
    yield from _repeated(pointer, urls)


def _url(pointer: str, url: str) -> Iterator[FieldError]:
    if len(url) > URL_MAX or not _URL.fullmatch(url):
        yield _error(pointer, "malformed", f"Give a URL with https, of at most {URL_MAX} characters.")


def _repeated(pointer: str, said: Sequence[Hashable]) -> Iterator[FieldError]:
    for place, each in enumerate(said):
        if each in said[:place]:
            yield _error(f"{pointer}/{place}", "duplicate", "This is named twice.")


def _rating(draft: RestaurantDraft) -> Iterator[FieldError]:
    if draft.rating is not None:
        yield from real("/rating", draft.rating, 0, RATING_MAX)
    yield from whole("/reviews", draft.reviews, 0, REVIEWS_MAX)


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
