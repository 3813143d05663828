"""A build folder before it ships: real bundles of four bundlers, right and wrong, and what only a hand can break."""

import base64
import json
from pathlib import Path

import pytest

from worker.triage.bundle_advice import Kind, advice
from worker.triage.bundle_file import Bundler, is_dense
from worker.triage.bundle_findings import Level
from worker.triage.bundle_folder import Folder, prefix_of
from worker.triage.bundles import check
from worker.triage.map_file import BadMapError, read_map

BUILT = Path(__file__).resolve().parents[1] / "fixtures" / "bundles"
ERROR, WARNING = Level.ERROR, Level.WARNING
APP = "app.js"
MAIN, ADMIN = "assets/index-N9x7iowA.js", "assets/index-C8d8x21F.js"
CODE = "const answer = 42;\nfunction ask(what) {\n  return what === answer;\n}\n"

EXPECTED = {
    "esbuild-linked": [],
    "esbuild-nested": [],
    "esbuild-sections": [],
    "esbuild-injected": [],
    "esbuild-external-injected": [],
    "esbuild-external": [(APP, WARNING, Kind.UNNAMED_MAP)],
    "esbuild-inline": [(APP, WARNING, Kind.MAP_INLINE)],
    "esbuild-readable": [(APP, WARNING, Kind.NO_MAP)],
    "esbuild-left-over": [("old.js.map", WARNING, Kind.MAP_LEFT_OVER)],
    "esbuild-none": [(APP, ERROR, Kind.NO_MAP)],
    "esbuild-no-contents": [(APP, ERROR, Kind.NO_SOURCES)],
    "esbuild-other-id": [(APP, ERROR, Kind.IDS_DIFFER)],
    "esbuild-id-on-one-side": [(APP, ERROR, Kind.ID_ON_ONE_SIDE)],
    "esbuild-one-map": [("again.js", ERROR, Kind.MAP_SHARED), (APP, ERROR, Kind.MAP_SHARED)],
    "webpack-source-map": [],
    "webpack-elsewhere": [],
    "webpack-hidden": [("js/app.js", WARNING, Kind.UNNAMED_MAP)],
    "webpack-none": [("js/app.js", ERROR, Kind.NO_MAP)],
    "webpack-eval": [("js/app.js", ERROR, Kind.EVAL_MAP)],
    "webpack-nosources": [("js/app.js", ERROR, Kind.NO_SOURCES)],
    "vite-sourcemap": [],
    "vite-hidden": [(MAIN, WARNING, Kind.UNNAMED_MAP)],
    "vite-none": [(MAIN, ERROR, Kind.NO_MAP)],
    "vite-base": [(ADMIN, ERROR, Kind.OTHER_PATH)],
    "rollup-sourcemap": [],
    "rollup-sentry-plugin": [],
    "rollup-base-url": [(APP, WARNING, Kind.MAP_REMOTE)],
    "rollup-debug-ids": [(APP, WARNING, Kind.ID_UNTOLD)],
    "rollup-exclude-sources": [(APP, ERROR, Kind.NO_SOURCES)],
    "rollup-wrong-reference": [(APP, ERROR, Kind.MAP_MISSING)],
    "rollup-cut-map": [(APP, ERROR, Kind.MAP_BROKEN)],
    "rollup-other-build": [(APP, ERROR, Kind.ID_ON_ONE_SIDE), (APP, ERROR, Kind.OTHER_BUILD)],
}


def built(name: str) -> dict[str, bytes]:
    """The files of a built folder."""
    root = BUILT / name
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def checked(files, *, release="web@3.1", prefix="~/", times=None):
    files = {path: data if isinstance(data, bytes) else data.encode() for path, data in files.items()}
    written = {path: (times or {}).get(path, 0.0) for path in files}
    return check(Folder(written, files.__getitem__, release, prefix_of(prefix)))


def said(done):
    return [(one.file, one.level, one.kind) for one in done.findings]


def a_map(**more):
    told = {"version": 3, "sources": ["a.js"], "sourcesContent": ["x"], "names": [], "mappings": "AAAA", **more}
    return json.dumps({key: value for key, value in told.items() if value is not ...})


def named(code=CODE, reference="app.js.map"):
    return f"{code}//# sourceMappingURL={reference}\n"


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_build_is_found_as_it_is(name):
    done = checked(built(name))
    assert said(done) == EXPECTED[name]
    assert done.fine == len(done.bundles) - len({file for file, level, _ in EXPECTED[name] if level is ERROR})
    assert done.by_id == (1 if name.endswith(("injected", "sentry-plugin")) else 0)
    assert all(one.what and one.do for one in done.findings)


def test_every_built_folder_is_expected_here():
    assert {path.name for path in BUILT.iterdir() if path.is_dir()} == set(EXPECTED)


def test_a_page_that_loads_from_elsewhere_is_fine_under_its_own_prefix():
    done = checked(built("vite-base"), prefix="~/shop")
    assert (said(done), done.by_path) == ([], (f"~/shop/{ADMIN}",))
    assert said(checked(built("vite-sourcemap"), prefix="https://host/shop/")) == [(ADMIN, ERROR, Kind.OTHER_PATH)]


def test_advice_speaks_of_the_bundler_that_built_it_or_of_all():
    ((_, _, kind),) = EXPECTED["webpack-none"]
    assert "devtool" in checked(built("webpack-eval")).findings[0].do
    assert all(str(who) in advice(kind, None) for who in Bundler)
    assert all(len(advice(kind, who)) < 500 for kind in Kind if kind is not Kind.OTHER_PATH for who in (None, *Bundler))


def test_who_built_the_rest_of_the_folder_built_the_unknown_too():
    files = {f"w/{path}": data for path, data in built("webpack-source-map").items()} | built("esbuild-none")
    (one,) = checked(files).findings
    assert "(webpack)" in one.do


# ---------------------------------------------------------------- which file is the map

WHERE = {
    "app.js.map?v=1#x": ("app.js", "app.js.map"),
    "../maps/app%20b.map": ("js/app.js", "maps/app b.map"),
    "/static/js/app.js.map": ("js/app.js", "js/app.js.map"),
    "/elsewhere/js/app.js.map": ("js/app.js", "js/app.js.map"),
    "https://cdn.example.com/deep/js/app.js.map": ("js/app.js", "js/app.js.map"),
}


@pytest.mark.parametrize("reference", WHERE)
def test_a_reference_is_followed(reference):
    bundle, there = WHERE[reference]
    done = checked({bundle: named(reference=reference), there: a_map()}, prefix="~/static")
    assert {kind for _, _, kind in said(done)} <= {Kind.MAP_REMOTE}


@pytest.mark.parametrize("reference", ["../../app.js.map", "gone.map", "https://cdn.example.com/gone.map", "%00"])
def test_a_reference_that_leads_nowhere_is_an_error(reference):
    done = checked({"js/app.js": named(reference=reference), "other/app.js.map": a_map()})
    assert ("js/app.js", ERROR, Kind.MAP_MISSING) in said(done)
    assert "other/app.js.map is" in next(one.what for one in done.findings if one.kind is Kind.MAP_MISSING)


def test_addresses_that_cannot_be_split_lead_nowhere_and_break_nothing():
    page = '<script src="http://[x/app.js"></script>'
    done = checked({"app.js": named(reference="http://[::1/a.map"), "app.js.map": a_map(), "index.html": page})
    assert said(done) == [(APP, ERROR, Kind.MAP_MISSING)]


def test_of_several_references_the_last_counts():
    assert said(checked({APP: named(named(reference="old.map")), "app.js.map": a_map()})) == []


def test_an_inline_map_is_read():
    told = base64.b64encode(a_map(sourcesContent=...).encode()).decode()
    for reference in (f"data:application/json;charset=utf-8;base64,{told}", "data:application/json;base64,%%%"):
        kinds = {kind for _, _, kind in said(checked({APP: named(reference=reference)}))}
        assert kinds == {Kind.MAP_INLINE, Kind.NO_SOURCES if told in reference else Kind.MAP_BROKEN}


# ---------------------------------------------------------------- the map itself

BROKEN = {
    "empty": "",
    "html": "<!doctype html><title>Not found</title>",
    "list": "[]",
    "version": a_map(version=2),
    "version as text": a_map(version="3"),
    "no mappings": a_map(mappings=...),
    "no sources": a_map(sources=...),
    "no base 64": a_map(mappings="AA!A"),
    "cut": a_map(mappings="AAAg"),
    "two numbers": a_map(mappings="AA"),
    "source beyond": a_map(mappings="ACAA"),
    "name beyond": a_map(mappings="AAAAA"),
    "column before the line": a_map(mappings="DAAA"),
    "no sections": json.dumps({"version": 3, "sections": []}),
    "section without a place": json.dumps({"version": 3, "sections": [{"map": json.loads(a_map())}]}),
    "section elsewhere": json.dumps({"version": 3, "sections": [{"offset": {"line": 0, "column": 0}, "url": "x"}]}),
    "too deep": "[" * 100_000,
    "endless number": a_map(mappings="g" * 1000 + "A"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_map_that_nobody_can_use_is_an_error(name):
    with pytest.raises(BadMapError):
        read_map(BROKEN[name].encode())
    assert said(checked({APP: named(), "app.js.map": BROKEN[name]})) == [(APP, ERROR, Kind.MAP_BROKEN)]


def test_mappings_are_decoded_to_the_last_column_of_each_line():
    found = read_map(a_map(mappings="AAAA,SAAS;;gBAAA,D").encode())
    assert found.reach == {0: 9, 2: 16}
    sections = [{"offset": {"line": 2, "column": 5}, "map": json.loads(a_map(mappings="K;K"))}]
    assert read_map(json.dumps({"version": 3, "sections": sections}).encode()).reach == {2: 10, 3: 5}


def test_a_guarded_map_is_read():
    assert said(checked({APP: named(), "app.js.map": ")]}'\n" + a_map()})) == []


@pytest.mark.parametrize("mappings", [";" * 20 + "AAAA", "AAAA,gkCAAA", ""])
def test_a_map_that_reaches_beyond_its_bundle_is_of_another_build(mappings):
    ((_, level, kind),) = said(checked({APP: named(), "app.js.map": a_map(mappings=mappings)}))
    assert (level, kind) == (ERROR, Kind.OTHER_BUILD if mappings else Kind.MAP_EMPTY)


def test_columns_of_wide_characters_are_no_error():
    wide = f'const said = "{"€" * 300}";\n'
    assert said(checked({APP: named(wide), "app.js.map": a_map(mappings="AAAA,mSAAA")})) == []


def test_a_lacking_source_of_a_package_is_a_warning():
    lacking = {"sources": ["a.js", "../node_modules/left-pad/index.js"], "sourcesContent": ["x", None]}
    assert said(checked({APP: named(), "app.js.map": a_map(**lacking)})) == [(APP, WARNING, Kind.NO_SOURCES)]


def test_a_map_much_older_than_its_bundle_is_a_warning():
    files = {APP: named(), "app.js.map": a_map()}
    assert said(checked(files, times={APP: 60.0})) == []
    assert said(checked(files, times={APP: 600.0})) == [(APP, WARNING, Kind.MAP_OLDER)]


def test_two_bundles_with_one_debug_id_are_an_error():
    files = built("esbuild-injected")
    twice = {f"{n}/{path}": data for n in "ab" for path, data in files.items()}
    assert [kind for _, _, kind in said(checked(twice))] == [Kind.ID_SHARED, Kind.ID_SHARED]


def test_a_snippet_of_another_id_than_the_comment_is_an_error():
    files = built("esbuild-injected")
    files[APP] = files[APP].replace(b"sentry-dbid-2f8c", b"sentry-dbid-2f8d")
    assert said(checked(files)) == [(APP, ERROR, Kind.IDS_DIFFER)]


def test_a_comment_that_a_later_step_dropped_is_missed():
    files = built("esbuild-injected")
    files[APP] = files[APP].replace(b"//# debugId=", b"// ")
    assert said(checked(files)) == [(APP, ERROR, Kind.ID_ON_ONE_SIDE)]


def test_a_bundle_built_for_another_release_is_an_error():
    code = '!function(){globalThis.SENTRY_RELEASE={id:"web@3.0"}}();\n'
    files = {APP: named(code + CODE), "app.js.map": a_map()}
    assert said(checked(files)) == [(APP, ERROR, Kind.OTHER_RELEASE)]
    assert said(checked(files, release="web@3.0")) == []


# ---------------------------------------------------------------- the folder


def test_a_folder_without_bundles_is_an_error():
    assert said(checked({"app.css": "a{}", "app.css.map": "{}", "node_modules/a/index.js": CODE})) == [
        (".", ERROR, Kind.NO_BUNDLES)
    ]


def test_what_is_no_text_is_an_error():
    assert said(checked({APP: b"const a = '\xe4';"})) == [(APP, ERROR, Kind.NOT_UTF8)]


def test_code_that_people_wrote_is_told_from_what_a_minifier_left():
    for name, path in {"esbuild-none": APP, "webpack-none": "js/app.js", "vite-none": MAIN}.items():
        assert is_dense(built(name)[path].decode())
    assert not is_dense(built("esbuild-readable")[APP].decode())
    assert not is_dense("self.skipWaiting();")


@pytest.mark.parametrize(
    ("told", "meant"),
    {
        "~/": "/",
        "": "/",
        "~": "/",
        "~/static": "/static/",
        "/static/": "/static/",
        "https://a.example/b/c": "/b/c/",
        "static": None,
        "~static": None,
        "https://": None,
    }.items(),
)
def test_the_prefix_is_a_path(told, meant):
    assert prefix_of(told) == meant
