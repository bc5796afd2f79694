"""Which providers there are here. A provider's own code is imported only where the settings choose it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from holdfast.kit.clock import Clock
from holdfast.kit.secrets import Keyring
from holdfast.payments.api import PaymentMethod
from holdfast.payments.providers.protocol import Provider
from holdfast.payments.settings import PaymentsSettings, ProviderName

if TYPE_CHECKING:
    from holdfast.payments.providers.built_in import BuiltIn


class Providers:
    """The providers of an installation."""

    def __init__(self, serving: Mapping[PaymentMethod, Provider], *, built_in: "BuiltIn | None" = None) -> None:
        self.built_in = built_in
        """The simulator inside this server, if there is one."""
        self._serving = dict(serving)
        self._named = {provider.name: provider for provider in serving.values()}

    @property
    def methods(self) -> tuple[PaymentMethod, ...]:
        """Return the ways to pay that need a provider and have one, in the order they are listed everywhere."""
        return tuple(method for method in PaymentMethod if method in self._serving)

    def serving(self, method: PaymentMethod) -> Provider | None:
        """Return who takes new payments of a way to pay."""
        return self._serving.get(method)

    @property
    def names(self) -> tuple[str, ...]:
        """Return what the providers are called."""
        return tuple(self._named)

    def named(self, name: str) -> Provider | None:
        """Return a provider by its name."""
        return self._named.get(name)

    async def close(self) -> None:
        """End connections."""
        for provider in self._named.values():
            await provider.close()
        if self.built_in is not None:
            await self.built_in.close()


def build_providers(settings: PaymentsSettings, clock: Clock, keyring: Keyring, *, database_url: str) -> Providers:
    """Return the providers that settings choose.

    Args:
        settings: Of payments.
        clock: The time everybody goes by.
        keyring: What secrets are derived from.
        database_url: Of payments; the built-in simulator keeps its books beside it.
    """
    built_in: BuiltIn | None = None
    made: dict[ProviderName, Provider] = {}
    for name in sorted(settings.chosen):
        if name is ProviderName.SIMULATOR:
            built_in, made[name] = _simulator(settings, clock, keyring, database_url)
        else:
            made[name] = _stripe(settings, clock) if name is ProviderName.STRIPE else _paypal(settings, clock)
    chosen = {
        PaymentMethod.CARD: settings.card,
        PaymentMethod.WALLET: settings.wallet,
        PaymentMethod.PAYPAL: settings.paypal,
    }
    return Providers({method: made[name] for method, name in chosen.items() if name in made}, built_in=built_in)


def _simulator(
    settings: PaymentsSettings, clock: Clock, keyring: Keyring, database_url: str
) -> tuple["BuiltIn | None", Provider]:
    from holdfast.payments.providers import built_in  # noqa: PLC0415 - only for those who use it

    secrets = built_in.secrets_of(settings, keyring)
    if settings.simulator_url:
        return None, built_in.elsewhere(url=settings.simulator_url, secrets=secrets, timeout_s=settings.deadline_s)
    books = built_in.books_of(settings, database_url)
    is_open = settings.simulator_is_open
    made = built_in.BuiltIn(books=books, secrets=secrets, clock=clock, timeout_s=settings.deadline_s, is_open=is_open)
    return made, made.provider


def _stripe(settings: PaymentsSettings, clock: Clock) -> Provider:
    from holdfast.payments.providers.stripe import StripeProvider  # noqa: PLC0415 - only for those who use it

    assert settings.stripe_key is not None  # noqa: S101 - the settings have seen to it
    return StripeProvider(
        secret_key=settings.stripe_key.get_secret_value(),
        webhook_secrets=[secret.get_secret_value() for secret in settings.stripe_webhook_secrets],
        api_base=settings.stripe_url,
        clock=clock,
        deadline_s=settings.deadline_s,
    )


def _paypal(settings: PaymentsSettings, clock: Clock) -> Provider:
    from holdfast.payments.providers.paypal import PayPalProvider  # noqa: PLC0415 - only for those who use it

    assert settings.paypal_client_secret is not None  # noqa: S101 - the settings have seen to it
    return PayPalProvider(
        credentials=(settings.paypal_client_id or "", settings.paypal_client_secret.get_secret_value()),
        webhook_id=settings.paypal_webhook_id or "",
        api_base=settings.paypal_url,
        clock=clock,
        deadline_s=settings.deadline_s,
    )
