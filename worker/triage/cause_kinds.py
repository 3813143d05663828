"""Families of exception types by what they mean for fault, as the languages, drivers and frameworks name them.

Names are in lower case and without modules. A family holds only types that mean the same wherever they are raised;
what can mean both is told by words and frames.
"""

from worker.triage.wording import vocabulary

OUTAGE = vocabulary(
    # Python: sockets, databases, brokers, caches, search, secrets
    "connectionrefusederror gaierror herror amqpconnectionerror amqpheartbeattimeout streamlosterror "
    "connectionwrongstateerror nobrokersavailable kafkatimeouterror kafkaconnectionerror nodenotreadyerror "
    "brokernotavailableerror leadernotavailableerror notleaderforpartitionerror coordinatornotavailableerror "
    "groupcoordinatornotavailableerror serverselectiontimeouterror autoreconnect notprimaryerror notmastererror "
    "networktimeout waitqueuetimeouterror clusterdownerror readonlyerror busyloadingerror masternotfounderror "
    "slavenotfounderror masterdownerror memcachedown memcacheunexpectedcloseerror memcacheserviceerror "
    "cannotconnectnowerror adminshutdown crashshutdown connectionfailure connectiondoesnotexisterror "
    "sqlclientunabletoestablishsqlconnection idleintransactionsessiontimeout vaultdown vaultnotinitialized "
    "nohostavailable operationtimedout writetimeout connectionloss sessionexpirederror kazootimeouterror "
    "connectionclosederror smtpserverdisconnected smtpconnecterror server_down nonameservers newconnectionerror "
    "endpointconnectionerror proxyerror serverdisconnectederror clientconnectorerror clientconnectordnserror "
    "connecttimeouterror connecterror remoteprotocolerror "
    # Node
    "mongoserverselectionerror mongonetworkerror mongonetworktimeouterror mongopoolclearederror "
    "mongowaitqueuetimeouterror mongooseserverselectionerror maxretriesperrequesterror clusterallfailederror "
    "kafkajsconnectionerror kafkajsconnectionclosederror kafkajsnumberofretriesexceeded kafkajsbrokernotfound "
    "kafkajsrequesttimeouterror sequelizeconnectionerror sequelizeconnectionrefusederror sequelizehostnotfounderror "
    "sequelizehostnotreachableerror sequelize sequelizeconnectiontimedouterror prismaclientinitializationerror "
    "headerstimeouterror bodytimeouterror nolivingconnectionserror knextimeouterror sockettimeout "
    "protocol_connection_lost "
    # Java, Kotlin, Scala
    "communicationsexception cjcommunicationsexception cannotgetjdbcconnectionexception jdbcconnectionexception "
    "cannotcreatetransactionexception sqltransientconnectionexception sqlnontransientconnectionexception "
    "sqlrecoverableexception sqltimeoutexception dataaccessresourcefailureexception redisconnectionfailureexception "
    "redisconnectionexception jedisconnectionexception jedisclusterdownexception jedisclusteroperationexception "
    "rediscommandtimeoutexception redisresponsetimeoutexception redistimeoutexception redisloadingexception "
    "redisreadonlyexception notenoughreplicasexception notenoughreplicasafterappendexception "
    "notleaderorfollowerexception notleaderforpartitionexception leadernotavailableexception "
    "brokernotavailableexception coordinatornotavailableexception coordinatorloadinprogressexception "
    "disconnectexception kafkastorageexception networkexception amqpconnectexception amqpioexception "
    "amqptimeoutexception amqpresourcenotavailableexception connectexception noroutetohostexception "
    "unknownhostexception connecttimeoutexception sockettimeoutexception httphostconnectexception "
    "connectionpooltimeoutexception prematurecloseexception portunreachableexception bindexception "
    "nonodeavailableexception allnodesfailedexception nohostavailableexception drivertimeoutexception "
    "unavailableexception mongosocketopenexception mongosocketreadexception mongosocketreadtimeoutexception "
    "mongotimeoutexception mongonodeisrecoveringexception mongonotprimaryexception mongosocketclosedexception "
    "clusterblockexception masternotdiscoveredexception notmasterexception callnotpermittedexception "
    "targetdisconnectedexception hazelcastinstancenotactiveexception memberleftexception resourceaccessexception "
    "connectionlossexception keeperexception pulsarclientexception brokerpersistenceexception "
    # .NET
    "alreadyclosedexception shutdownsignalexception missedheartbeatexception brokerunreachableexception "
    "mongoconnectionexception mongoconnectionpoolpausedexception retrylimitexceededexception brokencircuitexception "
    "timeoutrejectedexception operationinterruptedexception "
    # Ruby
    "connectionnotestablished connectiontimeouterror databaseconnectionerror noconnectionerror connectionbad "
    "unabletosend cannotconnecterror tcpconnectionfailed tcpconnectionfailedforallhosts networkfailure ringerror "
    "econnrefused ehostunreach enetunreach econnreset etimedout opentimeout connectionfailed brokerdisconnected "
    # PHP, Elixir, Rust, Go
    "amqpconnectionclosedexception amqpiowaitexception connectionlost nonodesavailableexception nonodeavailable "
    "clusterexception connectionlostexception pooltimedout transporterror "
)
"""A service, most often one of ours, is not there or does not answer."""

STARVED = vocabulary(
    "brokenprocesspool "
    "outofmemoryerror outofmemoryexception nomemoryerror diskfull workerlosterror timelimitexceeded "
    "softtimelimitexceeded querycanceled querycancelederror locknotavailable locknotavailableerror "
    "toomanyconnectionserror toomanyconnections toomanyconnectionsexception configurationlimitexceeded "
    "poolexhausted pooltimeout pooltimeouterror jedisexhaustedpoolexception maxconnectionserror "
    "insufficientresources enospc emfile enfile enomem edquot maximumexecutiontimeexceeded "
    "rejectedexecutionexception bulkheadfullexception taskrejectedexception insufficientexecutionstackexception "
    "provisionedthroughputexceededexception oomkilled evicted runtimeexiterror exiterror imagepullbackoff "
    "errimagepull crashloopbackoff failedscheduling failedmount statementtimeout deadlineexceeded queryinterrupted "
    "transactiontimeout terminatedworkererror "
)
"""A machine, a pool or a quota of ours has run out."""

GONE = vocabulary(
    "incompletereaderror "
    "clientdisconnect clientdisconnected clientdisconnectederror clientabortexception unreadableposterror "
    "connectionresetexception connectionabortedexception asyncrequestnotusableexception eofexception "
    "clientclosedrequest websocketdisconnect connectionclosedok closedchannelexception "
    "stacklessclosedchannelexception epipe brokenpipe clientconnectionreset incompletebody "
    "clientdisconnectedexception requestabortederror requestaborted responseaborted "
)
"""Whoever asked is not there any more."""

CANCELLED = vocabulary(
    "jobcancellationexception cancellationexception leftcompositioncancellationexception cancellationerror "
    "aborterror modifiedcancellationexception childcancelledexception interruptedioexception "
)
"""Work that was called off on purpose, such as when a screen is left."""

CALLED_OFF = vocabulary("operationcanceledexception taskcanceledexception cancellederror requestcanceled")
"""What was being done for somebody is called off: a visitor who left, or a time that ran out."""

VISITOR = vocabulary(
    "invalidtokenerror "
    # tokens and forms that outlived a session
    "tokenmismatchexception invalidauthenticitytoken invalidcsrftokenerror invalidcsrftokenexception "
    "missingcsrftokenexception antiforgeryvalidationexception csrferror invalidtokenexception expiredsignatureerror "
    "expiredsignature tokenexpirederror expiredjwtexception invalidsignatureexception signatureexpired "
    # addresses, methods and types that nobody serves
    "routingerror notfoundhttpexception methodnotallowedhttpexception methodnotallowed norouteerror http404 "
    "httprequestmethodnotsupportedexception httpmediatypenotsupportedexception httpmediatypenotacceptableexception "
    "nohandlerfoundexception noresourcefoundexception unknownformat unknownhttpmethod notacceptablehttpexception "
    "unsupportedmediatypeerror resourcenotfoundhttpexception "
    # requests that are no requests
    "disallowedhost suspiciousoperation suspiciousfileoperation disallowedredirect requestdatatoobig "
    "toomanyfieldssent toomanyfilessent suspiciousmultipartform multipartparsererror badhttprequestexception "
    "httpparsererror invalidrequestmethod invalidrequestline invalidhttpversion requestrejectedexception "
    "suspicioussession invalidsessionkey invalidqueryerror invalidpatherror invalidparametererror emptycontenterror "
    "payloadtoolargeerror requestentitytoolarge posttoolargeexception maxuploadsizeexceededexception "
    "sizelimitexceededexception filesizelimitexceededexception httpmessagenotreadableexception "
    "missingservletrequestparameterexception methodargumenttypemismatchexception methodargumentnotvalidexception "
    "parametermissing invalidhosterror blockedhost untrustedhostexception "
    # people who may not, must not, or type it wrong
    "badcredentialsexception usernamenotfoundexception authenticationcredentialsnotfoundexception notauthenticated "
    "accountexpiredexception lockedexception throttlerequestsexception throttled toomanyrequestshttpexception "
    "keyboardinterrupt interrupt "
)
"""What a framework answers to somebody who asks wrongly: as it should."""

DECLINED = vocabulary(
    "carderror carddeclinederror stripecarderror carddeclined usercancelederror userrejectedrequesterror"
)
"""What a vendor tells of its, and our, customer."""

ADMISSION = vocabulary(
    "validationerror "
    "permissiondenied accessdeniedexception accessdeniedhttpexception authenticationexception authenticationfailed "
    "notauthorizederror notauthorized unauthorizedexception forbiddenerror unauthorizederror "
    "unauthorizedaccessexception authorizationexception accessdenied forbiddenexception permissiondeniederror "
    "unauthorized forbidden "
)
"""Somebody may not: noise only where our own door says so."""

STEERING = vocabulary("retry ignore reject retrytaskerror")
"""What a job raises to tell its queue what to do with it."""

FORMS = vocabulary("validationexception inputvalidationexception formvalidationexception")
"""What people typed into a form is refused, unless a vendor's client says so."""

ABSENT = vocabulary("recordnotfound modelnotfoundexception objectnotfoundexception documentnotfound")
"""Somebody asks for a record that is gone: of a page, not of a job."""

SYSTEM_DIED = vocabulary("deadsystemexception deadsystemruntimeexception deadobjectexception")
"""A phone's own system went down, and the app with it."""

STOPPED = vocabulary("shutdown workershutdown systemexit signalexception sigterm keyboardinterrupt warmshutdown")
"""A process that was asked to stop, and does."""

PROGRAMMING = vocabulary(
    # Python
    "typeerror attributeerror keyerror nameerror indexerror valueerror assertionerror importerror unboundlocalerror "
    "modulenotfounderror notimplementederror syntaxerror indentationerror recursionerror zerodivisionerror "
    "overflowerror unicodedecodeerror unicodeencodeerror validationerror programmingerror integrityerror "
    "jsondecodeerror doesnotexist multipleobjectsreturned multipleresultsfound noresultfound lookuperror "
    "runtimeerror stopiteration invalidoperation dataerror fielderror detachedinstanceerror missinggreenlet "
    "pendingrollbackerror staledataerror transactionmanagementerror synchronousonlyoperation "
    "objectnotexecutableerror argumenterror templatesyntaxerror templatedoesnotexist undefinederror noreversematch "
    "improperlyconfigured appregistrynotready pydanticserializationerror responsevalidationerror picklingerror "
    "unpicklingerror notregistered encodeerror uniqueviolation notnullviolation foreignkeyviolation checkviolation "
    "undefinedcolumn undefinedtable undefinedfunction stringdatarighttruncation numericvalueoutofrange "
    "invalidtextrepresentation deadlockdetected serializationfailure "
    # JavaScript, Node
    "referenceerror rangeerror urierror evalerror domexception zoderror err_http_headers_sent err_invalid_arg_type "
    "err_module_not_found err_require_esm maxlistenersexceededwarning casterror versionerror overwritemodelerror "
    "missingschemaerror parallelsaveerror documentnotfounderror prismaclientvalidationerror "
    "prismaclientknownrequesterror sequelizeuniqueconstrainterror sequelizevalidationerror sequelizedatabaseerror "
    "sequelizeforeignkeyconstrainterror queryfailederror entitymetadatanotfounderror entitypropertynotfounderror "
    "unknowndependenciesexception expressionchangedafterithasbeencheckederror "
    # Java, Kotlin, Scala, Android
    "nullpointerexception classcastexception illegalstateexception illegalargumentexception arithmeticexception "
    "arrayindexoutofboundsexception indexoutofboundsexception stringindexoutofboundsexception "
    "negativearraysizeexception arraystoreexception concurrentmodificationexception numberformatexception "
    "unsupportedoperationexception nosuchelementexception stackoverflowerror nosuchmethoderror nosuchfielderror "
    "noclassdeffounderror classnotfoundexception abstractmethoderror incompatibleclasschangeerror "
    "exceptionininitializererror verifyerror unsatisfiedlinkerror datetimeparseexception inputmismatchexception "
    "missingresourceexception uninitializedpropertyaccessexception kotlinnullpointerexception "
    "kotlinnothingvalueexception nowhenbranchmatchedexception matcherror lazyinitializationexception "
    "nonuniqueresultexception nonuniqueobjectexception entitynotfoundexception "
    "objectoptimisticlockingfailureexception staleobjectstateexception optimisticlockexception "
    "transactionrequiredexception unexpectedrollbackexception dataintegrityviolationexception "
    "constraintviolationexception propertyvalueexception badsqlgrammarexception sqlsyntaxerrorexception "
    "sqlgrammarexception sqlintegrityconstraintviolationexception incorrectresultsizedataaccessexception "
    "emptyresultdataaccessexception invaliddataaccessapiusageexception invalidformatexception "
    "unrecognizedpropertyexception mismatchedinputexception invaliddefinitionexception jsonmappingexception "
    "jsonparseexception jsonsyntaxexception jsondataexception malformedjsonexception missingfieldexception "
    "jsondecodingexception serializationexception nosuchbeandefinitionexception beancreationexception "
    "beancurrentlyincreationexception nouniquebeandefinitionexception unsatisfieddependencyexception "
    "httpmessagenotwritableexception templateinputexception networkonmainthreadexception "
    "calledfromwrongthreadexception badtokenexception activitynotfoundexception notfoundexception "
    "badparcelableexception transactiontoolargeexception foregroundservicedidnotstartintimeexception "
    "foregroundservicestartnotallowedexception receivercallnotallowedexception cursorindexoutofboundsexception "
    "sqliteexception sqliteconstraintexception inflateexception invalidsetforegroundexception "
    # .NET
    "nullreferenceexception invalidoperationexception argumentexception argumentnullexception "
    "argumentoutofrangeexception formatexception keynotfoundexception invalidcastexception indexoutofrangeexception "
    "dividebyzeroexception objectdisposedexception notimplementedexception notsupportedexception overflowexception "
    "rankexception missingmethodexception typeloadexception typeinitializationexception targetinvocationexception "
    "dbupdateconcurrencyexception jsonexception jsonreaderexception jsonserializationexception xmlexception "
    "automappermappingexception ambiguousmatchexception switchexpressionexception stackoverflowexception "
    "runtimebinderexception "
    # Ruby
    "nomethoderror frozenerror loaderror zerodivisionerror fibererror localjumperror recordinvalid recordnotunique "
    "recordnotsaved statementinvalid missingtemplate unknownattributeerror readonlyrecord associationtypemismatch "
    "hasmanythroughorderror invalidforeignkey strictloadingviolationerror doublerendererror missingrequesthosterror "
    "urlgenerationerror unpermittedparameters configurationerror "
    # PHP
    "errorexception parseerror argumentcounterror divisionbyzeroerror arithmeticerror unhandledmatcherror "
    "bindingresolutionexception relationnotfoundexception massassignmentexception badmethodcallexception "
    "logicexception domainexception outofboundsexception outofrangeexception lengthexception "
    "unexpectedvalueexception invalidargumentexception viewexception circulardependencyexception "
    "servicenotfoundexception uniqueconstraintviolationexception notnullconstraintviolationexception "
    "invalidfieldnameexception tablenotfoundexception undefinedmethoderror classnotfounderror "
    # Elixir, Erlang
    "functionclauseerror caseclauseerror condclauseerror withclauseerror undefinedfunctionerror badmaperror "
    "badarityerror badfunctionerror badbooleanerror tryclauseerror noresultserror multipleresultserror "
    "constrainterror changeerror queryerror staleentryerror "
    # Go, Rust, Swift, Objective-C, native, Dart
    "panic boundserror typeassertionerror plainerror unmarshaltypeerror invalidunmarshalerror swiftfatalerror "
    "exc_bad_access exc_breakpoint exc_bad_instruction exc_arithmetic exc_crash sigabrt sigsegv sigtrap sigill "
    "sigbus sigfpe nsinvalidargumentexception nsrangeexception nsinternalinconsistencyexception nsgenericexception "
    "nsunknownkeyexception nsmallocexception nsobjectinaccessibleexception decodingerror keynotfound cppexception "
    "lateerror lateinitializationerror stateerror cyclicinitializationerror concurrentmodificationerror "
    "unsupportederror unimplementederror fluttererror providernotfoundexception missingpluginexception "
)
"""Only a mistake in code, or data that it does not expect, raises these."""

FAULTS = vocabulary(
    "fault soapfault webfault faultexception faultexception`1 soapfaultexception serversoapfaultexception "
    "soapfaultclientexception axisfault "
)
"""What clients of SOAP raise where the other side answered with a fault: its words are of that program, not of ours."""

OWN_CLOUD = vocabulary(
    "provisionedthroughputexceededexception credentialretrievalerror nocredentialserror partialcredentialserror "
    "metadataretrievalerror credentialsprovidererror credentialunavailableexception credentialunavailableerror "
    "defaultcredentialserror nocredentialproviders instancemetadataerror ec2metadataexception "
)
"""What a cloud's client says of our own account: no credentials where it runs, too little capacity bought."""

REFUSED = vocabulary(
    "paramvalidationerror batchrequesttoolong recordtoolargeexception messagesizetoolargeexception messagetoolarge "
    "recordtoolargeerror messagesizetoolargeerror invalidrequesterror stripeinvalidrequesterror idempotencyerror "
    "badrequesterror badrequest unprocessableentityerror unprocessableentity invalidparametervalue "
    "invalidparametervalueexception invalidparameterexception validationexception invalidclienttokenid "
    "missingparameter malformedpolicydocument entitytoolarge itemcollectionsizelimitexceededexception "
    "conditionalcheckfailedexception transactionconflictexception resourcenotfoundexception nosuchkey nosuchbucket "
    "invalidargument invaliddocument documenttoolarge bsonobjecttoolargeerror mongoinvalidargumenterror "
    "mongoparseerror duplicatekeyerror duplicatekeyexception preconditionfailed clientclosederror mappingexception "
    "strictdynamicmappingexception searchphaseexecutionexception requesterror invalidschema missingschema "
    "invalidurl locationparseerror unsupportedprotocol localprotocolerror messageconversionexception "
    "listenerexecutionfailedexception unknowntopicorpartition serializerexception recorddeserializationexception "
    "topicauthorizationexception channelclosedbybroker "
)
"""A service or its client refuses what we ask: documented, and ours to mend."""

GENERIC = vocabulary(
    "internalerror errorstring wraperror joinerror pgerror mysqlerror "
    "redisclusterexception s3error clientexception mongoservererror redisserverexception jedisdataexception "
    "operationalerror interfaceerror databaseerror socketexception ioexception oserror sqlexception psqlexception "
    "npgsqlexception mysqlexception oracleexception pdoexception queryexception kafkaexception kafkaerror "
    "redisexception rediserror replyerror responseerror postgrexerror amqperror amqpexception driverexception "
    "connectionexception uncategorizedsqlexception genericjdbcexception mongoexception rpcerror rpcexception "
    "statusruntimeexception connectionerror forbidden unauthorized jpasystemexception elasticsearchexception "
    "transporterror commanderror timeouterror error "
)
"""What drivers raise for trouble and for mistakes alike: words decide, and without them trouble is likelier."""
