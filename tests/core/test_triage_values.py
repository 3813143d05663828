"""Values and templates: what a text that cannot be read looks like, what was converted, what a template asked for."""

import pytest

from tests.core.test_triage_ranks import event, first_case
from worker.event import Event, Frame, Thrown
from worker.triage.mixed import suggest_split
from worker.triage.same_bug import ELSEWHERE
from worker.triage.signature import sign
from worker.triage.wording import identifiers

# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("could not convert string to float: '4,5'", "value:number"),
        ("could not convert string to float: ''", "value:text"),
        ("could not convert string to float: 'n/a'", "value:text"),
        ("invalid literal for int() with base 10: 'err7'", "value:text"),
        ('invalid value for Float(): "--"', "value:text"),
        ('For input string: "none"', "value:text"),
        ('strconv.Atoi: parsing "abc": invalid syntax', "value:text"),
        ("could not convert string to float: '17x'", None),
        ("could not convert string to float: '17'", None),
        ("there is no room 'abc'", None),
        ("Cannot convert ['3399', '3289'] to Excel", "value:list"),
        ("Cannot convert [] to Excel", "value:list"),
        ("Cannot convert {'a': 1} to Excel", "value:dict"),
        ("Cannot convert UUID('e3895364-6d0d-c731-dfbd-97cf37aff09a') to Excel", "value:uuid"),
        ("cannot convert datetime.Date(2020, 1, 1) to a number", "value:date"),
        ("Cannot convert to Excel", None),
        ("Cannot convert User(name) to a guest", None),
    ],
)
def test_what_a_value_is_of(said, kind):
    found = {name for name in identifiers(said, "python") if name.startswith("value:")}
    assert found == ({kind} if kind else set())


@pytest.mark.parametrize(
    "said", ["can't adapt type 'Money'", "Error binding parameter 3: type 'Money' is not supported"]
)
def test_a_type_that_a_driver_does_not_know_is_told(said):
    assert "code:type money" in identifiers(said, "python")


def test_the_lists_and_the_ids_in_one_sheet_are_two_bugs():
    def sheet(value):
        return sign(
            event(f"Cannot convert {value} to Excel", ("exports.fill", 9, "sheet.append(row)"), kind="ValueError")
        )

    split = suggest_split([sheet("['1']"), sheet("UUID('0a')"), sheet("['2', '3']"), sheet("UUID('0b')")])
    assert split is not None
    assert [cluster.events for cluster in split.clusters] == [(0, 2), (1, 3)]


# ---------------------------------------------------------------- templates and groups


@pytest.mark.parametrize(
    "line",
    [
        "return template.format_map(values)",
        "return self.template.format(**values)",
        "Template(text).substitute(values)",
        "text % (values)",
    ],
)
def test_a_key_that_a_template_asked_for_is_a_name(line):
    told = sign(event("'phone'", ("letters.fill", 9, line), kind="KeyError"))
    assert told.identifiers == {"name:phone"}


@pytest.mark.parametrize(
    "line", ["return RANGES[analyte]", "rest = total % size", "form[format]", "log('{}'.format(rates[customer.id]))"]
)
def test_a_key_that_nothing_asked_for_by_name_is_a_value(line):
    assert sign(event("'phone'", ("letters.fill", 9, line), kind="KeyError")).identifiers == frozenset()


@pytest.mark.parametrize("said", ["unhandled errors in a TaskGroup (1 sub-exception)", "Exceptions from Trio nursery"])
def test_a_group_of_errors_says_nothing_itself(said):
    frames = (Frame("one", "db.result", filename="db/result.py", in_app=True, context_line="raise NoRow()"),)
    inner, outer = Thrown("NoRow", "no row was found", frames=frames), Thrown("ExceptionGroup", said, frames=frames)
    alone, grouped = (Event("e", platform="python", exceptions=chain) for chain in ((inner,), (inner, outer)))
    assert sign(grouped).said == sign(alone).said == "no row was found"
    assert sign(grouped).identifiers == frozenset()


def test_a_group_that_is_all_there_is_keeps_its_words():
    told = sign(Event("e", platform="python", exceptions=(Thrown("ExceptionGroup", "two carts failed"),)))
    assert told.said == "two carts failed"


# ---------------------------------------------------------------- owners


def read_in(line, said, kind="AttributeError", platform="python"):
    return sign(event(said, ("shop.labels.text", 9, line), kind=kind, platform=platform)).identifiers


@pytest.mark.parametrize(
    ("line", "said", "platform", "owner"),
    [
        ("return self.buyer.initials", "'NoneType' object has no attribute 'initials'", "python", "owner:buyer"),
        ("return self.buyer.initials.lower()", "'str' object has no attribute 'initials'", "python", "owner:buyer"),
        ("band.rate_of(row)", "undefined method `rate_of' for nil:NilClass", "ruby", "owner:band"),
        ("band&.row.rate_of(1)", "undefined method 'rate_of' for nil", "ruby", "owner:row"),
        ("return $order->buyer->email;", 'Attempt to read property "email" on null', "php", "owner:buyer"),
        ("return $a->dueAt->modify('x');", "Call to a member function modify() on null", "php", "owner:dueat"),
        ("a.initials + b.initials", "'NoneType' object has no attribute 'initials'", "python", None),
        ("return text(initials)", "'NoneType' object has no attribute 'initials'", "python", None),
        ("row.get('x')", "'NoneType' object has no attribute 'get'", "python", None),
    ],
)
def test_a_line_that_reads_it_once_tells_what_it_was_read_from(line, said, platform, owner):
    found = {name for name in read_in(line, said, platform=platform) if name.startswith("owner:")}
    assert found == ({owner} if owner else set())


@pytest.mark.parametrize(
    ("line", "owner"),
    [
        ('serial = payload.fetch("valve").fetch("serial")', "owner:valve"),
        ("serial = payload['valve']['serial']", "owner:valve"),
        ('serial = payload.get("valve", {})["serial"]', "owner:valve"),
        ("serial = payload[:valve].fetch(:serial)", "owner:valve"),
        ("serial = payload['serial']", None),
        ("a['x']['serial'] + b['y']['serial']", None),
    ],
)
def test_a_key_below_a_key_is_told_by_it(line, owner):
    found = {name for name in read_in(line, "'serial'", kind="KeyError") if name.startswith("owner:")}
    assert found == ({owner} if owner else set())


def test_two_owners_of_one_release_are_two_bugs_and_of_two_releases_one_that_was_renamed():
    def label(owner, release):
        way = (f"models.{owner}_name", 4, f"return self.{owner}.initials"), ("labels.text", 9, "parts.append(name)")
        return event("'NoneType' object has no attribute 'initials'", *way, kind="AttributeError", release=release)

    assert first_case(label("buyer", "api@1"), label("seller", "api@1")).forbids is not None
    assert first_case(label("buyer", "api@1"), label("customer", "api@2")).forbids is None


def test_what_every_value_of_a_language_has_is_not_one_thing_that_is_missing():
    def card(name):
        line = f'return alarm.{name}.split(":")[1].trim()'
        way = (f"core.alarms.{name}", 4, line), ("core.socket.show", 9, "note(card.source + card.zone)")
        said = "Cannot read properties of undefined (reading 'trim')"
        return event(said, *way, kind="TypeError", platform="javascript")

    assert first_case(card("source"), card("zone")).forbids == ELSEWHERE
