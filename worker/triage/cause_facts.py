"""Where things come from: addresses of add-ons, hosts and packages of vendors, drivers of a team's own services."""

import re

from worker.triage.phrases import any_of, in_any_case
from worker.triage.wording import vocabulary

EXTENSION_ADDRESS = in_any_case(
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

ADD_ON_PAGE = in_any_case(r"^(?:chrome|moz|safari(?:-web)?|ms-browser|edge)-extension:")
"""A page of an add-on itself: what fails there is of whoever made it."""
SHELL = re.compile(
    r"^(?:code \S* ?(?:interact|runcode)|IPython\.(?:terminal|core\.interactiveshell)|ptpython|bpython)\b"
    r"|/(?:irb|pry)(?:-[\d.]+)?/lib/|\((?:irb|pry)\)|psy/psysh|^IEx\.Evaluator\b|^(?:\S* )?node:repl\b|^jdk\.jshell"
)
"""Frames of a shell in which somebody types: module, file and function."""
NOTEBOOK = re.compile(r"^(?:ipykernel|papermill|nbclient|nbconvert)\b")
"""What runs cells that were written down, perhaps every night."""
TYPED_FILE = re.compile(
    r"^(?:<(?:console|stdin|ipython-input)[^>]*>?|\((?:irb|pry)\)|REPL\d+|nofile|__main__)$|^<ipython"
)
"""What shells call the lines that are typed into them."""
SERVED = re.compile(
    r"^net/http(?:\.| )\S*(?:HandlerFunc|serverHandler|conn)\b|^google\.golang\.org/grpc(?:\.| )\(?\*?Server\b"
)
"""Where Go's servers call what answers a request: its context ends with whoever asked."""
CALLER = in_any_case(
    r"^(?:requests|httpx|aiohttp\.client|urllib3|urllib\.request)\b|node_modules/(?:axios|got|node-fetch|undici|ky)/",
    r"guzzlehttp|symfony/http-client|illuminate/http/client|springframework\.web\.(?:client|reactive\.function)",
    r"^(?:feign|retrofit2|io\.ktor\.client|org\.apache\.h(?:ttp|c)|system\.net\.http|refit|restsharp|flurl)\b",
    r"gems/(?:faraday|rest-client|httparty|typhoeus)|^(?:tesla|finch|httpoison)\b",
)
"""Clients of HTTP, which raise what the other side answered."""

PHONE_PLATFORMS = vocabulary("cocoa dart flutter android objc swift react-native")
SEEN_BY_PEOPLE = PHONE_PLATFORMS | {"javascript"}
APP_PLATFORMS = vocabulary("java kotlin native csharp other c")
"""Platforms of apps and of servers alike."""
HANDSETS = vocabulary("android ios ipados watchos tvos")
APP_RELEASE = re.compile(r"^[a-z]{2,6}\.[\w.-]+@[\w.-]+\+\d+$")
"""A bundle in reverse notation with its version and build number."""
ERROR_VALUES = vocabulary("go native rust")
"""Platforms whose errors are values: the stack is of the place where one was reported."""
ANDROID = re.compile(r"^(?:android|androidx|com\.android|dalvik)\.")
LIBRARY_PATH = re.compile(
    r"node_modules|(?:site|dist)-packages|^node:|^(?:java|javax|sun|jdk|kotlin|kotlinx|scala)\.|/lib/python\d"
    r"|<anonymous>|\[native code\]"
    r"|/vendor/(?!app/)|/cargo/registry/|/rustc/|/\.cargo/|/go/pkg/mod/|/usr/local/go/src/|/gems/|/deps/\w+/lib/"
)
RAISER = re.compile(
    r"^(?:objc_exception_throw|_+forwarding_+(?:prep_\d+_+)?|_+exceptionPreprocess|_+cxa_\w+|abort|raise|_+pthread_kill"
    r"|[-+]\[NSObject(?:\(NSObject\))? doesNotRecognizeSelector:\])$"
)
"""How the systems of Apple raise: these frames stand on top of whoever made the mistake."""
SELECTOR = re.compile(r"^\w*[-+]\[(\w+)[ (]")
"""A method of Objective-C: its class, whose first letters name the library."""
ENTRY_FILE = re.compile(
    r"(?:^|/)(?:public|web|htdocs|html|pub|public_html)/index\.php$|/artisan$|/bin/console$"
    r"|(?:^|/)(?:[wa]sgi|manage)\.py$|config\.ru$"
)
"""The door of an application: it is on every stack and proves nothing."""
SERVER_FRAME = in_any_case(
    r"gunicorn|uvicorn|hypercorn|waitress|werkzeug\.serving|wsgiref|socketserver|tornado\.(?:iostream|http|web)",
    r"uwsgi|daphne|granian|cheroot",
    r"catalina|coyote|undertow|jetty|netty\.(?:channel|handler\.codec\.http)|tomcat|puma|unicorn|passenger",
    r"falcon\b|thin/|webrick",
    r"_http_server|http\.server|kestrel|http\.sys|httplistener|cowboy|bandit|thousand_island|plug[/.]cowboy",
    r"net/http/server|fasthttp\.\(\*server|hyper::server|actix",
    r"mod_wsgi|starlette\.(?:requests|responses|websockets|middleware)|aiohttp\.(?:web|http_parser)",
    r"websockets\.(?:server|legacy)|swoole|roadrunner|engine\.io/|/ws/lib/",
)
"""Frames of the server itself: trouble with a connection there is the visitor's."""
REQUEST_READER = in_any_case(
    r"http/parameters|body-parser|raw-body|multer|busboy|finalhandler|decode_param|express/lib/router|koa-bodyparser",
    r"fastify/lib/(?:contenttype|reply|error)",
    r"django[./]http[./](?:multipartparser|request)|django[./]core[./]handlers|django[./]middleware",
    r"werkzeug[./](?:formparser|wrappers|sansio)|starlette[./](?:formparsers|requests)|python_multipart",
    r"rack/(?:query_parser|multipart|utils|request)|action_dispatch/(?:http|request|middleware)",
    r"plug[/.](?:parsers|conn)|phoenix[/.](?:router|endpoint)",
    r"symfony/(?:component/)?(?:http-kernel|httpkernel|routing|http-foundation)",
    r"illuminate/(?:foundation/http|routing|session|auth)",
    r"laravel/framework/src/illuminate/(?:foundation/http|routing|session|auth)",
    r"springframework\.(?:web\.(?:servlet|bind|multipart|method)|http\.converter|security\.web)",
    r"aspnetcore\.(?:server|http|antiforgery|mvc\.modelbinding|authentication)",
)
"""Frames in which a framework reads, routes and admits a request, before any code of ours."""

BODY_READER = in_any_case(
    r"http/parameters|body-parser|raw-body|multer|busboy|multipart|formparser|query_parser|plug[/.]parsers"
    r"|http\.converter"
    r"|modelbinding|decode_param|inputformatter"
)
"""Frames that read what a visitor sent: an error of any type there is of what was sent."""
DOOR = in_any_case(
    r"rest_framework|flask_login|flask_jwt|fastapi[./]security|guardian|pundit|cancan|warden|devise"
    r"|spatie/laravel-permission|laravel/(?:passport|sanctum)"
    r"|illuminate/auth|springframework\.security|aspnetcore\.auth|symfony/(?:component/)?security"
    r"|django[./]contrib[./]auth|express-jwt|passport"
)
"""Frames that admit people or turn them away."""

VENDOR_HOSTS = in_any_case(
    r"googletagmanager|google-analytics|doubleclick|googlesyndication|gstatic|googleapis|googleadservices",
    r"recaptcha|youtube|maps\.google|accounts\.google|apis\.google",
    r"gtm\.js|facebook|fbcdn|twitter|tiktok|linkedin|licdn|pinterest|snapchat|sc-static|redditstatic|clarity\.ms",
    r"bing\.com|bat\.js|yandex|baidu|hotjar|contentsquare|quantummetric|glassbox",
    r"hubspot|hs-scripts|hsforms|hs-analytics|usemessages|marketo|pardot|eloqua|6sense|demandbase|clearbit",
    r"zoominfo|drift\.com|driftt|qualified\.com|leadfeeder",
    r"intercom|zendesk|zdassets|crisp\.chat|tawk\.to|livechat|freshchat|freshworks|olark|fullstory|gorgias",
    r"kustomer|helpscout|userlike|smartsupp|liveperson|lpsnmedia",
    r"logrocket|mouseflow|crazyegg|inspectlet|luckyorange|smartlook|segment\.(?:com|io)|mixpanel|amplitude",
    r"heapanalytics|heap\.io|pendo|posthog|rudder(?:stack|labs)|matomo|plausible|snowplow|chartbeat|parsely",
    r"comscore|scorecardresearch|quantserve",
    r"optimizely|launchdarkly|split\.io|statsig|vwo\.com|visualwebsiteoptimizer|kameleoon|abtasty|dynamicyield",
    r"monetate|appcues|userpilot|walkme|whatfix|usersnap|uservoice|delighted|qualtrics|medallia|surveymonkey",
    r"cookiebot|onetrust|cookielaw|usercentrics|trustarc|consensu|didomi|quantcast|iubenda|osano|cookieyes",
    r"consentmanager|privacy-mgmt|sourcepoint",
    r"stripe|paypal|braintree|adyen|klarna|plaid|squareup|square\.com|shopify|checkout\.com|mollie|worldpay",
    r"authorize\.net|razorpay|affirm|afterpay|clearpay|sezzle|wise\.com|gocardless|paddle|chargebee|recurly",
    r"amazonpay|payments-amazon|applepay|pay\.google",
    r"mapbox|algolia|cloudflare|cloudfront\.net/(?:libs|sdk)|jsdelivr|unpkg|cdnjs|bootstrapcdn|jquery\.com",
    r"fontawesome|typekit|fonts\.|hcaptcha|turnstile|arkoselabs|datadome|perimeterx|imperva|incapsula|akamai",
    r"distil",
    r"newrelic|nr-data|datadog|sentry-cdn|bugsnag|rollbar|raygun|dynatrace|ruxit|appdynamics|eum-|speedcurve",
    r"boomerang|go-mpulse|twilio|sendgrid|mailchimp|list-manage|mailgun|postmark|slack\.com|klaviyo|braze",
    r"onesignal|pushwoosh|airship|attentive|iterable|customer\.io|customeriomail",
    r"auth0|okta|onelogin|firebase|firebaseio|cloudfunctions|pusher|ably|pubnub|sendbird|getstream|stream-io",
    r"agora\.io|vidyo|opentok|tokbox|daily\.co|zoom\.us|vimeo|wistia|brightcove|jwplayer|jwpcdn|dailymotion",
    r"spotify|soundcloud|issuu",
    r"openai|anthropic|mistral\.ai|cohere|huggingface|replicate\.com|deepl|salesforce|force\.com|github\.com",
    r"gitlab\.com|bitbucket\.org|atlassian|trustpilot|bazaarvoice|yotpo|powerreviews|reviews\.io|feefo|typeform",
    r"calendly|jotform|airtable|notion\.(?:so|com)|zapier|make\.com|contentful|prismic|sanity\.io|storyblok",
    r"cloudinary|imgix|transloadit|filestack|uploadcare",
    r"criteo|taboola|outbrain|adroll|rubicon|pubmatic|openx|adnxs|amazon-adsystem|casalemedia|moatads",
    r"adsafeprotected|teads|adform|tradedesk|adsrvr|id5-sync|liveramp|prebid|taxjar|avalara|shippo|easypost",
    r"shipstation|sendcloud|shipcloud|dhl\.|ups\.com|fedex|usps|addthis|sharethis|disqus|gigya|docusign|dropbox",
    r"outlook\.com|office365|gmail|googlemail|mimecast|pphosted|yahoodns|messagelabs|secureserver\.net",
    r"box\.com|hellosign|xero|quickbooks|intuit|netsuite|workday|servicenow|zoho",
)
VENDOR_CLIENTS = any_of(
    r"(?:^|[./@\\: ])(?:"
    r"stripe|twilio|sendgrid|python_http_client|datadog\w*|ddtrace|slack_sdk|slack_bolt|slack|mailchimp\w*"
    r"|mailjet\w*|sparkpost|postmark\w*|mailgun\w*|sendinblue|brevo\w*|resend"
    r"|paypal\w*|braintree\w*|adyen\w*|plaid|klarna|squareup|squaresdk|square|mollie|gocardless\w*|razorpay|paddle"
    r"|msal\w*|microsoft\.identity\.client|chargebee|recurly|worldpay|checkout_sdk|checkoutsdk|authorizenet|affirm|afterpay|revenuecat"
    r"|purchases_flutter|adapty|qonversion"
    r"|openai|azureopenai|anthropic|cohere|mistralai|huggingface_hub|replicate|deepl|elevenlabs|pinecone|langsmith"
    r"|groq|together|google_generativeai|vertexai|generativeai"
    r"|algolia\w*|hubspot|zendesk\w*|zenpy|freshdesk|intercom|helpscout|shopify\w*|shopifyapi|bigcommerce"
    r"|woocommerce|simple_salesforce|jsforce|salesforce|restforce|pipedrive|zoho\w*|netsuite|xero\w*|quickbooks"
    r"|intuitlib|docusign\w*|hellosign|dropbox\w*|boxsdk|airtable|pyairtable|notion_client|notionhq|contentful\w*"
    r"|cloudinary|prismic|sanity|storyblok|atlassian|jira|pygithub|githubapi|octokit|gitlab|python-gitlab"
    r"|googleapiclient|google\.apis|google\.googleapi\w*"
    r"|google\.(?:cloud|genai|api_core|oauth2|auth|ads|analytics|maps|generativeai)"
    r"|google/(?:cloud|apiclient|auth|service)|googlemaps|google-auth-library|gaxios|googleapis|gax|@google-cloud"
    r"|@googlemaps|com\.google\.(?:cloud|api|auth|ads|firebase|maps)|com\.google\.android\.gms|googlemobileads"
    r"|google_mobile_ads|googlesignin|google_sign_in|googlemaps\w*|gmscore|google_maps_flutter"
    r"|firebase\w*|@firebase|_flutterfire_internals|cloud_firestore\w*|cloud_functions\w*|firestore|crashlytics"
    r"|fbl\w+|com\.google\.firebase"
    r"|botocore|boto3|aiobotocore|aws-sdk|@aws-sdk|@smithy|aws_sdk\w*|aws-sdk-\w+|amazonaws"
    r"|software\.amazon\.awssdk|com\.amazonaws|amazon\.runtime|aws/|seahorse|ex_aws|rusoto\w*|aws_smithy\w*|azure"
    r"|@azure|azure\.(?:core|storage|messaging|identity)|com\.azure|microsoft\.azure|microsoft\.graph|msgraph|msal"
    r"|oci|digitalocean|cloudflare|heroku"
    r"|ldclient|launchdarkly\w*|unleash\w*|splitio|statsig|optimizely|configcat|amplitude\w*|mixpanel\w*|segment"
    r"|analytics-node|posthog|rudder\w*|heap|pendo|newrelic|appsignal|bugsnag|rollbar|honeycomb|pagerduty|pdpyras"
    r"|opsgenie"
    r"|auth0|okta|workos|clerk|stytch|onelogin|supabase|pusher\w*|ably|pubnub|sendbird\w*|getstream|stream_chat"
    r"|agora\w*|twilio\w*|vonage|nexmo|messagebird|plivo|sinch|bandwidth|telnyx|livekit|zoomus"
    r"|mapbox\w*|mapbox-gl|here_sdk|tomtom|what3words|easypost|shippo|shipengine|sendcloud|taxjar|avalara|avatax"
    r"|smartystreets|lob|loqate"
    r"|onesignal\w*|braze\w*|appboy|customerio|klaviyo\w*|iterable\w*|airship|urbanairship|leanplum|clevertap"
    r"|moengage|batch"
    r"|com\.appsflyer|appsflyer\w*|com\.adjust|adjust\w*|io\.branch|branch\w*sdk|flutter_branch\w*|kochava"
    r"|singular\w*|com\.facebook|facebook\w*|fbsdk\w*|fbaudience\w*|com\.applovin|applovin\w*"
    r"|com\.unity3d\.(?:ads|services)|unityads|com\.ironsource|ironsource|com\.vungle|vungle\w*|com\.mopub|mopub\w*"
    r"|com\.inmobi|inmobi\w*|com\.chartboost|chartboost|com\.bytedance|pangle\w*|com\.mbridge|mintegral\w*"
    r"|com\.smaato|com\.tapjoy|admob|com\.huawei\.(?:hms|agconnect)|com\.paypal|com\.stripe|com\.braintreepayments"
    r"|com\.instabug|instabug\w*|com\.zendesk|zopim\w*|com\.intercom|io\.intercom|com\.kakao|kakao\w*|com\.tencent"
    r"|wechat\w*|com\.alipay|com\.naver|linesdk|com\.snap|com\.tiktok|com\.twitter|com\.mixpanel|com\.amplitude"
    r"|com\.segment|com\.onesignal|com\.braze|com\.appboy|com\.usabilla|com\.qualtrics|com\.salesforce|com\.datadog"
    r"|com\.newrelic|com\.microsoft\.(?:appcenter|identity)|com\.scandit|com\.jumio|com\.onfido|onfido\w*"
    r"|com\.veriff|com\.spotify"
    r"|elasticemail|recaptcha|hcaptcha|telegram\w*|discord\w*|tweepy|telethon|instagram\w*|linkedin\w*|snowflake"
    r"|databricks|fivetran|dwolla|wise|coinbase|alpaca\w*|polygon-api|bugfender"
    r")(?=[./_\\: \-]|$)"
)
"""Packages, in lower case, that speak with a vendor, or are a vendor's whole product in an app."""
DRIVERS = any_of(
    r"(?:^|[./@\\: ])(?:"
    r"psycopg\w*|asyncpg|aiopg|pg8000|pymysql|mysqlclient|mysqldb|aiomysql|asyncmy|mysql\.connector"
    r"|mysql/connector|cx_oracle|oracledb|pyodbc|pymssql|clickhouse\w*"
    r"|pymongo|motor|mongoengine|redis|aioredis|rediscluster|kombu|pika|aio_pika|amqp|amqpstorm|confluent_kafka"
    r"|aiokafka|kafka|elasticsearch\w*|elastic_transport|opensearch\w*|cassandra|hvac|etcd3|kazoo|consul|pymemcache"
    r"|pylibmc|bmemcached|ldap3?|nats|stomp|hazelcast|minio|paramiko|neo4j|influxdb\w*|sqlalchemy\.pool"
    r"|ioredis|redis-parser|@redis|node-redis|pg|pg-pool|pg-protocol|mysql2?|mongodb|mongoose|amqplib"
    r"|amqp-connection-manager|kafkajs|node-rdkafka|@elastic|@opensearch-project|memjs|memcached|cassandra-driver"
    r"|tedious|mssql|knex|tarn|sequelize|sequelize-pool|typeorm|@prisma|bull|bullmq|nats\.ws"
    r"|org\.postgresql|com\.mysql|oracle\.(?:jdbc|net)|org\.mariadb|com\.microsoft\.sqlserver|com\.ibm\.db2"
    r"|com\.zaxxer\.hikari"
    r"|org\.apache\.(?:commons\.dbcp2?|tomcat\.jdbc|kafka|zookeeper|curator|activemq|pulsar|solr|cassandra|geode|ignite)"
    r"|com\.mchange|redis\.clients|io\.lettuce|org\.redisson|com\.mongodb|com\.rabbitmq"
    r"|org\.springframework\.(?:amqp|kafka|data\.redis|jdbc|jms)|org\.elasticsearch|co\.elastic|com\.datastax"
    r"|net\.spy\.memcached|net\.rubyeye|com\.hazelcast|io\.etcd|io\.nats|io\.r2dbc|slick\.jdbc|org\.apache\.hadoop"
    r"|database/sql"
    r"|github\.com/(?:lib/pq|jackc/pgx|go-sql-driver|redis|go-redis|gomodule/redigo|segmentio/kafka-go|shopify/sarama|ibm/sarama|confluentinc|streadway|rabbitmq|gocql|elastic|olivere|bradfitz/gomemcache|nats-io|hashicorp/(?:vault|consul)|denisenkom|microsoft/go-mssqldb|clickhouse)"
    r"|go\.mongodb\.org|go\.etcd\.io|gorm\.io/driver"
    r"|npgsql|microsoft\.data\.sqlclient|system\.data\.sqlclient|mysqlconnector|mysql\.data"
    r"|oracle\.manageddataaccess|stackexchange\.redis|rabbitmq\.client|masstransit|confluent\.kafka|mongodb\.driver"
    r"|nest|elastic\.transport|enyim|cassandra\.driver"
    r"|mysql2|redis_client|redis-client|bunny|mongo|moped|dalli|elastic/transport|rdkafka|ruby-kafka|sequel"
    r"|activerecord/connection_adapters|active_record/connection_adapters"
    r"|predis|phpredis|illuminate/(?:redis|database)|doctrine/dbal|php-amqplib|phpamqplib|pdo|postgrex|myxql|redix"
    r"|db_connection|ecto/adapters|mint|brod\w*|broadway|sqlx\w*|tokio-postgres|deadpool\w*|bb8\w*|lapin|diesel"
    r"|r2d2\w*"
    r")(?=[./_\\: \-]|$)"
)
"""Packages, in lower case, that speak with databases, brokers, caches and the like: mostly a team's own."""
DRIVER_PREFIX = re.compile(
    r"(?:^|: )(pq|pgx|redis|etcdserver|nats|kafka(?: server)?|amqp|gocql|memcache|consul|raft)(?=: )"
)
"""How Go's drivers begin their messages, where the stack is not theirs."""
VENDOR_NAMES = any_of(
    r"stripe|twilio|sendgrid|datadog|hotjar|hubspot|_hsq|intercom|fullstory|window\.fs\b|recaptcha|hcaptcha",
    r"googletag|\bfbq\b|\bgtag\b|\bdatalayer\b|mapbox",
    r"paypal|braintree|adyen|plaid\b|klarna|mollie|worldpay|razorpay|zendesk|\bze\b|segment\.io|optimizely",
    r"mailchimp|mailgun|postmark|klaviyo|\bs3\b|salesforce|algolia|firebase|firestore|auth0|okta\b",
    r"googleapi\b|openai|anthropic|shopify|google[. ]maps|google ?pay|apple ?pay|youtube|vimeo|slack\b|avalara",
    r"taxjar|shippo|\bdhl|\bfedex|\bups(?:client|gateway|api)|\bdpd\b|\bpostnl|royalmail|\bhermes(?:client|api)",
    r"easypost|docusign|contentful|cloudinary|launchdarkly|amplitude\b|mixpanel|braze\b|onesignal|quickbooks",
    r"xero\b|dropbox|appsflyer|calendly|typeform|onetrust|optanon|cookiebot|usercentrics|grecaptcha|tawk_api",
    r"\$crisp|_paq\b|adsbygoogle|__tcfapi|\bpintrk\b|\bttq\b|\btwttr\b|\bfb\.(?:ui|api|login)",
)
INTERNAL_HOST = in_any_case(
    r"(?:\.(?:internal|intern|local|localdomain|lan|corp|svc|intra|intranet|cluster|private|home\.arpa|consul|mesh|docker|compute|test-cluster)$)",
    r"^(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|169\.254)\.",
    r"^[a-z][\w-]*$|\.svc\.|^::1$|\.(?:int|intern|internal|intra|intranet|corp|lan|private|priv)\.[\w-]",
    r"^(?:int|intern|internal|intranet|corp)[.-][\w-]+\.|\.(?:k8s|kube|nomad|flycast|prod|staging|stage)$|\.ts\.net$",
    r"\.(?:rds|cache|es|docdb|mq|redshift|elb|neptune)\.amazonaws\.com$",
    r"\.(?:elb|rds|cache|kafka|aoss|mq)\.[\w-]+\.amazonaws\.com$|\.mongodb\.net$|\.database\.windows\.net$",
    r"\.redis\.cache\.windows\.net$|\.cloudamqp\.com$|\.aivencloud\.com$|\.confluent\.cloud$|\.redislabs\.com$",
    r"\.redis-cloud\.com$|\.elastic-cloud\.com$|\.es\.io$",
)
"""Hosts of a team's own network, and databases that somebody runs for it."""
HOST_IN_TEXT = re.compile(
    r"host='([^']+)'|\bhostname=([\w-]+\.[\w.-]+)"
    r"|(?:https?|wss?|rediss?|amqps?|postgres(?:ql)?|mysql|mongodb|kafka|tcp|grpc)://(?:[^@/\s]{0,60}@)?([\w.-]+)"
    r"|(?:connecting to|econnrefused|getaddrinfo(?: enotfound| eai_again)?|enotfound|eai_again|lookup"
    r"|resolve host:?|host lookup:|address:|hostname:|dial tcp:?(?! lookup)) ['\"]?([a-z0-9][\w-]*(?:\.[\w-]+)*)"
    r"|(?:\b(?:for|to|from|with|at|on|by|of)|:) '?"
    r"((?:[a-z0-9-]{1,63}\.){1,8}(?:com|io|net|org|co|app|dev|ai|eu|de|uk|fr))\b(?!\.\w)"
    r"|(?:\b(?:for|to|from|with|at|on|by)|:) '?"
    r"((?:[a-z0-9-]{1,63}\.){2,8}(?:at|be|br|ca|ch|cn|cz|dk|es|fi|it|jp|nl|no|pl|pt|se|us|cloud|tech|gov))\b(?![.(]\w?)"
    r"|\b((?:[\w-]{1,63}\.){1,8}(?:internal|intern|local|lan|corp|svc|consul|intranet|private))\b"
    r"|(?<![\d.>])((?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}):\d{2,5}"
)
"""Hosts that a message in lower case names."""
NO_HOST = vocabulary(
    "the a an any your our this that server servers service host hosts database db endpoint url broker brokers cluster "
    "remote primary master replica upstream api app it is was on failed failure error for to from in at localhost"
)
"""Words that stand where a host might: they name none."""
MANUAL_HOST = re.compile(
    r"^(?:docs?|developers?|learn|support|help|errors?|wiki|man)\."
    r"|^(?:sqlalche\.me|pris\.ly|aka\.ms|go\.microsoft\.com|react\.dev|reactjs\.org|nextjs\.org|goo\.gl|g\.co|alg\.li"
    r"|nodejs\.org|errors\.pydantic\.dev|stackoverflow\.com|redis\.io|vuejs\.org|angular\.(?:dev|io)|php\.net"
    r"|www\.php\.net|dev\.mysql\.com|www\.postgresql\.org|bit\.ly|webpack\.js\.org|vitejs\.dev|hexdocs\.pm"
    r"|symfony\.com|laravel\.com|wa\.me|fb\.me|curl\.haxx\.se|curl\.se|platform\.openai\.com)$"
)
"""Hosts that messages name only to explain themselves."""
