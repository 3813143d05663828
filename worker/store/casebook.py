"""Signatures and where to find them: what a new issue is compared with, read in few rows however many there are.

Whoever keeps a signature holds the lock of its project group (`Cases.lock_group`), as does whoever looks one up to
decide by it: so twins find each other, and no posting list is written twice at once.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update

from worker.store.suggestions import Suggestions
from worker.store.tables import change, fetch, insert_into, issues
from worker.store.tables_casebook import postings, signatures
from worker.triage.casebook import KEPT_PER_CASE, KEYS_READ, POSTING_READ, SCORED, nearest, words_asked
from worker.triage.cause import Verdict
from worker.triage.same_bug import Known, Match, rank
from worker.triage.signature import Signature, from_json, to_json
from worker.triage.signature import postings as keys_of
from worker.triage.weighing import Prepared, Rarity, features, prepare

RESOLVED = 128
"""Signatures of the posting lists that share most with a new one, whose cases are asked for."""
COMPARED = 64
"""Signatures that are read whole and compared, of all cases together."""
COUNTED = 20
"""Events of one look that are counted; more would tell nothing new."""
_LOOK = ("chain", "said", "identifiers", "steps", "entry")
_EVERYTHING = ""

_WHOLE = select(signatures.c.id, signatures.c.issue_id, signatures.c.signature).where(
    signatures.c.id.in_(bindparam("ids", expanding=True))
)
_FIRST = select(signatures.c.id, signatures.c.issue_id, signatures.c.signature).where(
    signatures.c.id.in_(
        select(func.min(signatures.c.id))
        .where(signatures.c.issue_id.in_(bindparam("issues", expanding=True)))
        .group_by(signatures.c.issue_id)
    )
)
_JUDGED = select(issues.c.cause, issues.c.cause_margin, issues.c.cause_reasons, issues.c.signed_at).where(
    issues.c.id == bindparam("issue_id")
)
_LISTS = select(postings.c.key, postings.c.posted, postings.c.newest).where(
    postings.c.key.in_(bindparam("keys", expanding=True))
)
# One parameter for any number of them: expanding them one by one takes longer than reading them.
_CASE_OF = {
    "sqlite": text(
        "SELECT signatures.id, issues.case_id FROM signatures JOIN issues ON issues.id = signatures.issue_id "
        "WHERE signatures.id IN (SELECT value FROM json_each(:asked))"
    ),
    "postgresql": text(
        "SELECT signatures.id, issues.case_id FROM signatures JOIN issues ON issues.id = signatures.issue_id "
        "WHERE signatures.id = ANY(CAST(:asked AS bigint[]))"
    ),
}
_SEEN_IN = {
    "sqlite": text("SELECT word, seen_in FROM words WHERE word IN (SELECT value FROM json_each(:asked))"),
    "postgresql": text("SELECT word, seen_in FROM words WHERE word = ANY(CAST(:asked AS bigint[]))"),
}
_COUNT = {
    "sqlite": text(
        "INSERT INTO words (word, seen_in) SELECT value, 1 FROM json_each(:asked) WHERE true "
        "ON CONFLICT (word) DO UPDATE SET seen_in = words.seen_in + 1"
    ),
    "postgresql": text(
        "INSERT INTO words (word, seen_in) SELECT unnest(CAST(:asked AS bigint[])), 1 "
        "ON CONFLICT (word) DO UPDATE SET seen_in = words.seen_in + 1"
    ),
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """The cases that may hold the bug of a new signature, with what they are compared by."""

    cases: Mapping[int, Sequence[Known]]
    rarity: Rarity


@dataclass(frozen=True, slots=True)
class Look:
    """One way in which an issue looked, how many events of it were read (at most COUNTED), the last one's release."""

    signature: Signature
    events: int
    last_release: str | None = None

    def each(self) -> tuple[Signature, ...]:
        """A signature an event: the first of its release, the others of the last."""
        last = self.signature if self.last_release is None else replace(self.signature, release=self.last_release)
        return (self.signature, *(last for _ in range(self.events - 1)))


@dataclass(frozen=True, slots=True)
class Judged:
    """The cause of an issue as last judged, and when its newest event was last compared; None: never."""

    cause: str | None
    cause_margin: float | None
    cause_reasons: Sequence[str] | None
    signed_at: datetime | None


class Casebook(Suggestions):
    """Signatures, their postings, the causes of issues and what is suggested about them, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._dialect = connection.dialect.name

    # ------------------------------------------------------------ looking up

    def candidates(self, group: str, signature: Signature, *, but: int | None = None) -> Candidates:
        """The cases of a project group that share the most and rarest keys with a signature, but for one case.

        Reads at most KEYS_READ posting lists of POSTING_READ signatures each, RESOLVED cases and COMPARED signatures,
        and the first of each issue of which it reads several.
        """
        keys = [digest(group, key) for key in keys_of(signature)[:KEYS_READ]]
        lists = {key: (posted, newest) for key, posted, newest in self._connection.execute(_LISTS, {"keys": keys})}
        best = nearest((lists[key] for key in keys if key in lists), RESOLVED)
        rows = self._connection.execute(_CASE_OF[self._dialect], self._many(best)).all() if best else ()
        case_of = {row.id: row.case_id for row in rows}
        chosen: dict[int, list[int]] = {}
        for one in best:
            case = case_of.get(one)
            if case is None or case == but or (case not in chosen and len(chosen) == SCORED):
                continue
            if len(known := chosen.setdefault(case, [])) < KEPT_PER_CASE:
                known.append(one)
        return self._read(group, signature, chosen)

    def _read(self, group: str, signature: Signature, chosen: Mapping[int, Sequence[int]]) -> Candidates:
        """Read the chosen signatures whole: the nearest of every case first, then the others while there is room."""
        ids = sorted(
            ((place, one) for known in chosen.values() for place, one in enumerate(known)), key=lambda pair: pair[0]
        )[:COMPARED]
        asked = {"ids": [one for _, one in ids]}
        rows = self._connection.execute(_WHOLE, asked).all() if ids else ()
        read = {row.id: Known(row.issue_id, prepare(from_json(row.signature)), row.id) for row in rows}
        cases = {case: [read[one] for one in known if one in read] for case, known in chosen.items()}
        for one in self._beginnings([*read.values()]):
            read[one.number] = one
            next(known for known in cases.values() if any(o.issue == one.issue for o in known)).append(one)
        others = [known.prepared for known in read.values()]
        return Candidates(cases, self._rarity(group, prepare(signature), others))

    def _beginnings(self, read: Sequence[Known]) -> list[Known]:
        """The first looks, where they were not read, of issues of which several were: they tell whose issue it is."""
        several = [issue for issue, looks in Counter(one.issue for one in read).items() if looks > 1]
        rows = self._connection.execute(_FIRST, {"issues": several}).all() if several else ()
        there = {one.number for one in read}
        return [Known(row.issue_id, prepare(from_json(row.signature)), row.id) for row in rows if row.id not in there]

    def _rarity(self, group: str, new: Prepared, others: Sequence[Prepared]) -> Rarity:
        """How rare the words are, in their project group, that comparing one with others asks about."""
        asked = {digest(group, word): word for word in words_asked(new, others)}
        total = digest(group, _EVERYTHING)
        rows = self._connection.execute(_SEEN_IN[self._dialect], self._many([*asked, total]))
        found: dict[int, int] = dict(rows.all())
        everything = found.pop(total, 0)
        return Rarity({asked[word]: count for word, count in found.items()}, everything)

    def compared(self, group: str, issue_id: str, others: Sequence[str]) -> Match | None:
        """How like the first look of an issue is to all looks of others; None where something of it is not kept."""
        mine = self.looks(issue_id)[:1]
        looks = ((other, look) for other in others for look in self.looks(other))
        known = [Known(other, prepare(look.signature), n) for n, (other, look) in enumerate(looks)][:COMPARED]
        if not mine or not known:
            return None
        new = prepare(mine[0].signature)
        return rank(new, {0: known}, self._rarity(group, new, [one.prepared for one in known]))[0]

    # ------------------------------------------------------------ keeping

    def keep(self, issue_id: str, group: str, signature: Signature, event_id: str, now: datetime) -> bool:
        """Remember how an issue looked in an event; whether it had not looked so before.

        Of an issue the first and the newest KEPT_PER_CASE - 1 looks are kept.
        """
        look = look_of(signature)
        same = (signatures.c.issue_id == issue_id, signatures.c.look == look)
        if known := self._connection.execute(select(signatures).where(*same)).first():
            if known.event_id != event_id and (known.events < COUNTED or known.last_release != signature.release):
                more = {"events": min(known.events + 1, COUNTED), "event_id": event_id}
                again = update(signatures).where(*same).values(**more, last_release=signature.release)
                self._connection.execute(again)
            if known.signature.get("reading") != signature.reading:
                anew = {**to_json(signature), **{told: known.signature[told] for told in ("release", "at")}}
                self._connection.execute(update(signatures).where(*same).values(signature=anew))
            return False
        fresh = insert(signatures).values(
            issue_id=issue_id,
            project_group=group,
            look=look,
            signature=to_json(signature),
            events=1,
            event_id=event_id,
            kept_at=now,
            last_release=signature.release,
        )
        number: int = self._connection.execute(fresh.returning(signatures.c.id)).scalar_one()
        self._post(group, signature, number)
        if not self._looked_so_elsewhere(issue_id, look):
            self._count(group, signature)
        self._let_go(issue_id)
        return True

    def _looked_so_elsewhere(self, issue_id: str, look: str) -> bool:
        """Whether another issue of the same case looks so: a bug of many issues makes its own words no commoner."""
        case = select(issues.c.case_id).where(issues.c.id == issue_id).scalar_subquery()
        others = select(signatures.c.id).join(issues, issues.c.id == signatures.c.issue_id)
        there = others.where(signatures.c.look == look, issues.c.case_id == case, issues.c.id != issue_id).limit(1)
        return self._connection.scalar(there) is not None

    def _count(self, group: str, signature: Signature) -> None:
        counted = sorted({digest(group, word) for word in (*features(signature), _EVERYTHING)})
        self._connection.execute(_COUNT[self._dialect], self._many(counted))

    def knows(self, issue_id: str, signature: Signature, event_id: str) -> bool:
        """Whether keeping this would change nothing."""
        same = (signatures.c.issue_id == issue_id, signatures.c.look == look_of(signature))
        counted = (signatures.c.events >= COUNTED) & (signatures.c.last_release == signature.release)
        full = (signatures.c.event_id == event_id) | counted
        kept = self._connection.scalar(select(signatures.c.signature).where(*same, full))
        return kept is not None and kept.get("reading") == signature.reading

    def looked_so(self, issue_id: str, signature: Signature) -> bool:
        """Whether an issue is known to look so."""
        same = (signatures.c.issue_id == issue_id, signatures.c.look == look_of(signature))
        return self._connection.scalar(select(signatures.c.id).where(*same)) is not None

    def holds_event(self, case_id: int, event_id: str) -> bool:
        """Whether this very event was read for an issue of a case, as the latest of its look."""
        mine = select(signatures.c.id).join(issues, issues.c.id == signatures.c.issue_id)
        found = mine.where(issues.c.case_id == case_id, signatures.c.event_id == event_id).limit(1)
        return self._connection.scalar(found) is not None

    def looks(self, issue_id: str) -> tuple[Look, ...]:
        """The ways in which an issue looked, oldest first."""
        told = (signatures.c.signature, signatures.c.events, signatures.c.last_release)
        rows = self._connection.execute(
            select(*told).where(signatures.c.issue_id == issue_id).order_by(signatures.c.id)
        )
        return tuple(Look(from_json(signature), events, last) for signature, events, last in rows)

    def _post(self, group: str, signature: Signature, number: int) -> None:
        keys = sorted({digest(group, key) for key in keys_of(signature)[:KEYS_READ]})
        lists = {key: (posted, newest) for key, posted, newest in self._connection.execute(_LISTS, {"keys": keys})}
        before = [(key, *lists.get(key, (0, []))) for key in keys]
        rows = [
            {"key": key, "posted": posted + 1, "newest": [*newest, number][-POSTING_READ:]}
            for key, posted, newest in before
        ]
        fresh = insert_into(self._connection, postings)
        now = {"posted": fresh.excluded.posted, "newest": fresh.excluded.newest}
        self._connection.execute(fresh.on_conflict_do_update(index_elements=["key"], set_=now), rows)

    def _let_go(self, issue_id: str) -> None:
        """Forget the oldest look but the first, where there are too many. Its postings lead nowhere from then on."""
        mine = select(signatures.c.id).where(signatures.c.issue_id == issue_id).order_by(signatures.c.id)
        kept = list(self._connection.scalars(mine))
        if len(kept) > KEPT_PER_CASE:
            self._connection.execute(
                delete(signatures).where(signatures.c.id.in_(kept[1 : len(kept) - KEPT_PER_CASE + 1]))
            )

    def _many(self, numbers: Sequence[int]) -> dict[str, object]:
        """As text for either dialect: a driver that is handed a list looks at each of its numbers."""
        told = json.dumps(numbers)
        return {"asked": told if self._dialect == "sqlite" else f"{{{told[1:-1]}}}"}

    # ------------------------------------------------------------ causes

    def judged(self, issue_id: str) -> Judged | None:
        """What is known of an issue's cause; None for an unknown issue."""
        return next(iter(fetch(self._connection, _JUDGED, Judged, {"issue_id": issue_id})), None)

    def judge(self, issue_id: str, verdict: Verdict) -> None:
        """Remember whose fault an issue is, with every reason that was weighed."""
        reasons = [clue.reason for clue in verdict.clues]
        told = {"cause": verdict.cause.value, "cause_margin": round(verdict.margin, 2), "cause_reasons": reasons}
        change(self._connection, issues, {"id": issue_id}, told)

    def overrule(self, issue_id: str, cause: str | None) -> None:
        """Remember the cause that a person's word leaves."""
        change(self._connection, issues, {"id": issue_id}, {"cause": cause})

    def signed(self, issue_id: str, now: datetime) -> None:
        """Remember that the newest event of an issue was compared."""
        change(self._connection, issues, {"id": issue_id}, {"signed_at": now})


@lru_cache(maxsize=1 << 15)
def digest(group: str, word: str) -> int:
    """Eight bytes that stand for a word in a project group, however long it is. A program says the same words often."""
    told = f"{group}\0{word}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(told, digest_size=8).digest(), "big", signed=True)


def look_of(signature: Signature) -> str:
    """Equal for signatures of equal `look`, in every process."""
    kept = to_json(signature)
    number = [signature.number] if signature.number else []  # looks without one keep the digest they always had
    told = json.dumps([kept[name] for name in _LOOK] + number)
    return blake2b(told.encode(), digest_size=16).hexdigest()
