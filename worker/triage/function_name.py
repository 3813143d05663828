"""One name for a function, however its language and its engine write it down in a stack trace."""

import re

from worker.triage.wording import is_minified

_NOISE_OF_ENGINES = re.compile(
    r"^(?:async\*|async |new |get |set |Object\.|Function\.|Array\.|Set\.|Map\.|Promise\.)+|\s\[as .*\]$"
)
_LONGEST = 300
_NAMELESS = frozenset({"?", "<anonymous>", "<unknown>", "anonymous"})
_ENDINGS = re.compile(
    r"(?:::h[0-9a-f]{16}"  # Rust: the hash of a build
    r"|\.func\d+(?:\.\d+)*|\[[^\]]*\]|-fm"  # Go: closures, type parameters, method values
    r"|::\{\{closure\}\}|\.<anonymous closure>|\.<fn>"  # Rust, Dart
    r"|(?:::|^)[\w\\]*\{closure\}"  # PHP
    r"|\$\d+|\$\$?Lambda.*|@[0-9a-f]+|0x[0-9a-f]+"  # Java, addresses
    r"|/\d+-?"  # Elixir: how many arguments
    r")+$"
)
_INSIDE = re.compile(
    r"^(?:(?:block|rescue|ensure|else)(?: \(\d+ levels\))?|(?:implicit )?closure #\d+|anonymous fn/\d+) in (.+)$"
)
"""Ruby, Swift and Elixir tell in which function a block stands."""
_HELD = re.compile(
    r"^\{closure:(.+?)(?:\(\))?:\d+\}$|^-(?:fun\.)?(\w+)/\d+-|<(\w+)>[a-z]__[\w|]*|^lambda\$(\w+)|^\$anonfun\$(\w+)"
)
"""Where a name made by a compiler holds the one that a person wrote: PHP, Erlang, C#, Java, Scala."""
_LAMBDA = re.compile(r"\+(?:\w+)?\((?:[^()]|\([^()]*\))*\)(?: => \{ \})?$| \{ <lambda>[^{}]*\}$")
"""What stands behind the name of the function that a lambda or a local function of .NET was written in."""
_TYPE_ARGUMENTS = re.compile(r"(?<=\w)<[^<>]*(?:<[^<>]*>[^<>]*)*>$")
_NEW = re.compile(r"^new [\w.+<>, ]+$")
"""How .NET writes a constructor down where it tells arguments; `.ctor` elsewhere."""
_ARGUMENTS = re.compile(r"\([^*(][^()]*\)$|\(\)$|\(.*\)(?: const)?$")
_STAND_INS = frozenset({"movenext", "invokesuspend", "invoke", "apply", "accept"})
"""What compilers call the code of a closure or of a coroutine; its class tells where it was written."""
_WRITTEN_IN = re.compile(r"<(\w+)>d__|\$(\w+)\$\d+$")
_CONSTRUCTOR = "ctor"
_PACKAGE = re.compile(
    r"^.*\.(?=[A-Z]\w*\.[A-Z])|^[a-z_][\w]*(?:\.[a-z_]\w*)*\.(?=[A-Z])"
    r"|^(?:\w+(?:::|\\))+(?!(?:Error|Exception|BaseError|Base|Failure|Fault|Timeout)$)"
)


def normal_function(function: str, platform: str, module: str = "") -> str:
    """A function's own name without its wrappers, receivers and generated parts; empty where a build made it up.

    `module`: where some languages keep the name of a function whose code a compiler moved into a class.
    """
    return _of_javascript(function) if platform == "javascript" else _of_others(function, module)


def _of_javascript(function: str) -> str:
    if function in _NAMELESS:
        return ""
    bare = _NOISE_OF_ENGINES.sub("", function)
    parts = [part for part in re.split(r"[./<>*\s]+", bare) if part]
    named = [
        part for part in parts if not is_minified(part) and part not in {"prototype", "App", "Object", "anonymous"}
    ]
    own = bool(named) and (named[-1] == parts[-1] or function.endswith("<"))
    return named[-1].lower() if own else ""


def _of_others(function: str, module: str) -> str:
    text = function[:_LONGEST].strip()
    if found := _INSIDE.match(text):
        text = found[1]
    if found := _HELD.search(text):
        text = next(filter(None, found.groups()))
    while _LAMBDA.search(text):
        text = _LAMBDA.sub("", text)
    bare = _TYPE_ARGUMENTS.sub("", _ENDINGS.sub("", _ARGUMENTS.sub("", _ENDINGS.sub("", text))))
    if text.endswith(")") and _NEW.match(bare):
        return _CONSTRUCTOR
    name = re.split(r"::|[.#\\]", bare)[-1].strip().lower()
    if name in _STAND_INS and (written := _WRITTEN_IN.search(module)):
        return str(next(filter(None, written.groups()))).lower()
    return name


def bare_type(kind: str) -> str:
    """A type without its packages and namespaces, which move when code is tidied; a bare `Error` keeps whose it is."""
    return _PACKAGE.sub("", kind)
