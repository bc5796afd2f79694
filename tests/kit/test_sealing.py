import pytest

from holdfast.kit.sealing import Seal, SealBroken
from holdfast.kit.secrets import SECRET_LENGTH_MIN, Keyring

OLD, NEW = "o" * SECRET_LENGTH_MIN, "n" * SECRET_LENGTH_MIN


@pytest.fixture
def seal():
    return Seal(Keyring(NEW), "tests/words")


class TestASealedText:
    def test_says_nothing_and_never_looks_the_same(self, seal):
        first, second = (seal.close("no nuts", bound_to="7/0") for _ in range(2))
        assert first != second
        assert "nuts" not in first
        assert seal.open(first, bound_to="7/0") == seal.open(second, bound_to="7/0") == ("no nuts", False)

    @pytest.mark.parametrize("text", ["", "ナッツ抜き", "\N{PEANUTS}" * 500])
    def test_is_any_text(self, seal, text):
        assert seal.open(seal.close(text, bound_to=1), bound_to=1) == (text, False)

    def test_opens_where_it_belongs_only(self, seal):
        with pytest.raises(SealBroken):
            seal.open(seal.close("no nuts", bound_to="7/0"), bound_to="7/1")
        with pytest.raises(SealBroken):
            Seal(Keyring(NEW), "tests/other").open(seal.close("no nuts", bound_to=1), bound_to=1)

    @pytest.mark.parametrize("kept", ["", "v1.", "v1.AAAA", "v1.A", "no nuts", "v1." + "A" * 80])
    def test_is_not_anything_else(self, seal, kept):
        with pytest.raises(SealBroken):
            seal.open(kept, bound_to=1)

    def test_opens_with_a_former_secret_and_says_that_it_is_old(self, seal):
        old = Seal(Keyring(OLD), "tests/words").close("no nuts", bound_to=1)
        assert Seal(Keyring(NEW, previous=[OLD]), "tests/words").open(old, bound_to=1) == ("no nuts", True)
        with pytest.raises(SealBroken):
            seal.open(old, bound_to=1)
