"""Rules about people, their browsers and phones: what makes each of them speak, and what is near and does not."""

from tests.fixtures.fault_rows import (
    APP,
    CODE,
    GONE,
    INFRA,
    JAVA,
    JVM,
    NOISE,
    OURS,
    PHP,
    RUBY,
    VENDOR,
    WEB,
    frame,
    leading,
    table,
)
from worker.event import Event, Frame, Request, Thrown
from worker.model import Issue, Project
from worker.triage.cause import judge

ADD_ON = "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh"
OTHER = "chrome-extension://zzzzyyyyxxxxwwwwvvvvuuuuttttssss"
READ = ("TypeError", "Cannot read properties of undefined (reading 'tab')")


@table(
    (CODE, *READ, f"+{ADD_ON}/popup.js:show", WEB | {"url": f"{ADD_ON}/popup.html"}),
    (NOISE, *READ, f"+{ADD_ON}/popup.js:show", WEB),
    (NOISE, *READ, f"+{ADD_ON}/popup.js:show", WEB | {"url": None}),
)
def test_an_add_on_s_frames_are_ours_on_its_own_page_alone(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


def test_on_an_add_on_s_own_page_another_add_on_is_no_code_of_ours():
    def reasons(address):
        thrown = (Thrown(*READ, frames=(frame(f"+{address}/a.js:show"),)),)
        seen = Event("e", platform="javascript", request=Request(url=f"{ADD_ON}/popup.html"), exceptions=thrown)
        return {clue.reason for clue in judge(Issue("1", "D-1", "x", Project("1", "d"), user_count=9), seen).clues}

    assert "the newest frame is our own" in reasons(ADD_ON)
    assert "the newest frame is our own" not in reasons(OTHER)


MISSPELLED = ("NameError", "name 'Stok' is not defined")


@table(
    (NOISE, *MISSPELLED, "django.core.management:execute code:interact code:runcode +<console>:<module>"),
    (NOISE, *MISSPELLED, "code:interact code:runcode +__main__:<module>"),
    (
        NOISE,
        "FieldError",
        "Cannot resolve keyword 'nam'",
        "code:interact code:runcode +<console>:<module> django.db.query:add_q",
    ),
    (
        NOISE,
        *MISSPELLED,
        "IPython.terminal.ipapp:start IPython.core.interactiveshell:run_code +<ipython-input-4-f>:<module>",
    ),
    (
        CODE,
        *MISSPELLED,
        "ipykernel.kernelapp:start IPython.core.interactiveshell:run_code +<ipython-input-4-f>:<module>",
    ),
    (CODE, *MISSPELLED, f"code:interact code:runcode +<console>:<module> {OURS}"),
    (CODE, *MISSPELLED, f"django.core.management:execute {OURS}"),
    (CODE, *MISSPELLED, "+code:interact"),
    (
        NOISE,
        "NoMethodError",
        "undefined method 'totl' for an Order",
        "/gems/irb-1.14/lib/irb/workspace.rb:evaluate +(irb):<main>",
    ),
    (
        NOISE,
        "Error",
        'Class "Stok" not found',
        "+/srv/artisan:main /srv/vendor/psy/psysh/src/ExecutionClosure.php:run",
        PHP,
    ),
    (NOISE, "ReferenceError", "stok is not defined", "node:repl:defaultEval +REPL3:run", {"platform": "node"}),
    (
        NOISE,
        "UndefinedFunctionError",
        "function Stok.all/0 is undefined",
        "IEx.Evaluator:eval +nofile:run",
        {"platform": "elixir"},
    ),
    (CODE, "UndefinedFunctionError", "function Stok.all/0 is undefined", "+lib/stock.ex:run", {"platform": "elixir"}),
)
def test_what_somebody_types_into_a_shell_is_noise_and_what_runs_below_it_is_not(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **{"users": 0, "count": 1} | event) is cause


MAIL, SMS = f"{OURS} smtplib:sendmail", "+/srv/app/a.rb:ask twilio:create"
PAY = "https://www.paypal.com/sdk/js:run"


@table(
    (NOISE, "Error", "zoid destroyed all frames", PAY, WEB),
    (NOISE, "Error", "Target window is closed", PAY, WEB),
    (NOISE, "Error", "Window closed before the answer came", PAY, WEB),
    (VENDOR, "Error", "zoid could not open the frame", PAY, WEB),
    (NOISE, "SMTPRecipientsRefused", "{'a@b.example': (550, b'5.1.1 no such person here')}", MAIL),
    (CODE, "SMTPSenderRefused", "(550, b'5.7.1 this sender may not do so')", MAIL),
    (NOISE, "Twilio::REST::RestError", "[HTTP 400] 21610: unsubscribed recipient", SMS, RUBY | {"users": 20}),
    (CODE, "Twilio::REST::RestError", "[HTTP 400] 21211: the number has letters", SMS, RUBY),
)  # fmt: skip
def test_what_a_customer_closed_or_wants_no_more_is_noise_though_a_vendor_tells_it(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


@table(
    (CODE, "ChunkLoadError", "Loading chunk 7 failed. (https://www.depot.eu/js/undefined)", "+app:///src/a.ts:go", WEB),
    (INFRA, "ChunkLoadError", "Loading chunk 7 failed. (https://www.depot.eu/js/7.js)", "+app:///src/a.ts:go", WEB),
    (INFRA, "RuntimeError", "CUDA error: uncorrectable ECC error encountered", "torch.cuda:sync"),
    (CODE, "RuntimeError", "CUDA error: device-side assert triggered", "+depot.model:train torch.cuda:sync"),
)
def test_an_address_made_of_nothing_is_code_and_a_broken_card_is_not(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


@table(
    (NOISE, "android.os.DeadSystemException", "", f"{JAVA} android.os.Binder:call", APP),
    (CODE, "android.os.DeadSpotException", "", f"{JAVA} android.os.Binder:call", APP),
    (CODE, "DeadSystemException", "", OURS),
)
def test_a_phone_whose_system_died_is_noise(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


HALF = ("TypeError", "cart.rows is not a function")


@table(
    (NOISE, *HALF, OURS, {"environment": "dev", "server_name": "annas-MacBook.local", "users": 1}),
    (NOISE, *HALF, "+app:///src/a.ts:go", WEB | {"environment": "dev", "url": "http://localhost:3000/", "users": 1}),
    (CODE, *HALF, OURS, {"environment": "production", "server_name": "annas-MacBook.local", "users": 1}),
    (CODE, *HALF, OURS, {"environment": "dev", "server_name": "web-7f", "users": 1}),
    (CODE, *HALF, OURS, {"environment": "dev", "server_name": "annas-MacBook.local", "users": 4}),
)
def test_what_is_at_work_on_a_developer_s_machine_is_noise_until_others_meet_it(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


PAGE = WEB | {"url": "https://d.eu/", "users": 2}
UNREAD = ("SyntaxError", "Unexpected token '<'")


@table(
    (NOISE, *UNREAD, "", PAGE),
    (NOISE, *UNREAD, "+https://d.eu/m.js:?", PAGE),
    (CODE, *UNREAD, "+https://d.eu/m.js:?", PAGE | {"users": 9}),
    (CODE, "SyntaxError", "Unexpected token '<', \"<!doctype\" is not valid JSON", "+https://d.eu/m.js:read", PAGE),
    (CODE, *UNREAD, "+https://d.eu/m.js:run +https://d.eu/m.js:read", PAGE),
)  # fmt: skip
def test_one_browser_that_cannot_read_a_script_is_noise(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


def thrown_by(*functions):
    frames = tuple(Frame(one, in_app=False, abs_path="/usr/lib/x.dylib") for one in functions)
    thrown = (Thrown("NSException", "something is amiss", frames=frames),)
    issue = Issue("1", "D-1", "x", Project("1", "depot"), user_count=40, count=90)
    return judge(issue, Event("e", platform="cocoa", exceptions=thrown)).leading


def test_a_method_of_objective_c_names_its_library_and_what_raises_for_it_does_not_hide_it():
    raised = ("__exceptionPreprocess", "objc_exception_throw", "abort", "__pthread_kill")
    assert thrown_by("main", "-[FBLPromise wait]", *raised) is VENDOR
    assert thrown_by("main", "-[DPTPromise wait]", *raised) is not VENDOR


TOMCAT = "org.apache.coyote.http11.Http11InputBuffer:parseRequestLine"
SERVER = {"platform": "java", "users": 0}
SHAKE = "http: TLS handshake error from 198.51.100.7:51522: EOF"


@table(
    (NOISE, "IllegalArgumentException", "[0x16]: HTTP method names must be tokens", TOMCAT, SERVER),
    (NOISE, "IllegalArgumentException", "Invalid character found in method name [0x16]", TOMCAT, SERVER),
    (NOISE, "IllegalArgumentException", "Invalid character found in the request target", TOMCAT, SERVER),
    (CODE, "IllegalArgumentException", "Invalid character found in the name of a file", TOMCAT, SERVER),
    (NOISE, "*errors.errorString", SHAKE, "net/http:conn.serve", GONE),
    (INFRA, "*errors.errorString", "TLS error of the stock service: EOF", "+depot/jobs:(*Feed).run", GONE),
)
def test_somebody_who_speaks_tls_with_an_open_door_is_noise(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


LATE = ("SocketTimeoutException", "timeout")
OKHTTP = f"{JAVA} okhttp3.internal.Exchange:read"


@table(
    (NOISE, *LATE, OKHTTP, {"platform": "java", "tags": {"os": "Android 15"}, "users": 9}),
    (NOISE, *LATE, OKHTTP, {"platform": "java", "tags": {"os.name": "Android"}, "users": 9}),
    (INFRA, *LATE, OKHTTP, {"platform": "java", "tags": {"os": "Linux 6.1"}, "users": 9}),
    (NOISE, *LATE, OKHTTP, {"platform": "java", "release": "nl.depot.app@2.0.1+201", "users": 9}),
    (INFRA, *LATE, OKHTTP, {"platform": "java", "release": "stock@2.0.1+201", "users": 9}),
    (INFRA, *LATE, OKHTTP, {"platform": "java", "release": "nl.depot.app@2.0.1", "users": 9}),
)
def test_a_phone_is_told_by_its_system_or_by_a_release_with_a_build_number(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


NEXT = "/srv/node_modules/next/dist/server/a.js:run"
NODE = {"platform": "node", "users": 5}


@table(
    (CODE, "FormatError", "the date is malformed", OURS),
    (NOISE, "FormatError", "malformed HTTP request", "aiohttp.http_parser:feed"),
    (NOISE, "ResponseAborted", "", NEXT, NODE),
    (CODE, "ResponseLost", "", NEXT, NODE),
    (NOISE, "Error", "Failed to find Server Action 'f3'. It may be of an older deployment.", NEXT, NODE),
    (CODE, "Error", "Failed to run Server Action 'f3'. It may be of an older deployment.", NEXT, NODE),
    (NOISE, "SvelteKitError", "Not found: /old.php", "/srv/build/server/index.js:resolve", NODE),
    (CODE, "SvelteKitError", "Not readable: /old.php", "/srv/build/server/index.js:resolve", NODE),
    (CODE, "PSQLException", 'invalid byte sequence for encoding "UTF8": 0xe9', f"{JAVA} org.depot.Pg:run", JVM),
    (NOISE, "PSQLException", 'invalid byte sequence for encoding "UTF8": 0x00', f"{JAVA} org.depot.Pg:run", JVM),
)
def test_the_address_of_a_page_makes_no_probe_and_what_a_later_build_lacks_is_no_bug(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


ZERO = ("ZeroDivisionError", "division by zero")


@table(
    (NOISE, *ZERO, OURS, {"users": 1, "url": "https://www.depot.eu/trigger-error"}),
    (CODE, "ErrorException", "Cart total is negative", "+/srv/src/Cart.php:trigger_error", PHP | {"users": 1}),
    (CODE, *ZERO, OURS, {"users": 1, "url": "https://www.depot.eu/sentry/testimonials"}),
    (NOISE, *ZERO, OURS, {"users": 1, "url": "https://www.depot.eu/sentry-debug/"}),
    (NOISE, "Error", "My first Sentry error!", "+/srv/dist/app.js:main", {"users": 0, "platform": "node"}),
    (CODE, *ZERO, OURS, {"users": 40, "url": "https://www.depot.eu/trigger-error"}),
    (CODE, *ZERO, OURS, {"users": 1, "url": "https://www.depot.eu/debug/"}),
    (CODE, *ZERO, OURS, {"users": 1, "url": "http://[::1"}),
)
def test_what_was_made_to_fail_to_see_whether_errors_arrive_is_noise(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


STREAM = "+depot.stream:feed aiohttp.web_response:write aiohttp.http_writer:_write"
CLOSING = ("ClientConnectionResetError", "Cannot write to closing transport")


@table(
    (NOISE, *CLOSING, STREAM),
    (INFRA, "ClientConnectionError", "Cannot connect to the service", STREAM),
)
def test_a_stream_that_its_viewer_closed_is_noise(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause
