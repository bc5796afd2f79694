"""Puts mail, password rules and credentials together."""

from dataclasses import dataclass
from pathlib import Path

from holdfast.accounts.credentials_api import Confirmation
from holdfast.accounts.service.breached import Breached, breached_of
from holdfast.accounts.service.credentials import CredentialNeeds, Credentials
from holdfast.accounts.service.factors import EndSessions
from holdfast.accounts.service.letters import Site
from holdfast.accounts.service.mailing import Mailing
from holdfast.accounts.service.password_rules import PasswordRules
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.db.opening import engine_of, parsed
from holdfast.kit.mail.mailers import Mailer, mailer_of
from holdfast.kit.mail.settings import MailSettings
from holdfast.kit.module import House


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialDoors:
    """What proves who somebody is by an address and a password."""

    credentials: Credentials
    mailing: Mailing
    rules: PasswordRules
    breached: Breached


def credential_doors(
    house: House, *, passwords: Passwords, end_sessions: EndSessions, mailer: Mailer | None = None
) -> CredentialDoors:
    """Return the doors, made for one house.

    Args:
        house: What the module is built from.
        passwords: Hashes them.
        end_sessions: Ends sessions in the caller's transaction.
        mailer: What carries mail; as the settings say, if not given.
    """
    settings: AccountsSettings = house.settings
    breached = breached_of(settings.breached_url)
    rules = PasswordRules(passwords=passwords, breached=breached, score_min=settings.password_score_min)
    mailing = Mailing(
        db=house.db,
        clock=house.clock,
        mailer=mailer or mailer_of(house.mail, beside=_file_of(house.url), clock=house.clock),
        site=Site(name=settings.site_name, public_url=house.mail.public_url),
        settings=settings,
    )
    credentials = Credentials(
        CredentialNeeds(
            db=house.db,
            passwords=passwords,
            rules=rules,
            mailing=mailing,
            limits=house.limits,
            end_sessions=end_sessions,
            confirmation=confirmation_of(settings, house.mail),
        )
    )
    return CredentialDoors(
        credentials=credentials,
        mailing=mailing,
        rules=rules,
        breached=breached,
    )


def confirmation_of(settings: AccountsSettings, mail: MailSettings) -> Confirmation:
    """Return whether an address has to be confirmed; where no mail leaves the machine nobody could."""
    if settings.confirmation is not None:
        return settings.confirmation
    asks = settings.in_production and mail.reaches_people
    return Confirmation.REQUIRED if asks else Confirmation.OPTIONAL


def _file_of(url: str) -> Path | None:
    if not url:
        return None
    database = parsed(url)
    return Path(str(database.database)) if engine_of(database) == "sqlite" else None
