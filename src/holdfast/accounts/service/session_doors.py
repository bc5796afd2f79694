"""Puts sessions and logging in together."""

from dataclasses import dataclass

from holdfast.accounts.service.acts import RefusedLogIns
from holdfast.accounts.service.credentials import Credentials
from holdfast.accounts.service.factor_doors import FactorDoors
from holdfast.accounts.service.guarding import LoginGuard
from holdfast.accounts.service.log_in import LogInNeeds, LogIns
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.service.sessions import SessionNeeds, Sessions
from holdfast.accounts.service.shared_standing import SharedStandings
from holdfast.accounts.service.standing import Standings
from holdfast.accounts.service.tokens import Tokens
from holdfast.kit.csrf import CsrfTokens
from holdfast.kit.db.database import Tx
from holdfast.kit.module import House


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDoors:
    """What opens sessions, what they are, and what was refused."""

    tokens: Tokens
    sessions: Sessions
    standings: Standings
    refused: RefusedLogIns
    shared: SharedStandings | None

    async def erase(self, tx: Tx, account_id: int) -> None:
        """End every session of an account that is to be erased."""
        await self.sessions.end_all(tx, account_id=account_id, why="erased")

    async def close(self) -> None:
        """Finish what is under way."""
        await self.standings.close()
        await self.refused.close()
        if self.shared is not None:
            await self.shared.close()


def session_doors(house: House) -> SessionDoors:
    """Return the doors, made for one house."""
    shared = None
    if house.redis_url is not None:
        shared = SharedStandings(house.redis_url, keyring=house.keyring, clock=house.clock)
        house.db.after_write = shared.settled
    tokens = Tokens(keyring=house.keyring, clock=house.clock, settings=house.settings)
    needs = SessionNeeds(
        db=house.db,
        clock=house.clock,
        settings=house.settings,
        tokens=tokens,
        csrf=CsrfTokens(house.keyring),
        shared=shared,
    )
    return SessionDoors(
        tokens=tokens,
        sessions=Sessions(needs),
        standings=Standings(db=house.db, clock=house.clock, shared=shared),
        refused=RefusedLogIns(house.db, house.clock),
        shared=shared,
    )


def log_ins(
    house: House, doors: SessionDoors, *, passwords: Passwords, proving: FactorDoors, credentials: Credentials
) -> LogIns:
    """Return what opens sessions for people who prove who they are."""
    return LogIns(
        LogInNeeds(
            db=house.db,
            passwords=passwords,
            sessions=doors.sessions,
            codes=proving.codes,
            passkeys=proving.passkeys,
            credentials=credentials,
            guard=LoginGuard(house.limits),
            refused=doors.refused,
            plain_lifetime_s=house.settings.plain_token_lifetime_s,
        )
    )
