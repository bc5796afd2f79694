"""Settings of privacy: `HOLDFAST_PRIVACY_*`."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import NoDecode

from holdfast.kit.privacy import RECIPIENTS, Recipient, Retention
from holdfast.kit.settings import ModuleSettings

_DAY_S: Final = 86_400
_YEAR_DAYS: Final = 366
_COUNTRY: Final = 2


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


_Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class PrivacySettings(ModuleSettings, env_prefix="HOLDFAST_PRIVACY_"):
    """Who runs the installation, where data goes and how long it is kept."""

    operator: str = Field(default="The operator of this installation", min_length=1, max_length=200)
    """Who is responsible for what is kept here, as the privacy policy names them."""
    contact: str = Field(default="", max_length=300)
    """How people reach them about their data: an e-mail address or a page."""
    complaints: str = Field(default="", max_length=300)
    """Where complaints about privacy go, if not to the contact. `POST /v1/privacy/complaints` works in any case."""
    country: str = Field(default="AU", pattern="^[A-Z]{2}$")
    """The country the databases stand in, as an ISO 3166 code."""
    recipient_countries: _Words = ()
    """Where recipients keep data, if not where the policy says by itself: `stripe=IE,mail=AU`."""
    allowed_countries: _Words = ()
    """Countries recipients may keep data in, separated by commas; a start with another one is refused. Empty: any."""
    cool_off_days: int = Field(default=7, ge=0, le=90)
    """Days in which somebody who deletes their account can change their mind."""
    books_years: int = Field(default=5, ge=1, le=100)
    """Years for which books are kept as the law asks (five in Australia); then what shows a card is cleared as well."""
    visit_days: int = Field(default=30, ge=1, le=3_650)
    """Days after a visit until what was noted of a table is deleted."""
    mail_days: int = Field(default=30, ge=1, le=3_650)
    """Days for which it is known which messages were sent."""
    rights_days: int = Field(default=730, ge=30, le=3_650)
    """Days for which what people asked about their data, and the answers, are kept."""
    tidy_every_s: int = Field(default=3_600, ge=1, le=86_400)
    """Seconds between two looks for accounts to erase and data to let go. Erasing writes a SQLite file anew."""
    export_every_s: float = Field(default=5, gt=0, le=3_600)
    """Seconds between two looks for copies that somebody waits for."""

    @model_validator(mode="after")
    def _names_what_exists(self) -> Self:
        for pair in self.recipient_countries:
            name, _, country = pair.partition("=")
            if name not in set(Recipient) or not _is_country(country):
                raise ValueError(f"recipient_countries takes pairs like stripe=IE with one of {', '.join(Recipient)}")
        if strange := [each for each in self.allowed_countries if not _is_country(each)]:
            raise ValueError(f"allowed_countries takes ISO 3166 codes like AU, not {strange[0]!r}")
        return self

    def country_of(self, recipient: Recipient) -> str:
        """Return where a recipient keeps data; "" where that depends on what is booked."""
        told = dict(pair.split("=", 1) for pair in self.recipient_countries)
        known = RECIPIENTS[recipient].country
        return told.get(recipient, known or ("" if recipient is Recipient.OWNER else self.country))

    def periods(self, *, origin_days: int) -> Mapping[Retention, int]:
        """Return how many seconds each retention lasts that is counted from a moment.

        Args:
            origin_days: How long it is known from where somebody acted, which the house sets.
        """
        return {
            Retention.BOOKS: self.books_years * _YEAR_DAYS * _DAY_S,
            Retention.VISIT: self.visit_days * _DAY_S,
            Retention.SIGN_INS: origin_days * _DAY_S,
            Retention.MAIL: self.mail_days * _DAY_S,
            Retention.RIGHTS: self.rights_days * _DAY_S,
        }


def _is_country(code: str) -> bool:
    return len(code) == _COUNTRY and code.isascii() and code.isalpha() and code.isupper()
