"""What a new GitHub issue carries beside title and text: labels, people, its type and its milestone.

Contracts: docs.github.com/en/rest/issues (issues, milestones, assignees), docs.github.com/en/rest/search#search-users.
"""

from collections.abc import Mapping
from urllib.parse import quote

from worker.case import TicketChange
from worker.ends.answers import Absent, Call, Invalid, blaming
from worker.ends.assignees import chosen
from worker.ends.github_shapes import issue_in, labels_of, person_of, rows_in, short, the_one
from worker.ends.github_site import GithubSite
from worker.ends.loose import items, line, text, whole
from worker.mapping.problem import nearest
from worker.model import Draft, Person

_READS = "the right to read issues"


class GithubFields:
    """What of a draft is to be asked of the repository. Building it calls nobody."""

    def __init__(self, name: str, site: GithubSite, place: str) -> None:
        """`name`: ours for the tracker, which every refusal carries; `place`: `owner/name`."""
        self._name, self._site, self._place = name, site, place

    def of(self, draft: Draft) -> Mapping[str, object]:
        """The fields of a create. `Permanent` for a long label, or a milestone that is not there.

        A type goes out as it is: GitHub refuses one that the repository does not have.
        """
        with blaming(self._name):
            made: dict[str, object] = {"labels": labels_of(draft)}
        logins = [str(login) for login in items(draft.fields.get("assignees"))]
        if (first := chosen(draft, self._assignable, self.person)) is not None:
            logins.append(first)
        made["assignees"] = list({login.lower(): login for login in logins}.values())
        if kind := text(draft.fields.get("type")):
            made["type"] = kind
        if title := text(draft.fields.get("milestone")):
            made["milestone"] = self._milestone(title)
        return made

    def relabel(self, change: TicketChange, call: Call, at: tuple[str, int]) -> None:
        """Add labels to an issue and take others off. One that is off already is no trouble."""
        with blaming(self._name):
            if change.fields or change.priority:
                raise Invalid("GitHub's issues have no fields and no priorities: labels follow, and projects.")
            added = short(change.add_labels)
        (place, number), path = at, f"/issues/{at[1]}/labels"
        if added:
            self._site.write(call, place, "POST", path, {"labels": added}, rows_in)
        for label in change.remove_labels:
            try:
                self._site.write(call, place, "DELETE", f"{path}/{quote(label, safe='')}", None, rows_in)
            except Absent:  # off already, or the issue is gone: which only a read of it can tell
                self._site.read(call, place, f"/issues/{number}", issue_in)

    def person(self, email: str) -> Person | None:
        """The one account that may be assigned here and shows this address; None when there is none, or several."""
        call = Call("GitHub", f"who has the address {email}", needs="the right to search users")
        try:
            login = self._site.ask(call, "/search/users", the_one, {"q": f"{email} in:email"})
            person = self._site.ask(call, f"/users/{login}", person_of) if login else None
        except Absent:
            return None
        shows = person is not None and (person.email or "").lower() == email.lower()
        return person if person and shows and self._assignable(person.account) else None

    def _assignable(self, login: str) -> str | None:
        call = Call("GitHub", f"whether {login} may be assigned in {self._place}", needs=_READS)
        try:
            self._site.read(call, self._place, f"/assignees/{quote(login, safe='')}", lambda _nothing: None)
        except Absent:
            return None
        return login

    def _milestone(self, title: str) -> int:
        """The number of a milestone, open or closed; read every time, for people rename and delete them."""
        call = Call("GitHub", f"the milestones of {self._place}", needs=_READS)
        self._site.settle(self._place)
        pages = self._site.pages(call, self._place, "/milestones", {"state": "all"})
        known = {
            line(row.get("title")): number for page in pages for row in page if (number := whole(row.get("number")))
        }
        found = next((known[name] for name in known if name.lower() == title.lower()), None)
        if found is None:
            with blaming(self._name):
                hint = nearest(title, known) or "It has none at all."
                raise Invalid(f"{self._place} has no milestone “{title}”. {hint} Correct `milestone` in the mapping.")
        return found
