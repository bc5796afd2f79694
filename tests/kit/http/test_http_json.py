import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast.kit.errors import Invalid
from holdfast.kit.http.json import DEPTH_MAX, pointer_of, read_json
from holdfast.kit.http.refusals import (
    CardNumberRefused,
    DuplicateKey,
    InvalidEncoding,
    InvalidUnicode,
    JsonTooDeep,
    MalformedJson,
)

REFUSALS = (MalformedJson, DuplicateKey, InvalidEncoding, InvalidUnicode, JsonTooDeep, Invalid)
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def read_or_refused(body):
    """Check that whatever is read means what the standard reader takes it for; other exceptions escape."""
    try:
        value = read_json(body)
    except REFUSALS:
        return
    assert value == json.loads(body)


@given(VALUES, st.booleans())
def test_what_is_json_is_read_as_it_was_meant(value, is_ascii):
    try:
        read = read_json(json.dumps(value, ensure_ascii=is_ascii).encode())
    except CardNumberRefused:
        assume(condition=False)  # it is refused for what it looks like, not for its form
    assert read == value


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused_by_name(body):
    read_or_refused(body)


@given(st.lists(st.sampled_from(list('[]{}",:0123456789eE.-+\\u0d8ntrfals \n')), max_size=60).map("".join))
def test_whatever_looks_like_json_is_read_or_refused_by_name(text):
    read_or_refused(text.encode())


def test_each_repeated_member_is_named_once_wherever_it_is():
    with pytest.raises(DuplicateKey) as caught:
        read_json(b'{"a":[{"x":1,"x":2,"x":3,"y":0,"y":1},{"x":1}],"b":{"c":1}}')
    assert [error.pointer for error in caught.value.errors] == ["/a/0/x", "/a/0/y"]


def test_a_repeated_member_before_an_error_of_syntax_is_an_error_of_syntax():
    with pytest.raises(MalformedJson):
        read_json(b'[{"x":1,"x":2},]')


def test_every_number_out_of_range_is_named():
    with pytest.raises(Invalid) as caught:
        read_json(b'{"a":1e400,"b":[1,-1e400],"c":' + b"1" * 5_000 + b',"d":1e-400}')
    assert [error.pointer for error in caught.value.errors] == ["/a", "/b/1", "/c"]


def test_a_surrogate_in_a_name_is_shown_escaped():
    with pytest.raises(InvalidUnicode) as caught:
        read_json(b'{"a":{"\\udfff":1}}')
    assert caught.value.errors[0].pointer == "/a/\\udfff"


def test_a_surrogate_beside_a_repeated_member_does_not_hide_it():
    with pytest.raises(DuplicateKey) as caught:
        read_json(b'{"\\udfff":1,"\\udfff":2}')
    assert caught.value.errors[0].pointer == "/\\udfff"


@pytest.mark.parametrize("opened", [b"[", b'{"a":'])
def test_depth_is_counted_whatever_nests(opened):
    closed = b"]" if opened == b"[" else b"}"
    assert read_json(opened * DEPTH_MAX + b"0" + closed * DEPTH_MAX)
    with pytest.raises(JsonTooDeep):
        read_json(opened * (DEPTH_MAX + 1) + b"0" + closed * (DEPTH_MAX + 1))


def test_many_members_side_by_side_are_not_deep():
    assert len(read_json(b"[" + b",".join([b"[]"] * 1_000) + b"]")) == 1_000


def test_brackets_in_texts_are_not_deep():
    assert read_json(b'["' + b"[" * 1_000 + b'"]') == ["[" * 1_000]


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ((), ""),
        (("a", 0, "b"), "/a/0/b"),
        (("a/b", "m~n"), "/a~1b/m~0n"),
        (("",), "/"),
        (("x" * 999,), "/" + "x" * 199 + "…"),
    ],
)
def test_pointers_follow_rfc_6901_up_to_a_length(parts, pointer):
    assert pointer_of(*parts) == pointer
