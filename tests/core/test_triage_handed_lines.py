"""Whether a line works with nothing but what its function was given, and what that says of its callers."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.test_triage_ranks import compared
from worker.event import Event, Frame, Thrown
from worker.triage import evidence
from worker.triage.handed import is_handed
from worker.triage.owner import owner_of
from worker.triage.signature import from_json, sign, to_json
from worker.triage.wording import identifiers, meaning


def handed(platform, *lines, name="take"):
    return is_handed(Frame(name, in_app=True, pre_context=lines[:-1], context_line=lines[-1]), name, platform)


# ---------------------------------------------------------------- languages


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("def take(rows):", "    return rows[0]"), True),
        (("def take(rows):", "    return rows[key]"), False),
        (("def take(rows):", "    return PRICES[rows]"), False),
        (("def take(rows):", "    return self.rows[0]"), False),
        (("def take(rows):", "    return 1 / 0"), False),
        (("def take(rows): return rows[0]",), True),
        (("async def take(text: str, *, size=3) -> int:", "    return int(text, size)"), True),
        (("def take(", "    rows,", "    size,", "):", "    return rows[size]"), True),
        (("def take(rows=read(1), size=2):", "    return rows + size"), True),
        (("def take(rows=DEFAULT):", "    return DEFAULT[0]"), False),
        (("def take(row: Row):", "    return Row[0]"), False),
        (("def take(**more):", "    return ask(**more)"), True),
        (("def take(rows):", "    return [row.price for row in rows]"), True),
        (("def take(rows):", "    total = rows[0]"), True),
        (("def take(rows):", "    return rows == size"), False),
        (("def take(rows):", "    return ask(rows, size=3)"), True),
        (("def take(row):", "    return row['price'] * row[\"size\"]"), True),
        (("def take(row):", "    raise ValueError(f'no {row}')"), True),
        (("def take(row):", "    raise ValueError(f'no {size}')"), False),
        (("def take(row):", r"    return row['it\'s size']"), True),
        (("def mistake(rows):", "    return rows[0]"), False),
        (("def take(rows):", "    pass", "def give(size):", "    return size"), False),
        (("def take(rows):", "    pass", "def take(size):", "    return size"), True),
    ],
)
def test_a_line_of_python(lines, told):
    assert handed("python", *lines) is told


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("function take(rows) {", "  return rows[0].id;"), True),
        (("function take(rows) {", "  return rows[key].id;"), False),
        (("function take(rows) {", "  return `${rows}`;"), True),
        (("function take(rows) {", "  return `${rows} ${size}`;"), False),
        (("function take(rows) {", "  return undefined + null + rows;"), True),
        (("const take = (rows) => {", "  return rows[0].id;"), True),
        (("const take = async (rows) => {", "  return rows[0].id;"), True),
        (("  take: function (rows) {", "    return rows.id;"), True),
        (("  take(rows) {", "    return rows.id;"), True),
        (("  take(rows: Row[], size = 3): number {", "    return rows[size];"), True),
        (("export async function take({ id, name }) {", "  return id.trim();"), True),
        (("function take(first, ...rest) {", "  return first.id + rest.length;"), True),
        (("function take(rows) {", "  for (const row of rows) row.id;"), True),
        (("function take(row) {", "  const name = row.id;"), True),
        (("  take(rows)", "  return rows.id;"), False),
    ],
)
def test_a_line_of_javascript(lines, told):
    assert handed("javascript", *lines) is told


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("def take(rows)", "  rows.first.price"), True),
        (("def take(rows)", "  rows.first + RATE"), False),
        (("def take(rows)", "  rows.first + @rate"), False),
        (("def take", "  @rows.first"), False),
        (("def take rows, size", "  rows.first(size)"), True),
        (("def self.take(rows)", "  rows.map { |row| row.price }"), True),
        (("def self.take rows", "  rows.first.price"), True),
        (("def take(rows)", "  rows[:size]"), True),
        (("def take(rows)", "  ask(rows, size: 3)"), True),
        (("def take(rows)", '  raise "no #{rows}"'), True),
        (("def take(rows)", '  raise "no #{size}"'), False),
    ],
)
def test_a_line_of_ruby(lines, told):
    assert handed("ruby", *lines) is told


@pytest.mark.parametrize("name", ["take?", "take!"])
def test_a_mark_behind_a_name_of_ruby_is_part_of_it(name):
    assert handed("ruby", f"def {name}(rows)", "  rows.first", name=name) is True
    assert handed("ruby", f"def {name} rows", "  rows.first", name=name) is True


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("public function take(array $rows = [], ?int $n = null): ?string", "{", "    return $rows[$n];"), True),
        (("function take($rows) {", "    return $rows->price;"), True),
        (("function take($rows) {", "    return $rows[$key];"), False),
        (("function take(Row &$rows) {", "    return $Row->price;"), False),
        (("function take($rows) {", '    return "no {$rows}";'), True),
        (("function take($rows) {", '    return "no {$size}";'), False),
    ],
)
def test_a_line_of_php(lines, told):
    assert handed("php", *lines) is told


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("func take(id string, rows []int) (int, error) {", "\treturn rows[0], nil"), True),
        (("func take(first, second int) int {", "\treturn first / second"), True),
        (("func take(rows []int) int {", "\treturn rows[limit]"), False),
        (("func take(rows map[string]int) int {", '\treturn rows["a"] / len(rows)'), True),
        (("func (s *Shop) take(id string) error {", "\treturn s.db.Get(id)"), False),
        (("func take(ask func(int) int, n int) int {", "\treturn ask(n)"), True),
    ],
)
def test_a_line_of_go(lines, told):
    assert handed("go", *lines) is told


@pytest.mark.parametrize(
    ("platform", "name", "line"),
    [
        ("rust", "take", "fn take(rows: Vec<i32>) { rows[0] }"),
        ("python", "template", "def template(rows): return rows"),
        ("python", "<lambda>", "take = lambda rows: rows[0]"),
        ("python", "", "return rows"),
        ("python", "take", ""),
    ],
)
def test_what_cannot_be_read_is_not_told(platform, name, line):
    assert handed(platform, "", line, name=name) is None


def test_a_head_further_up_than_what_is_shown_is_that_of_a_long_function():
    assert handed("python", "    rows = read()", "    return rows[0]") is False
    assert handed("python", "    return rows[0]") is None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(max_size=300) | st.text("take(),=:{}[]'\"`\\#$|.? \tdef", max_size=600), min_size=1, max_size=8),
    st.sampled_from(["python", "javascript", "ruby", "php", "go"]),
)
def test_any_text_is_told_or_not_and_soon(lines, platform):
    before = time.process_time()
    assert handed(platform, *lines) in {True, False, None}
    assert time.process_time() - before < 1


# ---------------------------------------------------------------- callers

HEAD = "def take(rows):"
OWN = "return rows[PRICES]"
GIVEN = "return rows[0]"


def called_by(caller, line=OWN, *, kind="KeyError", above=(HEAD,), library=False, inner="take"):
    """`take` failing in that line, or in a library that it asked."""
    read = [
        Frame(caller, "shop.pages", filename="shop/pages.py", in_app=True, context_line=f"{caller}_rows = take(rows)"),
        Frame(
            inner,
            "shop.rows",
            filename="shop/rows.py",
            in_app=True,
            line=9,
            context_line=line,
            pre_context=tuple(above),
        ),
    ]
    if library:
        read.append(Frame("execute", "driver.core", filename="driver/core.py", in_app=False))
    thrown = (Thrown(kind, "no such thing", frames=tuple(read)),)
    return Event("e", platform="python", release="api@1", transaction=f"/{caller}", exceptions=thrown)


def lonely(one, other):
    found = {compared(*pair).lonely for pair in ((one, other), (other, one))}
    assert len(found) == 1, "the same from both sides"
    return found.pop()


def test_what_was_only_handed_on_is_the_fault_of_callers():
    assert sign(called_by("inbox", GIVEN)).handed is True
    assert lonely(called_by("inbox", GIVEN), called_by("people", GIVEN)) == 1


def test_what_the_language_refused_a_line_may_be_the_fault_of_callers():
    assert sign(called_by("inbox")).handed is False
    assert lonely(called_by("inbox"), called_by("people")) == evidence._REFUSED == 0.7


def test_a_line_that_threw_by_itself_is_at_fault():
    assert lonely(called_by("inbox", kind="OutOfStock"), called_by("people", kind="OutOfStock")) == 0


def test_a_library_that_was_asked_says_so_even_where_the_language_has_the_error():
    asked = [called_by(name, "kept = PRICES.execute(rows)", library=True) for name in ("inbox", "people")]
    assert lonely(*asked) == 0


def test_a_line_whose_function_is_not_shown_tells_nothing():
    assert sign(called_by("inbox", above=())).handed is None
    assert lonely(called_by("inbox", above=()), called_by("people", above=())) == 1
    assert lonely(called_by("inbox", kind="OutOfStock"), called_by("people", kind="OutOfStock", above=())) == 1


def test_two_lines_of_one_function_may_have_two_causes():
    one, other = called_by("inbox", kind="OutOfStock"), called_by("people", "return rows[SIZES]", kind="OutOfStock")
    assert lonely(one, other) == 1


def test_one_side_that_was_only_handed_on_does():
    one, other = (
        called_by("inbox", kind="OutOfStock"),
        called_by("people", kind="OutOfStock", above=("def take(PRICES, rows):",)),
    )
    assert (sign(one).handed, sign(other).handed) == (False, True)
    assert lonely(one, other) == 1


def test_the_newest_line_of_ours_tells_and_no_other():
    told = sign(called_by("inbox", GIVEN, library=True))
    assert told.handed is True
    frames = called_by("inbox", GIVEN).exceptions[0].frames
    outer = Frame("take", "lib.rows", in_app=False, context_line=OWN, pre_context=(HEAD,))
    again = Frame("take", "shop.rows", in_app=True, context_line=OWN, pre_context=(HEAD,))
    thrown = (Thrown("KeyError", "x", frames=(again, *frames, outer)),)
    assert sign(Event("e", platform="python", exceptions=thrown)).handed is True


def test_what_was_kept_by_an_older_version_counts_as_before():
    told = sign(called_by("inbox"))
    assert from_json(to_json(told)) == told
    kept = {name: value for name, value in to_json(told).items() if name != "handed"}
    assert from_json(kept).handed is None
    assert sign(Event("e", platform="python")).handed is None


# ---------------------------------------------------------------- messages and owners


def told_of(said, kind, line="", *, platform="python", in_app=True, column=None):
    frame = Frame("show", "shop.show", in_app=in_app, line=9, column=column, context_line=line)
    one = Event("e", platform=platform, exceptions=(Thrown(kind, said, frames=(frame,)),))
    return owner_of(one)


@pytest.mark.parametrize(
    ("said", "line", "owner"),
    [
        ("key not found: :serial", "payload[:valve].fetch(:serial)", "valve"),
        ("key not found: \"serial\"\nDid you mean? 'series'", 'payload["valve"].fetch("serial")', "valve"),
        ("'serial-no'", "payload['valve-a']['serial-no']", "valve-a"),
        ("'serial'", "payload['valve'].pop('serial')", "valve"),
        ("'serial'", "payload.dig('valve')['serial']", "valve"),
        ("'serial'", "payload['valve']['serials']", None),
    ],
)
def test_a_key_is_told_by_the_one_above_however_it_is_written(said, line, owner):
    assert told_of(said, "KeyError", line) == owner
    assert told_of(said, "shop.errors.KeyError", line) == owner
    assert told_of(said, "LookupError", line) is None
    assert told_of(said, "KeyError", line, in_app=False) is None


@pytest.mark.parametrize(
    ("said", "line", "platform", "owner"),
    [
        ("undefined method `due?' for nil:NilClass", "invoice.due? && row.due", "ruby", "invoice"),
        ("undefined method `due' for nil:NilClass", "invoice&.due", "ruby", "invoice"),
        ("undefined method `due' for nil:NilClass", "invoice.due_at + row.due", "ruby", "row"),
        ('Attempt to read property "due" on null', "$invoice?->row->due", "php", "row"),
        ('Attempt to read property "due" on null', "$invoice?->due", "php", "$invoice"),
        ("'shop.Row' object has no attribute 'due_at'", "self.row.due_at", "python", "row"),
        ("'Row' object has no attribute 'due_at'", "row.due_at" + " " * 990, "python", None),
    ],
)
def test_what_was_read_is_told_by_what_stands_before_it(said, line, platform, owner):
    assert told_of(said, "AttributeError", line, platform=platform) == owner


def test_a_line_of_javascript_without_a_column_tells_no_owner():
    said = "Cannot read properties of undefined (reading 'total')"
    assert told_of(said, "TypeError", "cart.total", platform="javascript") is None
    assert told_of(said, "TypeError", "cart.total", platform="javascript", column=6) == "cart"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("could not convert string to complex: 'n/a'", "value:text"),
        ("invalid literal for decimal.Decimal: 'n/a'", "value:text"),
        ("Cannot convert Money('1,50') to Excel", "value:number"),
        ("NOT NULL constraint failed: orders.price_list", "name:price_list"),
        ("undefined method `price' for module Cart", "on:cart"),
        ("the page failed\nundefined method `price' for nil:NilClass", "on:nil"),
    ],
)
def test_a_message_tells_it_in_every_wording(said, found):
    assert found in identifiers(said, "ruby")


def test_none_is_no_type_that_a_value_is_of():
    assert identifiers("object of type 'NoneType' has no len()", "python") == {"name:type len"}


def test_a_line_that_is_pointed_at_without_a_gap_is_part_of_the_message():
    said = "cannot read the sheet\nbecause of margins\n  ^"
    assert "margins" in meaning(said, "ruby")
    assert "margins" in meaning("cannot read the sheet\n\nmargins\n  ^2", "ruby")


@pytest.mark.parametrize("part", ["block in take", "block (2 levels) in take", "rescue in take", "ensure in take"])
def test_a_part_of_a_function_in_one_line_is_ours(part):
    line = "rows.each { |row| row.price } rescue nil"
    read = (
        Frame("show", filename="lib/rows.rb", line=9, in_app=True, context_line=line),
        Frame(part, filename="lib/rows.rb", line=9, in_app=True, context_line=line),
    )
    thrown = (Thrown("NoMethodError", "no", frames=read),)
    steps = sign(Event("e", platform="ruby", exceptions=thrown)).steps
    assert [(step.name, step.ours) for step in steps] == [("take", True), ("show", True)]


def test_one_relative_path_in_two_gems_is_two_files():
    def read(function, root):
        path = f"{root}/lib/rows.rb"
        return Frame(function, filename="lib/rows.rb", abs_path=path, line=9, in_app=True, context_line="x")

    thrown = (Thrown("NoMethodError", "no", frames=(read("show", "/srv/shop"), read("take", "/srv/stock"))),)
    assert [step.ours for step in sign(Event("e", platform="ruby", exceptions=thrown)).steps] == [True, True]
