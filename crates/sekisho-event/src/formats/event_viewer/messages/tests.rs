use super::tables::{IDS, LANGUAGES, Tables};
use super::*;

/// The fields that a message gives, and how much of it is not known.
fn read(provider: &str, id: u32, message: &str) -> (Vec<(String, String)>, usize) {
    let mut found = Vec::new();
    let unknown = fields(provider, id, message, &mut |name, value| {
        found.push((name.to_owned(), value.to_owned()));
    });
    (found, unknown)
}

/// A message from its lines: `.` is the tab that sets a label off, `::` is a
/// colon and the tabs behind it, and `§` two colons.
fn message(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| {
            let line = line.trim_start_matches(' ');
            line.strip_prefix('.').map_or(line.to_owned(), |rest| format!("\t{rest}"))
        })
        .collect();
    lines.join("\r\n").replace("::", ":\t\t").replace('§', "::")
}

/// Wants exactly these fields, given as `name=value` lines, of each message.
fn check(provider: &str, id: u32, expected: &str, messages: &[(&str, &str)]) {
    let expected: Vec<_> = expected
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(|l| l.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.replace("\\n", "\r\n").replace("\\t", "\t")))
        .collect();
    for (language, text) in messages {
        let (found, unknown) = read(provider, id, &message(text));
        assert_eq!((found, unknown), (expected.clone(), 0), "{id} {language}");
    }
}

const SECURITY: &str = "Microsoft-Windows-Security-Auditing";

#[test]
fn every_line_of_the_tables_is_read() {
    let tables = Tables::of(IDS, LANGUAGES.iter().map(|&(_, text)| text));
    assert_eq!(tables.bad, Vec::<String>::new());
    // A key of a language that the table does not use is a slip of the pen.
    for (language, text) in LANGUAGES {
        for line in text.lines().filter(|l| l.starts_with("label\t")) {
            let key = line.split('\t').nth(1).unwrap();
            assert!(IDS.contains(&format!("\t{key}\t")), "{language}: {key}");
        }
    }
    for line in IDS.lines().filter(|l| l.starts_with("*\t") && !l.contains("\t=")) {
        let key = line.split('\t').nth(1).unwrap();
        assert!(LANGUAGES[0].1.contains(&format!("label\t{key}\t")), "en: {key}");
    }
}

#[test]
fn logons() {
    check(
        SECURITY,
        4624,
        "SubjectUserSid=S-1-5-18
        SubjectUserName=SRV1$
        SubjectDomainName=CORP
        SubjectLogonId=0x3E7
        LogonType=10
        VirtualAccount=?
        ImpersonationLevel=!
        TargetUserSid=S-1-5-21-1-2-3-1104
        TargetUserName=anna
        TargetDomainName=CORP
        TargetLogonId=0x9A1F
        TargetOutboundUserName=-
        LogonGuid={00000000-0000-0000-0000-000000000000}
        ProcessId=0x2c8
        ProcessName=C:\\Windows\\System32\\svchost.exe
        WorkstationName=SRV1
        IpAddress=::1
        IpPort=0
        LogonProcessName=User32
        AuthenticationPackageName=Negotiate
        TransmittedServices=-
        LmPackageName=-
        KeyLength=0",
        &[("en", LOGON_EN), ("de", LOGON_DE), ("fr", LOGON_FR), ("ja", LOGON_JA)],
    );
}

const LOGON_EN: &str = "An account was successfully logged on.

    Subject:
    .Security ID::S-1-5-18
    .Account Name::SRV1$
    .Account Domain::CORP
    .Logon ID::0x3E7

    Logon Information:
    .Logon Type::10
    .Virtual Account::?

    Impersonation Level::!

    New Logon:
    .Security ID::S-1-5-21-1-2-3-1104
    .Account Name::anna
    .Account Domain::CORP
    .Logon ID::0x9A1F
    .Network Account Name:\t-
    .Logon GUID::{00000000-0000-0000-0000-000000000000}

    Process Information:
    .Process ID::0x2c8
    .Process Name::C:\\Windows\\System32\\svchost.exe

    Network Information:
    .Workstation Name:\tSRV1
    .Source Network Address:\t§1
    .Source Port::0

    Detailed Authentication Information:
    .Logon Process::User32\u{20}
    .Authentication Package:\tNegotiate
    .Transited Services:\t-
    .Package Name (NTLM only):\t-
    .Key Length::0

    It says who came, from where; there is more to read: in the handbook.
    .- A GUID of a logon is a number.";

const LOGON_DE: &str = "Ein Konto wurde angemeldet.

    Antragsteller:
    .Sicherheits-ID::S-1-5-18
    .Kontoname::SRV1$
    .Kontodomäne::CORP
    .Anmelde-ID::0x3E7

    Anmeldeinformationen:
    .Anmeldetyp::10
    .Virtuelles Konto::?

    Identitätswechselebene::!

    Neue Anmeldung:
    .Sicherheits-ID::S-1-5-21-1-2-3-1104
    .Kontoname::anna
    .Kontodomäne::CORP
    .Anmelde-ID::0x9A1F
    .Netzwerk-Kontoname:\t-
    .Anmelde-GUID::{00000000-0000-0000-0000-000000000000}

    Prozessinformationen:
    .Prozess-ID::0x2c8
    .Prozessname::C:\\Windows\\System32\\svchost.exe

    Netzwerkinformationen:
    .Arbeitsstationsname:\tSRV1
    .Quellnetzwerkadresse:\t§1
    .Quellport::0

    Detaillierte Authentifizierungsinformationen:
    .Anmeldeprozess::User32\u{20}
    .Authentifizierungspaket:\tNegotiate
    .Übertragene Dienste:\t-
    .Paketname (nur NTLM):\t-
    .Schlüssellänge::0";

const LOGON_FR: &str = "Un compte a ouvert une session.

    Sujet :
    .ID de sécurité\u{a0}::S-1-5-18
    .Nom du compte\u{a0}::SRV1$
    .Domaine du compte\u{a0}::CORP
    .ID d’ouverture de session\u{a0}::0x3E7

    Type d’ouverture de session\u{a0}::10

    Compte virtuel\u{202f}::?

    Niveau d'emprunt d'identité ::!

    Nouvelle ouverture de session\u{a0}:
    .ID de sécurité ::S-1-5-21-1-2-3-1104
    .Nom du compte ::anna
    .Domaine du compte ::CORP
    .ID d'ouverture de session ::0x9A1F
    .Nom du compte réseau :\t-
    .GUID d’ouverture de session ::{00000000-0000-0000-0000-000000000000}

    Informations sur le processus :
    .ID du processus ::0x2c8
    .Nom du processus ::C:\\Windows\\System32\\svchost.exe

    Informations sur le réseau :
    .Nom de la station de travail :\tSRV1
    .Adresse du réseau source :\t§1
    .Port source ::0

    Informations détaillées sur l’authentification :
    .Processus d’ouverture de session ::User32\u{20}
    .Package d’authentification :\tNegotiate
    .Services en transit :\t-
    .Nom du package (NTLM uniquement) :\t-
    .Longueur de la clé ::0

    Cet événement a lieu ici : sur ce poste.";

const LOGON_JA: &str = "アカウントがログオンしました。

    サブジェクト:
    .セキュリティ ID::S-1-5-18
    .アカウント名::SRV1$
    .アカウント ドメイン::CORP
    .ログオン ID::0x3E7

    ログオン情報:
    .ログオン タイプ::10
    .仮想アカウント::?

    偽装レベル::!

    新しいログオン:
    .セキュリティ ID::S-1-5-21-1-2-3-1104
    .アカウント名：\t\tanna
    .アカウントドメイン：\t\tCORP
    .ログオン ID::0x9A1F
    .ネットワーク アカウント名:\t-
    .ログオン GUID::{00000000-0000-0000-0000-000000000000}

    プロセス情報:
    .プロセス ID::0x2c8
    .プロセス名::C:\\Windows\\System32\\svchost.exe

    ネットワーク情報:
    .ワークステーション名:\tSRV1
    .ソース ネットワーク アドレス:\t§1
    .ソース ポート::0

    詳細な認証情報:
    .ログオン プロセス::User32\u{20}
    .認証パッケージ:\tNegotiate
    .移行されたサービス:\t-
    .パッケージ名 (NTLM のみ):\t-
    .キーの長さ::0

    このイベントは、ログオンを示します。";

#[test]
fn failed_logons() {
    check(
        SECURITY,
        4625,
        "SubjectUserSid=NULL SID
        SubjectUserName=-
        LogonType=3
        TargetUserSid=NULL SID
        TargetUserName=
        TargetDomainName=CORP
        FailureReason=?
        Status=0xC000006D
        SubStatus=0xC0000064
        ProcessId=0x0
        ProcessName=-
        WorkstationName=KALI
        IpAddress=203.0.113.9
        IpPort=51234",
        &[
            (
                "en",
                "An account failed to log on.

                Subject:
                .Security ID::NULL SID
                .Account Name::-

                Logon Type:\t\t\t3

                Account For Which Logon Failed:
                .Security ID::NULL SID
                .Account Name::
                .Account Domain::CORP

                Failure Information:
                .Failure Reason::?
                .Status::0xC000006D
                .Sub Status::0xC0000064

                Process Information:
                .Caller Process ID:\t0x0
                .Caller Process Name:\t-

                Network Information:
                .Workstation Name:\tKALI
                .Source Network Address:\t203.0.113.9
                .Source Port::51234",
            ),
            (
                "de",
                "Fehler beim Anmelden eines Kontos.

                Antragsteller:
                .Sicherheits-ID::NULL SID
                .Kontoname::-

                Anmeldetyp:\t\t\t3

                Konto, für das die Anmeldung fehlgeschlagen ist:
                .Sicherheits-ID::NULL SID
                .Kontoname::
                .Kontodomäne::CORP

                Fehlerinformationen:
                .Fehlerursache::?
                .Status::0xC000006D
                .Unterstatus§\t\t0xC0000064

                Prozessinformationen:
                .Aufrufprozess-ID:\t0x0
                .Aufrufprozessname:\t-

                Netzwerkinformationen:
                .Arbeitsstationsname:\tKALI
                .Quellnetzwerkadresse:\t203.0.113.9
                .Quellport::51234",
            ),
            (
                "fr",
                "Échec d’ouverture de session d’un compte.

                Sujet :
                .ID de sécurité ::NULL SID
                .Nom du compte ::-

                Type d’ouverture de session :\t\t\t3

                Compte pour lequel l’ouverture de session a échoué :
                .ID de sécurité ::NULL SID
                .Nom du compte ::
                .Domaine du compte ::CORP

                Informations sur l’échec :
                .Raison de l’échec ::?
                .État ::0xC000006D
                .Sous-état ::0xC0000064

                Informations sur le processus :
                .ID du processus de l’appelant :\t0x0
                .Nom du processus de l’appelant :\t-

                Informations sur le réseau :
                .Nom de la station de travail :\tKALI
                .Adresse du réseau source :\t203.0.113.9
                .Port source ::51234",
            ),
            (
                "ja",
                "アカウントがログオンに失敗しました。

                サブジェクト:
                .セキュリティ ID::NULL SID
                .アカウント名::-

                ログオンの種類:\t\t\t3

                ログオンを失敗したアカウント:
                .セキュリティ ID::NULL SID
                .アカウント名::
                .アカウント ドメイン::CORP

                エラー情報:
                .失敗の原因::?
                .状態::0xC000006D
                .サブ ステータス::0xC0000064

                プロセス情報:
                .呼び出し側プロセス ID:\t0x0
                .呼び出し側プロセス名:\t-

                ネットワーク情報:
                .ワークステーション名:\tKALI
                .ソース ネットワーク アドレス:\t203.0.113.9
                .ソース ポート::51234",
            ),
        ],
    );
}

#[test]
fn processes() {
    check(
        "Microsoft Windows security auditing.",
        4688,
        "SubjectUserName=anna
        TargetUserSid=NULL SID
        TargetUserName=-
        NewProcessId=0x1a4
        NewProcessName=C:\\Windows\\System32\\cmd.exe
        TokenElevationType=%%1936
        MandatoryLabel=S-1-16-8192
        ProcessId=0x9c
        ParentProcessName=C:\\Program Files\\a.exe
        CommandLine=cmd /c \"echo a: b\\necho c\"",
        &[
            (
                "en",
                "A new process has been created.

                Creator Subject:
                .Account Name::anna

                Target Subject:
                .Security ID::NULL SID
                .Account Name::-

                Process Information:
                .New Process ID::0x1a4
                .New Process Name:\tC:\\Windows\\System32\\cmd.exe
                .Token Elevation Type:\t%%1936
                .Mandatory Label::S-1-16-8192
                .Creator Process ID:\t0x9c
                .Creator Process Name:\tC:\\Program Files\\a.exe
                .Process Command Line:\tcmd /c \"echo a: b
                echo c\"

                Token Elevation Type says what kind of token it is.",
            ),
            (
                "de",
                "Ein neuer Prozess wurde erstellt.

                Antragsteller:
                .Kontoname::anna

                Zielantragsteller:
                .Sicherheits-ID::NULL SID
                .Kontoname::-

                Prozessinformationen:
                .ID des neuen Prozesses::0x1a4
                .Neuer Prozessname:\tC:\\Windows\\System32\\cmd.exe
                .Tokenerhöhungstyp:\t%%1936
                .Verbindliche Beschriftung::S-1-16-8192
                .Erstellerprozess-ID:\t0x9c
                .Erstellerprozessname:\tC:\\Program Files\\a.exe
                .Prozessbefehlszeile:\tcmd /c \"echo a: b
                echo c\"",
            ),
            (
                "fr",
                "Un nouveau processus a été créé.

                Objet créateur :
                .Nom du compte ::anna

                Objet cible :
                .ID de sécurité ::NULL SID
                .Nom du compte ::-

                Informations sur le processus :
                .ID du nouveau processus ::0x1a4
                .Nom du nouveau processus :\tC:\\Windows\\System32\\cmd.exe
                .Type d'élévation du jeton :\t%%1936
                .Étiquette obligatoire ::S-1-16-8192
                .ID du processus créateur :\t0x9c
                .Nom du processus créateur :\tC:\\Program Files\\a.exe
                .Ligne de commande du processus :\tcmd /c \"echo a: b
                echo c\"",
            ),
            (
                "ja",
                "新しいプロセスが作成されました。

                作成元サブジェクト:
                .アカウント名::anna

                ターゲット サブジェクト:
                .セキュリティ ID::NULL SID
                .アカウント名::-

                プロセス情報:
                .新しいプロセス ID::0x1a4
                .新しいプロセス名:\tC:\\Windows\\System32\\cmd.exe
                .トークン昇格の種類:\t%%1936
                .必須ラベル::S-1-16-8192
                .クリエータ プロセス ID:\t0x9c
                .作成元プロセス名:\tC:\\Program Files\\a.exe
                .プロセスのコマンド ライン:\tcmd /c \"echo a: b
                echo c\"",
            ),
        ],
    );
}

#[test]
fn accounts() {
    check(
        SECURITY,
        4720,
        "SubjectUserName=admin
        TargetSid=S-1-5-21-1-2-3-1105
        TargetUserName=eve
        TargetDomainName=CORP
        SamAccountName=eve
        UserPrincipalName=-
        OldUacValue=0x0
        NewUacValue=0x15
        UserAccountControl=%%2080\\n\\t\\t%%2082
        SidHistory=-
        PrivilegeList=-",
        &[
            (
                "en",
                "A user account was created.

                Subject:
                .Account Name::admin

                New Account:
                .Security ID::S-1-5-21-1-2-3-1105
                .Account Name::eve
                .Account Domain::CORP

                Attributes:
                .SAM Account Name:\teve
                .User Principal Name:\t-
                .Old UAC Value::0x0
                .New UAC Value::0x15
                .User Account Control:\t
                .\t%%2080
                .\t%%2082
                .SID History::-

                Additional Information:
                .Privileges::-",
            ),
            (
                "de",
                "Ein Benutzerkonto wurde erstellt.

                Antragsteller:
                .Kontoname::admin

                Neues Konto:
                .Sicherheits-ID::S-1-5-21-1-2-3-1105
                .Kontoname::eve
                .Kontodomäne::CORP

                Attribute:
                .SAM-Kontoname:\teve
                .Benutzerprinzipalname:\t-
                .Alter UAC-Wert::0x0
                .Neuer UAC-Wert::0x15
                .Benutzerkontensteuerung:\t
                .\t%%2080
                .\t%%2082
                .SID-Verlauf::-

                Weitere Informationen:
                .Berechtigungen::-",
            ),
            (
                "fr",
                "Un compte d’utilisateur a été créé.

                Sujet :
                .Nom du compte ::admin

                Nouveau compte :
                .ID de sécurité ::S-1-5-21-1-2-3-1105
                .Nom du compte ::eve
                .Domaine du compte ::CORP

                Attributs :
                .Nom du compte SAM :\teve
                .Nom principal de l’utilisateur :\t-
                .Ancienne valeur UAC ::0x0
                .Nouvelle valeur UAC ::0x15
                .Contrôle du compte d’utilisateur :\t
                .\t%%2080
                .\t%%2082
                .Historique SID ::-

                Informations supplémentaires :
                .Privilèges::-",
            ),
            (
                "ja",
                "ユーザー アカウントが作成されました。

                サブジェクト:
                .アカウント名::admin

                新しいアカウント:
                .セキュリティ ID::S-1-5-21-1-2-3-1105
                .アカウント名::eve
                .アカウント ドメイン::CORP

                属性:
                .SAM アカウント名:\teve
                .ユーザー プリンシパル名:\t-
                .古い UAC 値::0x0
                .新しい UAC 値::0x15
                .ユーザー アカウント制御:\t
                .\t%%2080
                .\t%%2082
                .SID 履歴::-

                追加情報:
                .特権::-",
            ),
        ],
    );
}

#[test]
fn tickets() {
    check(
        SECURITY,
        4769,
        "TargetUserName=anna@CORP.TEST
        TargetDomainName=CORP.TEST
        LogonGuid={1}
        ServiceName=sqlsvc
        ServiceSid=S-1-5-21-1-2-3-1200
        IpAddress=::ffff:192.0.2.5
        IpPort=50123
        TicketOptions=0x40810000
        TicketEncryptionType=0x17
        Status=0x0
        TransmittedServices=-",
        &[
            (
                "en",
                "A Kerberos service ticket was requested.

                Account Information:
                .Account Name::anna@CORP.TEST
                .Account Domain::CORP.TEST
                .Logon GUID::{1}

                Service Information:
                .Service Name::sqlsvc
                .Service ID::S-1-5-21-1-2-3-1200

                Network Information:
                .Client Address:\t§ffff:192.0.2.5
                .Client Port::50123

                Additional Information:
                .Ticket Options::0x40810000
                .Ticket Encryption Type:\t0x17
                .Failure Code::0x0
                .Transited Services:\t-",
            ),
            (
                "de",
                "Ein Kerberos-Dienstticket wurde angefordert.

                Kontoinformationen:
                .Kontoname::anna@CORP.TEST
                .Kontodomäne::CORP.TEST
                .Anmelde-GUID::{1}

                Dienstinformationen:
                .Dienstname::sqlsvc
                .Dienst-ID::S-1-5-21-1-2-3-1200

                Netzwerkinformationen:
                .Clientadresse:\t§ffff:192.0.2.5
                .Clientport::50123

                Weitere Informationen:
                .Ticketoptionen::0x40810000
                .Ticketverschlüsselungstyp:\t0x17
                .Fehlercode::0x0
                .Übertragene Dienste:\t-",
            ),
            (
                "fr",
                "Un ticket de service Kerberos a été demandé.

                Informations sur le compte :
                .Nom du compte ::anna@CORP.TEST
                .Domaine de comptes ::CORP.TEST
                .GUID d'ouverture de session ::{1}

                Informations sur les services :
                .Nom du service ::sqlsvc
                .ID du service ::S-1-5-21-1-2-3-1200

                Informations sur le réseau :
                .Adresse du client :\t§ffff:192.0.2.5
                .Port client ::50123

                Informations supplémentaires :
                .Options de ticket ::0x40810000
                .Type de chiffrement du ticket :\t0x17
                .Code d'échec ::0x0
                .Services en transit :\t-",
            ),
            (
                "ja",
                "Kerberos サービス チケットが要求されました。

                アカウント情報:
                .アカウント名::anna@CORP.TEST
                .アカウント ドメイン::CORP.TEST
                .ログオン GUID::{1}

                サービス情報:
                .サービス名::sqlsvc
                .サービス ID::S-1-5-21-1-2-3-1200

                ネットワーク情報:
                .クライアント アドレス:\t§ffff:192.0.2.5
                .クライアント ポート::50123

                追加情報:
                .チケット オプション::0x40810000
                .チケット暗号化の種類:\t0x17
                .エラー コード::0x0
                .移行されたサービス:\t-",
            ),
        ],
    );
}

#[test]
fn shares() {
    check(
        SECURITY,
        5145,
        "SubjectUserName=anna
        ObjectType=File
        IpAddress=192.0.2.5
        IpPort=50124
        ShareName=\\\\*\\ADMIN$
        ShareLocalPath=\\??\\C:\\Windows
        RelativeTargetName=psexesvc.exe
        AccessMask=0x120089
        AccessList=READ_CONTROL\\n\\t\\t\\t\\tSYNCHRONIZE
        AccessReason=READ_CONTROL:\\tA: b\\n\\tSYNCHRONIZE:\\tC",
        &[
            (
                "en",
                "A network share object was checked.
\t
                Subject:
                .Account Name::anna

                Network Information:\t
                .Object Type::File
                .Source Address::192.0.2.5
                .Source Port::50124
\t
                Share Information:
                .Share Name::\\\\*\\ADMIN$
                .Share Path::\\??\\C:\\Windows
                .Relative Target Name:\tpsexesvc.exe

                Access Request Information:
                .Access Mask::0x120089
                .Accesses::READ_CONTROL
                .\t\t\tSYNCHRONIZE
                .\t\t\t
                Access Check Results:
                .READ_CONTROL:\tA: b
                .SYNCHRONIZE:\tC",
            ),
            (
                "de",
                "Ein Netzwerkfreigabeobjekt wurde überprüft.

                Antragsteller:
                .Kontoname::anna

                Netzwerkinformationen:
                .Objekttyp::File
                .Quelladresse::192.0.2.5
                .Quellport::50124

                Freigabeinformationen:
                .Freigabename::\\\\*\\ADMIN$
                .Freigabepfad::\\??\\C:\\Windows
                .Relativer Zielname:\tpsexesvc.exe

                Zugriffsanforderungsinformationen:
                .Zugriffsmaske::0x120089
                .Zugriffe::READ_CONTROL
                .\t\t\tSYNCHRONIZE
                .\t\t\t
                Ergebnisse der Zugriffsüberprüfung:
                .READ_CONTROL:\tA: b
                .SYNCHRONIZE:\tC",
            ),
            (
                "fr",
                "Un objet de partage réseau a été vérifié.

                Sujet :
                .Nom du compte ::anna

                Informations sur le réseau :
                .Type d’objet ::File
                .Adresse source ::192.0.2.5
                .Port source ::50124

                Informations sur le partage :
                .Nom du partage ::\\\\*\\ADMIN$
                .Chemin d’accès du partage ::\\??\\C:\\Windows
                .Nom de la cible relative :\tpsexesvc.exe

                Informations sur la demande d’accès :
                .Masque d’accès ::0x120089
                .Accès ::READ_CONTROL
                .\t\t\tSYNCHRONIZE
                .\t\t\t
                Résultats de la vérification d’accès :
                .READ_CONTROL:\tA: b
                .SYNCHRONIZE:\tC",
            ),
            (
                "ja",
                "ネットワーク共有オブジェクトが確認されました。

                サブジェクト:
                .アカウント名::anna

                ネットワーク情報:
                .オブジェクトの種類::File
                .送信元アドレス::192.0.2.5
                .ソース ポート::50124

                共有情報:
                .共有名::\\\\*\\ADMIN$
                .共有パス::\\??\\C:\\Windows
                .相対ターゲット名:\tpsexesvc.exe

                アクセス要求情報:
                .アクセス マスク::0x120089
                .アクセス::READ_CONTROL
                .\t\t\tSYNCHRONIZE
                .\t\t\t
                アクセス チェックの結果:
                .READ_CONTROL:\tA: b
                .SYNCHRONIZE:\tC",
            ),
        ],
    );
}

#[test]
fn services() {
    check(
        "Service Control Manager",
        7045,
        "ServiceName=Updater
        ImagePath=%COMSPEC% /c start x
        ServiceType=user mode service
        StartType=demand start
        AccountName=LocalSystem",
        &[
            (
                "en",
                "A service was installed in the system.

                Service Name:  Updater
                Service File Name:  %COMSPEC% /c start x
                Service Type:  user mode service
                Service Start Type:  demand start
                Service Account:  LocalSystem",
            ),
            (
                "de",
                "Im System wurde ein Dienst installiert.

                Dienstname:  Updater
                Dienstdateiname:  %COMSPEC% /c start x
                Diensttyp:  user mode service
                Dienststarttyp:  demand start
                Dienstkonto:  LocalSystem",
            ),
            (
                "fr",
                "Un service a été installé sur le système.

                Nom du service :  Updater
                Nom du fichier de service :  %COMSPEC% /c start x
                Type de service :  user mode service
                Type de démarrage du service :  demand start
                Compte du service :  LocalSystem",
            ),
            (
                "ja",
                "サービスがシステムにインストールされました。

                サービス名:  Updater
                サービス ファイル名:  %COMSPEC% /c start x
                サービスの種類:  user mode service
                サービス開始の種類:  demand start
                サービス アカウント:  LocalSystem",
            ),
        ],
    );
}

#[test]
fn cleared_logs() {
    let expected = "SubjectUserSid=S-1-5-21-1-2-3-500
        SubjectUserName=admin
        SubjectDomainName=CORP
        SubjectLogonId=0x1b2";
    check(
        "Microsoft-Windows-Eventlog",
        1102,
        expected,
        &[
            (
                "en",
                "The audit log was cleared.
                Subject:
                .Security ID:\tS-1-5-21-1-2-3-500
                .Account Name:\tadmin
                .Domain Name:\tCORP
                .Logon ID:\t0x1b2",
            ),
            (
                "de",
                "Das Überwachungsprotokoll wurde gelöscht.
                Antragsteller:
                .Sicherheits-ID:\tS-1-5-21-1-2-3-500
                .Kontoname:\tadmin
                .Domänenname:\tCORP
                .Anmelde-ID:\t0x1b2",
            ),
            (
                "fr",
                "Le journal d’audit a été effacé.
                Sujet :
                .ID de sécurité :\tS-1-5-21-1-2-3-500
                .Nom de compte :\tadmin
                .Nom de domaine :\tCORP
                .ID d’ouverture de session :\t0x1b2",
            ),
            (
                "ja",
                "監査ログが消去されました。
                サブジェクト:
                .セキュリティ ID:\tS-1-5-21-1-2-3-500
                .アカウント名:\tadmin
                .ドメイン名:\tCORP
                .ログオン ID:\t0x1b2",
            ),
        ],
    );
}

#[test]
fn tasks() {
    let task = "<?xml version=\"1.0\"?>
        <Task>
        Task Name: no label

        Subject:
        </Task>";
    let in_message =
        "<?xml version=\"1.0\"?>\\n<Task>\\nTask Name: no label\\n\\nSubject:\\n</Task>";
    let expected = format!(
        "SubjectUserName=anna
        TaskName=\\Updater
        TaskContent={in_message}
        ClientProcessId=812"
    );
    let texts = [
        ("en", "Subject:", "Account Name", "Task Information:", "Task Name", "Task Content"),
        (
            "de",
            "Antragsteller:",
            "Kontoname",
            "Aufgabeninformationen:",
            "Aufgabenname",
            "Aufgabeninhalt",
        ),
        (
            "fr",
            "Sujet :",
            "Nom du compte ",
            "Informations sur la tâche :",
            "Nom de la tâche ",
            "Contenu de la tâche ",
        ),
        ("ja", "サブジェクト:", "アカウント名", "タスク情報:", "タスク名", "タスク コンテンツ"),
    ]
    .map(|(language, subject, account, task_information, name, content)| {
        let text = format!(
            "x\n\n{subject}\n.{account}::anna\n\n{task_information}\n.{name}::\\Updater\n\
             .{content}::{task}\n\n.ClientProcessId::812"
        );
        (language, text)
    });
    check(
        SECURITY,
        4698,
        &expected,
        &texts.each_ref().map(|(language, text)| (*language, text.as_str())),
    );
    let scheduler = "Microsoft-Windows-TaskScheduler";
    for (id, text, expected) in [
        (
            106,
            r#"User "CORP\anna"  registered Task Scheduler task "\Updater""#,
            [("UserContext", r"CORP\anna"), ("TaskName", r"\Updater")],
        ),
        (
            141,
            r#"ユーザー "CORP\anna" はタスク スケジューラのタスク "\Updater" を削除しました。"#,
            [("UserName", r"CORP\anna"), ("TaskName", r"\Updater")],
        ),
        (
            129,
            r#"Task Scheduler launch task "\Updater" , instance "C:\a b.exe"  with process ID 4."#,
            [("TaskName", r"\Updater"), ("Path", r"C:\a b.exe")],
        ),
        (
            106,
            r"L’utilisateur « CORP\anna » a inscrit la tâche « \Updater » du Planificateur.",
            [("UserContext", r"CORP\anna"), ("TaskName", r"\Updater")],
        ),
    ] {
        let expected = expected.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        assert_eq!(read(scheduler, id, text), (expected, 0), "{text}");
    }
}

#[test]
fn sysmon_is_the_same_in_every_language() {
    let text = "Process Create:\r\nRuleName: -\r\nUtcTime: 2026-01-02 03:04:05.678\r\n\
        ProcessGuid: {5770385f-c22a-43e0-bf4c-06f5698ffbd9}\r\nProcessId: 42\r\n\
        Image: C:\\Windows\\System32\\cmd.exe\r\nCommandLine: cmd /c \"a\r\n\r\nb: c\"\r\n\
        User: CORP\\anna\r\nHashes: SHA256=0A,IMPHASH=0B\r\nParentCommandLine: \r\n\
        ParentUser: CORP\\anna";
    let (found, unknown) = read("Microsoft-Windows-Sysmon", 1, text);
    let names: Vec<_> = found.iter().map(|(n, v)| format!("{n}={v}")).collect();
    assert_eq!(unknown, 0);
    assert_eq!(
        names,
        [
            "RuleName=-",
            "UtcTime=2026-01-02 03:04:05.678",
            "ProcessGuid={5770385f-c22a-43e0-bf4c-06f5698ffbd9}",
            "ProcessId=42",
            "Image=C:\\Windows\\System32\\cmd.exe",
            "CommandLine=cmd /c \"a\r\n\r\nb: c\"",
            "User=CORP\\anna",
            "Hashes=SHA256=0A,IMPHASH=0B",
            "ParentCommandLine=",
            "ParentUser=CORP\\anna",
        ]
    );
    let access = "Process accessed:\nSourceProcessGUID: {1}\nTargetImage: C:\\lsass.exe";
    let (found, _) = read("Sysmon", 10, access);
    assert_eq!(found[0], ("SourceProcessGUID".to_owned(), "{1}".to_owned()));
}

#[test]
fn scripts() {
    let id = "0e3b5f6c-1d3a-4b64-8f0c-aaaaaaaaaaaa";
    let script = "Write-Host 'Path: no label'\r\nScriptBlock ID: 1\r\n\r\n$x";
    for (title, id_label, path_label) in [
        ("Creating Scriptblock text (1 of 2):", "ScriptBlock ID: ", "Path: "),
        ("Scriptblocktext (1 von 2) wird erstellt:", "ScriptBlock-ID: ", "Pfad: "),
        ("Création du texte Scriptblock (1 sur 2) :", "ID de ScriptBlock : ", "Chemin : "),
        ("Scriptblock テキストを作成しています (2 個中 1 個目):", "ScriptBlock ID: ", "パス: "),
    ] {
        let text = format!("{title}\r\n{script}\r\n\r\n{id_label}{id}\r\n{path_label}C:\\a.ps1");
        let (mut found, unknown) = read("Microsoft-Windows-PowerShell", 4104, &text);
        found.sort();
        let expected = [
            ("MessageNumber", "1"),
            ("MessageTotal", "2"),
            ("Path", "C:\\a.ps1"),
            ("ScriptBlockId", id),
            ("ScriptBlockText", script),
        ];
        let expected = expected.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        assert_eq!((found, unknown), (expected, 0), "{title}");
    }
    let (found, unknown) = read("PowerShell", 4104, "no title\r\nand no end");
    assert_eq!((found[0].1.as_str(), unknown), ("no title\r\nand no end", 2));
    let module = "CommandInvocation(Get-Item): \"Get-Item\"\r\nContext:\r\n\r\nKontext:\r\n        \
        Host Application = powershell.exe -enc AA\r\n\r\n\r\nBenutzerdaten:\r\n\r\n";
    let (found, unknown) = read("Microsoft-Windows-PowerShell", 4103, module);
    assert_eq!(unknown, 0);
    assert_eq!(found[0].1, "CommandInvocation(Get-Item): \"Get-Item\"\r\nContext:");
    assert_eq!(found[1].1, "Host Application = powershell.exe -enc AA");
    assert_eq!(found[2], ("UserData".to_owned(), String::new()));
    let classic = "Engine state is changed.\n\nDetails: \n\tHostApplication=powershell -c x";
    let found = read("PowerShell", 400, classic);
    assert_eq!(found, (vec![("Data".to_owned(), classic.to_owned())], 0));
}

#[test]
fn sentences_have_values_inside() {
    let scm = "Service Control Manager";
    for (provider, id, text, expected) in [
        (
            scm,
            7036,
            "The Windows Update service entered the running state.",
            &[("param1", "Windows Update"), ("param2", "running")][..],
        ),
        (
            scm,
            7036,
            "Dienst \"Windows Update\" befindet sich jetzt im Status \"Beendet\".",
            &[("param1", "Windows Update"), ("param2", "Beendet")],
        ),
        (
            scm,
            7036,
            "Le service Windows Update est entré dans l’état\u{a0}: arrêté.",
            &[("param1", "Windows Update"), ("param2", "arrêté")],
        ),
        (
            scm,
            7036,
            "Windows Update サービスは 停止状態に移行しました。",
            &[("param1", "Windows Update"), ("param2", "停止")],
        ),
        (
            scm,
            7040,
            "Der Starttyp des Diensts \"X\" wurde von demand start in auto start geändert.",
            &[("param1", "X"), ("param2", "demand start"), ("param3", "auto start")],
        ),
        (
            scm,
            7023,
            "The X service terminated with the following error: \r\nAccess is denied.",
            &[("param1", "X"), ("param2", "Access is denied")],
        ),
        ("Eventlog", 104, "The System log file was cleared.", &[("Channel", "System")]),
        (
            "Microsoft-Windows-WMI-Activity",
            5857,
            "P provider started with result code 0x0. \
            HostProcess = wmiprvse.exe; ProcessID = 7; ProviderPath = %systemroot%\\a.dll",
            &[
                ("ProviderName", "P"),
                ("Code", "0x0"),
                ("HostProcess", "wmiprvse.exe"),
                ("ProcessID", "7"),
                ("ProviderPath", "%systemroot%\\a.dll"),
            ],
        ),
        (
            "AppLocker",
            8004,
            "%OSDRIVE%\\A.EXE was prevented from running.",
            &[("FilePath", "%OSDRIVE%\\A.EXE")],
        ),
        (
            "TerminalServices-LocalSessionManager",
            24,
            "x:\n\nUser: CORP\\anna\nSession ID: 2\n\
            Source Network Address: 192.0.2.5",
            &[("User", "CORP\\anna"), ("SessionID", "2"), ("Address", "192.0.2.5")],
        ),
        (
            "Microsoft-Windows-Windows Defender",
            1116,
            "x\n For more: see\n \tName: Virus\n \tID: 7\n \
            \tSecurity intelligence Version: AV: 1.2",
            &[("Threat Name", "Virus"), ("Threat ID", "7"), ("Signature Version", "AV: 1.2")],
        ),
    ] {
        let expected = expected.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
        assert_eq!(read(provider, id, text), (expected, 0), "{text}");
    }
    assert_eq!(read(scm, 7036, "Usługa X weszła w stan zatrzymania.").1, 1);
}

#[test]
fn what_is_not_known_stays_text() {
    // Labels below a heading that is not known are not those of the heading before.
    let text = message(
        "x

        Subject:
        .Account Name::anna

        Neznámý:
        .Account Name::eve
        .Neznámé slovo::1
        .Logon Type::3

        Prose goes on: in a sentence.",
    );
    let (found, unknown) = read(SECURITY, 4624, &text);
    let found: Vec<_> = found.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(found, [("SubjectUserName", "anna"), ("LogonType", "3")]);
    assert_eq!(unknown, 3);
    assert_eq!(read("Some-Provider", 1, &text), (vec![], 0));
}

#[test]
fn no_text_panics_and_long_ones_take_no_longer() {
    let pieces = [
        "Subject:",
        "\n",
        "\r\n",
        "\t",
        ":",
        "：",
        "::",
        "Account Name:",
        "Privileges:",
        "</Task>",
        "Task Content:",
        "ScriptBlock ID: 0e3b5f6c-1d3a-4b64-8f0c-aaaaaaaaaaaa",
        "\"",
        "\\",
        "{",
        "サブジェクト:",
        "コンテキスト:",
        "\u{a0}",
        "ー",
        "İ",
        "Context:",
        "x",
        "",
        " ",
        "Accesses:",
        "The {param1} service entered the ",
        " state.",
        "CommandLine: ",
        "User: ",
        "%%1",
        "\0",
    ];
    let mut seed: u64 = 11;
    let mut dice = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let events = [
        (SECURITY, 4624),
        (SECURITY, 4698),
        (SECURITY, 4672),
        (SECURITY, 1),
        ("Sysmon", 1),
        ("PowerShell", 4104),
        ("PowerShell", 4103),
        ("PowerShell", 400),
        ("Eventlog", 104),
        ("Service Control Manager", 7036),
        ("TaskScheduler", 200),
        ("Application Error", 1000),
    ];
    for round in 0..4_000 {
        let text: String = (0..dice(40)).map(|_| pieces[dice(pieces.len())]).collect();
        let (provider, id) = events[round % events.len()];
        for (_, value) in read(provider, id, &text).0 {
            assert_eq!(value, value.trim_matches(['\r', '\n']), "{text:?}");
        }
    }
    for piece in pieces {
        let text = format!("{piece}\n").repeat(40_000);
        for (provider, id) in events {
            read(provider, id, &text);
        }
    }
}

/// Recorded events that carry their message beside their fields.
#[test]
fn recorded_messages_give_the_fields_of_their_events() {
    let beside = std::path::PathBuf::from("../../../shared/data");
    let data = std::env::var_os("SEKISHO_TEST_DATA").map_or(beside, Into::into);
    let mut events = 0;
    for case in ["psexec-3host", "smb-copy-3host"] {
        let Ok(files) = std::fs::read_dir(data.join("cases").join(case).join("logs")) else {
            println!("skipped: no test data");
            return;
        };
        for file in files {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for line in text.lines() {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                events += usize::from(as_recorded(&event));
            }
        }
    }
    assert!(events > 1_000, "{events}");
}

/// Whether an event has fields in its message; if so, wants those it has.
fn as_recorded(event: &serde_json::Value) -> bool {
    let text = |name: &str| event.get(name).and_then(serde_json::Value::as_str);
    let (Some(provider), Some(message)) = (text("SourceName"), text("Message")) else {
        return false;
    };
    let id = event["EventID"].as_u64().and_then(|id| u32::try_from(id).ok()).unwrap();
    // The record's own fields of these names are others', or it has none.
    if !provider.contains("Security-Auditing") && id != 7045 && id != 4104 && id != 129 {
        return false;
    }
    let (found, unknown) = read(provider, id, message);
    for (name, value) in &found {
        // The recorder took this name for the account that wrote the record.
        if id == 7045 && name == "AccountName" {
            continue;
        }
        let recorded = text(name);
        let same = recorded.is_some_and(|recorded| {
            recorded.contains("%%") || recorded.trim().eq_ignore_ascii_case(value)
        });
        assert!(
            same || recorded.is_none() && value.is_empty(),
            "{id} {name} {value:?} {recorded:?}"
        );
    }
    // A line of numbers, and a filter that has no field.
    assert!(unknown <= usize::from(id == 4627), "{id} {unknown} {message}");
    !found.is_empty()
}
