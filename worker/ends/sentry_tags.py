"""The tags of a Sentry event: as sent, and what Sentry would have made of its contexts where tags lack it."""

from collections.abc import Iterator

from worker.ends.loose import Loose, dig, first_text, items, mapping, text

TAGS_KEPT = 300
_NAMED = ("browser", "os", "client_os", "runtime")
"""Contexts whose name and version Sentry shows as tags `x` and `x.name`."""
_PERSONAL = ("ip:", "email:", "username:")


def read_tags(data: Loose) -> dict[str, str]:
    """Read tags sent as pairs, as `{key, value}` rows or as a mapping; the first of two equal keys counts."""
    tags: dict[str, str] = {}
    for key, value in [*_sent(data.get("tags")), *_from_contexts(mapping(data.get("contexts")))]:
        name, said = text(key), text(value)
        if name and said and not _personal(name, said) and len(tags) < TAGS_KEPT:
            tags.setdefault(name.removeprefix("sentry:"), said)
    return tags


Pair = tuple[object, object]


def _sent(tags: object) -> Iterator[Pair]:
    yield from mapping(tags).items()
    for row in items(tags):
        pair = items(row)
        if len(pair) > 1:
            yield pair[0], pair[1]
        else:
            yield dig(row, "key"), dig(row, "value")


def _from_contexts(contexts: Loose) -> Iterator[Pair]:
    for kind in _NAMED:
        name, version = (text(dig(contexts, kind, key)) for key in ("name", "version"))
        yield f"{kind}.name", name
        yield kind, " ".join(filter(None, (name, version)))
    device = mapping(contexts.get("device"))
    yield "device.family", device.get("family")
    yield "device", first_text(device.get("model"), device.get("name"))


def _personal(key: str, value: str) -> bool:
    """Sentry tags the user by address, e-mail or login when there is no id: personal data that nothing here needs."""
    return key.removeprefix("sentry:") == "user" and value.startswith(_PERSONAL)
