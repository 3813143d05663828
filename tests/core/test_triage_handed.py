"""Lines that work with nothing but parameters, and what two stacks lose that share such a line alone."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.test_triage_ranks import compared
from worker.event import Event, Frame, Thrown
from worker.triage.handed import is_handed
from worker.triage.signature import from_json, sign, to_json

TABLE = [
    ("python", "to_float", ("def to_float(text):",), "return float(text.strip())", True),
    ("python", "to_float", ("def to_float(text: str = 1, *rest) -> float:", "    n = 3"), "return float(text)", True),
    ("python", "total", ("def total(", "    net: int,", "    tax=(1, 2),", ") -> int:"), "return net + tax", True),
    ("python", "says", ("def says(what, key):",), 'raise NotThere(f"no {what} called {key}")', True),
    ("python", "money", ("def money(amount):",), 'return f"{amount:.2f} {amount!r:>9}"', True),
    ("python", "money", ("def money(amount):",), 'return f"{amount:.2f} {UNIT}"', False),
    ("python", "in_unit", ("def in_unit(value, unit):",), "return value * FACTORS[unit]", False),
    ("python", "find", ("def find(code):",), "return Courier.where(code=code).one()", False),
    ("python", "post", ("def post(url, body):",), "return client.post(url, json=body).json()", False),
    ("python", "load", ("def load(key):", "    raw = store[key]"), "return parse(raw)", False),
    ("python", "far", ("    a = 1", "    b = 2"), "return key.lower()", False),
    ("python", "to_float", ("total = to_float(text)",), "return float(text)", False),
    ("python", "far", (), "return key.lower()", None),
    ("javascript", "money", ("function money(value, digits) {",), "return value.toFixed(digits);", True),
    ("javascript", "source", (), 'export const source = (alarm) => alarm.source.split(":")[1].trim()', True),
    ("javascript", "amount", (), "const amount = (value, unit) => `${value.toFixed(1)} ${unit}`", True),
    ("javascript", "amount", (), "const amount = (value) => `${value} of ${prefs.limit}`", False),
    ("javascript", "pairs", ("function* pairs(row) {",), "for (const key of Object.keys(row)) yield row[key];", True),
    ("javascript", "pick", ("  pick({ id, name }: Row): string {",), "return name.slice(id)", True),
    ("ruby", "parse", ("  def self.parse(text)",), 'Date.strptime(text.to_s, "%d.%m.%Y")', True),
    ("ruby", "number", ("def number text",), "Float(text.to_s.strip)", True),
    ("ruby", "names", ("def names(rows)",), "rows.map { |row| row.name }", True),
    ("ruby", "unit?", ("def unit?(row)",), 'UNITS.fetch(row["unit"])', False),
    ("php", "format", ("public function format(?Money $money, int $digits = 2): string", "{"),
     "return round($money->amount, $digits);", True),
    ("php", "format", ("public function format(Money $money)", "{"), "return round($money->x * $rates[0]);", False),
    ("go", "short", ("func (r *Repo) short(ctx context.Context, id string) string {",), "return id[:8]", True),
    ("go", "find", ("func (r *Repo) find(id string) *Row {",), "return rows[id]", False),
    ("java", "find", ("Row find(String id) {",), "return id.trim();", None),
    ("python", "template", ("{% macro clock(moment) %}",), "{{ moment.time }}", None),
    ("python", "<lambda> x", ("def f(x):",), "return x", None),
    # a call is no head, whatever stands before it or behind
    ("javascript", "parse", (), "const data = JSON.parse(text)", None),
    ("javascript", "parse", ("const data = JSON.parse(text)",), "return text.total", False),
    ("javascript", "parse", ("const data = parse(text) ? 1 : 2",), "return text.total", False),
    ("javascript", "sum", ("while (sum(rows)) {",), "return rows.total", False),
    ("python", "walk", ("if walk(rows):",), "return rows.total", False),
    ("python", "walk", ("for row in walk(rows):",), "return rows.total", False),
    ("python", "walk", ("def start():", "    return walk(rows)"), "return rows.total", False),
    ("ruby", "walk", ("  walk(rows) { |row|",), "rows.total", False),
    ("php", "walk", ("if (walk($rows)) {",), "return $rows->total;", False),
    ("go", "walk", ("if err := walk(rows); err != nil {",), "return rows.Total", False),
    # heads of every kind
    ("javascript", "take", ("const take = rows => {",), "return rows.total", True),
    ("javascript", "take", ("const take = async rows => {",), "return rates.total", False),
    ("javascript", "take", ("  take = (rows) => {",), "return rows.total", True),
    ("javascript", "takerows", ("function takeRows(rows) {",), "return rows.total", True),
    ("javascript", "take", ("take: function (rows) {",), "return rows.total", True),
    ("javascript", "take", ("  async take(rows: Row[]): Promise<number> {",), "return rows.total", True),
    ("python", "size", ("    async def size(rows):",), "return rows.total", True),
    ("python", "size", (), "def size(rows): return rows.total", True),
    ("php", "size", ("public static function &size(array $rows)", "{"), "return $rows->total;", True),
    ("php", "size", ("function size($rows = self::$all)", "{"), "return $all[0];", False),
    ("go", "size", ("func size(row Row) int {",), "return Row.size", False),
    # names that the line makes itself
    ("python", "best", ("def best(rows):",), "return max(rows, key=lambda row: row.score)", True),
    ("javascript", "best", ("function best(rows) {",), "return rows.map(row => row.score)", True),
    ("javascript", "best", ("function best(rows) {",), "return rows.map((row, n) => row.score * n)", True),
    ("javascript", "best", ("function best(row) {",), "const { id, name } = row;", True),
    ("php", "best", ("function best($rows)", "{"), "return array_map(fn($row) => $row->score, $rows);", True),
    # what is no name of the line's
    ("python", "total", ("def total(rows):",), "return rows.total  # as PRICES say", True),
    ("python", "total", ("def total(rows):",), "return 'size'", False),
    ("python", "total", ("def total(rows):",), "return PRICES == rows", False),
    ("python", "total", ("def total(row):",), "raise NotThere(fR'no {row}')", True),
    ("python", "total", ("def total(row):",), "raise NotThere from row", True),
    ("javascript", "total", ("function total(rows) {",), "return rows.total // of PRICES", True),
    ("javascript", "total", ("function total(rows) {",), "throw new SizeError(`the size of ${rows}`)", True),
    ("ruby", "total", ("def total(row)",), 'raise ArgumentError, "no total of #{row}" # see Rates', True),
    # what it reads of its object is its own; what it calls there is not told
    ("python", "total", ("def total(self, rows):",), "return self.rates[rows]", False),
    ("python", "total", ("def total(self, rows):",), "return self.rate(rows)", True),
    ("javascript", "total", ("total(rows) {",), "return this.rates[rows]", False),
    ("ruby", "total", ("def total(rows)",), "@rates[rows]", False),
    ("php", "total", ("function total($rows)", "{"), "return $this->rates[$rows];", False),
    ("go", "total", ("func (s *Shop) total(rows string) int {",), "return s.rates[rows]", False),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "name", "above", "line", "handed"), TABLE)
def test_a_line_is_handed_all_that_it_works_with_or_has_something_of_its_own(platform, name, above, line, handed):
    frame = Frame(function=name, pre_context=above, context_line=f"    {line}\n", in_app=True)
    assert is_handed(frame, name.lower(), platform) is handed


def test_the_last_head_that_is_shown_counts():
    above = ("def one(text):", "    return text", "def one(key):")
    assert is_handed(Frame(pre_context=above, context_line="return text.x"), "one", "python") is False
    assert is_handed(Frame(pre_context=above, context_line="return key.x"), "one", "python") is True


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=5), st.text(min_size=1, max_size=20))
def test_any_text_is_read(line, above, name):
    for platform in ("python", "javascript", "ruby", "php", "go"):
        assert is_handed(Frame(pre_context=tuple(above), context_line=line), name, platform) in {True, False, None}


@pytest.mark.parametrize(
    "text", ["one(" * 2500, "one(" + "(" * 9000, "one(a" + ",(b)" * 2500, "|" + "a, " * 3000, '"' * 9000, "`${" * 3000,
             "rows for" + " " * 180,
             "const [" + " " * 90 + "a" + " " * 90, "let x," * 30,
             "const " * 2000, "one" * 3000, "def one " + "a " * 4000, "one(x)" + ": " * 5000, "${" + "a" * 9000]
)  # fmt: skip
def test_hostile_lines_are_read_in_no_time(text):
    began = time.perf_counter()
    for platform in ("python", "javascript", "ruby"):
        is_handed(Frame(pre_context=(text,) * 5, context_line=text), "one", platform)
    assert time.perf_counter() - began < 1.5


# ---------------------------------------------------------------- what it means for two stacks

BODY = {"handed": "return float(text.strip())", "own": "return RANGES[text]"}


def reached(caller, line="own", kind="KeyError", release="api@1", library=False, above=("def read(text):",)):
    raised = Frame("read", "lab.units", "lab/units.py", line=9, in_app=True, context_line=BODY[line], pre_context=above)
    calls = Frame(caller, f"lab.{caller}", f"lab/{caller}.py", line=3, in_app=True, context_line=f"read({caller})")
    inside = (Frame("convert", "numbers", "numbers.py", line=1, in_app=False, context_line="raise"),) if library else ()
    thrown = Thrown(kind, "it is refused", frames=(calls, raised, *inside))
    return Event("e", platform="python", release=release, transaction=f"/{caller}", exceptions=(thrown,))


@pytest.mark.parametrize(
    ("told", "lost"),
    [
        ({"line": "handed", "kind": "ValueError"}, 1.0),
        ({"line": "handed", "kind": "KeyError"}, 1.0),
        ({"line": "own", "kind": "KeyError"}, 0.7),
        ({"line": "own", "kind": "UnitError"}, 0.0),
        ({"line": "own", "kind": "KeyError", "library": True}, 0.0),
        ({"line": "own", "kind": "UnitError", "above": ()}, 1.0),
    ],
)
@pytest.mark.parametrize("second", ["api@1", "api@2"])
def test_what_two_lose_that_share_their_newest_line_alone(told, lost, second):
    one, other = reached("orders", **told), reached("alerts", **told, release=second)
    assert compared(one, other).lonely == compared(other, one).lonely == lost
    assert compared(one, reached("orders", **told, release=second)).lonely == 0


def test_one_that_is_handed_all_is_enough_and_other_lines_are_as_before():
    own, handed = reached("orders", "own", "UnitError"), reached("alerts", "handed", "UnitError")
    unknown = reached("alerts", "own", "UnitError", above=())
    assert [compared(own, one).lonely for one in (handed, unknown)] == [1.0, 1.0]
    assert [compared(one, own).lonely for one in (handed, unknown)] == [1.0, 1.0]


def test_what_an_older_version_kept_knows_nothing_of_it():
    told = sign(reached("orders", "handed"))
    assert told.handed is True
    assert from_json(to_json(told)) == told
    older = {name: value for name, value in to_json(told).items() if name != "handed"}
    assert from_json(older).handed is None


def test_the_line_of_a_function_is_looked_at_and_not_what_ruby_has_built_in_above_it():
    line = {"filename": "lib/dates.rb", "line": 3, "in_app": True, "context_line": "Date.strptime(text)\n"}
    above = ("  def self.parse(text)\n",)
    frames = (Frame("plan", filename="lib/a.rb", line=9, in_app=True, context_line="parse(due)"),
              Frame("parse", pre_context=above, **line), Frame("strptime", pre_context=above, **line))  # fmt: skip
    told = sign(Event("e", platform="ruby", exceptions=(Thrown("Date::Error", "invalid date", frames=frames),)))
    assert told.handed is True
