"""Shares: whose the money is, exact to the cent, whatever lines and amounts come."""

from dataclasses import replace
from datetime import date, time

from hypothesis import given
from hypothesis import strategies as st

from holdfast.booking.api import QuotedStay
from holdfast.engine.price import Price, PriceLine
from holdfast.payments.api import Share
from holdfast.sagas import postings
from holdfast.verticals.cancellation import CancellationPolicy

KINDS = ("nights", "adjustment", "discount", "cleaning", "extra_guests", "pets", "service", "tax")


def stay(owner_id):
    return QuotedStay(
        property_id=1,
        property_name="Home",
        owner_id=owner_id,
        check_in=date(2030, 1, 1),
        check_out=date(2030, 1, 3),
        guests=2,
        zone="UTC",
        check_in_from=time(15),
        check_out_until=time(11),
        policy=CancellationPolicy(name="flexible", windows=()),
        total_minor=0,
    )


def line(kind, amount, item=0):
    return PriceLine(kind=kind, label=kind, amount_minor=amount, quantity=1, unit_minor=None, rule="r", item=item)


def price(*lines):
    return Price.of("EUR", lines)


ITEMS = [stay(7), stay(8)]
lines = st.builds(line, st.sampled_from(KINDS), st.integers(-5_000, 100_000), st.integers(0, 1))
shares = st.lists(
    st.builds(
        Share,
        account=st.sampled_from(["owner:7", "owner:8", "platform:fees", "tax"]),
        amount_minor=st.integers(1, 10**9),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda each: each.account,
)


class TestTheSharesOfAPrice:
    def test_go_to_owners_platform_and_tax_office_by_kind_of_line(self):
        found = postings.sale_of(
            price(
                line("nights", 200), line("discount", -40), line("cleaning", 30, 1), line("service", 11), line("tax", 9)
            ),
            ITEMS,
        )
        assert postings.to_json(found) == [["owner:7", 160], ["owner:8", 30], ["platform:fees", 11], ["tax", 9]]

    def test_of_what_a_policy_keeps_stay_whose_they_were(self):
        kept = [
            replace(line("cancellation_fee", amount), inputs={"of": of})
            for of, amount in {"nights": 500, "service": 70, "tax": 30}.items()
        ]
        found = postings.sale_of(price(*kept), ITEMS)
        assert postings.to_json(found) == [["owner:7", 500], ["platform:fees", 70], ["tax", 30]]

    @given(st.lists(lines, min_size=1, max_size=12))
    def test_add_up_to_its_total_and_none_is_negative(self, made):
        whole = price(*made)
        found = postings.sale_of(whole, ITEMS)
        assert all(each.amount_minor > 0 for each in found)
        assert postings.total(found) == max(0, whole.total_minor)

    @given(st.lists(lines, min_size=1, max_size=12))
    def test_survive_the_journal(self, made):
        found = postings.sale_of(price(*made), ITEMS)
        assert postings.from_json(postings.to_json(found)) == found


class TestSpreading:
    @given(st.integers(0, 10**12), shares)
    def test_is_exact_and_nobody_is_off_by_a_cent_or_more(self, amount, by):
        found = postings.spread(amount, by)
        assert postings.total(found) == amount
        whole = postings.total(by)
        got = {each.account: each.amount_minor for each in found}
        for each in by:
            # |got - amount * share / whole| < 1, in whole numbers
            assert abs(got.get(each.account, 0) * whole - amount * each.amount_minor) < whole

    @given(shares)
    def test_of_the_whole_is_the_whole(self, by):
        assert dict(postings.to_json(postings.spread(postings.total(by), by))) == dict(postings.to_json(by))


class TestWhatIsAbove:
    def test_is_account_by_account(self):
        new = (Share(account="owner:7", amount_minor=150), Share(account="tax", amount_minor=15))
        old = (Share(account="owner:7", amount_minor=100), Share(account="tax", amount_minor=15))
        assert postings.less(new, old) == (Share(account="owner:7", amount_minor=50),)

    def test_is_nothing_to_go_by_where_somebody_gets_less(self):
        new = (Share(account="owner:7", amount_minor=150),)
        old = (Share(account="owner:8", amount_minor=100),)
        assert postings.less(new, old) is None
