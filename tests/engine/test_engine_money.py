from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.engine.money import (
    AMOUNT_MAX,
    DECIMALS,
    AmountError,
    AmountOutOfRangeError,
    MalformedAmountError,
    TooManyDecimalsError,
    UnknownCurrencyError,
    format_amount,
    fraction,
    is_currency,
    portion,
    to_minor,
)

currencies = st.sampled_from(sorted(DECIMALS))
amounts = st.integers(-AMOUNT_MAX, AMOUNT_MAX)


class TestIsCurrency:
    @pytest.mark.parametrize("code", ["USD", "JPY", "KWD"])
    def test_knows_currencies_of_two_no_and_three_decimals(self, code):
        assert is_currency(code)

    @pytest.mark.parametrize("code", ["aud", "XXX", "BTC", "", "US", "USD ", "\uff35\uff33\uff24"])
    def test_knows_nothing_else(self, code):
        assert not is_currency(code)

    def test_knows_codes_of_three_capital_letters_only(self):
        assert all(len(code) == 3 and code.isascii() and code.isalpha() and code.isupper() for code in DECIMALS)


class TestPortion:
    @pytest.mark.parametrize(
        ("amount", "basis_points", "expected"),
        [
            (10_000, 1_000, 1_000),
            (11_000, 1_000, 1_100),
            (5, 1_000, 0),
            (15, 1_000, 2),
            (25, 1_000, 2),
            (35, 1_000, 4),
            (-5, 1_000, 0),
            (-15, 1_000, -2),
            (-25, 1_000, -2),
            (26, 1_000, 3),
            (24, 1_000, 2),
            (1, 10_000, 1),
            (1, 0, 0),
            (AMOUNT_MAX, 10_000, AMOUNT_MAX),
        ],
    )
    def test_rounds_halves_to_the_even_one(self, amount, basis_points, expected):
        assert portion(amount, basis_points) == expected

    @given(amount=amounts, basis_points=st.integers(0, 20_000))
    def test_agrees_with_the_decimal_module(self, amount, basis_points):
        exact = Decimal(amount) * basis_points / 10_000
        assert portion(amount, basis_points) == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))

    @given(amount=st.integers(-2_000, 2_000), half=st.integers(0, 40))
    def test_agrees_on_exact_halves_too(self, amount, half):
        basis_points = half * 500
        exact = Decimal(amount) * basis_points / 10_000
        assert portion(amount, basis_points) == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))

    @given(amount=amounts, basis_points=st.integers(0, 10_000))
    def test_of_a_negative_amount_is_the_negative_portion(self, amount, basis_points):
        assert portion(-amount, basis_points) == -portion(amount, basis_points)


class TestFraction:
    @given(amount=amounts, numerator=st.integers(0, 10**7), denominator=st.integers(1, 10**7))
    def test_is_the_exact_fraction_rounded_half_to_even(self, amount, numerator, denominator):
        assert fraction(amount, numerator, denominator) == round(Fraction(amount * numerator, denominator))

    def test_rounds_halves_of_odd_denominators_to_neither_side(self):
        assert [fraction(amount, 1, 3) for amount in (1, 2, 4, 5, -1, -2)] == [0, 1, 1, 2, 0, -1]


class TestToMinor:
    @pytest.mark.parametrize(
        ("text", "currency", "expected"),
        [
            ("1234.50", "USD", 123_450),
            ("1234.5", "USD", 123_450),
            ("1234", "USD", 123_400),
            ("0", "USD", 0),
            ("0.05", "USD", 5),
            ("-0.05", "USD", -5),
            ("-0", "USD", 0),
            ("10", "JPY", 10),
            ("1.234", "KWD", 1_234),
            ("1.2", "KWD", 1_200),
            (Decimal("19.99"), "EUR", 1_999),
            (Decimal(7), "JPY", 7),
            ("90071992547409.91", "USD", AMOUNT_MAX),
            ("9007199254740991", "JPY", AMOUNT_MAX),
        ],
    )
    def test_reads_plain_amounts(self, text, currency, expected):
        assert to_minor(text, currency) == expected

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "",
                " 10",
                "10 ",
                "10\n",
                "+10",
                "--1",
                "1 000",
                "1,000",
                "10,00",
                "1_000",
                "010",
                "00",
                ".5",
                "5.",
                "1.2.3",
            ),
            *("NaN", "nan", "Infinity", "-inf", "1E+9", "1e3", "0x10", "ten", "10USD", "$10"),
            *("٣", "\uff11\uff12", "1\u066b5", "1.٣", "²", "\u22125", "1\x00"),
            *(Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), Decimal("1E+9"), Decimal("1E-7")),
        ],
    )
    def test_refuses_what_is_not_plain_digits(self, text):
        with pytest.raises(MalformedAmountError):
            to_minor(text, "USD")

    @pytest.mark.parametrize(
        ("text", "currency"),
        [
            *(("10.001", "AUD"), ("10.5", "JPY"), ("10.0", "JPY"), ("1.2345", "KWD"), ("1.000", "USD")),
            *((Decimal("0.001"), "EUR"), ("0." + "0" * 100_000, "USD")),
        ],
    )
    def test_refuses_more_decimals_than_the_currency_has(self, text, currency):
        with pytest.raises(TooManyDecimalsError):
            to_minor(text, currency)

    @pytest.mark.parametrize(
        ("text", "currency"),
        [
            *(("90071992547409.92", "USD"), ("-90071992547409.92", "USD"), ("9007199254740992", "JPY")),
            *(("10000000000000000", "JPY"), ("1" * 100_000, "USD")),
        ],
    )
    def test_refuses_more_than_the_largest_amount(self, text, currency):
        with pytest.raises(AmountOutOfRangeError):
            to_minor(text, currency)

    @pytest.mark.parametrize("currency", ["aud", "XXX", "BTC", ""])
    def test_refuses_currencies_it_does_not_know(self, currency):
        with pytest.raises(UnknownCurrencyError):
            to_minor("1", currency)

    def test_tells_its_refusals_apart_by_code(self):
        kinds = (AmountError, UnknownCurrencyError, MalformedAmountError, TooManyDecimalsError, AmountOutOfRangeError)
        assert len({kind.code for kind in kinds}) == len(kinds)
        assert all(issubclass(kind, ValueError) for kind in kinds)

    @given(text=st.text(max_size=12) | st.text("0123456789.-+eE_ ,٣", max_size=12), currency=currencies)
    def test_reads_any_text_exactly_or_not_at_all(self, text, currency):
        try:
            minor = to_minor(text, currency)
        except AmountError:
            return
        assert Decimal(minor) == Decimal(text).scaleb(DECIMALS[currency])


class TestFormatAmount:
    @pytest.mark.parametrize(
        ("amount", "currency", "expected"),
        [
            *((123_450, "USD", "1234.50"), (5, "USD", "0.05"), (-5, "USD", "-0.05"), (0, "EUR", "0.00")),
            *((120, "JPY", "120"), (-120, "JPY", "-120"), (1_234, "KWD", "1.234"), (-1_000, "KWD", "-1.000")),
        ],
    )
    def test_writes_all_decimals_of_the_currency(self, amount, currency, expected):
        assert format_amount(amount, currency) == expected

    def test_refuses_currencies_it_does_not_know(self):
        with pytest.raises(UnknownCurrencyError, match="unsupported currency 'usd'"):
            format_amount(1, "usd")

    @given(amount=amounts, currency=currencies)
    def test_is_read_back_as_the_same_amount(self, amount, currency):
        assert to_minor(format_amount(amount, currency), currency) == amount
