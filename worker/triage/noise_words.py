"""What browsers, phones, servers and visitors say when nothing of ours is broken.

Sources: what Sentry's inbound filters drop (docs.sentry.io, inbound data filters), the message tables of the browsers,
the codes of sign-in, payment and permission dialogs, and the errors of web servers. For lower-case text, but for
user agents and addresses.
"""

import re

from worker.triage.phrases import any_of, in_any_case

INJECTED = any_of(
    r"top\.globals|originalcreatenotification|canvas\.contentdocument|myapp_removeallhighlights|tt\.epicplay",
    r"zitereader",
    r"\bjigsaw is not defined|combosearch|loading\.retry\.widdit|atomicfindclose|fb_xd_fragment|bmi_safeaddonload",
    r"ebcallbackmessagereceived|_gcrweb|conduitpage|evaluating 'elt\.parentnode'|plugin\.setsuspendstate",
    r"extension context invalidated|webkit-masked-url|can't access dead object|message port closed before a response",
    r"receiving end does not exist|instantsearchsdkjsbridge|__firefox__|zalojsv2|java object is gone",
    r"java bridge method",
    r"_autofillcallbackhandler|_pcmbridgecallback|webkit\.messagehandlers|\bgm_(?:get|set)value|metamask|tronlink",
    r"coinbasewallet",
    r"(?:redefine|set|assign to read only) property:? '?(?:ethereum|solana|phantom|web3|tron|keplr)|window\.ethereum",
    r"runtime\.sendmessage|runtime\.lasterror|browser\.runtime|object not found matching id|ucbrowser|ucshelljava",
    r"swbrowser",
    r"vc_request_action|vid_mate_check|mraid|weixinjsbridge|wkwebviewjavascriptbridge|webviewjavascriptbridge",
    r"_iosbridge",
    r"setiosparameters|iabjs|fbnavshortcut|_fbnativebridge|navigationperformanceloggerjavascriptinterface",
    r"paymentautofillconfig|emptyranges|logmutedmessage|darkreader|getreadmode(?:config|render|extract)|grammarly",
    r"lastpass|1password|bitwarden|dashlane|kaspersky|chrome\.loadtimes|cefquery",
    r"webkitpresentationmode|myappgetlinkhref|tampermonkey|violentmonkey|translate_http",
    r"can't find variable: (?:gmo|eufunctions|msdisableinput|zaloj)",
)
"""Names that only scripts of browsers, apps and add-ons bring into a page."""

BENIGN = any_of(
    r"resizeobserver loop|play\(\) (?:failed|request was interrupted)|user didn't interact",
    r"media resource was aborted|request aborted",
    r"the (?:user aborted a request|operation was aborted)|signal is aborted|fetch is aborted|\baborterror\b",
    r"ns_binding_aborted",
    r"permission denied to access property|blocked a frame with origin|document is not (?:focused|fully active)",
    r"write permission denied",
    r"share cancell?ed|abort due to cancellation|another share|script error\.|not allowed by the user agent",
    r"user gesture",
    r"\bns_error_(?:not_available|failure|unexpected|abort|storage)|fullscreen error|wakelock|wake lock",
    r"notification permission",
    r"lockmanager|lock broken by another request|navigation (?:cancelled|aborted)|transition was (?:skipped|aborted)",
    r"navigationduplicated|redundant navigation|requested device not found|permission (?:dismissed|denied by)",
    r"notreadableerror",
    r"denied geolocation|geolocationpositionerror|user denied|document was unloaded",
    r"page (?:was|is being) (?:un|re)loaded|load (?:request )?cancell?ed|picture-in-picture",
    r"timed out or was not allowed|getinstalledrelatedapps|install prompt|beforeinstallprompt|launch-?queue",
    r"non-error .*captured.*(?:timeout|cancel)",
)
"""What browsers say about the user's own doing: nothing is broken."""

REWRITTEN = any_of(
    r"failed to execute '(?:insertbefore|removechild|replacechild)' on 'node'",
    r"node was not found|object can not be found here",
)
"""A library finds the page otherwise than it drew it."""

DEED = any_of(
    # dialogs that were closed
    r"popup[ _-]?(?:was )?(?:window )?clos|popup_closed|closed[ _-]by[ _-]user",
    r"(?:dialog|window|sheet|modal) (?:was )?(?:closed|dismissed) by",
    r"zoid destroyed|(?:target|popup|pop-up) window is closed|window closed before|detected (?:popup|window) close",
    r"user[ _-]?(?:has )?(?:cancel|abort|dismiss|reject|declin|denied|closed)",
    r"cancel\w*[ _]by[ _](?:the )?(?:user|customer|buyer)",
    r"(?:sign_?[- ]?in|log_?[- ]?in|purchase|payment|checkout|authorization|authentication|biometric\w*)"
    r" (?:was |has been )?cancell?ed",
    r"sign_in_cancel|login_cancel|paymentcancell?ed|skerror\w*\W*(?:code)?\W*2\b",
    r"authorizationerror\W*(?:error|code)?\W*100[01]\b|exception: 12501\b|gms\.\S{0,60}apiexception: 16:",
    r"laerror\w*\W*(?:code)?\W*-[24]\b|auth/(?:popup-closed|cancelled-popup|user-cancelled|popup-blocked)",
    r"popup[ _]?(?:was )?blocked",
    # cards and codes
    r"insufficient funds|card (?:was |has been )?(?:declined|expired|refused)|card_declined|do[ _]not[ _]honou?r",
    r"expired_card|incorrect_(?:cvc|number|zip)",
    r"security code is (?:incorrect|invalid)|payment (?:method )?(?:was |has been )?(?:declined|refused)",
    r"authentication_required|soft_decline|lost_card|stolen_card",
    r"kclerrordomain\W*(?:code)?\W*1\b",
    r"auth/(?:wrong|invalid-email|invalid-login|user-not|too-many|network|email-already|weak)\S*",
    r"email (?:address )?(?:is )?already (?:in use|registered)",
    # addresses of people that are wrong, full or closed (RFC 3463), and people who want nothing more
    r"\b55\d\D{1,6}5\.(?:1\.[1236]|2\.[12])\b|unsubscribed recipient",
)
"""What a person did, or did not do: the answer is as it should be, whoever gave it."""
TURNED_AWAY = any_of(
    r"invalid (?:credentials|password|login|otp|verification code|pin)\b|wrong[ -]password|bad credentials",
    r"incorrect (?:username|password|email|code)",
    r"csrf|xsrf|anti-?forgery|token mismatch|jwt expired|token (?:has |is )?expired|signature has expired",
    r"session (?:has |is )?(?:expired|timed out)",
    r"page (?:has )?expired|link (?:has |is )?expired|unauthenticated\.|not logged in|login required",
    r"authentication credentials were not provided",
    r"jwt malformed|invalid signature|not enough segments|invalid token|too many (?:login |failed )?attempts",
    r"request was throttled|failed to find server action",
)
"""What our own door says to a person whose time is over; said by a vendor, it is of our own credentials."""

STOPPING = any_of(
    r"sigterm|sigint\b|signal: terminated|signal 15\b|received (?:signal|term)",
    r"graceful(?:ly)? (?:shut|stop|exit|termin|quit)|http: server closed",
    r"draining|warm shutdown|keyboardinterrupt|sidekiq::shutdown",
    r"shut(?:ting)? ?down (?:server|worker|gracefully|now|complete)|server is shutting down|hot reload",
)
"""A process was asked to stop: a deploy, a smaller fleet."""

TRIED_OUT = any_of(
    r"my first sentry error|(?:this is a|sentry) (?:sentry )?(?:test|example|sample) (?:error|exception|event)\b",
    r"test exception sent from",
)
"""What manuals give to try out whether errors arrive."""
TRIED_PATH = re.compile(r"/(?:sentry[-_](?:debug|test|example)|(?:debug|test)[-_]sentry|trigger[-_]error)/?$")
"""A route that manuals give for the same."""

CLIENT_GONE = any_of(
    r"broken ?pipe|\bepipe\b|cannot write to closing transport|client ?disconnect|client ?abort|clientabortexception",
    r"request ?(?:was )?abort(?:ed)?\b|unreadableposterror",
    r"context cancell?ed|code = cancell?ed",
    r"client (?:closed|has closed|prematurely|has disconnected|connection (?:was )?closed|hung up|went away|reset)",
    r"premature close|error reading (?:request|webob) body|unexpected end of (?:request|multipart|form)",
    r"partial results are valid",
    r"aborted connection|ioerror: request data|closed by (?:the )?(?:client|remote|peer)",
    r"cancell?ed by (?:the )?client|reset by (?:the )?client|rst_stream",
    r"no close frame received|\(going away\)|websocket: close 100[156]|websocketdisconnect: 100\d|connectionclosedok",
    r"download (?:was )?(?:interrupted|aborted)|client (?:request )?(?:is )?gone|minrequestbodydatarate",
    r"mindatarate|err_stream_premature_close",
    r"tls handshake error from|does not look like a tls handshake|remote error: tls",
)
STATEMENT_ENDED = any_of(
    r"canceling statement due to user request|operation cancell?ed by user|ora-01013|query execution was interrupted"
)
"""A database ends a statement because its client says so."""
RAN_OUT = any_of(r"deadline|execution time")
CONTEXT_ENDED = any_of(r"context cancell?ed")
HUNG_UP = any_of(
    r"context cancell?ed|client (?:is )?(?:gone|disconnected|closed|went away)|request (?:was )?cancell?ed"
)
"""Why a statement was ended: whoever waited for it does no more."""
CALLED_OFF = any_of(
    r"(?:operation|task|call|coroutine|job|request|work|scope|query|future|promise)"
    r"(?: was| has been| is| got)? ?cancell?ed",
    r"\bcancelled ?error|cancellationexception|cancellationerror|nsurlerrordomain\D{0,12}-999|was cancell?ed$",
    r"\bcancell?ed$",
)
"""What was being done for somebody who left."""
WIRE = any_of(
    r"connection|closed|\beof|reset|abort|disconnect|unexpected end|timed? ?out|bad ?(?:http)?request|broken pipe"
    r"|too slowly"
)
PROBE = any_of(
    r"disallowedhost|invalid http_host|blocked hosts?:|untrusted host",
    r"suspicious(?:operation|fileoperation)|path traversal|etc/passwd|\.\./\.\./|win\.ini|proc/self",
    r"wp-(?:login|admin|content|includes|json)|xmlrpc\.php|phpmyadmin|phpunit|cgi-bin|/actuator|/solr/|/boaform",
    r"/hnap1|/owa/|/autodiscover",
    r"/\.(?:env|git|aws|ssh|svn|ds_store|htaccess|well-known/security)\b",
    r"/(?:config|backup|dump|database)\.(?:json|sql|zip|bak|ya?ml)|eval-stdin",
    r"union (?:all )?select|sleep\(\d|or 1=1|\bxp_cmdshell|waitfor delay|benchmark\(|extractvalue\(",
    r"information_schema",
    r"<script|\$\{jndi:|toomanyfieldssent|requestdatatoobig|\{\{\d+\*\d+\}\}|%c0%ae|%00",
    r"null character|null \(0x00\)|embedded null|null byte|string contains null byte",
    r"invalid byte sequence(?! for encoding)",
    r'for encoding "utf8": 0x00|(?:sveltekiterror|h3error): (?:page )?not found: /',
    r"bad (?:http/0\.9 )?request (?:syntax|version|line)|invalid http (?:request|version|method|format)",
    r"http_?parser_?error|malformed (?:request|http)",
    r"invalid_?request_?(?:line|method)|unsupported method|invalid %-encoding|malformed uri|failed to decode param",
    r"potentially malicious|http method names must be tokens|invalid character found in (?:method|the request target)",
    r"bad request version|invalid http request received|invalid constant string.*http|not a tls handshake",
    r"client sent an? (?:http|plain).*https?|http request to https server",
)
"""What scanners leave behind."""
SCRIPTED = in_any_case(
    r"^(?:python-requests|python-urllib|python-httpx|aiohttp|curl|wget|go-http-client|libwww-perl|java/|scrapy|okhttp|node-fetch|axios/|undici|ruby|php/|postmanruntime|insomnia)",
    r"headlesschrome|phantomjs|puppeteer|playwright|selenium|cypress|electron-nightmare",
    r"^(?:k6|vegeta|hey|wrk|ApacheBench|kube-probe|ELB-HealthChecker|GoogleHC|Consul Health)\b|gatling|jmeter",
    r"locust|artillery",
    r"zgrab|masscan|nikto|sqlmap|nuclei|nmap|censys|shodan|security scanner|lighthouse|pingdom|uptime|wpscan",
    r"gobuster|dirbuster|acunetix|nessus|qualys",
)
AUTOMATED = in_any_case(r"headlesschrome|puppeteer|playwright|selenium|phantomjs|cypress")
"""Browsers without a person: a stranger's robot as well as our own printer of pages."""
BEACON = in_any_case(r"analytics|beacon|tracking|telemetry|pixel|metrics|\bads?\b|adserv|collect")
OFFLINE = any_of(
    r"failed to fetch|load failed|networkerror when attempting|network request failed|^network error$",
    r"axioserror: network error",
    r"internet connection appears to be offline|network connection was lost|err_internet",
    r"err_network(?:_changed|_io_suspended)|cancelled$",
    r"net::err_(?:internet|network|name_not|address|connection|proxy|timed_out)|cannot connect to the server",
    r"could not connect to the server\.",
)
NO_NETWORK = any_of(
    r"internet connection appears to be offline|network connection was lost",
    r"nsurlerrordomain\D{0,12}-(?:10(?:01|05|09|18|19|20)\b)",
    r"no address associated with hostname|failed host lookup|software caused connection abort|unable to resolve host",
    r"net::err_(?:internet_disconnected|network_changed|name_not_resolved|address_unreachable|connection_(?:reset|aborted|closed|timed_out))",
    r"network is unreachable|network request failed|during handshake|handshakeexception",
    r"no (?:internet|network) connection|connection abort|auth/network-request-failed",
    r"errno = (?:7|50|51|54|57|60|64|101|103|104|113)\b|not connected to the internet|data not allowed",
    r"international roaming|cellular|gms\.\S{0,60}apiexception: 7\b",
)
"""What phones and apps say when they are out of reach."""
FULL_PHONE = any_of(
    r"no space left|enospc|database or disk is full|sqlite_full|not enough (?:storage|space)|storage is full"
    r"|code\W{1,3}640|out of space|errno = 28"
)
STORAGE = any_of(
    r"quotaexceeded|exceeded the quota|storage is (?:full|disabled)|localstorage.*(?:null|denied)",
    r"sessionstorage.*(?:null|denied)",
    r"indexeddb|idbdatabase|idbfactory|internal error opening backing store",
    r"access is denied for this document|the operation is insecure",
)
CHUNK = any_of(
    r"loading (?:css )?chunk \S+ failed|chunkloaderror|failed to load chunk|dynamically imported module",
    r"importing a module script failed|unable to preload css|error loading dynamically|module script failed",
)
HYDRATION = any_of(r"hydrat", r"(?:invariant=|react\.dev/errors/)(?:418|419|421|422|423|425)\b")
LEGACY = in_any_case(
    r"\b(?:tizen [1-5]\.|netcast|hbbtv|playstation [34]|nintendo)",
    r"\bmsie \d|trident/|\b(?:chrome|firefox)/(?:[1-9]?\d|10\d|110)\.|opera mini|android [1-3]\.|edge/1[2-8]\.",
    r"version/(?:[1-9]|1[0-2])\.[\d.]+ (?:mobile/\w+ )?safari|cpu (?:iphone )?os (?:[4-9]|1[0-2])_|ucbrowser/",
    r"samsungbrowser/[1-9]\.|kaios",
)
UNSUPPORTED = any_of(
    r"unexpected (?:token|identifier|strict mode)|syntaxerror|invalid or unexpected|unexpected keyword",
    r"is not a (?:function|constructor)|is not defined|can't find variable|doesn't support|invalid (?:regular|group)",
)
"""What a browser says of a language or a function that is newer than itself."""
UNREAD_BUNDLE = any_of(
    r"syntaxerror: (?!.*\bjson\b).*(?:unexpected (?:token|identifier|strict|keyword|string)|invalid regular|missing \))"
)
"""What a browser says that cannot read a script at all."""
WORKPLACE = in_any_case(r"macbook|\blaptop|-mbp\b|^desktop-\w+$|^localhost$|\.local$|thinkpad|workstation")
"""What developers' machines are called."""
LOCAL_PAGE = in_any_case(
    r"^https?://(?:localhost|127\.0\.0\.1|\[::1\]|[\w.-]+\.localhost|192\.168\.[\d.]+|10\.0\.2\.2)(?:[:/]|$)|^file:"
)
PRACTICE = in_any_case(r"^(?:dev|develop|development|local|localhost|test|testing|ci|sandbox|e2e)$")
