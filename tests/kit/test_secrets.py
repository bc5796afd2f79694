import hmac
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from holdfast.kit.secrets import KEY_BYTES, SECRET_LENGTH_MIN, Keyring, load_or_create_secret, new_installation_secret

OLD, NEW = "o" * SECRET_LENGTH_MIN, "n" * SECRET_LENGTH_MIN


class TestAKeyring:
    def test_gives_each_purpose_a_key_of_its_own(self):
        keyring = Keyring(NEW)
        keys = {keyring.derive(purpose) for purpose in ("cursors", "quotes", "cursor", "")}
        assert len(keys) == 4
        assert {len(key) for key in keys} == {KEY_BYTES}

    def test_gives_the_same_key_in_every_process_and_release(self):
        # RFC 5869 by hand: a change of the derivation would make every signature in the field worthless.
        extracted = hmac.digest(b"holdfast keyring 1", NEW.encode(), "sha256")
        assert Keyring(NEW).derive("cursors") == hmac.digest(extracted, b"cursors\x01", "sha256")
        assert Keyring(NEW).derive("cursors").hex().startswith("81fa6f03")

    def test_keeps_former_secrets_readable_newest_first(self):
        assert Keyring(NEW, previous=[OLD]).derive_all("x") == (Keyring(NEW).derive("x"), Keyring(OLD).derive("x"))

    def test_signs_with_the_present_secret(self):
        assert Keyring(NEW, previous=[OLD]).derive("x") == Keyring(NEW).derive("x") != Keyring(OLD).derive("x")

    @pytest.mark.parametrize("secrets", [("short",), (NEW, ["short"]), ("",)])
    def test_refuses_short_secrets(self, secrets):
        with pytest.raises(ValueError, match="at least 32 characters"):
            Keyring(*secrets)

    def test_does_not_show_its_secrets(self):
        keyring = Keyring(NEW)
        keyring.derive("x")
        assert NEW not in repr(keyring) + str(keyring)


class TestASecretFile:
    def test_is_made_once_for_its_owner_only(self, tmp_path):
        path = tmp_path / "deep" / "secret"
        secret = load_or_create_secret(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(secret) >= SECRET_LENGTH_MIN
        assert load_or_create_secret(path) == secret

    def test_is_alone_in_its_folder(self, tmp_path):
        load_or_create_secret(tmp_path / "secret")
        assert [each.name for each in tmp_path.iterdir()] == ["secret"]

    def test_is_the_same_for_all_who_start_together(self, tmp_path):
        with ThreadPoolExecutor(8) as pool:
            secrets = set(pool.map(load_or_create_secret, [tmp_path / "secret"] * 40))
        assert len(secrets) == 1

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
    def test_that_others_may_read_is_refused(self, tmp_path, mode):
        path = tmp_path / "secret"
        load_or_create_secret(path)
        path.chmod(mode)
        with pytest.raises(PermissionError, match="chmod 600"):
            load_or_create_secret(path)

    def test_with_too_little_in_it_is_refused(self, tmp_path):
        path = tmp_path / "secret"
        path.write_text("changeme\n")
        path.chmod(0o600)
        with pytest.raises(ValueError, match="no secret of 32"):
            load_or_create_secret(path)


def test_new_secrets_differ():
    assert len({new_installation_secret() for _ in range(50)}) == 50
