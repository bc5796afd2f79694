"""The doors of accounts beside its own, which `AccountsApi` gives out by name."""

from dataclasses import dataclass

from holdfast.accounts.credentials_api import CredentialsApi
from holdfast.accounts.factors_api import FactorsApi, PasskeysApi, StepUpApi
from holdfast.accounts.keys_api import KeysApi
from holdfast.accounts.organizations_api import OrganizationsApi
from holdfast.accounts.privacy_api import PrivacyApi
from holdfast.accounts.sessions_api import SessionsApi


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """One door for each subject."""

    sessions: SessionsApi
    credentials: CredentialsApi
    factors: FactorsApi
    passkeys: PasskeysApi
    step_up: StepUpApi
    organizations: OrganizationsApi
    keys: KeysApi
    privacy: PrivacyApi
