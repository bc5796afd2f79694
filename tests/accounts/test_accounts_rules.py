import pytest
from canonical_pairs import DISTINCT, SAME
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from holdfast.accounts import rules
from holdfast.accounts.guessable import ALSO_COMMON

GOOD = {"username": "john", "email": "john@example.com", "password": "correct horse battery"}


def wrong(**changes):
    return [(mistake.pointer, mistake.code) for mistake in rules.mistakes(**{**GOOD, **changes})]


def named(pair):
    return [each.format("n1") for each in pair]


class TestAnAddress:
    def test_there_are_forty_pairs_and_more(self):
        assert len({*SAME, *DISTINCT}) == len(SAME) + len(DISTINCT) >= 40

    @pytest.mark.parametrize("pair", SAME)
    def test_is_the_same_in_another_spelling(self, pair):
        one, other = (rules.email_key(each) for each in named(pair))
        assert one == other
        assert one is not None

    @pytest.mark.parametrize("pair", DISTINCT)
    def test_is_not_confused_with_a_different_one(self, pair):
        one, other = (rules.email_key(each) for each in named(pair))
        assert one != other
        assert None not in {one, other}

    @pytest.mark.parametrize(
        "good",
        [
            "john@gmail.com",
            "o'brien+tag@example.co.uk",
            "a@b.io",
            "x_y-z.9@sub.domain.example",
            "用户@例子.广告",
            "!#$%&'*+/=?^_`{|}~-@example.com",
            "a@1.example",
            f"{'l' * 64}@{'d' * 63}.{'e' * 63}.{'f' * 56}.io",
        ],
    )
    def test_is_accepted(self, good):
        assert wrong(email=good) == []

    @pytest.mark.parametrize(
        "bad",
        [
            "a@b",
            "john",
            "@example.com",
            "john@",
            "john@@example.com",
            "john@example@example.com",
            "john@example.com\r\nBcc: all@example.com",
            "john@example.com\r\n",
            "john\n@example.com",
            "john\x00@example.com",
            "john@example.com,jane@example.com",
            "john@example.com;jane@example.com",
            "John <john@example.com>",
            '"a b"@example.com',
            "a b@example.com",
            "john@exa mple.com",
            "john(comment)@example.com",
            ".john@example.com",
            "john.@example.com",
            "jo..hn@example.com",
            "john@.example.com",
            "john@example.com.",
            "john@example..com",
            "john@-example.com",
            "john@example-.com",
            "john@exam_ple.com",
            "john@[127.0.0.1]",
            "john@127.0.0.1",
            "john@example.123",
            "a@xn--.example",
            "a@xn--zzzzzzzzzzzzzz.example",
            "a@xn--\u00fc.example",
            "jo\u200bhn@example.com",  # zero width space
            "jo\u00adhn@example.com",  # soft hyphen
            "john@exam\u00adple.com",
            "jo\ufe0fhn@example.com",  # variation selector
            "jo\u034fhn@example.com",  # grapheme joiner
            "\u202enhoj@example.com",  # right-to-left override
            "john\ud800@example.com",  # half a character
            "john@exam\ud800ple.com",
            "😀@example.com",
            "john@😀.example",
            f"{'l' * 65}@example.com",
            f"john@{'d' * 64}.com",
        ],
    )
    def test_is_refused(self, bad):
        assert wrong(email=bad) == [("/email", "invalid_email")]

    @pytest.mark.parametrize(("bad", "code"), [("", "too_short"), ("a" * 243 + "@example.com", "too_long")])
    def test_is_refused_for_its_length(self, bad, code):
        assert wrong(email=bad) == [("/email", code)]

    def test_that_grows_by_folding_is_refused(self):
        assert wrong(email="\ufdfa" * 60 + "@example.com") == [("/email", "invalid_email")]

    @settings(deadline=None)
    @given(st.emails())
    def test_of_the_usual_form_is_accepted(self, email):
        assume(len(email) <= rules.MAX_EMAIL and len(email.partition("@")[0]) <= 64)
        assert wrong(email=email) == []

    @settings(deadline=None)
    @given(st.text(max_size=40), st.text(max_size=40))
    def test_has_a_key_that_is_its_own_key(self, local, domain):
        key = rules.email_key(f"{local}@{domain}.com")
        assert key is None or rules.email_key(key) == key

    @settings(deadline=None)
    @given(st.text(max_size=300))
    def test_never_breaks_the_rules_themselves(self, text):
        rules.mistakes(username=text, email=text, password=text)


class TestAUserName:
    @pytest.mark.parametrize(
        "good",
        [
            "john",
            "abc",
            "a-b",
            "J.R_R-99",
            "x" * 40,
            "José",
            "Jose\u0301",
            "\uff4a\uff4f\uff48\uff4e",
            "李小龍",
            "नमस्ते",
            "123",
        ],
    )
    def test_is_accepted(self, good):
        assert wrong(username=good) == []

    @pytest.mark.parametrize(
        "bad",
        [
            "john doe",
            "john ",
            "john@doe",
            "john\n",
            "john\x00",
            "jo\u200bhn",
            "jo\ufe0fhn",
            "...",
            "-_-",
            "<b>john</b>",
            "jo\u3164hn",
            "john😀",
            "john\ud800",
            "\ufdfa" * 5,
        ],
    )
    def test_is_refused(self, bad):
        assert wrong(username=bad) == [("/username", "invalid_username")]

    @pytest.mark.parametrize(("bad", "code"), [("ab", "too_short"), ("", "too_short"), ("x" * 41, "too_long")])
    def test_is_refused_for_its_length(self, bad, code):
        assert wrong(username=bad) == [("/username", code)]

    @pytest.mark.parametrize("other", ["JOHN", "\uff4aohn", "John"])
    def test_is_the_same_in_another_spelling(self, other):
        assert rules.username_key(other) == rules.username_key("john")

    @settings(deadline=None)
    @given(st.text(min_size=3, max_size=40))
    def test_has_a_key_that_is_its_own_key(self, text):
        key = rules.username_key(text)
        assert key is None or rules.username_key(key) == key


class TestAPassword:
    @pytest.mark.parametrize(
        "good",
        [
            "x7Kq!pLw",
            " leading space",
            "trailing space ",
            "pässwörter",
            "🔑🗝️🔒🚪🏠🏡🛏️",
            "a\tb\x00c d e f",
            "ab" * 31 + "cd",
            "abcdefg" * 18 + "xy",
        ],
    )
    def test_is_accepted(self, good):
        assert wrong(password=good) == []

    @pytest.mark.parametrize(
        ("bad", "code"),
        [
            ("", "too_short"),
            ("x7Kq!pL", "too_short"),
            ("x7Kq!pLw" * 16 + "x", "too_long"),
            ("x7Kq!pLw" * 1250, "too_long"),
            ("x7Kq!p\ud800w", "invalid_unicode"),
        ],
    )
    def test_is_refused_for_its_form(self, bad, code):
        assert wrong(password=bad) == [("/password", code)]

    @pytest.mark.parametrize(
        "bad",
        [
            "password",
            "PassWord123",
            "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",
            "12345678",
            "87654321",
            "qwertyuiop",
            "poiuytrewq",
            "cdefghijk",
            "aaaaaaaa",
            "zzzzzzzzzzzzzzzzzzzz",
            "abababababab",
            "iloveyou",
            "letmein123",
        ],
    )
    def test_is_refused_when_anyone_would_guess_it(self, bad):
        assert wrong(password=bad) == [("/password", "password_too_common")]

    @pytest.mark.parametrize("bad", ["hannah.arendt", "Hannah.Arendt", "hannah.arendt@example.com", "Hannah-1906"])
    def test_is_refused_when_it_is_the_name_or_the_address(self, bad):
        mistakes = wrong(username="hannah-1906", email="hannah.arendt@example.com", password=bad)
        assert mistakes == [("/password", "password_too_common")]

    def test_list_holds_nothing_that_cannot_be_typed(self):
        assert all(len(each) >= rules.MIN_PASSWORD and each == rules.folded(each) for each in ALSO_COMMON)

    @pytest.mark.parametrize(
        ("password", "plausible"),
        [("x" * 8, True), ("x" * 128, True), ("x" * 7, False), ("x" * 129, False), ("x" * 8 + "\ud800", False)],
    )
    def test_is_worth_checking_only_if_it_could_be_one(self, password, plausible):
        assert rules.is_plausible_password(password) is plausible


def test_every_wrong_field_is_named():
    assert wrong(username="a", email="a@b", password="short") == [
        ("/username", "too_short"),
        ("/email", "invalid_email"),
        ("/password", "too_short"),
    ]
