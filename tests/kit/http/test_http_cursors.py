import pytest

from holdfast.kit.http.cursors import CURSOR_LENGTH_MAX, CursorInvalid, Cursors, filter_digest
from holdfast.kit.secrets import Keyring

DIGEST = filter_digest(owner_id=3, sort="price")
POSITION = [12_50, "stay:7", None, 2.5]


@pytest.fixture
def cursors():
    return Cursors(Keyring("a" * 16 + "b" * 16))


def test_a_cursor_gives_back_its_position(cursors):
    assert cursors.decode(cursors.encode(POSITION, DIGEST), DIGEST) == POSITION


def test_a_cursor_fits_in_a_query_as_it_is(cursors):
    assert cursors.encode(POSITION, DIGEST).replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("other", [filter_digest(owner_id=4, sort="price"), filter_digest(owner_id=3), ""])
def test_a_cursor_of_another_list_is_refused(cursors, other):
    with pytest.raises(CursorInvalid):
        cursors.decode(cursors.encode(POSITION, DIGEST), other)


def test_every_changed_character_is_noticed(cursors):
    cursor = cursors.encode(POSITION, DIGEST)
    for place, character in enumerate(cursor):
        changed = cursor[:place] + ("A" if character != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(CursorInvalid):
            cursors.decode(changed, DIGEST)


@pytest.mark.parametrize(
    "sent", ["", "x", "é", "====", "a b", "../../etc", "AAAA", "A" * 5, "A" * (CURSOR_LENGTH_MAX + 1), "\x00", "=" * 9]
)
def test_what_is_no_cursor_is_refused(cursors, sent):
    with pytest.raises(CursorInvalid):
        cursors.decode(sent, DIGEST)


@pytest.mark.parametrize("ending", ["=", "\n", " ", "!", "A", "AAAA"])
def test_a_cursor_has_one_spelling(cursors, ending):
    cursor = cursors.encode(POSITION, DIGEST)
    with pytest.raises(CursorInvalid):
        cursors.decode(cursor + ending, DIGEST)


def test_a_cursor_outlives_the_rotation_of_the_secret_and_no_longer():
    old, new = "o" * 32, "n" * 32
    cursor = Cursors(Keyring(old)).encode(POSITION, DIGEST)
    assert Cursors(Keyring(new, previous=[old])).decode(cursor, DIGEST) == POSITION
    with pytest.raises(CursorInvalid):
        Cursors(Keyring(new)).decode(cursor, DIGEST)


def test_the_order_of_filters_does_not_matter():
    assert filter_digest(a=1, b={"x": 1, "y": 2}) == filter_digest(b={"y": 2, "x": 1}, a=1)


def test_different_filters_have_different_digests():
    assert filter_digest(a=1) != filter_digest(a="1") != filter_digest(b="1")
