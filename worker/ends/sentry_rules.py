"""The grouping rules in a Sentry project's settings, read and changed.

GET and PUT /projects/{org}/{project}/, fields `fingerprintingRules` and `groupingEnhancements`; a PUT changes what is
submitted and nothing else, and refuses rules that it cannot read (the address and fields of Sentry's settings page).
"""

from urllib.parse import quote

from worker.ends.answers import Call, Forbidden, blaming, lost
from worker.ends.loose import Loose, mapping
from worker.ends.ports import GroupingRules
from worker.ends.sentry_site import SERVICE, SentrySite, json_in
from worker.errors import Permanent

_FIELDS = {"fingerprinting": "fingerprintingRules", "enhancements": "groupingEnhancements"}


class SentryRules:
    """The rules of the projects of one organisation."""

    def __init__(self, site: SentrySite, org: str) -> None:
        self._site = site
        self._org = org

    @blaming(SERVICE)
    def grouping_rules(self, project: str) -> GroupingRules:
        """Read the rules of a project, by its slug."""
        call = Call("Sentry", f"the grouping rules of project {project}", needs="the scope project:read")
        return _read(call, mapping(self._site.get(call, self._path(project))))

    @blaming(SERVICE)
    def set_grouping_rules(self, project: str, before: GroupingRules, after: GroupingRules) -> None:
        """Write the rules of a project where they still are as they were read; `Permanent` where they are not.

        Asked again after an answer that was lost it sees that nothing is left to do.
        """
        now = self.grouping_rules(project)
        if _same(now, after):
            return
        if now != before:
            raise Permanent(
                f"somebody changed the grouping rules of project {project} since they were read: nothing was written. "
                "Ask for the proposal again, and look at it with the rules that stand there now."
            )
        changed = {
            _FIELDS[name]: getattr(after, name) for name in _FIELDS if getattr(after, name) != getattr(now, name)
        }
        call = Call("Sentry", f"the grouping rules of project {project}", writes=True, needs="the scope project:write")
        try:
            written = self._site.write(call, "PUT", self._path(project), changed)
        except Forbidden as refusal:
            raise Forbidden(
                f"{refusal} In Sentry: Settings, Developer Settings, our integration, Project: Read & Write. Or put "
                f"the lines in by hand: the settings of project {project}, Issue Grouping."
            ) from refusal
        if not _same(_read(call, mapping(json_in(call, written))), after):
            raise Permanent(
                f"Sentry took the grouping rules of project {project} and kept others: look at its settings, "
                "Issue Grouping, before asking again."
            )

    def _path(self, project: str) -> str:
        return f"projects/{quote(self._org, safe='')}/{quote(project, safe='')}/"


def _read(call: Call, data: Loose) -> GroupingRules:
    """Both texts; a server that tells neither has no such settings, or is none of Sentry's."""
    told = {name: data.get(field) for name, field in _FIELDS.items()}
    if "slug" not in data or not all(value is None or isinstance(value, str) for value in told.values()):
        raise lost(call, "no project")
    return GroupingRules(**{name: str(value or "") for name, value in told.items()})


def _same(one: GroupingRules, other: GroupingRules) -> bool:
    """Equal but for blanks around the texts, which Sentry does not keep."""
    pairs = ((one.fingerprinting, other.fingerprinting), (one.enhancements, other.enhancements))
    return all(mine.strip() == yours.strip() for mine, yours in pairs)
