"""How much may be said of what is sold, and where: the bounds that rules, rows and shapes share."""

import re
from datetime import date
from functools import cache
from typing import Final
from zoneinfo import available_timezones

NAME_MAX: Final = 120
TEXT_MAX: Final = 5000
HOUSE_RULES_MAX: Final = 3000
ADDRESS_MAX: Final = 200
CITY_MAX: Final = 100
ZONE_MAX: Final = 64
CODE_MAX: Final = 40
UNIT_NAME_MAX: Final = 40
AMENITIES_MAX: Final = 100
ROOMS_MAX: Final = 100
GUESTS_MAX: Final = 50
UNITS_MAX: Final = 10_000
NAMED_UNITS_MAX: Final = 500
PRICE_MAX_MINOR: Final = 10**11
"""The dearest stay (365 nights, each as dear again for every adjustment, 49 extra guests, fees and tax) still comes to
less than `engine.money.AMOUNT_MAX`."""
DISCOUNTS_MAX: Final = 5
ADJUSTMENTS_MAX: Final = 10
ADJUSTMENT_NAME_MAX: Final = 60
ADJUSTMENT_BP_MIN: Final = -9_000
ADJUSTMENT_BP_MAX: Final = 10_000
PETS_MAX: Final = 20
WINDOWS_MAX: Final = 10
GRACE_HOURS_MAX: Final = 168
DAYS_BEFORE_MAX: Final = 365
NOTICE_DAYS_MAX: Final = 365
BOOKING_WINDOW_DAYS_MAX: Final = 730
PREPARATION_NIGHTS_MAX: Final = 30
RATING_MAX: Final = 5
RANGE_NIGHTS_MAX: Final = 730
FIRST_NIGHT: Final = date(2000, 1, 1)
END_NIGHT: Final = date(2200, 1, 1)

COUNTRIES: Final = frozenset(
    re.findall(
        "[A-Z]{2}",
        """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
    CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
    GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
    RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """,
    )
)
"""ISO 3166-1 alpha-2."""


@cache
def zones() -> frozenset[str]:
    """Return the IANA zones a place may lie in; the list is read once."""
    # Names without an area (EST, GMT0, Factory) are relics that say nothing of a place and its summer time.
    return frozenset(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
