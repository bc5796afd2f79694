import pytest
from pydantic import ValidationError

from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.settings import describe


class TestTheSettings:
    def test_begin_with_what_owasp_asks_for(self):
        chosen = AccountsSettings(_env_file=None)
        assert (chosen.argon2_memory_kib, chosen.argon2_passes, chosen.argon2_lanes) == (19_456, 2, 1)
        assert (chosen.token_lifetime_s, chosen.hash_threads) == (600, 2)

    @pytest.mark.parametrize(
        "weak",
        [
            {"argon2_memory_kib": 19_455},
            {"argon2_passes": 1},
            {"argon2_lanes": 0},
            {"token_lifetime_s": 86_401},
            {"token_lifetime_s": 0},
            {"hash_threads": 0},
            {"token_issuer": ""},
        ],
    )
    def test_refuse_what_is_weaker(self, weak):
        with pytest.raises(ValidationError):
            AccountsSettings(_env_file=None, **weak)

    def test_come_from_the_environment(self, monkeypatch):
        monkeypatch.setenv("HOLDFAST_ACCOUNTS_TOKEN_LIFETIME_S", "120")
        assert AccountsSettings(_env_file=None).token_lifetime_s == 120

    def test_are_documented_each(self):
        described = list(describe(AccountsSettings))
        assert {each.name.rpartition("_ACCOUNTS_")[0] for each in described} == {"HOLDFAST"}
        assert all(each.description.endswith(".") for each in described)
