"""Puts second factors, passkeys and step-up together."""

from dataclasses import dataclass
from datetime import timedelta

from holdfast.accounts.service.ceremonies import relying_party
from holdfast.accounts.service.challenges import Challenges
from holdfast.accounts.service.factor_news import FactorTeller
from holdfast.accounts.service.factors import EndSessions, Factors, SecondFactors
from holdfast.accounts.service.passkeys import Passkeys
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.service.step_up import Reauthenticated, StepUp, Window
from holdfast.accounts.service.totp import PURPOSE
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.limits.limits import Limits
from holdfast.kit.sealing import Seal
from holdfast.kit.secrets import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorNeeds:
    """What second factors are made of."""

    db: Database
    clock: Clock
    keyring: Keyring
    settings: AccountsSettings
    passwords: Passwords
    limits: Limits
    end_sessions: EndSessions
    reauthenticated: Reauthenticated
    public_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorDoors:
    """What proves who somebody is besides a password."""

    codes: SecondFactors
    """What log-in asks."""
    factors: Factors
    passkeys: Passkeys
    step_up: StepUp


def factor_doors(needs: FactorNeeds) -> FactorDoors:
    """Return the doors, made for one database."""
    seal, news = Seal(needs.keyring, PURPOSE), FactorTeller(needs.clock)
    codes = SecondFactors(seal=seal, limits=needs.limits, news=news)
    factors = Factors(
        db=needs.db,
        settings=needs.settings,
        seal=seal,
        codes=codes,
        end_sessions=needs.end_sessions,
    )
    passkeys = Passkeys(
        db=needs.db,
        clock=needs.clock,
        challenges=Challenges(keyring=needs.keyring, clock=needs.clock, lifetime_s=needs.settings.passkey_challenge_s),
        site=relying_party(needs.settings, public_url=needs.public_url),
        news=news,
    )
    step_up = StepUp(
        db=needs.db,
        passwords=needs.passwords,
        codes=codes,
        passkeys=passkeys,
        window=Window(clock=needs.clock, lasts=timedelta(seconds=needs.settings.fresh_s)),
        reauthenticated=needs.reauthenticated,
    )
    return FactorDoors(codes=codes, factors=factors, passkeys=passkeys, step_up=step_up)
