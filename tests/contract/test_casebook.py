"""Issues of one bug find each other when they are first seen, and what a person parted stays apart."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, update

from tests.bench import same_bug as made_up
from tests.fixtures.desk import Desk
from worker.errors import Permanent
from worker.event import Event
from worker.flow.cases.membership import merge_cases, split_off
from worker.flow.grouping.first_sight import assign, remember, sight
from worker.flow.grouping.second_look import EVERY, accept, not_noise, refuse
from worker.mapping.book import MappingBook
from worker.mapping.load import load_mapping
from worker.model import Issue, Project
from worker.sandbox.seed import PROJECTS
from worker.settings import SHIPPED_MAPPINGS
from worker.store.casebook import COMPARED, COUNTED, RESOLVED, Casebook
from worker.store.store import Store
from worker.store.suggestions import Suggested
from worker.store.tables_casebook import signatures
from worker.triage.casebook import KEPT_PER_CASE, KEYS_READ, POSTING_READ, SCORED
from worker.triage.casebook import Casebook as InMemory
from worker.triage.same_bug import SEVERAL, rank
from worker.triage.signature import Signature, sign, to_json
from worker.triage.weighing import prepare

WEB, API = PROJECTS
NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
SHIPPED = SHIPPED_MAPPINGS / "default.yaml"
TOTAL = ("cart.py", "total", "return sum(line.price * line.quantity for line in cart.lines)")
CHECKOUT = ("checkout.py", "review_order", "order.amount = cart.total(currency=visitor.currency)")
VIEWS = ("views.py", "post_checkout", "return checkout.review_order(request.cart, visitor)")
MAIL = ("mail.py", "send_receipt", "letter = templates.render('receipt', order=order)")
QUEUE = ("jobs.py", "after_payment", "mail.send_receipt(order, to=order.buyer)")


def thrown(kind: str, says: str, *frames: tuple[str, str, str]) -> dict[str, Any]:
    """The part of an event that tells bugs apart; frames from the newest on."""
    rows = [
        {"filename": f"shop/{file}", "function": name, "lineno": 4, "in_app": True, "context_line": line}
        for file, name, line in reversed(frames)
    ]
    return {"exception": {"values": [{"type": kind, "value": says, "stacktrace": {"frames": rows}}]}}


PRICE = thrown("AttributeError", "'NoneType' object has no attribute 'price'", TOTAL, CHECKOUT, VIEWS)
RECEIPT = thrown("KeyError", "'buyer'", MAIL, QUEUE)
ALL = ("batch.py", "price_all", "return [review_order(cart, None) for cart in carts]")
NIGHT = ("batch.py", "run", "price_all(open_carts(day))")
PRICE_AT_NIGHT = thrown("AttributeError", "'NoneType' object has no attribute 'price'", TOTAL, ALL, NIGHT)
"""Only a little like PRICE."""
LINK = thrown("AttributeError", "'NoneType' object has no attribute 'price'", TOTAL, CHECKOUT, ALL, NIGHT)
"""Surely both PRICE and PRICE_AT_NIGHT."""


def throw(desk: Desk, error: dict[str, Any], fingerprint: str, project=API, **more: Any) -> str:
    """Throw an error in an issue of its own, however like another it is."""
    return desk.throw(project=project, platform="python", fingerprint=[fingerprint], **error, **more)


def case_of(desk: Desk, issue_id: str) -> int:
    with desk.store.read() as tx:
        found = tx.cases.of_issue(issue_id)
    assert found is not None
    return found


def story(desk: Desk, case_id: int) -> list:
    with desk.store.read() as tx:
        return list(tx.history.of_case(case_id))


def waiting(desk: Desk) -> list:
    with desk.store.read() as tx:
        return list(tx.casebook.suggestions())


def settled(desk: Desk, *errors: tuple[dict[str, Any], str]) -> list[str]:
    """Throw and settle one after the other; the issues."""
    found = []
    for error, fingerprint in errors:
        found.append(throw(desk, error, fingerprint))
        desk.settle(found[-1])
    return found


def mapped(desk: Desk, folder: Path, words: str) -> MappingBook:
    file = folder / "groups.yaml"
    file.write_text(f"version: 1\n{words}\n")
    return desk.load(SHIPPED, file)


# ---------------------------------------------------------------- first sight


def test_two_issues_of_one_bug_have_one_case_and_one_ticket(desk):
    one, two = settled(desk, (PRICE, "a"), (PRICE, "b"))
    assert case_of(desk, one) == case_of(desk, two)
    assert len(desk.tickets()) == 1
    joined = next(entry for entry in story(desk, case_of(desk, two)) if entry.kind == "case.joined")
    assert joined.issue_id == two
    assert joined.actor == "bugferry"
    assert "the same source line" in joined.why
    assert ["shop.cart.total", "shop.cart.total"] in joined.detail["aligned"]
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.settle(one, two)
    assert {desk.issue(one)["status"], desk.issue(two)["status"]} == {"resolved"}


def test_another_bug_has_a_case_of_its_own(desk):
    one, two = settled(desk, (PRICE, "a"), (RECEIPT, "b"))
    assert case_of(desk, one) != case_of(desk, two)
    assert len(desk.tickets()) == 2
    assert waiting(desk) == []


def test_a_look_alike_that_names_something_else_is_only_suggested(desk):
    other = thrown("AttributeError", "'NoneType' object has no attribute 'currency'", TOTAL, CHECKOUT, VIEWS)
    one, two = settled(desk, (PRICE, "a"), (other, "b"))
    assert case_of(desk, one) != case_of(desk, two)
    (asked,) = waiting(desk)
    assert (asked.kind, asked.issue_id, asked.other_id, asked.state) == ("join", two, one, "open")
    assert (asked.case_id, asked.other_case_id) == (case_of(desk, two), case_of(desk, one))
    assert "the messages name different things in the code" in asked.why
    assert ["shop.cart.total", "shop.cart.total"] in asked.evidence["aligned"]
    assert "case.suggested" in {entry.kind for entry in story(desk, asked.case_id)}


def test_an_open_issue_that_joins_a_closed_ticket_is_a_regression(desk):
    one = settled(desk, (PRICE, "a"))[0]
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.settle(one)
    assert desk.issue(one)["status"] == "resolved"
    two = settled(desk, (PRICE, "b"))[0]
    assert case_of(desk, one) == case_of(desk, two)
    (ticket,) = desk.tickets()
    assert ticket["status"] not in {"Done", "closed"}
    assert desk.issue(two)["status"] == "unresolved"


def test_what_was_merged_away_is_joined_where_it_went(desk):
    one, two = settled(desk, (PRICE, "a"), (RECEIPT, "b"))
    merge_cases(desk.ctx, case_of(desk, one), case_of(desk, two), "checkout-lead")
    desk.settle()
    three = settled(desk, (PRICE, "c"))[0]
    assert case_of(desk, one) == case_of(desk, two) == case_of(desk, three)
    with desk.store.read() as tx:
        row = tx.cases.load(case_of(desk, three))
    assert row is not None
    assert row.merged_into is None


# ---------------------------------------------------------------- the mapping


def test_projects_of_one_group_share_a_case_and_others_do_not(desk, tmp_path):
    one = throw(desk, PRICE, "a", API)
    desk.settle(one)
    two = throw(desk, PRICE, "b", WEB)
    desk.settle(two)
    assert case_of(desk, one) != case_of(desk, two)
    mapped(desk, tmp_path, f"groups: {{shop: {{projects: [{API.slug}, {WEB.slug}]}}}}")
    three = throw(desk, RECEIPT, "c", API)
    desk.settle(three)
    four = throw(desk, RECEIPT, "d", WEB)
    desk.settle(four)
    assert case_of(desk, three) == case_of(desk, four)
    assert len(desk.tickets()) == 3


@pytest.mark.parametrize(("word", "asks"), [("suggest", True), ("off", False)])
def test_a_mapping_may_keep_the_machine_from_joining(desk, tmp_path, word, asks):
    mapped(desk, tmp_path, f"grouping: {{join: {word}}}")
    one, two = settled(desk, (PRICE, "a"), (PRICE, "b"))
    assert case_of(desk, one) != case_of(desk, two)
    assert bool(waiting(desk)) is asks


# ---------------------------------------------------------------- people


def test_what_a_person_split_is_neither_joined_nor_suggested_again(desk):
    one, two = settled(desk, (PRICE, "a"), (PRICE, "b"))
    split_off(desk.ctx, two, "checkout-lead")
    desk.settle()
    assert case_of(desk, one) != case_of(desk, two)
    again = thrown("AttributeError", "'NoneType' object has no attribute 'price'", TOTAL, CHECKOUT)
    throw(desk, again, "b")
    desk.clock.advance(days=2)
    desk.settle(two)
    assert case_of(desk, one) != case_of(desk, two)
    assert waiting(desk) == []
    with desk.store.read() as tx:
        (said,) = tx.feedback.of_issue(two)
    assert (said.kind, said.other_id, said.who) == ("split", one, "checkout-lead")


def test_a_suggestion_is_taken_once_and_then_both_are_one(desk, tmp_path):
    mapped(desk, tmp_path, "grouping: {join: suggest}")
    one, two = settled(desk, (PRICE, "a"), (PRICE, "b"))
    (asked,) = waiting(desk)
    accept(desk.ctx, asked.id, "checkout-lead")
    desk.settle()
    assert case_of(desk, one) == case_of(desk, two)
    assert waiting(desk) == []
    with pytest.raises(Permanent, match="was taken by checkout-lead"):
        refuse(desk.ctx, asked.id, "web-lead")


def test_a_refused_suggestion_is_not_made_again(desk, tmp_path):
    mapped(desk, tmp_path, "grouping: {join: suggest}")
    one, two = settled(desk, (PRICE, "a"), (PRICE, "b"))
    refuse(desk.ctx, waiting(desk)[0].id, "checkout-lead", "another shop")
    desk.load(SHIPPED)
    throw(desk, thrown("AttributeError", "'NoneType' object has no attribute 'price'", TOTAL, CHECKOUT), "b")
    desk.clock.advance(days=2)
    desk.settle(two)
    assert case_of(desk, one) != case_of(desk, two)
    assert waiting(desk) == []


def test_the_latest_word_of_a_person_on_a_pair_holds(desk):
    one, two = settled(desk, (PRICE, "a"), (RECEIPT, "b"))
    with desk.store.write() as tx:
        tx.feedback.add("split", two, [one], "checkout-lead", NOW)
        assert tx.feedback.parted(case_of(desk, one), (two,))
        assert tx.feedback.parted(case_of(desk, two), (one,))
        tx.feedback.add("merge", one, [two], "checkout-lead", NOW)
        assert not tx.feedback.parted(case_of(desk, one), (two,))


# ---------------------------------------------------------------- later evidence


@pytest.mark.parametrize("ticketed", [False, True])
def test_a_case_that_turns_out_to_be_another_joins_it_unless_both_have_tickets(desk, tmp_path, ticketed):
    """The second issue is surely the first one's bug only in its second event."""
    by_day, by_night = drawn_apart(desk, tmp_path, ticketed=ticketed)
    desk.clock.advance(seconds=EVERY.total_seconds() + 1)
    throw(desk, LINK, "b")
    desk.settle(by_night)
    assert (case_of(desk, by_day) == case_of(desk, by_night)) is not ticketed


@pytest.mark.parametrize("ticketed", [False, True])
def test_a_new_issue_that_is_surely_two_cases_makes_them_one_unless_both_have_tickets(desk, tmp_path, ticketed):
    by_day, by_night = drawn_apart(desk, tmp_path, ticketed=ticketed)
    (both,) = settled(desk, (LINK, "c"))
    assert case_of(desk, both) == case_of(desk, by_day)
    assert (case_of(desk, both) == case_of(desk, by_night)) is not ticketed
    assert bool([told for told in waiting(desk) if told.issue_id == both]) is ticketed


def test_a_look_that_is_unlike_its_own_case_draws_nothing_together(desk):
    """Its issue may hold two bugs."""
    one, two = settled(desk, (PRICE, "a"), (RECEIPT, "b"))
    desk.clock.advance(seconds=EVERY.total_seconds() + 1)
    throw(desk, PRICE, "b")
    desk.settle(two)
    assert case_of(desk, one) != case_of(desk, two)
    assert waiting(desk)


def drawn_apart(desk: Desk, tmp_path: Path, *, ticketed: bool) -> list[str]:
    """Two issues in a case each that are a little alike; the second case has a ticket only if `ticketed`."""
    rule = "ticket: {tracker: jira}" if ticketed else "skip: later"
    file = tmp_path / "rules.yaml"
    night = f"{{name: night, when: 'event.frames[0].function == \"run\" && size(event.frames) == 3', {rule}}}"
    rules = f"rules: [{night}, {{name: all, ticket: {{tracker: jira}}}}]"
    file.write_text(f"version: 1\ntrackers: {{jira: {{kind: jira, project: SHOP}}}}\n{rules}\n")
    desk.load(file)
    found = settled(desk, (PRICE, "a"), (PRICE_AT_NIGHT, "b"))
    assert case_of(desk, found[0]) != case_of(desk, found[1])
    return found


def test_an_unchanged_issue_with_a_ticket_costs_no_event_read(desk):
    one = settled(desk, (PRICE, "a"))[0]
    desk.clock.advance(days=3)
    desk.settle(one)
    desk.calls.clear()
    desk.settle(one)
    assert "latest_event" not in desk.calls


def test_the_cause_is_kept_and_taken_back_by_what_is_seen_later(desk):
    crawler = {"request": {"headers": [["User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1)"]]}}
    odd = thrown("KeyError", "'buyer'", MAIL)
    odd["exception"]["values"][0]["stacktrace"]["frames"][0]["in_app"] = False
    one = throw(desk, odd, "a", **crawler)
    desk.settle(one)
    with desk.store.read() as tx:
        first = tx.casebook.judged(one)
    throw(desk, RECEIPT, "a")
    desk.settle(one)
    with desk.store.read() as tx:
        then = tx.casebook.judged(one)
    assert (first.cause, then.cause) == ("noise", "code_bug")
    assert any("crawler" in reason for reason in first.cause_reasons)
    changed = next(entry for entry in story(desk, case_of(desk, one)) if entry.kind == "cause.judged")
    assert (changed.old, changed.new) == ("noise", "code_bug")


def test_what_a_person_called_no_noise_is_never_noise_again(desk):
    crawler = {"request": {"headers": [["User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1)"]]}}
    odd = thrown("KeyError", "'buyer'", MAIL)
    odd["exception"]["values"][0]["stacktrace"]["frames"][0]["in_app"] = False
    one = throw(desk, odd, "a", **crawler)
    desk.settle(one)
    not_noise(desk.ctx, one, "checkout-lead")
    throw(desk, odd, "a", **crawler, tags={"again": "yes"})
    desk.settle(one)
    with desk.store.read() as tx:
        assert tx.casebook.judged(one).cause == "unsure"


# ---------------------------------------------------------------- the store, on both databases


BOOK = load_mapping([SHIPPED])


def issue(number: int) -> Issue:
    return Issue(f"I-{number}", f"API-{number}", "boom", Project("1", API.slug), first_seen=NOW, last_seen=NOW, count=1)


def python(kind: str, says: str, number: int = 0) -> Event:
    """An event of the made-up program, always the same one for a number."""
    told = made_up.event(made_up.random.Random(number))
    (error,) = told.exceptions
    return replace(told, id=f"{kind}{says}{number}", exceptions=(replace(error, type=kind, value=says),))


def test_twins_that_arrive_together_find_each_other(store: Store):
    """Each worker has read its issue before either is known."""
    count, seen = 6, []
    ready = threading.Barrier(count)

    def arrive(number: int) -> None:
        mine = issue(number)
        found = sight(mine, replace(python("KeyError", "'buyer_name'"), id=f"event {number}"))
        ready.wait()
        with store.write() as tx:
            seen.append(assign(tx, BOOK, mine, found, NOW))

    workers = [threading.Thread(target=arrive, args=(number,)) for number in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(seen) == count
    assert len(set(seen)) == 1


def keep(store: Store, number: int, told: Event) -> int:
    with store.write() as tx:
        return assign(tx, BOOK, issue(number), sight(issue(number), told), NOW)


def test_a_signature_comes_back_as_it_was_kept(store: Store):
    told = python("KeyError", "'buyer'")
    keep(store, 1, told)
    with store.read() as tx:
        (look,) = tx.casebook.looks("I-1")
    assert look.signature == sign(told)
    assert look.events == 1


def test_events_of_one_look_are_counted_and_only_so_many_looks_are_kept(store: Store):
    keep(store, 1, python("KeyError", "'first'"))
    with store.write() as tx:
        for number in range(COUNTED + 5):
            tx.casebook.keep("I-1", API.slug, sign(python("KeyError", "'first'")), f"e{number}", NOW)
        assert [look.events for look in tx.casebook.looks("I-1")] == [COUNTED]
        for number in range(20):
            assert tx.casebook.keep("I-1", API.slug, sign(python("KeyError", "'first'", number + 1)), "e", NOW)
        looks = tx.casebook.looks("I-1")
    assert len(looks) == KEPT_PER_CASE
    assert looks[0].signature == sign(python("KeyError", "'first'"))
    assert looks[-1].signature == sign(python("KeyError", "'first'", 20))


def test_a_look_knows_its_first_and_its_last_release(store: Store):
    keep(store, 1, replace(python("KeyError", "'first'"), release="api@1"))
    with store.write() as tx:
        for number in range(COUNTED + 3):
            later = sign(replace(python("KeyError", "'first'"), release="api@2" if number < COUNTED + 2 else "api@3"))
            assert not tx.casebook.keep("I-1", API.slug, later, f"e{number}", NOW)
        (look,) = tx.casebook.looks("I-1")
        assert tx.casebook.knows("I-1", later, "another event")
        assert not tx.casebook.knows("I-1", replace(later, release="api@4"), "another event")
    assert [one.release for one in look.each()] == ["api@1", *["api@3"] * (COUNTED - 1)]


def test_a_look_of_an_older_version_is_read_anew_when_it_is_seen_again(store: Store):
    told = replace(python("*errors.errorString", "no rows"), platform="go")
    keep(store, 1, told)
    with store.write() as tx:
        older = to_json(replace(sign(told), release="api@0"))
        del older["wraps"], older["reading"]
        tx.connection.execute(update(signatures).values(signature=older))
        (kept,) = tx.casebook.looks("I-1")
        assert (kept.signature.wraps, kept.signature.reading) == ((), 0)
        assert not tx.casebook.knows("I-1", sign(told), kept_event := "e1")
        assert not tx.casebook.keep("I-1", API.slug, sign(told), kept_event, NOW)
        (kept,) = tx.casebook.looks("I-1")
        assert kept.signature == replace(sign(told), release="api@0")
        assert tx.casebook.knows("I-1", sign(told), kept_event)


def test_an_issue_whose_messages_carry_two_limits_over_two_releases_is_suggested_for_a_split(store: Store):
    keep(store, 1, replace(python("TimeoutError", "no answer after 5 s"), release="api@1"))
    for number, (limit, release) in enumerate([(20, 1), (5, 2), (20, 2), (5, 2), (20, 2)]):
        told = replace(python("TimeoutError", f"no answer after {limit} s"), release=f"api@{release}", id=f"n{number}")
        with store.write() as tx:
            assert tx.casebook.suggestions(kind="split") == ()
            remembered(tx, told)
    with store.read() as tx:
        (asked,) = tx.casebook.suggestions(kind="split")
    assert {cluster["told_by"] for cluster in asked.evidence["clusters"]} == {"5", "20"}


def test_an_issue_that_holds_two_bugs_is_suggested_for_a_split(store: Store):
    keep(store, 1, python("AttributeError", "'NoneType' object has no attribute 'price'"))
    for says in ("price", "currency", "currency"):
        told = python("AttributeError", f"'NoneType' object has no attribute '{says}'")
        with store.write() as tx:
            told = replace(told, id=f"{says}{len(tx.casebook.looks('I-1'))}{tx.casebook.looks('I-1')[-1].events}")
            remembered(tx, told)
    with store.read() as tx:
        (asked,) = tx.casebook.suggestions(kind="split")
    assert (asked.issue_id, asked.other_id) == ("I-1", "I-1")
    assert {cluster["told_by"] for cluster in asked.evidence["clusters"]} == {"price", "currency"}


def remembered(tx, told: Event) -> None:
    found = sight(issue(1), told)
    assert found is not None
    remember(tx, tx.cases.of_issue("I-1"), BOOK.group_of(API.slug), found, NOW)


def test_a_suggestion_is_made_once_and_settled_once(store: Store):
    keep(store, 1, python("KeyError", "'buyer'"))
    keep(store, 2, python("OSError", "disk full", 5))
    told = Suggested("join", "I-2", "I-1", 0.5, "likely", ("names",), {"aligned": [["a", "b"]]})
    with store.write() as tx:
        assert tx.casebook.suggest(told, NOW)
        assert not tx.casebook.suggest(told, NOW)
        (asked,) = tx.casebook.suggestions(case_id=tx.cases.of_issue("I-1"))
        assert (asked.score, asked.reasons, asked.evidence) == (0.5, ["names"], {"aligned": [["a", "b"]]})
        assert tx.casebook.settle(asked.id, "refused", "checkout-lead", NOW)
        assert not tx.casebook.settle(asked.id, "taken", "checkout-lead", NOW)
        assert tx.casebook.suggestions() == ()
        assert not tx.casebook.suggest(told, NOW)


def test_the_store_ranks_as_the_casebook_in_memory_that_is_measured(store: Store):
    """What `bugferry eval grouping` measures is what runs: the same cases with the same scores and reasons."""
    rng, memory = made_up.random.Random(3), InMemory()
    told = [sign(made_up.event(rng)) for _ in range(90)]
    with store.write() as tx:
        for number, signature in enumerate(told[:60]):
            case_id = tx.cases.open(issue(number), API.slug, NOW)
            tx.casebook.keep(f"I-{number}", API.slug, signature, "e", NOW)
            memory.keep(case_id, f"I-{number}", signature)
        for signature in told[50:]:
            found, new = tx.casebook.candidates(API.slug, signature), prepare(signature)
            assert rank(new, found.cases, found.rarity) == memory.rank(signature)


def test_a_bug_of_many_issues_makes_its_own_words_no_commoner(store: Store):
    """Of one frame and 60 other bugs: its twentieth issue joins as its second did, in the store as in memory."""
    rng, memory = made_up.random.Random(5), InMemory()
    whole = python("StockError", "refused")
    (error,) = whole.exceptions
    new = sign(replace(whole, exceptions=(replace(error, frames=error.frames[-1:]),)))
    with store.write() as tx:
        for number in range(100, 160):
            other = sign(made_up.event(rng))
            memory.keep(tx.cases.open(issue(number), API.slug, NOW), f"I-{number}", other)
            tx.casebook.keep(f"I-{number}", API.slug, other, "e", NOW)
        home = tx.cases.open(issue(0), API.slug, NOW)
        for number in range(30):
            if number:
                found = tx.casebook.candidates(API.slug, new)
                (match, *_) = rank(prepare(new), found.cases, found.rarity)
                assert (match.case, match.sure, match.forbids) == (home, memory.rank(new)[0].sure, None)
                home = tx.membership.admit(home, issue(number), NOW)
            tx.casebook.keep(f"I-{number}", API.slug, new, "e", NOW)
            memory.keep(home, f"I-{number}", new)


def test_what_an_issue_began_with_is_known_however_far_away_it_is(store: Store):
    """The first look shares no key with the new one, and is read because two later ones are."""
    first = python("KeyError", "'price_tag'", 7)
    later = python("AttributeError", "'NoneType' object has no attribute 'stock'", 3)
    again = replace(later, transaction="shop.other_way")
    keep(store, 1, first)
    with store.write() as tx:
        for told in (later, again):
            tx.casebook.keep("I-1", API.slug, sign(told), told.id, NOW)
        looks = tx.casebook.candidates(API.slug, sign(later)).cases
        match = rank(prepare(sign(later)), looks, tx.casebook.candidates(API.slug, sign(later)).rarity)[0]
    assert [look.prepared.signature.identifiers for look in next(iter(looks.values()))].count({"name:price_tag"}) == 1
    assert (match.forbids, match.sure) == (SEVERAL, 0)


def test_reading_is_bounded_however_much_is_alike(store: Store, engine: Engine):
    """Many issues under the same keys, more than a case keeps of them in one: what is read does not grow with them."""
    signature = sign(python("KeyError", "'buyer'"))
    with store.write() as tx:
        for number in range(POSTING_READ + 5):
            case_id = tx.cases.open(issue(number), API.slug, NOW)
            told = replace(signature, entry=f"entry {number}")
            tx.casebook.keep(f"I-{number}", API.slug, told, "e", NOW)
            if number % 8 == 1:
                tx.membership.merge(case_id, tx.cases.of_issue("I-0"), "test")
    counted: list[int] = []

    with engine.begin() as connection:
        event.listen(connection, "after_cursor_execute", lambda *_: counted.append(1))
        found = Casebook(connection).candidates(API.slug, signature)
        posted = connection.exec_driver_sql("SELECT newest FROM postings").all()
        first = len(counted) - 1
    assert first == 4
    assert len(found.cases) <= SCORED
    assert sum(len(known) for known in found.cases.values()) <= COMPARED
    assert max(len(known) for known in found.cases.values()) <= KEPT_PER_CASE
    assert max(len(_listed(row.newest)) for row in posted) == POSTING_READ
    assert RESOLVED <= KEYS_READ * POSTING_READ


def _listed(newest: object) -> list:
    return json.loads(newest) if isinstance(newest, str) else list(newest)  # type: ignore[call-overload]


def test_a_word_however_long_or_odd_is_kept(store: Store):
    told: Signature = sign(python("KeyError", "'" + "x" * 9000 + "'"))
    odd = replace(told, identifiers=frozenset({"field:" + "y" * 9000, "field:\u2603"}))
    keep(store, 1, python("KeyError", "'buyer'"))
    with store.write() as tx:
        assert tx.casebook.keep("I-1", API.slug, odd, "e", NOW)
        assert tx.casebook.candidates(API.slug, odd).cases
