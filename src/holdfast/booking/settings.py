"""Settings of booking."""

from pydantic import Field

from holdfast.kit.settings import ModuleSettings


class BookingSettings(ModuleSettings, env_prefix="HOLDFAST_BOOKING_"):
    """How long promises last and how much one account may hold."""

    quote_ttl_s: int = Field(default=900, ge=1, le=86400, description="Seconds a quoted price is promised for.")
    hold_ttl_s: int = Field(default=600, ge=1, le=86400, description="Seconds a hold lives, and is extended by.")
    hold_most_s: int = Field(
        default=1800, ge=1, le=86400, description="Seconds a hold lives in all, however often extended."
    )
    holds_most: int = Field(default=10, ge=1, le=10000, description="Live holds one account may have at a time.")
    key_days: int = Field(default=7, ge=1, le=365, description="Days an answer is kept for a repeated Idempotency-Key.")
    sweep_every_s: float = Field(
        default=1.0, gt=0, le=60, description="Seconds between two rounds of tidying expired holds."
    )
