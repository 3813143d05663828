"""What is known about texts, hosts and clients that are nobody's bug, or somebody else's. Patterns ignore case.

Sources: what Sentry's inbound filters drop (docs.sentry.io, inbound data filters), the message tables of the browsers,
and the errors that operating systems, databases and brokers raise.
"""

import re

from worker.triage.wording import vocabulary


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


EXTENSION_ADDRESS = _any(
    r"^(?:chrome|moz|safari(?:-web)?|ms-browser|edge)-extension:",
    r"^(?:chrome|resource)://",
    r"webkit-masked-url",
    r"/(?:inpage|contentscript|content-script|injectedscript)\.js$",
    r"kaspersky-labs\.com",
    r"texthelp\.com/",
    r"127\.0\.0\.1:4001/isrunning",
    r"woopra",
    r"graph\.facebook\.com",
    r"metrics\.itunes\.apple\.com",
)
"""Where a frame of an add-on or of an injected script comes from."""

INJECTED = _any(
    r"top\.globals",
    r"originalcreatenotification",
    r"canvas\.contentdocument",
    r"myapp_removeallhighlights",
    r"tt\.epicplay",
    r"zitereader",
    r"\bjigsaw is not defined",
    r"combosearch",
    r"loading\.retry\.widdit",
    r"atomicfindclose",
    r"fb_xd_fragment",
    r"bmi_safeaddonload",
    r"ebcallbackmessagereceived",
    r"_gcrweb",
    r"conduitpage",
    r"evaluating 'elt\.parentnode'",
    r"plugin\.setsuspendstate",
    r"extension context invalidated",
    r"webkit-masked-url",
    r"can't access dead object",
    r"message port closed before a response",
    r"receiving end does not exist",
    r"instantsearchsdkjsbridge",
    r"__firefox__",
    r"zalojsv2",
    r"java object is gone",
    r"_autofillcallbackhandler",
    r"webkit\.messagehandlers",
    r"\bgm_(?:get|set)value",
    r"metamask",
    r"tronlink",
    r"(?:redefine|set|assign to read only) property:? '?(?:ethereum|solana|phantom|web3)",
    r"window\.ethereum",
    r"runtime\.sendmessage",
    r"object not found matching id",
    r"ucbrowser",
    r"vc_request_action|vid_mate_check",
)
"""Names that only scripts of browsers, apps and add-ons bring into a page."""

BENIGN = _any(
    r"resizeobserver loop",
    r"play\(\) (?:failed|request was interrupted)|user didn't interact",
    r"the (?:user aborted a request|operation was aborted)|signal is aborted|fetch is aborted",
    r"\baborterror\b",
    r"permission denied to access property|blocked a frame with origin",
    r"document is not (?:focused|fully active)",
    r"share cancell?ed|abort due to cancellation",
    r"script error\.",
    r"not allowed by the user agent",
    r"\bns_error_(?:not_available|failure|unexpected)",
    r"fullscreen error|wakelock",
    r"notification permission",
    r"lockmanager|lock broken by another request",
    r"navigation (?:cancelled|aborted)|transition was (?:skipped|aborted)",
)
"""What browsers say about the user's own doing: nothing is broken."""

CLIENT_GONE = _any(
    r"broken ?pipe",
    r"\bepipe\b",
    r"client ?disconnect",
    r"client ?abort|clientabortexception",
    r"request aborted",
    r"unreadableposterror",
    r"context canceled",
    r"client (?:closed|has closed|prematurely)",
    r"premature close",
    r"error reading (?:request|webob) body|unexpected end of (?:request|multipart)",
    r"aborted connection|ioerror: request data",
)
CANCELLED = _any(
    r"(?:operation|task|call) ?cancell?ed|\bcancelled ?error|(?:operation|task|request) was cancell?ed",
)
"""What servers raise in what they were doing for a visitor who left."""
WIRE = _any(r"connection|closed|\beof|reset|abort|disconnect|unexpected end|timed? ?out|bad ?(?:http)?request")
PROBE = _any(
    r"disallowedhost|invalid http_host",
    r"suspicious(?:operation|fileoperation)|path traversal|etc/passwd|\.\./\.\./",
    r"wp-(?:login|admin|content|includes)|xmlrpc\.php|phpmyadmin|phpunit|cgi-bin",
    r"/\.(?:env|git|aws|ssh)\b",
    r"union (?:all )?select|sleep\(\d|or 1=1|\bxp_cmdshell",
    r"<script|\$\{jndi:",
    r"toomanyfieldssent|requestdatatoobig",
    r"null character|null \(0x00\)|embedded null",
    r"bad (?:http/0\.9 )?request (?:syntax|version|line)|invalid http (?:request|version|method)",
    r"invalid_?request_?(?:line|method)|unsupported method",
)
"""What scanners leave behind."""
SCRIPTED = _any(
    r"^(?:python-requests|python-urllib|python-httpx|aiohttp|curl|wget|go-http-client|libwww-perl|java/|scrapy|okhttp|node-fetch|axios/|undici|ruby|php/|postmanruntime|insomnia)",
    r"headlesschrome|phantomjs|puppeteer|playwright|selenium",
    r"zgrab|masscan|nikto|sqlmap|nuclei|nmap|censys|shodan|security scanner|lighthouse|pingdom|uptime",
)
BEACON = _any(r"analytics|beacon|tracking|telemetry|pixel|metrics|\bads?\b|adserv|collect")
OFFLINE = _any(
    r"failed to fetch",
    r"load failed",
    r"networkerror when attempting",
    r"network request failed",
    r"^network error$",
    r"internet connection appears to be offline|network connection was lost|err_internet|cancelled$",
)
NO_NETWORK = _any(
    r"internet connection appears to be offline|nsurlerrordomain.*-10(?:01|05|09|18|20)\b",
    r"no address associated with hostname|failed host lookup|software caused connection abort",
    r"net::err_(?:internet_disconnected|network_changed|name_not_resolved|address_unreachable)",
)
"""What phones and apps say when they are out of reach."""
PHONE_PLATFORMS = vocabulary("cocoa dart flutter android objc swift react-native")
ANDROID = re.compile(r"^(?:android|androidx|com\.android|dalvik)\.")
STORAGE = _any(
    r"quotaexceeded|exceeded the quota|storage is (?:full|disabled)|localstorage.*(?:null|denied)",
    r"indexeddb",
    r"access is denied for this document|the operation is insecure",
)
CHUNK = _any(
    r"loading (?:css )?chunk \S+ failed|chunkloaderror|failed to load chunk|dynamically imported module",
    r"importing a module script failed",
)
HYDRATION = _any(r"hydrat", r"(?:invariant=|react\.dev/errors/)(?:418|419|421|422|423|425)\b")
LEGACY = _any(r"\bmsie \d|trident/", r"\b(?:chrome|firefox)/(?:[1-9]?\d|10\d|110)\.", r"opera mini", r"android [1-3]\.")
UNSUPPORTED = _any(
    r"unexpected (?:token|identifier|strict mode)|syntaxerror|invalid or unexpected|unexpected keyword",
    r"is not a (?:function|constructor)|is not defined|can't find variable|doesn't support|invalid (?:regular|group)",
)
"""What a browser says of a language or a function that is newer than itself."""
LOCAL_PAGE = _any(r"^https?://(?:localhost|127\.0\.0\.1|\[::1\]|[\w.-]+\.localhost)(?:[:/]|$)", r"^file:")
PRACTICE = _any(r"^(?:dev|develop|development|local|localhost|test|testing|ci)$")

DOWN = _any(
    r"connection ?refused|econnrefused|could not connect to (?:server|the primary)",
    r"can't connect to (?:mysql|local|server)",
    r"enotfound|eai_again|name or service not known|temporary failure in name resolution|getaddrinfo",
    r"nodename nor servname|unknownhost|no such host|could not resolve",
    r"no route to host|host is unreachable|ehostunreach|enetunreach|network is unreachable",
    r"lost connection|communications link failure|network-related or instance-specific|actively refused",
    r"(?:error|failed|unable|cannot|could not|can't) (?:to )?connect(?:ing)?\b|error while dialing",
    r"(?:can't|cannot|could not|couldn't|unable to) reach|\bunreachable\b",
    r"(?:read|write) error on (?:connection|socket)|error\(50[0234]\b|not present in metadata",
    r"broker \S* ?not available|not ?ready ?(?:error|exception)|could not establish|reading from (?:the )?stream",
    r": eof\b",
    r"\bnot ?(?:the )?(?:master|primary|leader)\b|no (?:leader|master|primary)\b|failover",
    r"server closed the connection|connection (?:already |has been |was )?(?:closed|reset|lost|aborted)",
    r"econnreset|socket hang up|gone away|terminating connection|connection to \S+ (?:failed|lost)",
    r"serverselection|no (?:reachable|primary) (?:servers?|node)|nobrokersavailable|leader ?not ?available",
    r"clusterdown|cluster is down",
    r"loading redis|readonly you can't write|\bmisconf\b|starting up|shutting down|in recovery mode",
    r"read-only (?:transaction|replica)",
    r"upstream connect error|no healthy upstream|\bunavailable\b|service temporarily unavailable",
    r"deadline ?exceeded",
    r"max retries exceeded|failed to establish a new connection|remote end closed|bad gateway",
    r"service unavailable|gateway time-?out",
    r"(?:status(?: code)?:?|http(?: error)?|code|returned|with|got) ?50[234]\b|\b50[234] server error",
)
STARVED = _any(
    r"no space left|enospc|disk (?:is )?full|disk quota|read-only file system",
    r"out ?of ?memory|\boom\b|cannot allocate memory|java heap space|heap limit|allocation failed",
    r"memoryerror|gc overhead",
    r"memory size of \d+ bytes|bytes exhausted|resource ?exhausted|time ?limit ?exceeded|maximum execution time",
    r"sigkill|signal 9|worker ?lost|worker timeout|evicted|exited prematurely",
    r"too many (?:open files|connections|clients)|emfile|enfile|connection slots",
    r"(?:queue)?pool (?:limit|exhausted|timeout|timed out|is full)|acquir\w+ connection",
    r"unable to (?:check ?out|acquire) ",
    r"statement timeout|lock wait timeout|canceling statement|max_statement_time",
    r"throttl|provisionedthroughput|task timed out after|function timed out|h12\b|circuit_breaking|breaker",
)
SLOW = _any(r"time(?:d)? ?-?out|etimedout|esockettimedout")
CERTIFICATE = _any(
    r"certificate.*(?:expired|verify failed)|certificate_verify_failed|self[- ]signed certificate",
    r"cert_has_expired|ssl(?:v3)? (?:handshake|alert)|sslerror|sslhandshake",
)
UNCONNECTED = _any(r"\b\w*(?:connect|connection)\w{0,8}(?:error|exception)\b")
SERVER_FRAME = _any(
    r"gunicorn|uvicorn|hypercorn|waitress|werkzeug|wsgiref|socketserver|tornado\.iostream|uwsgi|daphne|catalina|undertow",
    r"jetty|netty|puma|unicorn|passenger|_http_server|http\.server|kestrel",
)
"""Frames of the server itself: trouble with a connection there is the visitor's."""
FROZEN = _any(r"^anr\b|application ?not ?responding|input dispatching timed out|app ?hang|watchdog|main thread")
"""The app's own main thread was busy for too long."""
SHORT_TIMEOUT = re.compile(r"timeout(?:[=:]| of)\s*(?:0?\.\d+|\d{1,2} ?ms)\b", re.IGNORECASE)

OUR_MISTAKE = _any(
    r"(?:column|relation|table|function|constraint|index|type) \S+ (?:of relation \S+ )?(?:does not|already) exists?",
    r"no such (?:column|table)|unknown column|invalid column name|table '\S+' doesn't exist",
    r"duplicate (?:key|entry)|unique constraint|violates (?:not-null|foreign|check)|foreign key constraint",
    r"not null constraint|value too long for type|data too long",
    r"deadlock|could not serialize access",
    r"syntax error|unexpected token|is not valid json|unexpected end of json|expecting value|json\.parse",
    r"recursion|call stack|stack ?overflow",
    r"cannot find module|no module named|module not found|cannot import name|class ?not ?found",
    r"nosuchmethod",
    r"\berr_(?:http|invalid|assert|method|module|require)\w*|headers after they are sent",
    r"headers already sent",
    r"invalid[ _]?(?:api[ _]?key|request|argument|parameter|input)|missing (?:required|\d+ required)|unauthori[sz]ed",
    r"authenticationerror|permission ?denied for|access ?denied",
    r"no such (?:price|customer|charge|coupon|bucket|key)|unrecognized request|badrequest",
    r"(?:status(?: code)?:?|http(?: error)?) ?(?:400|401|403|404|405|409|410|413|415|422)\b",
    r"\b(?:400|401|403|404|405|409|413|415|422) client error",
    r"template(?:does ?not ?exist|syntax)|noreversematch|improperlyconfigured|missing env",
    r"environment variable",
    r"can't compare offset|not subscriptable|not iterable|has no attribute|unexpected keyword",
    r"positional argument|nil pointer|null pointer|because .* is null|undefined method|unwrap\(\)",
    r"index out of",
    r"failed to execute '(?:removechild|insertbefore|appendchild)'|invariant failed|minified react error",
    r"too many re-renders|rendered (?:more|fewer) hooks|hook call",
)
"""What says that code or its data did wrong, whoever's service answered."""

UNREADABLE = _any(r"json|expecting value|unexpected token|unexpected end|decode|parse")
"""An answer that could not be read: whose fault it is, is told by who asked."""

PROGRAMMING_TYPES = vocabulary(
    "typeerror attributeerror keyerror nameerror indexerror valueerror referenceerror nullpointerexception "
    "assertionerror classcastexception illegalstateexception illegalargumentexception "
    "arrayindexoutofboundsexception importerror indexoutofboundsexception unboundlocalerror "
    "modulenotfounderror notimplementederror syntaxerror rangeerror recursionerror zerodivisionerror "
    "unicodedecodeerror unicodeencodeerror validationerror programmingerror integrityerror nomethoderror "
    "nullreferenceexception invalidoperationexception argumentexception argumenterror formatexception "
    "stackoverflowerror concurrentmodificationexception numberformatexception arithmeticexception "
    "jsondecodeerror doesnotexist multipleobjectsreturned lookuperror runtimeerror urierror evalerror "
    "domexception invalidoperation uninitializedpropertyaccessexception kotlinnullpointerexception "
    "nosuchelementexception dataerror fielderror panic swiftfatalerror exc_bad_access sigabrt "
    "unsupportedoperationexception keynotfoundexception zoderror "
)

VENDOR_HOSTS = _any(
    r"googletagmanager|google-analytics|doubleclick|googlesyndication|gstatic|googleapis|recaptcha|youtube",
    r"gtm\.js",
    r"facebook|fbcdn|twitter|tiktok|linkedin|licdn|pinterest|snapchat|clarity\.ms|bing\.com|yandex|hotjar",
    r"hubspot|hs-scripts",
    r"intercom|zendesk|zdassets|drift\.com|driftt|crisp\.chat|tawk\.to|livechat|freshchat|olark|fullstory",
    r"logrocket|mouseflow",
    r"segment\.(?:com|io)|mixpanel|amplitude|heapanalytics|pendo|optimizely|launchdarkly|appcues|userpilot",
    r"cookiebot|onetrust|usercentrics",
    r"stripe|paypal|braintree|adyen|klarna|plaid|squareup|shopify|checkout\.com|mapbox|algolia|cloudflare",
    r"cloudfront|jsdelivr|unpkg",
    r"newrelic|nr-data|datadog|sentry-cdn|bugsnag|twilio|sendgrid|mailchimp|mailgun|postmark|slack\.com",
    r"auth0|okta|firebase|pusher|ably",
    r"openai|anthropic|salesforce|force\.com|github\.com|atlassian|trustpilot|typeform|calendly|criteo",
    r"taboola|outbrain|taxjar|avalara",
)
VENDOR_CLIENTS = re.compile(
    r"(?:^|[./@\\])(?:stripe|twilio|sendgrid|datadog|slack_sdk|slack|mailchimp\w*|paypal\w*|braintree|adyen|plaid|openai|anthropic"
    r"|algoliasearch|hubspot|zendesk|zenpy|shopify|googleapiclient|firebase\w*|mapbox|ldclient|launchdarkly|simple_salesforce|intercom"
    r"|botocore|boto3|aws-sdk|@aws-sdk|google\.(?:cloud|api_core)|azure|taxjar|avalara|easypost|shippo|mailjet|sparkpost|nexmo|vonage"
    r"|messagebird|plivo|contentful|cloudinary|dropbox|xero|quickbooks|docusign|airtable|notion_client|gocardless|mollie|razorpay"
    r"|paddle|chargebee|recurly|onesignal|braze|customerio|klaviyo|snowflake|pagerduty|cohere|mistralai|huggingface_hub|telegram|discord"
    r"|newrelic|mixpanel|amplitude|segment|auth0|okta|pusher|postmark\w*|mailgun|recaptcha|square|klarna|github|atlassian)(?=[./_\\-]|$)",
    re.IGNORECASE,
)
VENDOR_NAMES = re.compile(
    r"stripe|twilio|sendgrid|datadog|hotjar|hubspot|_hsq|intercom|fullstory|window\.FS\b|recaptcha|googletag|\bfbq\b|\bgtag\b|\bdataLayer\b|mapbox"
    r"|paypal|braintree|adyen|plaid|zendesk|\bzE\b|segment\.io|optimizely|mailchimp|\bS3\b|salesforce|algolia|firebase|auth0|okta|openai|shopify"
    r"|google[. ]maps|google ?pay|apple ?pay|youtube|vimeo",
    re.IGNORECASE,
)
LIBRARY_PATH = re.compile(
    r"node_modules|(?:site|dist)-packages|^node:|^(?:java|javax|sun|jdk)\.|/lib/python\d|<anonymous>|\[native code\]"
)
INTERNAL_HOST = re.compile(
    r"(?:\.(?:internal|local|lan|corp|svc|intra|cluster|private|home\.arpa|consul)$)|^(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.|^[a-z][\w-]*$|\.svc\.|^::1$",
    re.IGNORECASE,
)
HOST_IN_TEXT = re.compile(
    r"host='([^']+)'|https?://([\w.-]+)"
    r"|(?:connecting to|econnrefused|enotfound|eai_again|getaddrinfo) ([\w-]+(?:\.[\w-]+)*)"
    r"|\b(?:for|to|from|with) ((?:[a-z0-9-]+\.)+(?:com|io|net|org|co|app|dev|ai|eu|de|uk))\b",
    re.IGNORECASE,
)
