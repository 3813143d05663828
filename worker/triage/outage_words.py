"""What operating systems, databases, brokers, caches, proxies and clusters say when they fail. For lower-case text.

Sources: errno(3) and Winsock texts, the message tables of PostgreSQL, MySQL, Oracle, SQL Server, Redis, MongoDB,
Elasticsearch, Kafka and RabbitMQ, the reasons of Kubernetes events, the codes of serverless platforms.
"""

import re

from worker.triage.foreign_words import CANNOT_REACH, STARTING, USED_UP
from worker.triage.phrases import any_of

DOWN = any_of(
    # sockets and names
    r"connection ?refused|econnrefused|could not connect to (?:server|the primary|the endpoint)",
    r"can't connect to (?:mysql|local|server)|dial tcp|tcp connect|ssl connect|transport error",
    r"enotfound|eai_again|eservfail|servfail|nxdomain|name or service not known|name does not resolve",
    r"temporary failure in name resolution|getaddrinfo|name resolution|no nameservers",
    r"dns (?:lookup|operation|failure)",
    r"nodename nor servname|unknownhost|unknown host|no such host|could ?n[o']t resolve|failed to resolve",
    r"no route to host|host is (?:unreachable|down)|ehostunreach|enetunreach|network is unreachable",
    r"winerror 100(?:5[0134]|6[0145])|errno (?:10[0134]|11[0123])\b|os error (?:10[0134]|11[0123])\b",
    r"communications link failure|network-related or instance-specific|actively refused|network adapter could not",
    r"(?:error|failed|unable|cannot|could not|can't|trying) (?:to )?(?:re)?connect(?:ing)?\b|error while dialing",
    r"forcibly closed",
    r"(?:can't|cannot|could not|couldn't|unable to) reach|\bunreachable\b|connection failed:|failed to connect",
    r"(?:read|write|socket) error on (?:connection|socket)|error\(50[0234]\b|could not establish",
    r"connection attempt failed",
    r"error reading ssh protocol banner",
    r"reading from (?:the )?stream|: eof\b|unexpected eof|ssl syscall|i/o timeout|bad connection",
    r"transport-level error",
    r"connection(?: to \S+)? (?:already |has been |was )?(?:closed|reset|lost|aborted|terminated|dropped)",
    r"lost connection|econnreset|socket hang up|gone away|went away|terminating connection",
    r"connection to \S+ (?:failed|lost|refused|timed)",
    r"(?:broker|node|host|server|service|database|redis|cluster) (?:\S{1,20} )?(?:is|are|went) down",
    r"server closed the connection|server conn crashed|remote end closed|prematurely closed|premature end",
    # mail, which asks to be sent later
    r"\(4\d\d, b?['\"]4\.\d|\b4[25]\d[ -]4\.[2-7]\.\d|greylist",
    # databases and their replicas
    r"read[- ]only (?:option|transaction|replica|mode)|super-read-only|readonly you can't write",
    r"database is read-only",
    r"cannot execute \w+ in a read-only|in recovery mode|starting up|shutting down|is being recovered",
    r"conflict with recovery",
    r"not currently available|not accepting connections|pgbouncer|query_wait_timeout|wsrep",
    r"no more connections allowed",
    r"ora-(?:125\d\d|01033|01034|01089|0311[34]|03135|00257|12170|27101)|sqlcode=?[: ]*-30081|availability group",
    r"serverselection|server selection|no (?:reachable|primary|suitable) (?:servers?|node)|replicasetnoprimary",
    r"node is recovering|interruptedatshutdown|not ?(?:the )?(?:master|primary|leader)\b|failover",
    r"no (?:leader|master|primary)\b",
    # caches, brokers, search, secrets
    r"loading redis|\bmisconf\b|masterdown|noreplicas|clusterdown|cluster is down|tryagain multiple",
    r"hash slot not served",
    r"nobrokersavailable|brokers? (?:is|are) down|all_brokers_down|broker \S* ?(?:not available|transport failure)",
    r"in-sync replicas|isr\b.*(?:insufficient|less than)|not present in metadata|leader ?not ?available|no brokers",
    r"quorum",
    r"connection_forced|broker (?:forced|shutdown)|missed heartbeats?|heartbeat (?:timeout|missed)",
    r"coordinator (?:is )?not",
    r"not ?ready ?(?:error|exception)|no living connections|cluster_block_exception|master_not_discovered",
    r"no_shard_available",
    r"all shards failed|no alive nodes|no nodes? (?:available|alive)|vault is sealed|is sealed\b",
    r"session expired.*zookeeper",
    r"keepererrorcode|node is closed|noauth.*sentinel|sentinel.*(?:down|no master)",
    # proxies, clusters, platforms
    r"upstream (?:connect|request|prematurely|timed|server)|no healthy upstream|no server is available|service mesh",
    r"unavailable\b|service temporarily|deadline ?exceeded|deadline_exceeded|max retries exceeded|retries exhausted",
    r"failed to establish a new connection|bad gateway|service unavailable|gateway time-?out",
    r"tunnel connection failed",
    r"(?:status(?: code)?|http(?: error)?|code|response|returned|with|got|answered|responded)[ :=]{0,3}50[234]\b",
    r"\b50[234] server error",
    r"imagepullbackoff|errimagepull|failed to pull|back-?off (?:restarting|pulling)|crashloopbackoff",
    r"failedscheduling",
    r"(?:readiness|liveness|startup) probe|failedmount|mountvolume|unable to (?:attach or )?mount|nodenotready",
    r"networknotready",
    r"node \S* ?(?:is )?not ready|insufficient (?:cpu|memory)|preempt|spot interruption|untolerated taint|sandbox",
    # file systems
    r"stale (?:nfs )?file handle|estale\b|input/output error|\beio\b|endpoint is not connected|remote i/o error",
    r"errno (?:5|116|107)\]",
    r"cannot open shared object file|exec format error",
    r"(?:permission denied|no such file or directory)\W.{0,20}/(?:mnt|data|efs|nfs|vol\w*)/",
    r"requesttimetooskewed|clock skew|used too early|signature not yet current|eaddrinuse|address already in use",
    r"replication lag|replica (?:is |lag)|seconds behind|cannot be connected|socket disconnected",
    r"(?:no|not have) (?:an )?available (?:server|instance|node|host)|no instances? available",
    r"structure needs cleaning|device not configured|host is down",
    r"disk image is malformed|file is not a database|invalid page in block|could not read block",
    r"no servers available|no responders available",
    r"uncorrectable ecc|no cuda-capable device|no cuda gpus are available|driver version is insufficient|nccl error",
    *CANNOT_REACH,
    *STARTING,
)
STARVED = any_of(
    r"no space left|enospc|disk (?:is )?full|disk quota|edquot|not enough space|read-only file system|erofs",
    r"errno (?:28|122|30)\]",
    r"flood.?stage|disk usage exceeded|read-only-allow-delete|low disk|watermark|could not extend",
    r"could not resize shared memory",
    r"out ?of ?memory|\boom\b|oomkill|cannot allocate memory|enomem|java heap space|heap limit|allocation failed",
    r"metaspace",
    r"oom command not allowed|maxmemory|memoryerror|gc overhead|unable to create (?:new )?native thread",
    r"can't start new thread|resource temporarily unavailable|unable to fork|exit(?:ed with)? code:? ?137",
    r"memory size of \d+ bytes|bytes exhausted|resource ?exhausted(?!.{0,40} larger than max)",
    r"time ?limit ?exceeded|maximum execution time",
    r"sigkill|signal 9\b|signal: killed|runtime exited|worker ?lost|worker timeout|evicted|exited prematurely",
    r"r1[45] ",
    r"cannot assign requested address|eaddrnotavail|too many (?:open files|connections|clients)|emfile|enfile",
    r"connection slots|remaining connection",
    r"maximum number of clients",
    r"max(?:imum)?[ _](?:user_)?(?:connections|clients|sessions|processes) |pool size of",
    r"exceeded the maximum number of (?:conn|sess|proc)",
    r"pool (?:limit|exhausted|timeout|timed out|is full|error timeout)|acquir\w+ (?:a )?connection",
    r"connection pool (?:is |was )?(?:exhausted|full|empty|time)|connection from the (?:connection )?pool",
    r"timeout acquiring|connection is not available, request timed out",
    r"dropped from (?:the )?queue|unable to (?:check ?out|acquire|get a connection|obtain)",
    r"could not (?:obtain|acquire|check ?out) ",
    r"waiting for (?:an )?idle object|no free connections|ran out of connections|pool timed out while waiting",
    r"statement timeout|lock wait timeout|canceling statement|max_statement_time|query execution was interrupted",
    r"temp ?file limit",
    r"ora-(?:00018|00020|04031|0165\d)|is full due to|tempdb|resource governor|reached the resource limit",
    r"provisionedthroughput|task timed out after|function timed out|\bh12\b|circuit_breaking|breaker",
    r"bulkhead",
    r"es_rejected_execution|rejected execution|queue (?:is )?(?:full|capacity)|backpressure",
    r"memory (?:resource )?alarm",
    *USED_UP,
)
MEMORY = any_of(
    r"out ?of ?memory|memoryerror|java heap|heap limit|allocation failed|memory size of|bytes exhausted"
    r"|cannot allocate"
)
"""What one process used up: on a phone or in a browser our own, in a request of ours perhaps."""
REQUEST_LIMIT = any_of(
    r"memory size of \d+ bytes|maximum execution time|gc overhead|soft ?time ?limit|statement timeout",
    r"canceling statement|max_statement_time|query execution was interrupted|timeout acquiring|pool timeout",
    r"connection is not available, request timed out|queuepool limit|pool (?:exhausted|is full|timed out)",
)
"""Limits of one request, one statement or one process's pool: where it lasts, something of ours does too much."""
SLOW = any_of(
    r"time(?:d)?[ _-]?out|etimedout|esockettimedout|\btook too long|user-specified time|did not respond"
    r"|not responding in time"
)
CERTIFICATE = any_of(
    r"certificate.*(?:expired|verify failed|not yet valid|unknown)|certificate_verify_failed",
    r"self[- ]signed certificate",
    r"cert_has_expired|ssl(?:v3)? (?:handshake|alert)|sslerror|sslhandshake|x509:|pkix path|unknown ca\b|err_cert",
    r"err_tls_cert",
    r"unable to (?:verify the first|get local issuer)|remote certificate is invalid|certificate chain",
)
RESOLVER = any_of(
    r"eai_again|temporary failure in name resolution|try again.{0,40}name resol|\bservfail\b|i/o timeout.*:53\b"
)
"""Our own resolver did not answer: whoever was to be asked has nothing to do with it."""
UNCONNECTED = any_of(r"\b\w*(?:connect|connection)\w{0,8}(?:error|exception)\b")
REPLICA = any_of(r"conflict with recovery")
"""A replica ends a query to follow its primary."""
TROUBLE: tuple[re.Pattern[str], ...] = (DOWN, STARVED, CERTIFICATE, SLOW)
FROZEN = any_of(r"^anr\b|application ?not ?responding|input dispatching timed out|app ?hang|watchdog|main thread")
"""The app's own main thread was busy for too long."""
SHORT_TIMEOUT = any_of(r"timeout(?:[=:]| of)\s*(?:0?\.\d+|\d{1,2} ?ms)\b|timeout of 0?\.\d+ sec")
POOL = any_of(r"timeout acquiring|\bpool\b|connection is not available, request timed out")
"""The connections of one process are all taken: by whom, only its own code can say."""
FILES = any_of(r"too many open files|\bemfile\b")
FORBIDDEN = any_of(
    r"is not authorized to perform|does not have \S+ (?:access|permission)|caller does not have permission",
    r"(?:file_put_contents|fopen|mkdir|unlink|rename|copy|scandir)\(.{0,300}permission denied",
    r"failed to open stream: permission denied|permission denied:? ['\"]?/",
    r"access to the path '.{0,200}' is denied|\beacces\b",
)
"""Roles and file systems that do not let our process do its work: set up where it runs."""
LOCKED_OUT = any_of(
    r"(?:authentication|login) failed for user|access denied for user|password authentication failed|wrongpass",
    r"noauth|sasl authentication|unable to authenticate user",
    r"permission denied$|invalid username-password pair|ora-01017|auth(?:entication)? failed\.?$",
)
"""A service of ours does not know us any more: credentials were changed where it runs."""
UNSET = any_of(r"env(?:iron(?:ment)?)? ?var|not set\b|missing env|os\.environ|process\.env|getenv")
PEERS = re.compile(r"(?:tcp|->|from) ?\S*?:(\d{2,5})->\S*?:(\d{2,5})\b")
"""The ports of a connection as Go prints them, here first."""
NOT_LOADED = any_of(r"(?:fail|unable|could not|error)\w*(?: to)? (?:load|fetch|import)|load(?:ing)? .{0,80}fail")
RETRY = any_of(r"will (?:be )?retr(?:y|ied)|retrying|reconnecting|giving up after|attempt \d+ (?:of|/)")
STATUS = re.compile(
    r"(?:status(?: ?code)?|http(?: error)?|error code|code|statuscode|returned|response|with|error)"
    r"[^\w\n]{0,4}([2-5]\d\d)\b"
    r"|[\[(]([45]\d\d)[\])]|\b([45]\d\d) (?:client|server) error"
    r"|\b([45]\d\d) (?:internal|too many|bad|service|gateway|payment)"
)
SICK = any_of(
    r"internal[ _-](?:server[ _-])?(?:error|failure)|internalerror|backend[ _]error",
    r"try (?:again|your request again) (?:later|in )|server[ _]error",
    r"overloaded|under maintenance|maintenance|degraded|incident|temporarily|we encountered an",
    r"unexpected error (?:has )?occurred",
    r"unexpected error communicating|capacity|slow ?down\b|upstream|unknown error|api_error|api is down",
    r"currently down|(?:a|some) transient (?:server |internal )?error|aadsts9\d{4}\b",
)
"""What services say of themselves when they are ill."""
QUOTA = any_of(
    r"rate[ _-]?limit|throttl|rate exceeded|too[ _]many[ _]requests|quota|exceeded your|insufficient_quota|billing"
    r"|credit balance"
    r"|plan limit|usage limit|spend(?:ing)? limit"
)
"""What a vendor says to who has asked too often or not paid."""

OWN_CLOUD = any_of(
    # capacity that was bought
    r"provisioned ?throughput|throughput exceeds the current capacity of your table|rate exceeded for shard",
    r"request rate is large|more request units",
    # a clock of ours that is wrong
    r"requesttimetooskewed|clock skew|token used before issued|signature not yet current",
    # credentials that a machine is given
    r"(?:locate|retrieve|retrieving|load|resolve|refresh|get|obtain|determine)"
    r" (?:[\w-]+ ){0,3}credentials(?: in| from|$)",
    r"no valid credential sources|default credentials were not found|no valid providers in chain",
    r"(?:container|instance|engine) metadata|metadata\.google\.internal|169\.254\.(?:169\.254|170\.2\b|170\.23)",
    r"\bimds(?:v[12])?\b|managed ?identity ?(?:credential|endpoint)|failed to refresh cached credentials",
)
"""What a cloud's client says of our own account, and not of the service that it asks."""
PARTNER_DOWN = any_of(
    # app stores: StoreKit, RevenueCat, Google Play
    r"store_problem|problem with the (?:app |play |google play )?store\b|cannot connect to (?:the )?itunes store",
    r"gms\.\S{0,60}apiexception: 8:",
    r"\b(?:asd|ss)servererrordomain|google play billing service is (?:currently )?unavailable",
    # banks: Plaid, Stripe, Adyen
    r"institution_(?:down|not_responding|not_available|no_longer_supported)|planned_maintenance",
    r"institution is not (?:currently )?respond|issuer(?:_not_available|[ _]unavailable)|issuer or switch",
    r"acquirer[ _]error",
    # offices of the EU
    r"\b(?:ms|global)_(?:unavailable|max_concurrent_req)",
)
"""What app stores, banks and offices say when they are out of order, whoever passes it on."""
