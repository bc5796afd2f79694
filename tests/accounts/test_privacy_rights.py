"""Consents, erasures, copies, requests and breaches as accounts keeps them, on every engine."""

from datetime import timedelta

import pytest
from accounts_builder import person

from holdfast.accounts.privacy_api import (
    CONSENT_VERSION,
    AskedBy,
    BreachOutOfOrder,
    CaseDecided,
    CaseKind,
    CaseOpen,
    CaseState,
    ConsentHow,
    ConsentPurpose,
    ConsentTextOutdated,
    ErasureBegun,
    ErasureState,
    ErasureUnderWay,
    ExportState,
    NewCase,
)
from holdfast.kit.errors import NotFound
from holdfast.kit.privacy import Kind

EMAIL, DIET = ConsentPurpose.MARKETING_EMAIL, ConsentPurpose.DIETARY_NOTES
WEEK_S = 7 * 86_400


@pytest.fixture
async def who(accounts):
    return await accounts.register(**person())


@pytest.fixture
def privacy(accounts):
    return accounts.privacy


async def agree(privacy, who, purpose=EMAIL, *, granted=True, version=CONSENT_VERSION):
    return await privacy.consents.set(account_id=who.id, purpose=purpose, granted=granted, text_version=version)


class TestAConsent:
    async def test_is_not_given_by_anybody_who_says_nothing(self, privacy, who):
        said = await privacy.consents.of(account_id=who.id)
        assert {each.purpose for each in said} == set(ConsentPurpose)
        assert not [each for each in said if each.granted]
        assert not await privacy.consents.may_market(account_id=who.id, purpose=EMAIL)

    async def test_holds_until_it_is_withdrawn_and_both_are_remembered(self, privacy, who):
        await agree(privacy, who)
        assert await privacy.consents.may_market(account_id=who.id, purpose=EMAIL)
        await agree(privacy, who, granted=False)
        assert not await privacy.consents.may_market(account_id=who.id, purpose=EMAIL)
        history = await privacy.consents.history(account_id=who.id)
        assert [each.granted for each in history] == [True, False]
        assert {each.text_version for each in history} == {CONSENT_VERSION}

    async def test_to_another_text_than_the_one_of_now_is_refused_with_that_one(self, privacy, who):
        with pytest.raises(ConsentTextOutdated) as refused:
            await agree(privacy, who, version="2019-01")
        assert refused.value.extra["text_version"] == CONSENT_VERSION

    async def test_can_be_withdrawn_whatever_its_text_was(self, privacy, who):
        said = await agree(privacy, who, DIET, granted=False, version="2019-01")
        assert not said.granted

    async def test_to_one_channel_is_none_to_another(self, privacy, who):
        await agree(privacy, who)
        assert not await privacy.consents.may_market(account_id=who.id, purpose=ConsentPurpose.MARKETING_SMS)

    async def test_counts_nothing_while_use_is_restricted(self, privacy, who):
        await agree(privacy, who)
        assert await privacy.consents.restrict(account_id=who.id, restricted=True)
        assert not await privacy.consents.may_market(account_id=who.id, purpose=EMAIL)
        assert who.id in await privacy.consents.restricted()
        assert not await privacy.consents.restrict(account_id=who.id, restricted=False)
        assert await privacy.consents.may_market(account_id=who.id, purpose=EMAIL)

    async def test_of_nobody_is_not_kept(self, privacy):
        with pytest.raises(NotFound):
            await privacy.consents.set(account_id=2**40, purpose=EMAIL, granted=True, text_version=CONSENT_VERSION)


class TestTheLinkThatStopsOffers:
    async def test_works_without_logging_in_and_twice(self, privacy, who):
        await agree(privacy, who)
        token = await privacy.consents.unsubscribe_token(account_id=who.id, purpose=EMAIL)
        assert await privacy.consents.unsubscribe(token=token) is EMAIL
        assert await privacy.consents.unsubscribe(token=token) is EMAIL
        assert not await privacy.consents.may_market(account_id=who.id, purpose=EMAIL)
        assert (await privacy.consents.history(account_id=who.id))[-1].how is ConsentHow.UNSUBSCRIBE
        assert (await privacy.consents.source(account_id=who.id)).suppressed

    async def test_can_be_outdone_only_by_agreeing_again(self, privacy, who):
        await agree(privacy, who)
        await privacy.consents.unsubscribe(
            token=await privacy.consents.unsubscribe_token(account_id=who.id, purpose=EMAIL)
        )
        await agree(privacy, who)
        assert await privacy.consents.may_market(account_id=who.id, purpose=EMAIL)

    async def test_is_refused_when_a_single_character_is_changed(self, privacy, who):
        token = await privacy.consents.unsubscribe_token(account_id=who.id, purpose=EMAIL)
        for at in range(0, len(token), 7):
            forged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
            with pytest.raises(NotFound):
                await privacy.consents.unsubscribe(token=forged)

    @pytest.mark.parametrize("token", ["", "é", "AAAA", "A" * 399, "=" * 20])
    async def test_is_refused_when_it_is_made_up(self, privacy, token):
        with pytest.raises(NotFound):
            await privacy.consents.unsubscribe(token=token)

    async def test_keeps_no_address(self, privacy, who):
        token = await privacy.consents.unsubscribe_token(account_id=who.id, purpose=EMAIL)
        assert who.email not in token


class TestAnErasure:
    async def test_waits_for_its_time_and_can_be_canceled_until_then(self, privacy, who):
        planned = await privacy.erasures.ask(account_id=who.id, cool_off_s=WEEK_S)
        assert planned.state is ErasureState.WAITING
        assert planned.due_at - planned.asked_at == timedelta(days=7)
        assert planned.id not in {each.id for each in await privacy.erasures.due()}
        assert (await privacy.erasures.cancel(account_id=who.id)).state is ErasureState.CANCELED
        assert await privacy.erasures.of(account_id=who.id) is None

    async def test_is_planned_once(self, privacy, who):
        await privacy.erasures.ask(account_id=who.id, cool_off_s=WEEK_S)
        with pytest.raises(ErasureUnderWay):
            await privacy.erasures.ask(account_id=who.id, cool_off_s=0)
        await privacy.erasures.cancel(account_id=who.id)

    async def test_is_due_once_its_time_has_come(self, privacy, who, clock):
        planned = await privacy.erasures.ask(account_id=who.id, cool_off_s=WEEK_S)
        clock.advance(timedelta(days=7))
        assert planned.id in {each.id for each in await privacy.erasures.due()}
        await privacy.erasures.cancel(account_id=who.id)

    async def test_cannot_be_canceled_once_it_has_begun(self, privacy, who):
        planned = await privacy.erasures.ask(account_id=who.id, cool_off_s=0)
        assert await privacy.erasures.begin(erasure_id=planned.id)
        with pytest.raises(ErasureBegun):
            await privacy.erasures.cancel(account_id=who.id)
        assert planned.id in {each.id for each in await privacy.erasures.due()}

    async def test_does_not_begin_once_it_is_canceled(self, privacy, who):
        planned = await privacy.erasures.ask(account_id=who.id, cool_off_s=0)
        await privacy.erasures.cancel(account_id=who.id)
        assert not await privacy.erasures.begin(erasure_id=planned.id)

    async def test_remembers_what_is_done_and_by_whom_it_was_asked(self, privacy, who):
        planned = await privacy.erasures.ask(account_id=who.id, cool_off_s=0, asked_by=AskedBy.OPERATOR)
        await privacy.erasures.begin(erasure_id=planned.id)
        for _ in range(2):
            await privacy.erasures.step_done(erasure_id=planned.id, module="booking", rows=3)
        done = await privacy.erasures.finish(erasure_id=planned.id, remains="")
        assert (done.state, done.asked_by, done.steps, done.remains) == (
            ErasureState.DONE,
            AskedBy.OPERATOR,
            {"booking": 3},
            None,
        )
        assert (await privacy.erasures.finish(erasure_id=planned.id, remains="x")).ended_at == done.ended_at

    async def test_can_be_hurried(self, privacy, who):
        planned = await privacy.erasures.ask(account_id=who.id, cool_off_s=WEEK_S)
        await privacy.erasures.hurry(account_id=who.id)
        assert planned.id in {each.id for each in await privacy.erasures.due()}
        await privacy.erasures.cancel(account_id=who.id)

    async def test_of_nobody_is_refused(self, privacy, who):
        with pytest.raises(NotFound):
            await privacy.erasures.ask(account_id=2**40, cool_off_s=0)
        with pytest.raises(NotFound):
            await privacy.erasures.cancel(account_id=who.id)


class TestACopy:
    async def test_is_ordered_once_while_it_is_being_made(self, privacy, who):
        first = await privacy.exports.ask(account_id=who.id)
        assert (await privacy.exports.ask(account_id=who.id)).id == first.id
        assert first.id in {each.id for each in await privacy.exports.waiting(limit=100)}

    async def test_can_be_fetched_by_its_owner_alone_for_a_day(self, accounts, privacy, who, clock):
        other = await accounts.register(**person())
        asked = await privacy.exports.ask(account_id=who.id)
        content = bytes(range(256)) * 1_000
        with pytest.raises(NotFound):
            await privacy.exports.content(account_id=who.id, export_id=asked.id)
        assert await privacy.exports.store(export_id=asked.id, content=content)
        assert await privacy.exports.content(account_id=who.id, export_id=asked.id) == content
        with pytest.raises(NotFound):
            await privacy.exports.content(account_id=other.id, export_id=asked.id)
        with pytest.raises(NotFound):
            await privacy.exports.find(account_id=other.id, export_id=asked.id)
        clock.advance(timedelta(hours=24))
        with pytest.raises(NotFound):
            await privacy.exports.content(account_id=who.id, export_id=asked.id)
        assert await privacy.exports.expire() >= 1
        assert (await privacy.exports.find(account_id=who.id, export_id=asked.id)).state is ExportState.EXPIRED

    async def test_is_stored_once_by_whoever_is_first(self, privacy, who):
        asked = await privacy.exports.ask(account_id=who.id)
        assert await privacy.exports.store(export_id=asked.id, content=b"first")
        assert not await privacy.exports.store(export_id=asked.id, content=b"second")
        assert await privacy.exports.content(account_id=who.id, export_id=asked.id) == b"first"


class TestARequest:
    async def test_is_answered_within_thirty_days_and_once(self, privacy, who):
        asked = await privacy.cases.open(
            NewCase(kind=CaseKind.CORRECTION, about="booking HF-1", says="We were two.", account_id=who.id)
        )
        assert asked.answer_by - asked.opened_at == timedelta(days=30)
        assert asked.id in {each.id for each in await privacy.cases.waiting(kind=CaseKind.CORRECTION)}
        done = await privacy.cases.decide(case_id=asked.id, accepted=True, answer="Done.", decided_by=None)
        assert (done.state, done.answer) == (CaseState.ACCEPTED, "Done.")
        with pytest.raises(CaseDecided):
            await privacy.cases.decide(case_id=asked.id, accepted=False, answer="No.", decided_by=None)

    async def test_that_was_refused_takes_a_statement_of_its_person_alone(self, accounts, privacy, who):
        other = await accounts.register(**person())
        asked = await privacy.cases.open(
            NewCase(kind=CaseKind.CORRECTION, about="visit", says="I did come.", account_id=who.id)
        )
        with pytest.raises(CaseOpen):
            await privacy.cases.attach(account_id=who.id, case_id=asked.id, statement="Really.")
        await privacy.cases.decide(case_id=asked.id, accepted=False, answer="The room says no.", decided_by=None)
        with pytest.raises(NotFound):
            await privacy.cases.attach(account_id=other.id, case_id=asked.id, statement="Me too.")
        attached = await privacy.cases.attach(account_id=who.id, case_id=asked.id, statement="Really.")
        assert attached.statement == "Really."
        assert [each.statement for each in await privacy.cases.of(account_id=who.id)] == ["Really."]

    async def test_of_nobody_is_kept_with_its_contact(self, privacy):
        asked = await privacy.cases.open(
            NewCase(kind=CaseKind.COMPLAINT, about="mail", says="Too much.", contact="me@example.com")
        )
        assert (asked.account_id, asked.contact) == (None, "me@example.com")


class TestABreach:
    async def test_is_assessed_within_thirty_days_then_told(self, accounts, privacy, who):
        other = await accounts.register(**person())
        opened = await privacy.breaches.open(title="A laptop", what="It was stolen.", kinds=[Kind.CONTACT, Kind.NAME])
        assert opened.assess_by - opened.opened_at == timedelta(days=30)
        people = {who.id: [Kind.NAME], other.id: [Kind.CONTACT, Kind.NAME]}
        assert await privacy.breaches.add_people(breach_id=opened.id, people=people) == 2
        assert await privacy.breaches.add_people(breach_id=opened.id, people=people) == 0
        with pytest.raises(BreachOutOfOrder):
            await privacy.breaches.notify(breach_id=opened.id)
        await privacy.breaches.assess(breach_id=opened.id, serious=True, reasons="It was not encrypted.")
        with pytest.raises(BreachOutOfOrder):
            await privacy.breaches.assess(breach_id=opened.id, serious=False, reasons="It was.")
        told = await privacy.breaches.notify(breach_id=opened.id)
        assert (told.people, told.serious) == (2, True)
        found = await privacy.breaches.people(breach_id=opened.id)
        assert {each.account_id: set(each.kinds) for each in found} == {
            who.id: {Kind.NAME},
            other.id: {Kind.CONTACT, Kind.NAME},
        }
        assert {each.email for each in found} == {who.email, other.email}

    async def test_that_is_not_serious_is_told_to_nobody(self, privacy):
        opened = await privacy.breaches.open(title="A mail", what="To a colleague.", kinds=[Kind.NAME])
        await privacy.breaches.assess(breach_id=opened.id, serious=False, reasons="It was deleted unread.")
        with pytest.raises(BreachOutOfOrder):
            await privacy.breaches.notify(breach_id=opened.id)

    async def test_that_is_not_there_is_not_found(self, privacy):
        with pytest.raises(NotFound):
            await privacy.breaches.people(breach_id="brc_none")


class TestAPolicy:
    async def test_is_in_effect_from_when_it_was_first_seen(self, privacy, clock):
        first = await privacy.policies.take_effect(version="1.a", document={"says": "one"})
        assert (await privacy.policies.take_effect(version="1.a", document={"says": "one"})).since == first.since
        clock.advance(timedelta(days=1))
        second = await privacy.policies.take_effect(version="2.b", document={"says": "two"})
        assert second.since > first.since
        assert (await privacy.policies.at(moment=first.since)).version == "1.a"
        assert (await privacy.policies.at(moment=second.since)).document == {"says": "two"}
        assert await privacy.policies.at(moment=first.since - timedelta(days=1)) is None
        assert (await privacy.policies.find(version="1.a")).document == {"says": "one"}
        with pytest.raises(NotFound):
            await privacy.policies.find(version="3.c")
