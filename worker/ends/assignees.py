"""Who gets a new ticket: the first of a draft's candidates who can. Nobody is guessed, a stranger is left out."""

from collections.abc import Callable

from worker.ends.loose import objects, text
from worker.model import Draft, Person


def chosen(
    draft: Draft, may_be_assigned: Callable[[str], str | None], person: Callable[[str], Person | None]
) -> str | None:
    """The account of the first candidate who may be assigned there; None when there is none.

    Candidates are `{"account": …}` or `{"email": …}`; `may_be_assigned` answers the account as the site spells it, None
    for one who may not; `person` finds the account that shows an address.
    """
    for candidate in objects(draft.fields.get("assignee")):
        account, email = text(candidate.get("account")), text(candidate.get("email"))
        if account is not None and (spelled := may_be_assigned(account)):
            return spelled
        found = person(email) if account is None and email is not None else None
        if found is not None:
            return found.account
    return None
