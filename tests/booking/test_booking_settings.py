import pytest
from pydantic import ValidationError

from holdfast.booking.settings import BookingSettings


class TestSettings:
    def test_let_a_hold_live_at_least_as_long_as_it_is_placed_for(self):
        assert BookingSettings(hold_ttl_s=60, hold_most_s=60).hold_most_s == 60
        with pytest.raises(ValidationError, match="HOLDFAST_BOOKING_HOLD_MOST_S"):
            BookingSettings(hold_ttl_s=61, hold_most_s=60)
