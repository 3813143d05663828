"""The practice trackers' pages: a Jira board and issue, a GitHub list and issue, with buttons for a person."""

import re

from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import Response

from worker.sandbox.github.records import GithubIssue
from worker.sandbox.github.world import GithubRepo
from worker.sandbox.jira import adf
from worker.sandbox.jira.workflow import STATES
from worker.sandbox.jira.world import JiraIssue
from worker.sandbox.screens import Screens, absent, back, form
from worker.sandbox.seed import GITHUB_PERSON, JIRA_PERSON

_HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)


class JiraScreens:
    """Board and issue page."""

    def __init__(self, screens: Screens) -> None:
        """Share the frame."""
        self.screens = screens

    async def board(self, _request: Request) -> Response:
        """One column a status."""
        issues = list(self.screens.practice.jira.issues.values())[::-1]
        columns = [(state, [issue for issue in issues if issue.state is state]) for state in STATES.values()]
        return self.screens.show("jira_board.html", "SHOP board", columns=columns)

    async def issue(self, request: Request) -> Response:
        """One issue, its document rendered."""
        issue = self._issue(request)
        steps = [STATES[name] for name in issue.state.goes_to]
        return self.screens.show("jira_issue.html", issue.key, issue=issue, steps=steps, rendered=adf.render)

    async def act(self, request: Request) -> Response:
        """Take a transition or write a comment, as a person does."""
        issue, sent = self._issue(request), await form(request)
        world = self.screens.practice.jira
        if sent.get("to") in issue.state.goes_to:
            world.move(issue, STATES[sent["to"]], JIRA_PERSON)
        if text := sent.get("comment", "").strip():
            world.comment(issue, adf.document(text), JIRA_PERSON)
        if sent.get("delete"):
            world.delete(issue, JIRA_PERSON)
            return back("/jira")
        return back(f"/jira/browse/{issue.key}")

    def _issue(self, request: Request) -> JiraIssue:
        issue = self.screens.practice.jira.find(request.path_params["key"])
        if issue is None:
            raise absent("such ticket")
        return issue


class GithubScreens:
    """Issue list and issue page."""

    def __init__(self, screens: Screens) -> None:
        """Share the frame; Markdown is rendered with HTML switched off."""
        self.screens = screens
        self._markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

    async def issues(self, request: Request) -> Response:
        """The issues of a repository, newest first; `?state=` filters."""
        wanted, repo = request.query_params.get("state", "open"), self._repo(request)
        found = [issue for issue in repo.issues.values() if wanted in {issue.state, "all"}]
        return self.screens.show("github_issues.html", "Issues", issues=found[::-1], wanted=wanted, repo=repo.name)

    async def issue(self, request: Request) -> Response:
        """One issue, its Markdown rendered."""
        repo, issue = self._issue(request)
        return self.screens.show(
            "github_issue.html", f"#{issue.number}", issue=issue, repo=repo.name, rendered=self._render
        )

    def _render(self, text: str | None) -> str:
        """Markdown as safe HTML; comments are hidden, as GitHub hides them."""
        return str(self._markdown.render(_HIDDEN.sub("", text or "")))

    async def act(self, request: Request) -> Response:
        """Close, reopen or comment, as a person does."""
        (repo, issue), sent = self._issue(request), await form(request)
        match sent.get("move"):
            case "completed" | "not_planned" as reason:
                repo.close(issue, GITHUB_PERSON, reason)
            case "reopen":
                repo.reopen(issue, GITHUB_PERSON)
        if text := sent.get("comment", "").strip():
            repo.comment(issue, text, GITHUB_PERSON)
        return back(f"/github/{repo.name}/issues/{issue.number}")

    def _repo(self, request: Request) -> GithubRepo:
        name = f"{request.path_params['owner']}/{request.path_params['repo']}"
        site = self.screens.practice.site
        repo = site.named(name) or site.once_named(name)
        if repo is None:
            raise absent("such repository")
        return repo

    def _issue(self, request: Request) -> tuple[GithubRepo, GithubIssue]:
        repo = self._repo(request)
        issue = repo.issues.get(request.path_params["number"])
        if issue is None:
            raise absent("such issue")
        return repo, issue
