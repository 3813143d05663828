"""What says that code, its data or what it asks for is wrong, whoever's service answered. For lower-case text."""

import re

from worker.triage.foreign_words import MISTAKES
from worker.triage.phrases import any_of

STATEMENT = (
    # classes of SQLSTATE (SQL standard, PostgreSQL appendix A): data, integrity, syntax, what is not supported
    r"sqlstate[ :=(\[]{1,3}(?:0a|21|22|23|26|44)[0-9a-z]{3}\b|sqlstate[ :=(\[]{1,3}42(?!501)[0-9a-z]{3}\b(?!\] \[)",
    r"postgresexception: (?:0a|21|22|23|42(?!501))[0-9a-z]",
    # the same in words: PostgreSQL, MySQL, SQL Server
    r"operator does not exist|could not determine data type|bind message supplies|division by zero|cannot cast type",
    r"must appear in the group by|not in group by|(?:returns?|returned) more than (?:1|one) (?:row|value)",
    r"more than one row returned|incorrect (?:\w{1,20} )?value:? '|operand should contain|(?:in|near).{0,20}sql syntax",
    r"incorrect syntax near|doesn't have a default value|data truncated|conversion failed when|which was not supplied",
    r"arithmetic overflow|column does not allow nulls|must declare the scalar|invalid length parameter",
    # Oracle: statements, their values, PL/SQL; ORA-06512 only says where
    r"ora-(?:009\d\d|014\d\d|017\d\d|018[3-9]\d|0229[0-3]|065(?!12)\d\d|12899|01795)\b",
    # MongoDB
    r"unknown (?:top level )?operator|would create a conflict at|only supports (?:numeric|string|array)|failedtoparse",
    r"\$\w+ (?:needs|must|requires|has to|only supports) |unrecognized (?:expression|pipeline stage)",
)
"""A statement is wrong, or its values are, as databases put it."""

OUR_MISTAKE = any_of(
    # schema and data
    r"(?:column|relation|table|function|constraint|index|type) \S+ (?:of relation \S+ )?(?:does not|already) exists?",
    r"no such (?:column|table)|unknown column|invalid column name|table '\S+' doesn't exist|invalid object name",
    r"ora-009(?:04|42)",
    r"duplicate (?:key|entry)|unique constraint|violates (?:not-null|foreign|check)|foreign key constraint|e11000",
    r"ora-00001",
    r"not null constraint|would be truncated|no rows in result set|scan error on|redis: nil",
    r"value too long for type|data too long|out of range|numeric field overflow",
    r"invalid input syntax",
    r"deadlock|could not serialize access|current transaction is aborted|cannot be null|wrongtype|crossslot",
    r"noscript no matching|unknown command [`'\"]|wrong number of arguments",
    r"stale object|optimistic lock|was updated or deleted by another|cannot (?:insert|update) (?:null|a parent)",
    r"can't find field|no mapping found|mapper_parsing|strict_dynamic_mapping|fielddata is disabled",
    r"too_many_clauses|result window",
    # one question that wants more than a database gives to any
    r"sort (?:operation )?(?:exceeded|exceeds|used more than)|exceed(?:ed|s) memory limit for|allow ?disk ?use",
    r"external sort|memory limit \(for query\)|too many buckets|too_many_buckets|resources exceeded during query",
    r"out of sort memory|query exceeded (?:the )?(?:distributed|per-node|maximum)",
    # languages
    r"syntax error|unexpected token|is not valid json|unexpected end of json|expecting value|json\.parse",
    r"invalid json|cannot unmarshal",
    r"recursion|call stack|stack ?overflow|circular (?:structure|reference|dependency|import)|maximum update depth",
    r"cannot find module|no module named|module not found|cannot import name|class ?not ?found|unresolved import",
    r"noclassdef",
    r"nosuchmethod|no implicit conversion|cannot be cast|is not a subtype of|type assertion|interface conversion",
    r"can't compare offset|not subscriptable|not iterable|has no attribute|unexpected keyword|not callable",
    r"unhashable|unsupported operand",
    r"positional argument|nil pointer|null pointer|because .* is null|undefined method",
    r"undefined (?:array key|index|variable|property|offset)",
    r"index out of|out of bounds|nil map|unwrap\(\)|unwrapping an optional|unexpectedly found nil",
    r"unrecognized selector|already borrowed",
    r"(?:member function|method|property|access array offset) .*on (?:a )?null|null object reference",
    r"null check operator|non-null assertion",
    r"object reference not set|sequence contains no|(?:key|element) (?:was )?not (?:present|found) in",
    r"not been initialized|before initialization",
    r"no function clause|no match of right hand|no case clause|badmatch|bad argument in arithmetic",
    r"enumerable not implemented|frozen ",
    r"\berr_(?:http|invalid|assert|method|module|require|unhandled)\w*|headers after they are sent",
    r"headers already sent|response already",
    r"uninitialized constant|undefined local variable|undefined (?:function|class|constant|symbol)",
    r"ambiguous (?:column|reference)",
    # what we ask of services
    r"\binvalid_(?:blocks|attachments|arguments|payload|post_type|form_data|cursor|limit)\b|\bmsg_too_long\b",
    r"invalid[ _]?(?:api[ _]?key|request|argument|parameter|input|type for|field|integer|url|uri|schema)",
    r"missing (?:required|\d+ required)",
    r"unauthori[sz]ed|authenticationerror|permission ?denied for|access ?denied(?! for user)",
    r"not authorized to perform",
    r"no such (?:price|customer|charge|coupon|bucket|key|payment|subscription)|unrecognized request|badrequest",
    r"unprocessable|unknown (?:field|argument|parameter)",
    r"(?:status(?: code)?:? ?|http(?: error)? |error code:? ?)(?:400|401|403|404|405|409|410|413|415|422)\b",
    r"\b(?:400|401|403|404|405|409|413|415|422) client error|parameter validation failed|validation failed for",
    r"relative url without|url scheme|https?://[^\s?#]{0,200}/(?:undefined|nan|\[object object\])(?:[/?&#)\s'\"]|$)",
    # settings
    r"template(?:does ?not ?exist|syntax)|noreversematch|improperlyconfigured|missing env|environment variable",
    r"no qualifying bean",
    r"unsatisfied dependency|could not resolve placeholder|target class \[|no provider for|is not registered",
    r"not configured",
    # things used when they are over, twice, or at once
    r"(?:session|pool|client|loop|reader|writer|stream|channel|database|file|response body|context|cursor|socket)"
    r" (?:is|was|has been) (?:already )?(?:closed|destroyed|disposed|ended|detached)$",
    r"session is closed|event loop is closed|closed (?:response body|file|pool|channel)",
    r"after (?:calling |invoking )?(?:end|close|shutdown|dispose|quit)\b|pool (?:is )?shut ?down|already running",
    r"disposed (?:context|object)|use of closed",
    r"already (?:been )?(?:consumed|read|used|registered|declared|listened|resolved|subscribed)",
    r"another operation is in progress|already an open datareader|second operation (?:was )?started",
    r"unknown delivery tag|precondition_failed",
    r"connection leak|memory leak|leak detected|not bound to a session|no session\b|in a context where",
    r"outside of (?:a )?(?:request|application|transaction)",
    # pages
    r"failed to execute '(?:removechild|insertbefore|appendchild)'|invariant failed|minified react error",
    r"not valid as a react child",
    r"too many re-renders|rendered (?:more|fewer) hooks|hook call|mounted|ng0\d{3,}|renderflex overflowed",
    r"setstate\(\) (?:called|or)",
    *STATEMENT,
    *MISTAKES,
)

REFUSED = any_of(
    r"\binvalid (?!response|reply|answer|certificate|session|token|signature|csrf"
    r"|credentials|password|header|grant|host|http|json|characters? in request)\w+",
    r"must (?:be|have|not|contain|match|provide)|should (?:be|have) |is required|are required",
    r"required (?:field|param|key|property)|\bnan\b",
    r"not a valid|malformed|unsupported (?:type|value|format|operation)|cannot be (?:empty|longer|negative|blank)",
    r"unexpected (?:type|value|argument)",
    r"expected .{1,60}(?:got|but|received|found)|unknown (?:field|argument|option|type|property)|not allowed to be",
    r"does not match (?:the )?(?:schema|pattern)",
)
"""A library or a service refuses what it was given."""

REFUSAL = re.compile(
    r"(?:idempotency|invalid\w*|bad ?request|validation|unprocessable\w*|malformed\w*)(?:error|exception)$"
)
"""Types of a vendor's client that are named after what was wrong with our request."""

TOO_LARGE = any_of(
    r"too (?:large|long|big)|larger than|longer than|exceeds? (?:the )?(?:max|limit|allowed|\d)",
    r"greater than the maximum|maximum (?:context|request|payload|message|item|document)",
    r"too many (?:placeholders|parameters|bind (?:variables|parameters)|sql variables|arguments|terms|columns)",
    r"max(?:imum)? \S+ (?:length|size)|message size|packet bigger|bytes when serialized|size limit|over the limit of",
)
"""We send more than was ever allowed."""

HTTP_CLIENT = re.compile(
    r"(?:requests|httpx|aiohttp|urllib3)\b|.*node_modules/(?:axios|got|node-fetch|undici)/|.*vendor/guzzlehttp/"
)
UNREADABLE = any_of(
    r"json|expecting value|unexpected token|unexpected end|decode|parse|unexpected response|<!doctype|<html"
)
"""An answer that could not be read: whose fault it is, is told by who asked."""
NO_HOST = any_of(r"econnrefused (?:127\.0\.0\.1|::1):(?:80|443)\b")
"""A request without a host goes to the machine itself."""
A_PAGE = any_of(r"unexpected token '?<|<!doctype|<html")
"""A page where data were awaited: from inside it is of a gateway before the service."""

FAULT_OF_OURS = any_of(
    r"soap-error: encoding|\b(?:soap(?:-?env)?|s|s-env|env):(?:client|sender)\b|unmarshall?ing error|soapaction",
    r"\bcvc-[a-z]|schema validation|validation (?:constraint|error|failed)|couldn't load from '?/",
    r"\binvalid (?:field|argument|parameter|value|request|input|xml)\b|missing required|is (?:required|mandatory)\b",
)
"""What a fault says of the message that we sent (SOAP: `Client`, `Sender`), or of our own description of a service."""
