"""Rules about services, vendors and databases: what makes each of them speak, and what is near and does not."""

from tests.fixtures.fault_rows import (
    APP,
    CODE,
    GO,
    GONE,
    HTTP,
    INFRA,
    JAVA,
    JVM,
    NOISE,
    OURS,
    PHP,
    VENDOR,
    WEB,
    judged,
    leading,
    table,
)

ZEEP = f"{OURS} zeep.wsdl.bindings.soap:process_error"


@table(
    (VENDOR, "Fault", "Stock query failed: Object reference not set to an instance of an object", ZEEP),
    (VENDOR, "Fault", "java.lang.OutOfMemoryError: Java heap space", ZEEP),
    (VENDOR, "SoapFault", "Could not connect to host: timed out", "+/srv/src/Labels.php:print", PHP),
    (INFRA, "Fault", "The query failed at http://erp.intra.depot.eu/soap", ZEEP),
    (VENDOR, "SoapFault", "Timeout while the document was rendered", "+/srv/src/Labels.php:print", PHP),
    (CODE, "SoapFault", "SOAP-ERROR: Encoding: object has no 'Zip' property", "+/srv/src/Labels.php:print", PHP),
    (
        CODE,
        "Savon::SOAPFault",
        "(soap:Client) Article 12 of https://erp.parcels.com/a",
        "+/srv/app/erp.rb:ask savon:raise_soap_fault",
    ),
    (
        VENDOR,
        "Savon::SOAPFault",
        "(soap:Server) Article 12 of https://erp.parcels.com/a",
        "+/srv/app/erp.rb:ask savon:raise_soap_fault",
    ),
    (
        CODE,
        "FaultException",
        "Object reference not set to an instance of an object",
        "System.ServiceModel:Run +Depot.Api:Get",
    ),
)
def test_a_fault_of_soap_speaks_of_the_program_that_was_asked_unless_it_is_about_what_we_sent(
    cause, kind, value, frames, event
):
    assert judged(kind, value, frames, **event).cause is cause


REST = "org.springframework.web.client.RestTemplate:handleResponse"
FETCH = "+/srv/dist/rates.js:load /srv/node_modules/node-fetch/lib/index.js:json"
AXIOS = "+/srv/dist/rates.js:load /srv/node_modules/axios/lib/core/settle.js:settle"


@table(
    (INFRA, "AxiosError", "Request failed with status code 500", AXIOS, {"platform": "node"}),
    (INFRA, "HttpServerErrorException", "500 Internal Server Error", f"{JAVA} {REST}", JVM),
    (CODE, "HttpClientErrorException", "409 Conflict", f"{JAVA} {REST}", JVM),
    (INFRA, "FeignException", "[500] during [GET]", f"{JAVA} feign.FeignException:errorStatus", JVM),
    (INFRA, "ServerError", "answered with status 500", "+/srv/app/a.rb:ask /gems/faraday-2.9/lib/a.rb:run"),
    (INFRA, "ServerException", "answered with status 500", "+/srv/src/A.php:ask /srv/vendor/guzzlehttp/a.php:run", PHP),
    (CODE, "AxiosError", "Request failed with status code 409", AXIOS, {"platform": "node"}),
    (VENDOR, "FetchError", "invalid json response body at https://api.parcels.com/v2", FETCH, {"platform": "node"}),
    (CODE, "RatesError", "ended with status code 500", "+/srv/dist/rates.js:load", {"platform": "node"}),
    (VENDOR, "AxiosError", "POST https://api.parcels.ch/v2 failed with status code 500", AXIOS, {"platform": "node"}),
)
def test_a_client_of_http_that_raises_an_ill_answer_is_not_our_code(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


@table(
    (VENDOR, "PurchasesError", "There was a problem with the Play Store.", "+src/Pay.tsx:buy", WEB | {"users": 500}),
    (
        CODE,
        "PurchasesError",
        "There was a problem with the list of the store.",
        "+src/Pay.tsx:buy",
        WEB | {"users": 500},
    ),
    (VENDOR, "BankError", "INSTITUTION_NOT_RESPONDING", OURS),
    (CODE, "BankError", "INSTITUTION_NOT_CHOSEN", OURS),
    (VENDOR, "RuntimeException", "VAT check: MS_MAX_CONCURRENT_REQ", "+/srv/src/Vat.php:check", PHP),
    (CODE, "KeyError", "'INSTITUTION_DOWN'", OURS),
    (VENDOR, "RuntimeException", "MS_UNAVAILABLE: no answer, timed out", "+/srv/src/Vat.php:check", PHP),
    (INFRA, "RuntimeException", "NODE_UNAVAILABLE: no answer, timed out", "+/srv/src/Vat.php:check", PHP),
    (
        VENDOR,
        "PlatformException",
        "com.google.android.gms.common.api.ApiException: 8: ",
        "+package:d/a.dart:a",
        {"platform": "dart"},
    ),
    (
        NOISE,
        "PlatformException",
        "com.google.android.gms.common.api.ApiException: 7: ",
        "+package:d/a.dart:a",
        {"platform": "dart"},
    ),
    (
        NOISE,
        "PlatformException",
        "com.google.android.gms.common.api.ApiException: 16: ",
        "+package:d/a.dart:a",
        {"platform": "dart"},
    ),
    (
        CODE,
        "PlatformException",
        "com.google.android.gms.common.api.ApiException: 10: ",
        "+package:d/a.dart:a",
        {"platform": "dart"},
    ),
)
def test_a_store_a_bank_or_an_office_that_is_out_of_order_is_a_third_party(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


NPGSQL = "+Depot.S:x Npgsql.Internal.Connector:Read"
ENDED = ("*pq.Error", "pq: canceling statement due to user request")


@table(
    (NOISE, *ENDED, GO, GONE | {"tags": {"cause": "context canceled"}}),
    (NOISE, *ENDED, GO, GONE | {"contexts": {"request.state": "client disconnected"}}),
    (CODE, *ENDED, GO, GONE),
    (
        CODE,
        "*pq.Error",
        "pq: canceling statement due to statement timeout",
        GO,
        GONE | {"tags": {"cause": "context canceled"}},
    ),
    (CODE, *ENDED, GO, GONE | {"tags": {"cause": "context deadline exceeded", "then": "context canceled"}}),
    (NOISE, "System.OperationCanceledException", "57014: canceling statement due to user request", NPGSQL),
    (INFRA, "Npgsql.NpgsqlException", "57014: canceling statement due to user request", NPGSQL),
    (CODE, "CancelledError", "Query execution was interrupted, execution time exceeded", NPGSQL, {"days": 90}),
    (NOISE, "*fmt.wrapError", "redis: context canceled", GO, GONE),
    (INFRA, "*fmt.wrapError", "redis: context canceled", "+depot/jobs:(*Feed).run", GONE),
    (
        INFRA,
        "*fmt.wrapError",
        "redis: connection pool timeout: context canceled",
        GO,
        {"platform": "go", "users": 0, "days": 0.1},
    ),
)
def test_a_statement_that_is_ended_for_somebody_who_left_is_noise_and_one_that_took_too_long_is_not(
    cause, kind, value, frames, event
):
    assert judged(kind, value, frames, **event).cause is cause


@table(
    (INFRA, "ConnectionError", "HTTPSConnectionPool(host='rates.int.depot.at', port=443): Max retries exceeded", HTTP),
    (INFRA, "ConnectionError", "HTTPSConnectionPool(host='rates.corp.depot.at', port=443): Max retries exceeded", HTTP),
    (
        INFRA,
        "ConnectionError",
        "HTTPSConnectionPool(host='internal-rates.depot.at', port=443): Max retries exceeded",
        HTTP,
    ),
    (INFRA, "ConnectionError", "HTTPSConnectionPool(host='rates.depot.k8s', port=443): Max retries exceeded", HTTP),
    (INFRA, "ConnectionError", "HTTPSConnectionPool(host='rates.tail9.ts.net', port=443): Max retries exceeded", HTTP),
    (VENDOR, "ConnectionError", "HTTPSConnectionPool(host='api.interrail.at', port=443): Max retries exceeded", HTTP),
    (VENDOR, "ConnectionError", "HTTPSConnectionPool(host='api.corpus.at', port=443): Max retries exceeded", HTTP),
    (VENDOR, "Net::OpenTimeout", "execution expired for api.parcels.ch", "+/srv/app/a.rb:ask", {"platform": "ruby"}),
    (CODE, "NoMethodError", "undefined method 'x' for this.list.at", "+/srv/app/a.rb:ask", {"platform": "ruby"}),
)
def test_a_host_is_inside_by_any_of_its_labels_but_not_by_the_beginning_of_one(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


AWS = f"{JAVA} software.amazon.awssdk.core:run"
BOTO = f"{OURS} botocore.client:_make_api_call"


@table(
    (INFRA, "CredentialRetrievalError", "Error when retrieving credentials from the role: answered 500", BOTO),
    (INFRA, "ClientError", "Unable to retrieve credentials from the chain", BOTO),
    (INFRA, "NoCredentialsError", "nothing is set up here", BOTO),
    (VENDOR, "ClientError", "nothing is set up here", BOTO),
    (VENDOR, "SdkException", "Unable to retrieve credentials from the chain", "com.amazonaws.auth.Chain:get", APP),
    (INFRA, "ClientError", "Unable to retrieve credentials from the chain", "botocore.credentials:_refresh"),
    (INFRA, "ClientError", "Unable to retrieve credentials from the chain: status code 403", BOTO),
    (INFRA, "ClientError", "Unable to retrieve credentials from the chain: connection refused, timed out", BOTO),
    (CODE, "ClientError", "An error occurred (ValidationException): bad value for credentials", BOTO),
    (INFRA, "TransportError", "no answer from the Compute Engine metadata", f"{OURS} google.auth.transport:call"),
    (INFRA, "ProvisionedThroughputExceededException", "too much (Service: DynamoDb, Status Code: 400)", AWS, JVM),
    (INFRA, "ClientError", "Throughput exceeds the current capacity of your table or index", BOTO),
    (CODE, "DynamoDbException", "the key does not fit (Service: DynamoDb, Status Code: 400)", AWS, JVM),
    (VENDOR, "ClientError", "An error occurred (SlowDown): Please reduce your request rate", BOTO),
    (CODE, "ProfileError", "Unable to load the credentials from the form", OURS),
)  # fmt: skip
def test_credentials_and_capacity_of_our_own_account_are_infrastructure_in_a_vendor_s_client(
    cause, kind, value, frames, event
):
    assert judged(kind, value, frames, **event).cause is cause


MONGO = f"{OURS} pymongo.helpers:check"


@table(
    (CODE, "MongoServerError", "Sort exceeded memory limit of 33554432 bytes", MONGO),
    (CODE, "MongoServerError", "stage needs more: pass allowDiskUse to opt in", MONGO),
    (INFRA, "MongoServerError", "the node has exceeded its cache and is shutting down", MONGO),
    (
        CODE,
        "DatabaseError",
        "Memory limit (for query) exceeded: would use 9 GiB",
        f"{OURS} clickhouse_driver.client:get",
    ),
    (INFRA, "DatabaseError", "Memory limit (total) exceeded: would use 90 GiB", f"{OURS} clickhouse_driver.client:get"),
    (CODE, "ResponseError", "unknown command 'GETT', with args beginning with: 'a'", f"{OURS} redis.connection:read"),
    (INFRA, "ResponseError", "command is not served by this node", f"{OURS} redis.connection:read"),
    (
        CODE,
        "*status.Error",
        "code = ResourceExhausted desc = grpc: received message larger than max (5 vs. 4)",
        GO,
        GONE,
    ),
    (INFRA, "*status.Error", "code = ResourceExhausted desc = no streams are left", GO, GONE),
)
def test_one_question_that_wants_too_much_of_a_database_is_ours(cause, kind, value, frames, event):
    assert judged(kind, value, frames, **event).cause is cause


UNRESOLVED = "HTTPSConnectionPool(host='api.parcels.com'): Temporary failure in name resolution"


@table(
    (INFRA, "ConnectionError", UNRESOLVED, HTTP),
    (VENDOR, "ConnectionError", "HTTPSConnectionPool(host='api.parcels.com'): Connection refused", HTTP),
    (NOISE, "ConnectionError", UNRESOLVED, JAVA, APP),
)
def test_our_own_resolver_is_infrastructure_whoever_was_to_be_asked(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


SMTP = f"{OURS} smtplib:sendmail"


@table(
    (INFRA, "SMTPDataError", "(451, b'4.3.2 come back in an hour')", SMTP),
    (INFRA, "Net::SMTPServerBusy", "450 4.2.0 this mailbox is greylisted", "+/srv/app/a.rb:ask", {"platform": "ruby"}),
    (VENDOR, "SMTPDataError", "(451, b'4.3.2 come back') from mx.pphosted.com to relay.depot.internal", SMTP),
    (INFRA, "SMTPDataError", "(451, b'4.3.2 come back') from mx.posthaus.com to relay.depot.internal", SMTP),
    (CODE, "SMTPDataError", "(554, b'5.6.0 this text is not a message')", SMTP),
)
def test_a_mail_host_that_wants_to_be_asked_later_is_no_code(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


PG = f"{OURS} psycopg2:execute"


@table(
    (INFRA, "OperationalError", "canceling statement due to conflict with recovery", PG, {"days": 60}),
    (CODE, "OperationalError", "canceling statement due to statement timeout", PG, {"days": 60}),
)
def test_a_replica_that_ends_a_statement_is_infrastructure_however_long(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


KNEX = "+/srv/dist/a.js:save /srv/node_modules/knex/lib/client.js:query"


@table(
    (CODE, "OperationalError", "(1390, 'statement has too many placeholders')", f"{OURS} pymysql.err:raise_it"),
    (INFRA, "OperationalError", "(1040, 'too many connections')", f"{OURS} pymysql.err:raise_it"),
    (CODE, "Error", "too many SQL variables", KNEX, {"platform": "node"}),
    (INFRA, "Error", "too many SQL threads", KNEX, {"platform": "node"}),
)
def test_more_placeholders_than_a_statement_takes_are_ours(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


SQL = f"{OURS} pymysql.err:raise_it"
PGX_QUERY = "+depot/a:get github.com/jackc/pgx/v5:Query"
PGX = {"platform": "go", "users": 0, "days": 0.1}
ORACLE = f"{JAVA} oracle.jdbc.driver.T4CTTIoer11:processError"


@table(
    (CODE, "*pgconn.PgError", "ERROR: no such thing (SQLSTATE 42704)", PGX_QUERY, PGX),
    (CODE, "*pgconn.PgError", "ERROR: a wrong day (SQLSTATE 22008)", PGX_QUERY, PGX),
    (
        INFRA,
        "*pgconn.PgError",
        "FATAL: no such thing (SQLSTATE 3D000)",
        PGX_QUERY,
        PGX,
    ),
    (INFRA, "*pgconn.PgError", "FATAL: not now (SQLSTATE 57P03)", PGX_QUERY, PGX),
    (CODE, "PDOException", "SQLSTATE[42000]: a word too much", "+/srv/src/S.php:save PDO:x", PHP),
    (
        INFRA,
        "PDOException",
        "SQLSTATE[42000] [1226] 'a' has its max_user_connections resource",
        "+/srv/src/S.php:save",
        PHP,
    ),
    (CODE, "Npgsql.PostgresException", "42883: this is not there", "+Depot.S:x Npgsql.Internal.Connector:Read"),
    (
        INFRA,
        "Npgsql.PostgresException",
        "57P01: this is not there, terminating connection",
        "Npgsql.Internal.Connector:Read",
    ),
    (CODE, "OperationalError", "(1292, \"Incorrect date value: '0' for a column\")", SQL),
    (CODE, "OperationalError", "(1364, \"Field 'a' doesn't have a default value\")", SQL),
    (INFRA, "OperationalError", '(1021, "waiting for someone to free some space")', SQL),
    (CODE, "SQLException", "ORA-01841: a year of none", ORACLE, JVM),
    (CODE, "SQLException", "ORA-06550: line 1", ORACLE, JVM),
    (INFRA, "SQLException", "ORA-04021: a lock was waited for\nORA-06512: at line 1", ORACLE, JVM),
    (CODE, "MongoServerError", "Updating 'a' would create a conflict at 'a'", MONGO),
    (CODE, "MongoServerError", "$size needs an array", MONGO),
    (INFRA, "MongoServerError", "the node needs a rest", MONGO),
    (INFRA, "DatabaseError", "database disk image is malformed", f"{OURS} sqlite3:execute"),
    (CODE, "DatabaseError", "the day of the image is malformed", f"{OURS} sqlite3:execute"),
    (INFRA, "NoServersError", "nats: no servers available for connection", f"{OURS} nats.aio.client:connect"),
    (INFRA, "NoRespondersError", "nats: no responders available for request", f"{OURS} nats.aio.client:request"),
    (INFRA, "AuthenticationException", "unable to authenticate user [stock]", f"{OURS} elasticsearch._sync.client:run"),
    (INFRA, "InternalError", "invalid page in block 7 of relation base/1", f"{OURS} psycopg2:execute"),
)
def test_a_statement_that_is_wrong_is_ours_by_the_class_of_its_state_or_by_words(cause, kind, value, frames, event):
    assert judged(kind, value, frames, **event).cause is cause


INSIDE = "invalid json response body at http://stock.prod.svc.cluster.local/v1 reason: "
NODE = {"platform": "node", "users": 0}


@table(
    (INFRA, "FetchError", INSIDE + "Unexpected token < in JSON at position 0", FETCH, NODE),
    (CODE, "FetchError", INSIDE + "Unexpected token u in JSON at position 0", FETCH, NODE),
)
def test_a_page_where_data_were_awaited_from_inside_is_of_a_gateway(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


SLACK = "+/srv/dist/digest.js:send /srv/node_modules/@slack/web-api/dist/errors.js:platformErrorFromResult"
PLAID = "+/srv/dist/bank.js:sync /srv/node_modules/plaid/dist/api.js:sync"


@table(
    (CODE, "Error", "An API error occurred: invalid_blocks", SLACK, NODE),
    (VENDOR, "Error", "An API error occurred: fatal_error", SLACK, NODE),
    (CODE, "AxiosError", "Request failed with status code 400", PLAID, NODE),
    (VENDOR, "AxiosError", "Request failed with status code 400: INSTITUTION_DOWN", PLAID, NODE),
    (
        VENDOR,
        "AxiosError",
        "Request failed with status code 400",
        PLAID,
        NODE | {"tags": {"bank.error_code": "INSTITUTION_DOWN"}},
    ),
    (CODE, "AxiosError", "Request failed with status code 400", PLAID, NODE | {"tags": {"label": "INSTITUTION_DOWN"}}),
)
def test_what_a_vendor_says_of_our_request_is_ours_and_of_itself_its_own(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


S3 = f"{OURS} boto3.s3.transfer:upload_file"
MSAL = "+Depot.Sync:Run Microsoft.Identity.Client.OAuth2:CreateResponse"


@table(
    (INFRA, "ClientError", "An error occurred (RequestTimeTooSkewed) when calling the PutObject operation", S3),
    (VENDOR, "ClientError", "An error occurred (SlowDown) when calling the PutObject operation", S3),
    (VENDOR, "MsalServiceException", "AADSTS90033: A transient error has occurred.", MSAL, {"platform": "csharp"}),
    (INFRA, "SSHException", "Error reading SSH protocol banner", f"{OURS} paramiko.transport:run"),
    (
        VENDOR,
        "SSHException",
        "Error reading SSH protocol banner",
        f"{OURS} paramiko.transport:run",
        {"tags": {"sftp.host": "sftp.nordbank.com"}},
    ),
)
def test_clocks_of_ours_and_passing_trouble_of_others(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


SINCE = {"days": 1, "begun": "depot@3.1"}
CALL = "+/srv/dist/page.js:load /srv/node_modules/axios/dist/axios.cjs:request"


@table(
    (CODE, "AxiosError", "connect ECONNREFUSED 127.0.0.1:80", CALL, NODE | SINCE),
    (CODE, "AxiosError", "connect ECONNREFUSED ::1:443", CALL, NODE | SINCE),
    (INFRA, "AxiosError", "connect ECONNREFUSED 127.0.0.1:80", CALL, NODE),
    (INFRA, "AxiosError", "connect ECONNREFUSED 127.0.0.1:8080", CALL, NODE | SINCE),
    (INFRA, "AxiosError", "connect ECONNREFUSED 10.0.0.7:80", CALL, NODE | SINCE),
)
def test_a_request_without_a_host_goes_to_the_machine_itself(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause


FILES = ("OSError", "[Errno 24] Too many open files: '/srv/tmp/a.tif'")


@table(
    (INFRA, *FILES, f"{OURS} PIL.Image:open", {"days": 0.2}),
    (CODE, *FILES, f"{OURS} PIL.Image:open", {"days": 0.2, "begun": "depot@3.1"}),
    (INFRA, *FILES, f"{OURS} PIL.Image:open", {"days": 9}),
    (INFRA, *FILES, "asyncio.base_events:run_forever", {"days": 0.2, "begun": "depot@3.1"}),
)
def test_files_that_run_out_since_a_release_are_left_open_by_our_code(cause, kind, value, frames, event):
    assert leading(kind, value, frames, **event) is cause
