"""Settings of booking."""

from typing import Self

from pydantic import Field, model_validator

from holdfast.kit.settings import ModuleSettings


class BookingSettings(ModuleSettings, env_prefix="HOLDFAST_BOOKING_"):
    """How long promises last and how much one account may hold."""

    quote_ttl_s: int = Field(default=900, ge=1, le=86400, description="Seconds a quoted price is promised for.")
    hold_ttl_s: int = Field(default=600, ge=1, le=86400, description="Seconds a hold lives, and is extended by.")
    hold_most_s: int = Field(
        default=1800, ge=1, le=86400, description="Seconds a hold lives in all, however often extended."
    )
    holds_most: int = Field(default=10, ge=1, le=10000, description="Live holds one account may have at a time.")
    cancellation_ttl_s: int = Field(
        default=900, ge=1, le=86400, description="Seconds a cancellation quote can be used for."
    )
    decide_within_s: int = Field(
        default=86_400, ge=1, le=604_800, description="Seconds an owner has to say yes to a request to book."
    )
    trip_discount_bp: int = Field(
        default=0,
        ge=0,
        le=5_000,
        description="Basis points off each item of a trip that has items of more than one kind (500 is 5 %).",
    )
    key_days: int = Field(default=7, ge=1, le=365, description="Days an answer is kept for a repeated Idempotency-Key.")
    sweep_every_s: float = Field(
        default=1.0, gt=0, le=60, description="Seconds between two rounds of tidying expired holds."
    )

    dining_database_url: str | None = Field(
        default=None,
        description="Where the stock and bookings of tables are kept, if not with those of stays: `postgresql://…`. "
        "Set it before the first table is sold: what is sold is not moved.",
    )
    flights_database_url: str | None = Field(
        default=None,
        description="Where the stock and bookings of flights are kept, if not with those of stays; like "
        "`HOLDFAST_BOOKING_DINING_DATABASE_URL`, and it may be the same.",
    )
    trip_tend_after_s: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds after which a trip over several databases that a dead process left is gone on with.",
    )

    @model_validator(mode="after")
    def _extension_fits(self) -> Self:
        if self.hold_most_s < self.hold_ttl_s:
            raise ValueError("HOLDFAST_BOOKING_HOLD_MOST_S must not be below HOLDFAST_BOOKING_HOLD_TTL_S")
        return self
