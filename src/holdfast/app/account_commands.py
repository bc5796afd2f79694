"""`holdfast accounts`: what an operator does for somebody who can no longer do it."""

import click

from holdfast.accounts.api import Account, AccountsApi
from holdfast.app.commands import beside_servers
from holdfast.app.errors import CannotStart
from holdfast.app.modules import Assembly
from holdfast.app.settings import RunSettings
from holdfast.kit.settings import Settings


async def reset_factors(settings: Settings, run: RunSettings, *, email: str) -> None:
    """Take every second factor and passkey from an account, and say what there was.

    Raises:
        CannotStart: The accounts module does not run here, or nobody has this address.
    """
    async with beside_servers(settings, run) as assembly:
        accounts = _accounts(assembly)
        account = await _found(accounts, email)
        before = await accounts.factors.reset(account_id=account.id)
    app = "an authenticator app" if before.totp_since else "no authenticator app"
    click.echo(
        f"account {account.id} had {app}, {before.recovery_codes_left} recovery codes and {before.passkeys} passkeys; "
        "all are gone and its sessions have ended"
    )


async def set_open(settings: Settings, run: RunSettings, *, email: str, is_open: bool) -> None:
    """Open an account, or close it and end its sessions.

    Raises:
        CannotStart: The accounts module does not run here, or nobody has this address.
    """
    async with beside_servers(settings, run) as assembly:
        accounts = _accounts(assembly)
        account = await _found(accounts, email)
        change = accounts.enable if is_open else accounts.disable
        await change(account_id=account.id)
    now = "is open" if is_open else "is closed and its sessions have ended"
    click.echo(f"account {account.id} {now}")


async def end_sessions(settings: Settings, run: RunSettings, *, email: str) -> None:
    """End every session of an account.

    Raises:
        CannotStart: The accounts module does not run here, or nobody has this address.
    """
    async with beside_servers(settings, run) as assembly:
        accounts = _accounts(assembly)
        account = await _found(accounts, email)
        ended = await accounts.sessions.end_all_of(account_id=account.id, why="ended_by_operator")
    click.echo(f"{ended} sessions of account {account.id} have ended")


async def _found(accounts: AccountsApi, email: str) -> Account:
    account = await accounts.find_by_email(email=email)
    if account is None:
        raise CannotStart("no account has this address")
    return account


def _accounts(assembly: Assembly) -> AccountsApi:
    accounts: AccountsApi | None = assembly.door("accounts")
    if accounts is None:
        raise CannotStart("this needs the accounts module; add it to HOLDFAST_MODULES")
    return accounts
