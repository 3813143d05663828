# ruff: noqa: RUF001 -- letters of other alphabets are what is looked for
"""The same troubles in other languages: system texts of Windows and Unix, of PostgreSQL, of Apple's network stack.

Apple translates the text of a failed request into the language of the visitor, so Safari and apps report it in all of
them; databases and .NET speak the language of their server. In lower case.
"""

from worker.triage.phrases import any_of

CANNOT_REACH = (
    # refused: German, French, Spanish, Italian, Portuguese, Russian, Polish, Turkish, Chinese, Japanese, Korean, Dutch
    r"verbindung verweigerte|verbindungsaufbau abgelehnt|verbindung abgelehnt|keine verbindung hergestellt werden",
    r"connexion refusée|l'a expressément refusée|aucune connexion n'a pu être établie",
    r"conexión (?:rehusada|rechazada|denegada)|denegó expresamente|no se puede establecer una conexión",
    r"connessione rifiutata|rifiuto persistente|impossibile stabilire la connessione",
    r"conexão recusada|as recusou ativamente|ligação recusada|в соединении отказано|отверг запрос на подключение",
    r"połączenie odrzucone|aktywnie go odmawia|bağlantı reddedildi|hedef makine etkin olarak|verbinding geweigerd",
    r"拒绝连接|积极拒绝|无法连接|拒絕連線|接続を拒否|拒否されたため|연결을 거부",
    # no such name, no way, no answer, broken off
    r"host ist unbekannt|dienst ist nicht bekannt|hôte inconnu|service inconnu|host desconocido|servicio desconocido",
    r"kein weg zum|keine route zum|aucun chemin d'accès|no existe ninguna ruta|nessun instradamento|нет маршрута",
    r"vom remotehost geschlossen|fermée par l'hôte distant|por el host remoto|host remoto in modo forzato",
    r"удаленный хост принудительно|远程主机强迫关闭|リモート ホストに強制的に切断|gegenstelle nach einer bestimmten",
    r"le tiers connecté n'a pas répondu|la parte conectada no respondió|verbindung wurde (?:zurückgesetzt|beendet)",
    r"connexion réinitialisée|conexión reinicializada|connessione interrotta dal|соединение разорвано другой",
    r"соединение сброшено",
    r"zeitüberschreitung|délai d'attente|délai (?:écoulé|dépassé)|tiempo de espera|tempo scaduto|timeout scaduto",
    r"tempo limite|время ожидания|превышен(?:о)? (?:время|лимит)|limit czasu|zaman aşımı|超时|逾時|タイムアウト",
    r"시간이 초과",
)
"""A connection was refused, broken off, or nobody answered."""
STARTING = (
    r"datenbanksystem (?:startet|fährt|wird gestartet|befindet)|connexions? suite à la demande de l'administrateur",
    r"système de bases? de données (?:se lance|démarre|s'arrête|est en cours|a été arrêté)",
    r"sistema de bases? de datos (?:está|se está)|debido a una orden del administrador",
    r"система баз данных (?:запускается|остана)",
    r"aufgrund von anweisung des administrators|数据库系统(?:正在|在恢复)|データベースシステムは",
    r"データベースシステムが",
    r"в режиме (?:только )?(?:чтения|восстановления)|schreibgeschützten transaktion|transaction en lecture seule",
    r"transacción de sólo lectura",
)
"""A database comes, goes, or only reads."""
USED_UP = (
    r"kein speicherplatz|nicht genug speicher|nicht genügend speicher|speicherplatz auf dem datenträger",
    r"aucun espace disponible|espace (?:disque )?insuffisant|mémoire insuffisante|no queda espacio",
    r"espacio en disco insuficiente",
    r"memoria insuficiente|spazio esaurito|memoria esaurita|não há espaço|espaço insuficiente|memória insuficiente",
    r"не осталось свободного места|недостаточно (?:места|памяти)|设备上没有空间|磁盘空间不足|内存不足",
    r"空き領域がありません|メモリ不足",
    r"zu viele (?:verbindungen|offene dateien)|trop de (?:clients|connexions|fichiers ouverts)",
    r"demasiad[oa]s (?:clientes|conexiones|archivos)",
    r"troppe connessioni|troppi (?:client|file aperti)|слишком много (?:клиентов|подключений|открытых)|连接数过多",
    r"太多(?:的)?(?:连接|客户)",
    r"storniere anfrage wegen|annulation de la requête|cancelando la sentencia|оператор отмен",
)
"""A disk, memory or a pool is used up."""
MISTAKES = (
    r"doppelter schlüsselwert|verletzt (?:not-null|unique|check|fremdschlüssel)",
    r"(?:spalte|relation|tabelle) \S+ existiert nicht",
    r"valeur d'une clé dupliquée|viole la contrainte|rompt la contrainte|(?:la colonne|la relation) \S+ n'existe pas",
    r"llave duplicada|clave duplicada|viola la restricción|no existe la (?:columna|relación)|valore chiave duplicato",
    r"valor da chave (?:está )?duplicad|viola a restrição|повторяющееся значение ключа|нарушает ограничение",
    r"重复键违反",
    r"重複したキー値",
    r"objektreferenz wurde nicht|la référence d'objet n'est pas|referencia a objeto no",
    r"riferimento a un oggetto non|ссылка на объект не указывает",
    r"未将对象引用|オブジェクト参照が|index(?:wert)? (?:war|lag) außerhalb|l'index se trouve en dehors",
    r"fuera del intervalo",
    r"eingabezeichenfolge hat",
)
"""Code or data did wrong, as databases and runtimes put it."""
OFFLINE = any_of(
    # offline
    r"keine (?:internet)?verbindung (?:zum|mit dem) internet|keine internetverbindung|verbindung zum internet",
    r"nicht mit dem internet",
    r"connexion (?:à )?internet (?:semble|est)|connexion à internet|hors ligne|conexión a internet|sin conexión",
    r"connessione (?:a )?internet|non in linea|conexão (?:com a |à )?internet|ligação à internet|internetverbinding",
    r"интернет\w* (?:прервано|отсутствует|потеряно)|(?:соединение|подключение) (?:с|к) (?:интернет|сет)",
    r"połączenie z internetem|połączenia z internetem",
    r"i̇?nternet bağlantısı|internetanslutning|internetforbindelse|internett-forbindelse|internet-yhte",
    r"připojení k internetu|internetkapcsolat",
    r"インターネット接続|インターネットに接続|互联网的连接|互联网连接|网络连接已断开|網際網路連線|網路連線",
    r"인터넷 연결|인터넷에 연결|الاتصال بالإنترنت|อินเทอร์เน็ต",
    r"kết nối internet",
    # lost
    r"netzwerkverbindung|connexion réseau|conexión de red|connessione di rete|conexão de rede|ligação de rede",
    r"netwerkverbinding",
    r"сетевое (?:соединение|подключение)|соединение с сетью|połączenie sieciowe|połączenie z siecią|ağ bağlantısı",
    r"nätverksanslutning",
    r"netværksforbindelse|nettverksforbindelse|verkkoyhte|síťové připojení|ネットワーク接続|网络连接|네트워크 연결",
    r"اتصال الشبكة",
    # the server was not reached, the request took too long
    r"verbindung zum server|se connecter au serveur|conectar (?:con el|al|ao) (?:servidor)|connettersi al server",
    r"collegarsi al server",
    r"подключиться к серверу|połączyć (?:się )?z serwerem|sunucuya bağlan|サーバに接続|サーバーに接続|连接到服务器",
    r"連接伺服器|서버에 연결",
    r"zeitüberschreitung (?:bei|der)|la (?:requête|demande) a expiré|agotado el tiempo|richiesta (?:è )?scaduta",
    r"solicitação expirou|pedido expirou",
    r"истекло время|превышен лимит времени|upłynął limit|要求がタイムアウト|请求超时|要求逾時|요청한 시간",
)
"""A visitor's device has no network, as Apple words it."""
CANCELLED = any_of(
    r"(?:^|: )(?:abgebrochen|annulée?|cancelad[oa]|annullat[oa]|geannuleerd|отменено|отменен|anulowano)\.?$",
    r"(?:^|: )(?:przerwano|iptal edildi|vazgeçildi)\.?$",
    r"(?:^|: )(?:avbruten|avbröts|annulleret|afbrudt|avbrutt|kumottu|peruttu|zrušeno)\.?$",
    r"(?:^|: )(?:megszakítva|скасовано|anulat|ακυρώθηκε|بطل)\.?$",
    r"キャンセル(?:されました|しました)|已取消|취소(?:됨|되었습니다)|ถูกยกเลิก|đã hủy|ملغى|בוטל",
)
"""A request was called off by going elsewhere, as Apple words it."""
