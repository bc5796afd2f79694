"""The door of the catalog to restaurants. Import it from `catalog.api`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol

from holdfast.catalog.location import Location
from holdfast.kit.auth import Principal
from holdfast.verticals.cancellation import ALL, CancellationPolicy, RefundWindow
from holdfast.verticals.dining.terms import DiningTerms


def _free_until(name: str, *, days: int = 0, hours: int = 0) -> CancellationPolicy:
    window = RefundWindow(days_before=days, hours_before=hours, shares=ALL)
    return CancellationPolicy(name=name, windows=(window,))


DINING_POLICIES: Final[Mapping[str, CancellationPolicy]] = MappingProxyType(
    {
        policy.name: policy
        for policy in (
            _free_until("free_until_2h", hours=2),
            _free_until("free_until_24h", hours=24),
            _free_until("free_until_48h", hours=48),
            _free_until("free_until_7d", days=7),
            CancellationPolicy(name="non_refundable", windows=()),
        )
    }
)
"""The policies a restaurant chooses from: until when canceling costs nothing."""

CUISINES: Final = (
    *("african", "american", "argentinian", "asian", "australian", "austrian", "bakery", "barbecue", "belgian"),
    *("brazilian", "breakfast", "british", "burgers", "cafe", "cajun", "caribbean", "chinese", "cuban", "deli"),
    *("desserts", "dim_sum", "ethiopian", "european", "filipino", "fine_dining", "french", "fusion", "gastropub"),
    *("georgian", "german", "greek", "halal", "hawaiian", "indian", "indonesian", "irish", "israeli", "italian"),
    *("japanese", "korean", "kosher", "latin_american", "lebanese", "malaysian", "mediterranean", "mexican"),
    *("middle_eastern", "moroccan", "nepalese", "new_american", "noodles", "peruvian", "pizza", "polish"),
    *("portuguese", "ramen", "russian", "scandinavian", "seafood", "soul_food", "southern", "spanish", "steakhouse"),
    *("sushi", "swiss", "tapas", "tex_mex", "thai", "turkish", "ukrainian", "vegan", "vegetarian", "vietnamese"),
    "wine_bar",
)
"""The field's names of cuisines, as codes. A restaurant may use others of the same form."""


class CardBrand(StrEnum):
    """A brand of cards a restaurant accepts."""

    VISA = "visa"
    MASTERCARD = "mastercard"
    AMEX = "amex"
    DISCOVER = "discover"
    JCB = "jcb"
    UNIONPAY = "unionpay"
    DINERS = "diners"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How guests reach a restaurant."""

    phone: str | None = None
    email: str | None = None
    website: str | None = None
    """A URL with `https`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestaurantDraft:
    """All an owner says of a restaurant; the same for creating and for replacing."""

    name: str
    description: str
    location: Location
    contact: Contact
    cuisines: tuple[str, ...]
    """Codes: some of `CUISINES`, or others of their form."""
    price_level: int
    """1 is inexpensive, 4 the dearest."""
    cards: tuple[CardBrand, ...]
    """The brands that are accepted at the table."""
    images: tuple[str, ...]
    """URLs with `https`, in the order in which they are shown."""
    videos: tuple[str, ...]
    terms: DiningTerms
    """Its `restaurant_id` is 0 in a draft that creates."""
    listed: bool = True
    """Whether guests can find and quote it."""
    rating: float | None = None
    reviews: int = 0
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Facts about the data itself, such as `{"terms_invented": true}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restaurant:
    """A restaurant as described now."""

    id: int
    owner_id: int
    version: int
    """Counts up with every change, that of a special day too; the ETag of the restaurant."""
    draft: RestaurantDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOffer:
    """All that is needed to quote a table at a listed restaurant."""

    name: str
    owner_id: int
    terms: DiningTerms


class RestaurantsApi(Protocol):
    """What others may ask of restaurants: `CatalogApi.restaurants`."""

    async def get_many(self, *, ids: Sequence[int]) -> list[Restaurant]:
        """Return the restaurants that exist among `ids`, listed or not, in no set order."""

    async def table_offers(self, *, ids: Sequence[int]) -> dict[int, TableOffer]:
        """Return what is needed to quote a table at the *listed* restaurants among `ids`.

        Offers of a restaurant that has not changed meanwhile may be one object. Do not depend on it.
        """

    async def list_page(self, *, owner_id: int | None = None, after_id: int = 0, limit: int = 100) -> list[Restaurant]:
        """Return restaurants in order of id, of one owner or of all."""

    async def own(self, *, owner: Principal, restaurant_id: int) -> Restaurant:
        """Return a restaurant the principal may run (its owner, or an admin).

        Raises:
            NotFound: No such restaurant, or somebody else's.
        """

    async def create(self, *, owner: Principal, draft: RestaurantDraft) -> Restaurant:
        """Create a restaurant owned by `owner`; publishes RestaurantCreated.

        Raises:
            Forbidden: The principal is no owner.
            Invalid: A field breaks a rule; every wrong field is named.
        """

    async def replace(
        self, *, owner: Principal, restaurant_id: int, draft: RestaurantDraft, version: int
    ) -> Restaurant:
        """Replace what is said of a restaurant, its special days too; publishes RestaurantChanged.

        Raises:
            NotFound: No such restaurant, or somebody else's.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule.
        """

    async def set_day(
        self, *, owner: Principal, restaurant_id: int, day: date, services: tuple[str, ...] | None, note: str = ""
    ) -> Restaurant:
        """Make a date special, whatever it was before: it has these services, none if closed.

        Counts the version up like any change and publishes RestaurantChanged.

        Args:
            owner: Who asks.
            restaurant_id: The restaurant.
            day: The date.
            services: Codes; None: the date is as its weekday again.
            note: What guests read of it.

        Raises:
            NotFound: No such restaurant, or somebody else's.
            Invalid: The date, a service or the note breaks a rule, or there are too many special days.
        """

    async def import_many(self, *, rows: Sequence[tuple[int, int, RestaurantDraft]]) -> int:
        """Insert many restaurants at once: (id, owner_id, draft). Publishes one RestaurantsImported.

        Raises:
            Invalid: A field breaks a rule; pointers begin with the row's place. Nothing is imported.
        """
