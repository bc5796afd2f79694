"""Settings of search: `HOLDFAST_SEARCH_*`."""

from pydantic import Field

from holdfast.kit.settings import ModuleSettings


class SearchSettings(ModuleSettings, env_prefix="HOLDFAST_SEARCH_"):
    """How far ahead guests can search and how the read model is kept."""

    # 779 is `rules.ring.HORIZON_NIGHTS_MAX`: what a row's ring of nights holds on every day.
    horizon_nights: int = Field(
        default=730,
        ge=1,
        le=779,
        description="How many days from today on can be searched, for stays, tables and flights alike; later ones are "
        "answered with `beyond_horizon`.",
    )
    stock_every_s: float = Field(
        default=0.5,
        gt=0,
        le=60,
        description="Seconds between two looks for properties whose stock is to be read anew, such as new ones.",
    )
