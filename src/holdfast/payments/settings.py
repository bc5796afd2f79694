"""Settings of payments: `HOLDFAST_PAYMENTS_*`."""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from holdfast.kit.settings import Environment, ModuleSettings


class ProviderName(StrEnum):
    """Who can move money."""

    SIMULATOR = "simulator"
    STRIPE = "stripe"
    PAYPAL = "paypal"
    NONE = "none"
    """This way to pay is not offered."""


class _Where(ModuleSettings, env_prefix="HOLDFAST_"):
    environment: Environment = Environment.DEVELOPMENT


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


_NEEDS: Final = {
    ProviderName.STRIPE: ("stripe_key", "stripe_webhook_secrets"),
    ProviderName.PAYPAL: ("paypal_client_id", "paypal_client_secret", "paypal_webhook_id"),
}


class PaymentsSettings(ModuleSettings, env_prefix="HOLDFAST_PAYMENTS_"):
    """Who moves the money, and how long we wait for them."""

    card: ProviderName = ProviderName.SIMULATOR
    """Who takes cards: `simulator`, `stripe` or `none`."""
    wallet: ProviderName = ProviderName.SIMULATOR
    """Who takes wallets: `simulator`, `stripe` or `none`."""
    paypal: ProviderName = ProviderName.SIMULATOR
    """Who takes PayPal: `simulator`, `paypal` or `none`."""
    allow_simulator: bool = False
    """Let production run the simulator, in which no money moves. For a public demonstration only."""
    deadline_s: float = Field(default=10.0, gt=0, le=60)
    """Seconds a provider has for an answer; then the outcome is unknown and is found out by asking again."""
    abandon_s: int = Field(default=60, ge=1, le=3_600)
    """Seconds after which a payment the provider does not know may be let go for a new one of the same hold."""
    message_days: int = Field(default=90, ge=7, le=3_650)
    """Days the ids of providers' messages are kept, so that one that comes again is known."""
    simulator_url: str | None = None
    """Where a simulator runs as a process of its own, like `http://127.0.0.1:8020/simulator`. Empty: it runs inside
    this server."""
    simulator_secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = ()
    """What is shared with a simulator that runs elsewhere, newest first, separated by commas. Empty: derived from the
    secret of this installation."""
    simulator_books: str | None = None
    """The file in which the simulator inside this server keeps its books. Empty: beside the database."""
    stripe_key: SecretStr | None = None
    """The secret API key of your Stripe account."""
    stripe_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = ()
    """Signing secrets of your Stripe webhook endpoint, separated by commas while you rotate them."""
    stripe_url: str | None = None
    """Where Stripe's API is; only a test needs it."""
    paypal_client_id: str | None = None
    """The client id of your PayPal application."""
    paypal_client_secret: SecretStr | None = None
    """The secret of your PayPal application."""
    paypal_webhook_id: str | None = None
    """The id PayPal gave the webhook that leads here."""
    paypal_url: str = "https://api-m.paypal.com"
    """Where PayPal's API is; its sandbox is `https://api-m.sandbox.paypal.com`."""

    @property
    def chosen(self) -> frozenset[ProviderName]:
        """Return who moves money here."""
        return frozenset({self.card, self.wallet, self.paypal}) - {ProviderName.NONE}

    @property
    def simulator_is_open(self) -> bool:
        """Return whether whoever reaches the simulator's own page may make faults and disputes there."""
        return _Where().environment is not Environment.PRODUCTION

    @model_validator(mode="after")
    def _can_run(self) -> Self:
        if self.card is ProviderName.PAYPAL or self.wallet is ProviderName.PAYPAL:
            raise ValueError("PayPal takes neither cards nor wallets here: set HOLDFAST_PAYMENTS_PAYPAL=paypal")
        if self.paypal is ProviderName.STRIPE:
            raise ValueError("Stripe does not take PayPal here: set HOLDFAST_PAYMENTS_PAYPAL to paypal or none")
        for provider in sorted(self.chosen):
            missing = [name for name in _NEEDS.get(provider, ()) if not getattr(self, name)]
            if missing:
                names = ", ".join(f"HOLDFAST_PAYMENTS_{name.upper()}" for name in missing)
                raise ValueError(f"the provider {provider} needs {names}")
        self._refuse_play_money()
        return self

    def _refuse_play_money(self) -> None:
        if ProviderName.SIMULATOR not in self.chosen or self.allow_simulator:
            return
        if _Where().environment is Environment.PRODUCTION:
            raise ValueError(
                "production does not run the payment simulator: choose HOLDFAST_PAYMENTS_CARD, _WALLET and _PAYPAL "
                "(stripe, paypal or none), or set HOLDFAST_PAYMENTS_ALLOW_SIMULATOR=true for a demonstration"
            )
