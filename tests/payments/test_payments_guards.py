"""What the database itself refuses, whatever the code above it believes, and what the recount finds all the same."""

from itertools import permutations

import pytest
from money_house import AMOUNT, opened, with_tables
from scripted_provider import CHALLENGE, DECLINED
from sqlalchemy import delete, update

from holdfast.kit.db.errors import (
    CheckViolation,
    ForeignKeyViolation,
    GuardViolation,
    NotNullViolation,
    UniqueViolation,
)
from holdfast.kit.db.statements import adding, statement
from holdfast.payments import models
from holdfast.payments.api import CaseKind, CaseState, PaymentDenied, PaymentState, RefundState
from holdfast.payments.rules import CASE_MOVES, MOVES, REFUND_MOVES
from holdfast.payments.service.recount import recount


class _TakenBack(Exception):
    """The write was allowed; it is undone, so that the next example finds what it expects."""


async def attempt(house, call):
    """Run a write and undo it; returns without an error only if the database would have allowed it."""

    async def work(tx):
        await tx.run(call)
        raise _TakenBack

    with pytest.raises(_TakenBack):
        await house.db.write(work)


def changed(table, row, **values):
    """An UPDATE of one row."""
    key = next(iter(table.primary_key.columns))
    return statement(update(table).where(key == getattr(row, key.name)).values(values))()


def copied(table, row, **values):
    """An INSERT of a row like another."""
    names = [name for name in row._fields if not (table is models.transfer and name == "seq")]
    return adding(table, *names)(**{**{name: getattr(row, name) for name in names}, **values})


class Kept:
    """One payment in every state, with refunds, transfers and a case."""


@pytest.fixture(scope="module")
async def kept(url):
    await with_tables(url)
    async with opened(url) as house:
        found = Kept()
        found.house = house
        ids = {
            PaymentState.AUTHORISED: (await house.pay()).id,
            PaymentState.REQUIRES_ACTION: (await house.pay(token=CHALLENGE)).id,
            PaymentState.CAPTURED: (await house.paid()).id,
            PaymentState.VOIDED: (await house.payments.void(payment_id=(await house.pay()).id)).id,
        }
        with pytest.raises(PaymentDenied) as refusal:
            await house.pay(token=DECLINED)
        ids[PaymentState.DENIED] = refusal.value.extra["payment_id"]
        found.payments = {state: await house.row(models.payment, id=each) for state, each in ids.items()}
        captured = await house.payments.get(payment_id=ids[PaymentState.CAPTURED])
        await house.refund(captured, 100, key="r-1")
        found.payments[PaymentState.CAPTURED] = await house.row(models.payment, id=captured.id)
        found.refund = await house.row(models.refund, key="r-1")
        found.transfer = (await house.rows(models.transfer))[0]
        await house.payments.open_case(kind=CaseKind.PAID_TWICE, payment_id=captured.id, reference=None, detail="twice")
        found.case = await house.row(models.case_, payment_id=captured.id)
        yield found


class TestAPaymentsState:
    @pytest.mark.parametrize(
        ("old", "new"), [pair for pair in permutations(PaymentState, 2) if pair[0] is not PaymentState.STARTING]
    )
    async def test_moves_as_the_rules_say_and_no_other_way(self, kept, old, new):
        row = kept.payments[old]
        values = {
            "state": new,
            "captured_minor": AMOUNT if new is PaymentState.CAPTURED else 0,
            "refunded_minor": 0,
            "denial": "x" if new is PaymentState.DENIED else None,
            "open_hold": None if new in {PaymentState.DENIED, PaymentState.VOIDED} else row.hold_id,
        }
        if new in MOVES[old]:
            await attempt(kept.house, changed(models.payment, row, **values))
        else:
            with pytest.raises(GuardViolation):
                await attempt(kept.house, changed(models.payment, row, **values))

    @pytest.mark.parametrize(
        ("state", "values"),
        [
            (PaymentState.CAPTURED, {"refunded_minor": AMOUNT + 1}),
            (PaymentState.CAPTURED, {"refunded_minor": -1}),
            (PaymentState.CAPTURED, {"captured_minor": AMOUNT + 1}),
            (PaymentState.CAPTURED, {"captured_minor": 0, "refunded_minor": 0}),
            (PaymentState.AUTHORISED, {"captured_minor": 1}),
            (PaymentState.AUTHORISED, {"refunded_minor": 1}),
            (PaymentState.AUTHORISED, {"amount_minor": 0}),
            (PaymentState.AUTHORISED, {"open_hold": None}),
            (PaymentState.AUTHORISED, {"open_hold": "another"}),
            (PaymentState.AUTHORISED, {"denial": "why"}),
            (PaymentState.AUTHORISED, {"state": "paid"}),
            (PaymentState.AUTHORISED, {"method": "cash"}),
            (PaymentState.AUTHORISED, {"disputed_minor": 1}),
            (PaymentState.DENIED, {"denial": None}),
            (PaymentState.CAPTURED, {"dispute": "open", "disputed_minor": AMOUNT + 1}),
        ],
    )
    async def test_keeps_its_bounds(self, kept, state, values):
        with pytest.raises((CheckViolation, GuardViolation)):
            await attempt(kept.house, changed(models.payment, kept.payments[state], **values))

    async def test_stands_alone_for_its_hold(self, kept):
        row = kept.payments[PaymentState.AUTHORISED]
        fresh = {"id": "pay_2", "key": "k2", "provider_ref": None, "attempt": 2}
        with pytest.raises(UniqueViolation):
            await attempt(kept.house, copied(models.payment, row, **fresh))
        await attempt(kept.house, copied(models.payment, row, **fresh, hold_id="h2", open_hold="h2"))
        for clash in ({"key": row.key}, {"provider_ref": row.provider_ref}, {"hold_id": row.hold_id, "attempt": 1}):
            with pytest.raises((UniqueViolation, CheckViolation)):
                await attempt(
                    kept.house, copied(models.payment, row, **{**fresh, "hold_id": "h2", "open_hold": "h2"} | clash)
                )


class TestTheLedger:
    async def test_is_never_changed(self, kept):
        with pytest.raises(GuardViolation):
            await attempt(kept.house, changed(models.transfer, kept.transfer, amount_minor=1))
        gone = statement(delete(models.transfer).where(models.transfer.c.seq == kept.transfer.seq))
        with pytest.raises(GuardViolation):
            await attempt(kept.house, gone())

    @pytest.mark.parametrize(
        ("values", "refusal"),
        [
            ({}, UniqueViolation),
            ({"key": "x", "amount_minor": 0}, CheckViolation),
            ({"key": "x", "amount_minor": -1}, CheckViolation),
            ({"key": "x", "credit": "provider:scripted"}, CheckViolation),
            ({"key": "x", "kind": "gift"}, CheckViolation),
            ({"key": "x", "kind": "refund"}, CheckViolation),
            ({"key": "x", "payment_id": "pay_none"}, ForeignKeyViolation),
            ({"key": "x", "debit": None}, NotNullViolation),
            ({"key": "x", "currency": None}, NotNullViolation),
        ],
    )
    async def test_takes_only_transfers_that_are_whole(self, kept, values, refusal):
        with pytest.raises(refusal):
            await attempt(kept.house, copied(models.transfer, kept.transfer, **values))
        await attempt(kept.house, copied(models.transfer, kept.transfer, key="another"))


class TestARefundAndACase:
    @pytest.mark.parametrize("new", [RefundState.PENDING, RefundState.FAILED])
    async def test_move_as_the_rules_say(self, kept, new):
        call = changed(models.refund, kept.refund, state=new, completed_at=None)
        if new in REFUND_MOVES[RefundState.COMPLETED]:
            await attempt(kept.house, call)
        else:
            with pytest.raises(GuardViolation):
                await attempt(kept.house, call)

    async def test_are_one_of_a_kind(self, kept):
        with pytest.raises(UniqueViolation):
            await attempt(kept.house, copied(models.refund, kept.refund, id="re_2", provider_ref=None))
        with pytest.raises(ForeignKeyViolation):
            await attempt(kept.house, copied(models.refund, kept.refund, id="re_2", key="r-2", payment_id="pay_none"))
        with pytest.raises(UniqueViolation):
            await attempt(kept.house, copied(models.case_, kept.case, id="case_2"))
        with pytest.raises(CheckViolation):
            await attempt(kept.house, changed(models.case_, kept.case, state=CaseState.CLOSED))
        assert CaseState.CLOSED in CASE_MOVES[CaseState.OPEN]


async def found_after(house, call):
    """The rules that a recount finds broken after a write, which is then undone."""
    found = set()

    async def work(tx):
        await tx.run(call)
        found.update(each.rule for each in (await recount(tx)).breaches)
        raise _TakenBack

    with pytest.raises(_TakenBack):
        await house.db.write(work)
    return found


class TestTheRecount:
    async def test_finds_nothing_where_nothing_is_wrong(self, kept):
        report = await kept.house.payments.verify()
        assert (report.payments, report.refunds, report.transfers) == (5, 1, 6)
        assert report.breaches == ()

    @pytest.mark.parametrize(
        ("values", "rule"),
        [
            ({"refunded_minor": 101}, "refunded_sum"),
            ({"captured_minor": AMOUNT - 1}, "capture_posted"),
            ({"shares": [["owner:7", 1]]}, "sale_shares"),
            ({"sold": False}, "guest_account"),
            ({"currency": "EUR"}, "transfer_currency"),
            ({"dispute": "open", "disputed_minor": 5}, "dispute_posted"),
        ],
    )
    async def test_finds_a_payment_that_was_changed(self, kept, values, rule):
        row = kept.payments[PaymentState.CAPTURED]
        assert rule in await found_after(kept.house, changed(models.payment, row, **values))

    @pytest.mark.parametrize(
        ("values", "rule"),
        [
            ({"amount_minor": 99}, "refund_posted"),
            ({"state": RefundState.FAILED, "completed_at": None}, "refund_posted"),
            ({"currency": "EUR"}, "refund_currency"),
        ],
    )
    async def test_finds_a_refund_that_was_changed(self, kept, values, rule):
        assert rule in await found_after(kept.house, changed(models.refund, kept.refund, **values))

    @pytest.mark.parametrize(("place", "rule"), [(0, "capture_posted"), (1, "guest_account"), (5, "refund_posted")])
    async def test_finds_a_transfer_that_was_made_by_hand(self, kept, place, rule):
        row = (await kept.house.rows(models.transfer))[place]
        assert rule in await found_after(kept.house, copied(models.transfer, row, key="by hand"))
