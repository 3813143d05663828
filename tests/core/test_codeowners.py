"""Whose code it is: GitHub's own examples of CODEOWNERS, and the paths that events bring."""

import pytest

from worker.event import Event, Frame, Thrown
from worker.mapping.codeowners import blamed, read_owners

# The example of docs.github.com "About code owners", shortened.
OWNERS = read_owners("""
# Each line is a file pattern followed by one or more owners.
*       @global-owner1 @global-owner2

*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* deep@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @loggers
/apps/ @octocat
/apps/github
my\\ folder/ @spaced
*.[ch] @nobody
!keep.md @nobody
secret.md not-an-owner
""")

CASES = [
    ("README.md", ("@global-owner1", "@global-owner2")),
    ("src/deep/app.js", ("@js-owner",)),
    ("src/app.jsx", ("@global-owner1", "@global-owner2")),
    ("main.go", ("docs@example.com",)),
    ("notes/a.txt", ("@octo-org/octocats",)),
    ("build/logs/x/y.md", ("@loggers",)),
    ("more/docs/one.md", ("@global-owner1", "@global-owner2")),
    ("docs/one.md", ("@doctocat",)),
    ("docs/more/one.js", ("@doctocat",)),
    ("deep/down/apps/x.py", ("@octocat",)),
    ("scripts/a.sh", ("@doctocat", "@octocat")),
    ("deeply/nested/logs/file", ("@loggers",)),
    ("logs/file", ("@loggers",)),
    ("apps/x.py", ("@octocat",)),
    ("apps/github/x.py", ()),
    ("a/my folder/x.py", ("@spaced",)),
    ("main.c", ("@global-owner1", "@global-owner2")),
    ("keep.md", ("@global-owner1", "@global-owner2")),
    ("secret.md", ("@global-owner1", "@global-owner2")),
]


@pytest.mark.parametrize(("path", "owners"), CASES, ids=[path for path, _ in CASES])
def test_the_last_line_that_matches_decides(path, owners):
    assert OWNERS.of(path) == owners


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("docs/*", "docs/a.md", True),
        ("docs/*", "docs/more/a.md", False),
        ("docs/**", "docs/more/a.md", True),
        ("/a/**/b", "a/b/x", True),
        ("/a/**/b", "a/1/2/b", True),
        ("/a/**/b", "c/a/b", False),
        ("a?c.py", "abc.py", True),
        ("a?c.py", "a/c.py", False),
        ("a.c", "abc", False),
        ("/shop", "shop/x.py", True),
        ("/shop", "shopping/x.py", False),
        ("/shop", "x/shop/y.py", False),
        ("shop/", "shop", False),
    ],
)
def test_patterns_are_those_of_gitignore_that_github_takes(pattern, path, matches):
    assert bool(read_owners(f"{pattern} @me").of(path)) is matches


def thrown(*frames):
    return Event("1", exceptions=(Thrown("T", "v", frames=frames),))


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("shop/cart.py", "shop/cart.py"),
        ("./src/cart.ts", "src/cart.ts"),
        ("../shared/cart.ts", "shared/cart.ts"),
        ("webpack://shop/./src/cart.ts?a1b2", "src/cart.ts"),
        ("app:///src/cart.ts", "src/cart.ts"),
        ("https://shop.example/static/app.js", "static/app.js"),
        ("src\\cart\\total.cs", "src/cart/total.cs"),
    ],
)
def test_the_newest_frame_of_our_own_code_says_where(said, path):
    frames = (Frame(filename="old.py", in_app=True), Frame(filename=said, in_app=True), Frame(filename="lib.py"))
    assert blamed(thrown(*frames)) == path


def test_without_a_frame_of_our_own_code_there_is_no_path():
    assert blamed(thrown(Frame(filename="lib.py", in_app=False))) is None
    assert blamed(thrown(Frame(function="f", in_app=True))) is None
    assert blamed(None) is None
