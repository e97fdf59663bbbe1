//! Windows event records in the nested JSON form that EVTX dumpers write, with the field names of each event id.

use super::clock::{Micros, SECOND, iso, sysmon};
use super::json::Obj;
use super::network::{Account, DC01, DOMAIN, Host, SUFFIX};
use super::rng::text_number;
use super::sink::{Channel, Line, Mark};
use super::stage::Stage;

const SYSTEM_SID: &str = "S-1-5-18";
const NO_GUID: &str = "00000000-0000-0000-0000-000000000000";

/// A logon of someone on a machine.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) host: &'static Host,
    pub(super) account: &'static Account,
    pub(super) logon_id: String,
    pub(super) logon_guid: String,
    pub(super) kind: u8,
}

/// A running program.
#[derive(Debug, Clone)]
pub(super) struct Proc {
    pub(super) guid: String,
    pub(super) pid: u32,
    pub(super) image: String,
    pub(super) command: String,
    pub(super) user: String,
}

/// Where a logon comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) name: &'a str,
    pub(super) ip: &'a str,
}

struct Kind {
    provider: &'static str,
    guid: &'static str,
    version: u8,
    level: u8,
    task: u16,
    opcode: u8,
    keywords: &'static str,
    qualifiers: Option<u16>,
    user: Option<&'static str>,
}

fn security_kind(id: u16) -> Kind {
    let task = match id {
        4624 | 4625 | 4648 => 12_544,
        4634 => 12_545,
        4672 => 12_548,
        4688 => 13_312,
        4697 => 12_289,
        4698 | 4699 => 12_804,
        4720 | 4724 | 4726 => 13_824,
        4732 | 4733 => 13_826,
        4768 => 14_339,
        4769 => 14_337,
        4776 => 14_336,
        5140 => 12_808,
        5145 => 12_811,
        _ => 104,
    };
    let version = match id {
        4624 | 4688 => 2,
        4698 | 4699 | 5140 => 1,
        _ => 0,
    };
    let cleared = id == 1102;
    Kind {
        provider: if cleared {
            "Microsoft-Windows-Eventlog"
        } else {
            "Microsoft-Windows-Security-Auditing"
        },
        guid: if cleared {
            "FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148"
        } else {
            "54849625-5478-4994-A5BA-3E3B0328C30D"
        },
        version,
        level: if cleared { 4 } else { 0 },
        task,
        opcode: 0,
        keywords: match id {
            1102 => "0x4020000000000000",
            4625 => "0x8010000000000000",
            _ => "0x8020000000000000",
        },
        qualifiers: None,
        user: None,
    }
}

fn kind(channel: Channel, id: u16) -> Kind {
    match channel {
        Channel::Security => security_kind(id),
        Channel::Sysmon => Kind {
            provider: "Microsoft-Windows-Sysmon",
            guid: "5770385F-C22A-43E0-BF4C-06F5698FFBD9",
            version: if matches!(id, 11 | 13) {
                2
            } else if matches!(id, 5 | 10) {
                3
            } else {
                5
            },
            level: 4,
            task: id,
            opcode: 0,
            keywords: "0x8000000000000000",
            qualifiers: None,
            user: Some(SYSTEM_SID),
        },
        Channel::PowerShell => Kind {
            provider: "Microsoft-Windows-PowerShell",
            guid: "A0C1853B-5C40-4B15-8766-3CF1C58F985A",
            version: 1,
            level: 5,
            task: 2,
            opcode: 15,
            keywords: "0x0",
            qualifiers: None,
            user: None,
        },
        Channel::System => Kind {
            provider: if id == 104 {
                "Microsoft-Windows-Eventlog"
            } else {
                "Service Control Manager"
            },
            guid: if id == 104 {
                "FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148"
            } else {
                "555908D1-A6D7-4695-8E1E-26931D2012F4"
            },
            version: 0,
            level: 4,
            task: if id == 104 { 104 } else { 0 },
            opcode: 0,
            keywords: if id == 104 { "0x8000000000000000" } else { "0x8080000000000000" },
            qualifiers: (id != 104).then_some(16_384),
            user: (id == 7045).then_some(SYSTEM_SID),
        },
    }
}

/// What a program says of itself in its version resource.
fn original_name(image: &str) -> String {
    let base = image.rsplit('\\').next().unwrap_or(image);
    match base {
        "powershell.exe" => "PowerShell.EXE".to_owned(),
        "cmd.exe" => "Cmd.Exe".to_owned(),
        "WINWORD.EXE" => "WinWord.exe".to_owned(),
        "OUTLOOK.EXE" => "Outlook.exe".to_owned(),
        "EXCEL.EXE" => "Excel.exe".to_owned(),
        "rsvc.exe" | "svchelp.exe" => "-".to_owned(),
        other => other.to_owned(),
    }
}

fn hashes(image: &str) -> String {
    let n = text_number(image);
    let m = n.rotate_left(29) ^ 0x5bd1_e995_7b93_b5a1;
    format!("MD5={n:016X}{m:016X},SHA256={n:016X}{m:016X}{:016X}{:016X}", n ^ m, !n)
}

impl Stage {
    /// One record of a Windows machine; nothing where that machine does not collect the channel.
    pub(super) fn windows(
        &mut self,
        host: &'static Host,
        (channel, id): (Channel, u16),
        time: Micros,
        data: Obj,
        mark: Option<Mark>,
    ) {
        let k = kind(channel, id);
        let name = Obj::new().s("Name", k.provider).s("Guid", k.guid).end();
        let event_id = match k.qualifiers {
            Some(q) => format!("{{\"#attributes\":{{\"Qualifiers\":{q}}},\"#text\":{id}}}"),
            None => id.to_string(),
        };
        let process = if channel == Channel::Security {
            4
        } else {
            1_000 + (text_number(host.name) % 3_000) / 4 * 4
        };
        let thread = 100 + 4 * self.rng.below(2_000);
        let head = Obj::new()
            .n("Provider", format_args!("{{\"#attributes\":{name}}}"))
            .n("EventID", event_id)
            .n("Version", k.version)
            .n("Level", k.level)
            .n("Task", k.task)
            .n("Opcode", k.opcode)
            .s("Keywords", k.keywords)
            .n(
                "TimeCreated",
                format_args!("{{\"#attributes\":{{\"SystemTime\":\"{}\"}}}}", iso(time)),
            )
            .n("EventRecordID", "")
            .end();
        let head = head.trim_end_matches('}');
        let user = k.user.map_or("null".to_owned(), |sid| {
            format!("{{\"#attributes\":{{\"UserID\":\"{sid}\"}}}}")
        });
        let open = "{\"Event\":{\"#attributes\":{\"xmlns\":\"http://schemas.microsoft.com/win/2004/08/events/event\"},\"System\":";
        let body = if matches!(id, 104 | 1102) { "UserData" } else { "EventData" };
        let text = format!(
            "{open}{head},\"Correlation\":null,\"Execution\":{{\"#attributes\":{{\"ProcessID\":{process},\
             \"ThreadID\":{thread}}}}},\"Channel\":\"{}\",\"Computer\":\"{}\",\"Security\":{user}}},\"{body}\":{}}}}}",
            channel.name(),
            host.fqdn(),
            data.end(),
        );
        let cut = Some(open.len() + head.len());
        self.sink.put((host.name, channel.name()), host.name, time, Line { text, cut }, mark);
    }

    fn subject(account: &Account, logon_id: &str) -> Obj {
        Obj::new()
            .s("SubjectUserSid", &account.sid())
            .s("SubjectUserName", account.name)
            .s("SubjectDomainName", DOMAIN)
            .s("SubjectLogonId", logon_id)
    }

    fn machine_subject(host: &Host) -> Obj {
        Obj::new()
            .s("SubjectUserSid", SYSTEM_SID)
            .s("SubjectUserName", &host.machine_account())
            .s("SubjectDomainName", DOMAIN)
            .s("SubjectLogonId", "0x3e7")
    }

    /// A logon that succeeds (4624, and 4672 for administrators).
    pub(super) fn logon(
        &mut self,
        host: &'static Host,
        account: &'static Account,
        kind: u8,
        origin: Origin<'_>,
        time: Micros,
        mark: Option<Mark>,
    ) -> Session {
        let logon_id = self.logon_id();
        let logon_guid = self.rng.guid();
        let network = kind == 3;
        let subject = if network {
            Obj::new()
                .s("SubjectUserSid", "S-1-0-0")
                .s("SubjectUserName", "-")
                .s("SubjectDomainName", "-")
                .s("SubjectLogonId", "0x0")
        } else {
            Self::machine_subject(host)
        };
        let local = origin.ip == "-" || origin.ip == "127.0.0.1";
        let data = subject
            .s("TargetUserSid", &account.sid())
            .s("TargetUserName", account.name)
            .s("TargetDomainName", DOMAIN)
            .s("TargetLogonId", &logon_id)
            .n("LogonType", kind)
            .s(
                "LogonProcessName",
                if network {
                    "Kerberos"
                } else if kind == 5 {
                    "Advapi  "
                } else {
                    "User32 "
                },
            )
            .s("AuthenticationPackageName", if network { "Kerberos" } else { "Negotiate" })
            .s("WorkstationName", if network { "-" } else { origin.name })
            .s("LogonGuid", &logon_guid)
            .s("TransmittedServices", "-")
            .s("LmPackageName", "-")
            .n("KeyLength", 0)
            .s("ProcessId", if network { "0x0" } else { "0x2f4" })
            .s("ProcessName", if network { "-" } else { r"C:\Windows\System32\svchost.exe" })
            .s("IpAddress", origin.ip)
            .s("IpPort", &if local { "0".to_owned() } else { self.port().to_string() });
        let data = elevation(data, account.admin);
        self.windows(host, (Channel::Security, 4624), time, data, mark);
        if account.admin {
            let list = "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeDebugPrivilege";
            let data = Self::subject(account, &logon_id).s("PrivilegeList", list);
            self.windows(host, (Channel::Security, 4672), time + 200, data, None);
        }
        Session { host, account, logon_id, logon_guid, kind }
    }

    /// The end of a logon (4634).
    pub(super) fn logoff(&mut self, session: &Session, time: Micros) {
        let data = Obj::new()
            .s("TargetUserSid", &session.account.sid())
            .s("TargetUserName", session.account.name)
            .s("TargetDomainName", DOMAIN)
            .s("TargetLogonId", &session.logon_id)
            .n("LogonType", session.kind);
        self.windows(session.host, (Channel::Security, 4634), time, data, None);
    }

    /// A logon that fails for a wrong password (4625).
    pub(super) fn failed_logon(
        &mut self,
        host: &'static Host,
        user: &str,
        kind: u8,
        origin: Origin<'_>,
        time: Micros,
        mark: Option<Mark>,
    ) {
        let data = Self::machine_subject(host)
            .s("TargetUserSid", "S-1-0-0")
            .s("TargetUserName", user)
            .s("TargetDomainName", DOMAIN)
            .s("Status", "0xc000006d")
            .s("FailureReason", "%%2313")
            .s("SubStatus", "0xc000006a")
            .n("LogonType", kind)
            .s("LogonProcessName", "User32 ")
            .s("AuthenticationPackageName", "Negotiate")
            .s("WorkstationName", origin.name)
            .s("TransmittedServices", "-")
            .s("LmPackageName", "-")
            .n("KeyLength", 0)
            .s("ProcessId", "0x2f4")
            .s("ProcessName", r"C:\Windows\System32\svchost.exe")
            .s("IpAddress", origin.ip)
            .s("IpPort", &self.port().to_string());
        self.windows(host, (Channel::Security, 4625), time, data, mark);
    }

    /// A ticket granting ticket, asked for at the domain controller (4768).
    pub(super) fn tgt(&mut self, account: &Account, from: &Host, time: Micros) {
        let data = Obj::new()
            .s("TargetUserName", account.name)
            .s("TargetDomainName", DOMAIN)
            .s("TargetSid", &account.sid())
            .s("ServiceName", "krbtgt")
            .s("ServiceSid", "S-1-5-21-1004336348-1177238915-682003330-502")
            .s("TicketOptions", "0x40810010")
            .s("Status", "0x0")
            .s("TicketEncryptionType", "0x12")
            .s("PreAuthType", "2")
            .s("IpAddress", &format!("::ffff:{}", from.ip))
            .s("IpPort", &self.port().to_string())
            .s("CertIssuerName", "")
            .s("CertSerialNumber", "")
            .s("CertThumbprint", "");
        self.windows(&DC01, (Channel::Security, 4768), time, data, None);
    }

    /// A service ticket, asked for at the domain controller (4769).
    pub(super) fn ticket(
        &mut self,
        account: &Account,
        from: &Host,
        (service, cipher): (&str, &str),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let realm = SUFFIX.to_uppercase();
        let data = Obj::new()
            .s("TargetUserName", &format!("{}@{realm}", account.name))
            .s("TargetDomainName", &realm)
            .s("ServiceName", service)
            .s(
                "ServiceSid",
                &format!(
                    "S-1-5-21-1004336348-1177238915-682003330-{}",
                    1_000 + text_number(service) % 900
                ),
            )
            .s("TicketOptions", "0x40810000")
            .s("TicketEncryptionType", cipher)
            .s("IpAddress", &format!("::ffff:{}", from.ip))
            .s("IpPort", &self.port().to_string())
            .s("Status", "0x0")
            .s("LogonGuid", &self.rng.guid())
            .s("TransmittedServices", "-");
        self.windows(&DC01, (Channel::Security, 4769), time, data, mark);
    }

    /// A password checked by the domain controller without Kerberos (4776).
    pub(super) fn password_check(&mut self, account: &Account, from: &Host, time: Micros) {
        let data = Obj::new()
            .s("PackageName", "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0")
            .s("TargetUserName", account.name)
            .s("Workstation", from.name)
            .s("Status", "0x0");
        self.windows(&DC01, (Channel::Security, 4776), time, data, None);
    }

    /// Someone uses other credentials than those of the session (4648).
    pub(super) fn explicit(
        &mut self,
        session: &Session,
        (target, server): (&Account, &Host),
        process: &Proc,
        time: Micros,
        mark: Option<Mark>,
    ) {
        let data = Self::subject(session.account, &session.logon_id)
            .s("LogonGuid", &session.logon_guid)
            .s("TargetUserName", target.name)
            .s("TargetDomainName", DOMAIN)
            .s("TargetLogonGuid", NO_GUID)
            .s("TargetServerName", &server.fqdn())
            .s("TargetInfo", &server.fqdn())
            .s("ProcessId", &format!("0x{:x}", process.pid))
            .s("ProcessName", &process.image)
            .s("IpAddress", "-")
            .s("IpPort", "-");
        self.windows(session.host, (Channel::Security, 4648), time, data, mark);
    }

    /// A share opened (5140).
    pub(super) fn share(&mut self, session: &Session, from: &str, share: &str, time: Micros) {
        let data = Self::subject(session.account, &session.logon_id)
            .s("ObjectType", "File")
            .s("IpAddress", from)
            .s("IpPort", &self.port().to_string())
            .s("ShareName", &format!(r"\\*\{share}"))
            .s("ShareLocalPath", &share_path(share))
            .s("AccessMask", "0x1")
            .s("AccessList", "%%4416\r\n\t\t\t\t");
        self.windows(session.host, (Channel::Security, 5140), time, data, None);
    }

    /// A file of a share opened (5145), for writing or for reading.
    pub(super) fn share_file(
        &mut self,
        session: &Session,
        from: &str,
        (share, file, write): (&str, &str, bool),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let reads = "%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t%%4416\r\n\t\t\t\t%%4419\r\n\t\t\t\t%%4423\r\n\t\t\t\t";
        let writes = "%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t%%4417\r\n\t\t\t\t%%4418\r\n\t\t\t\t%%4424\r\n\t\t\t\t";
        let data = Self::subject(session.account, &session.logon_id)
            .s("ObjectType", "File")
            .s("IpAddress", from)
            .s("IpPort", &self.port().to_string())
            .s("ShareName", &format!(r"\\*\{share}"))
            .s("ShareLocalPath", &share_path(share))
            .s("RelativeTargetName", file)
            .s("AccessMask", if write { "0x120116" } else { "0x120089" })
            .s("AccessList", if write { writes } else { reads })
            .s("AccessReason", "-");
        self.windows(session.host, (Channel::Security, 5145), time, data, mark);
    }

    /// A service installed (7045, and 4697).
    pub(super) fn service(
        &mut self,
        host: &'static Host,
        account: &Account,
        (name, path): (&str, &str),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let data = Obj::new()
            .s("ServiceName", name)
            .s("ImagePath", path)
            .s("ServiceType", "user mode service")
            .s("StartType", "demand start")
            .s("AccountName", "LocalSystem");
        self.windows(host, (Channel::System, 7045), time, data, mark);
        let logon_id = self.logon_id();
        let data = Self::subject(account, &logon_id)
            .s("ServiceName", name)
            .s("ServiceFileName", path)
            .s("ServiceType", "0x10")
            .n("ServiceStartType", 3)
            .s("ServiceAccount", "LocalSystem");
        self.windows(host, (Channel::Security, 4697), time + 3_000, data, mark);
    }

    /// A service changes its state (7036), the chatter of every System log.
    pub(super) fn service_state(
        &mut self,
        host: &'static Host,
        name: &str,
        running: bool,
        time: Micros,
    ) {
        let data =
            Obj::new().s("param1", name).s("param2", if running { "running" } else { "stopped" });
        self.windows(host, (Channel::System, 7036), time, data, None);
    }

    /// A scheduled task registered (4698) or deleted (4699).
    pub(super) fn task(
        &mut self,
        session: &Session,
        (id, name, command): (u16, &str, &str),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let content = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<Task version=\"1.2\" \
             xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\r\n  <Triggers><LogonTrigger>\
             <Enabled>true</Enabled></LogonTrigger></Triggers>\r\n  <Actions><Exec><Command>{command}</Command>\
             </Exec></Actions>\r\n</Task>"
        );
        let data = Self::subject(session.account, &session.logon_id)
            .s("TaskName", name)
            .s("TaskContent", &content);
        self.windows(session.host, (Channel::Security, id), time, data, mark);
    }

    /// An account made (4720), reset (4724) or deleted (4726) at the domain controller.
    pub(super) fn account_change(
        &mut self,
        id: u16,
        by: &Account,
        target: &Account,
        time: Micros,
        mark: Option<Mark>,
    ) {
        let logon_id = self.logon_id();
        let data = Obj::new()
            .s("TargetUserName", target.name)
            .s("TargetDomainName", DOMAIN)
            .s("TargetSid", &target.sid())
            .s("SubjectUserSid", &by.sid())
            .s("SubjectUserName", by.name)
            .s("SubjectDomainName", DOMAIN)
            .s("SubjectLogonId", &logon_id);
        let data = if id == 4720 {
            data.s("PrivilegeList", "-")
                .s("SamAccountName", target.name)
                .s("DisplayName", "%%1793")
                .s("UserPrincipalName", &target.mail())
                .s("PrimaryGroupId", "513")
                .s("OldUacValue", "0x0")
                .s("NewUacValue", "0x15")
        } else {
            data
        };
        self.windows(&DC01, (Channel::Security, id), time, data, mark);
    }

    /// An account put into the administrators' group (4732).
    pub(super) fn group_member(
        &mut self,
        by: &Account,
        member: &Account,
        time: Micros,
        mark: Option<Mark>,
    ) {
        let logon_id = self.logon_id();
        let data = Obj::new()
            .s("MemberName", &format!("CN={},CN=Users,DC=example,DC=org", member.name))
            .s("MemberSid", &member.sid())
            .s("TargetUserName", "Administrators")
            .s("TargetDomainName", "Builtin")
            .s("TargetSid", "S-1-5-32-544")
            .s("SubjectUserSid", &by.sid())
            .s("SubjectUserName", by.name)
            .s("SubjectDomainName", DOMAIN)
            .s("SubjectLogonId", &logon_id)
            .s("PrivilegeList", "-");
        self.windows(&DC01, (Channel::Security, 4732), time, data, mark);
    }

    /// A log emptied (1102 for Security, 104 for the others).
    pub(super) fn cleared(
        &mut self,
        session: &Session,
        channel: Channel,
        time: Micros,
        mark: Option<Mark>,
    ) {
        let who = if channel == Channel::Security {
            Self::subject(session.account, &session.logon_id)
        } else {
            Obj::new()
                .s("SubjectUserName", session.account.name)
                .s("SubjectDomainName", DOMAIN)
                .s("Channel", channel.name())
                .opt("BackupPath", None)
        };
        let id = if channel == Channel::Security { 1102 } else { 104 };
        self.windows(
            session.host,
            (channel, id),
            time,
            Obj::new().n("LogFileCleared", who.end()),
            mark,
        );
    }

    /// A script block recorded (4104).
    pub(super) fn script_block(
        &mut self,
        host: &'static Host,
        text: &str,
        time: Micros,
        mark: Option<Mark>,
    ) {
        let data = Obj::new()
            .n("MessageNumber", 1)
            .n("MessageTotal", 1)
            .s("ScriptBlockText", text)
            .s("ScriptBlockId", &self.rng.guid().to_lowercase())
            .s("Path", "");
        self.windows(host, (Channel::PowerShell, 4104), time, data, mark);
    }

    /// A program started: Sysmon 1 where Sysmon runs, 4688 elsewhere.
    pub(super) fn start(
        &mut self,
        session: &Session,
        parent: &Proc,
        (image, command): (&str, &str),
        time: Micros,
        mark: Option<Mark>,
    ) -> Proc {
        let proc = Proc {
            guid: self.rng.guid(),
            pid: self.pid(),
            image: image.to_owned(),
            command: command.to_owned(),
            user: session.account.qualified(),
        };
        if session.host.sysmon {
            let data = process_data(session, parent, &proc, time);
            self.windows(session.host, (Channel::Sysmon, 1), time, data, mark);
        } else {
            let data = Self::subject(session.account, &session.logon_id)
                .s("NewProcessId", &format!("0x{:x}", proc.pid))
                .s("NewProcessName", image)
                .s("TokenElevationType", "%%1936")
                .s("ProcessId", &format!("0x{:x}", parent.pid))
                .s("CommandLine", command)
                .s("TargetUserSid", "S-1-0-0")
                .s("TargetUserName", "-")
                .s("TargetDomainName", "-")
                .s("TargetLogonId", "0x0")
                .s("ParentProcessName", &parent.image)
                .s("MandatoryLabel", "S-1-16-8192");
            self.windows(session.host, (Channel::Security, 4688), time, data, mark);
        }
        proc
    }

    /// A program that runs already when the records begin.
    pub(super) fn running(&mut self, image: &str, user: &str) -> Proc {
        let (guid, pid) = (self.rng.guid(), self.pid());
        Proc {
            guid,
            pid,
            image: image.to_owned(),
            command: image.to_owned(),
            user: user.to_owned(),
        }
    }

    fn sysmon_base(proc: &Proc, time: Micros) -> Obj {
        Obj::new()
            .s("RuleName", "-")
            .s("UtcTime", &sysmon(time - 3_000))
            .s("ProcessGuid", &proc.guid)
            .n("ProcessId", proc.pid)
    }

    /// A program ended (Sysmon 5).
    pub(super) fn ended(&mut self, host: &'static Host, proc: &Proc, time: Micros) {
        let data = Self::sysmon_base(proc, time).s("Image", &proc.image).s("User", &proc.user);
        self.windows(host, (Channel::Sysmon, 5), time, data, None);
    }

    /// A connection opened by a program (Sysmon 3).
    pub(super) fn connect(
        &mut self,
        host: &'static Host,
        proc: &Proc,
        (ip, name, port): (&str, &str, u16),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let data = Self::sysmon_base(proc, time)
            .s("Image", &proc.image)
            .s("User", &proc.user)
            .s("Protocol", "tcp")
            .n("Initiated", true)
            .n("SourceIsIpv6", false)
            .s("SourceIp", host.ip)
            .s("SourceHostname", &host.fqdn())
            .n("SourcePort", self.port())
            .s("SourcePortName", "-")
            .n("DestinationIsIpv6", false)
            .s("DestinationIp", ip)
            .s("DestinationHostname", name)
            .n("DestinationPort", port)
            .s("DestinationPortName", if port == 443 { "https" } else { "-" });
        self.windows(host, (Channel::Sysmon, 3), time, data, mark);
    }

    /// A name looked up by a program (Sysmon 22).
    pub(super) fn query(
        &mut self,
        host: &'static Host,
        proc: &Proc,
        (name, ip): (&str, &str),
        time: Micros,
    ) {
        let data = Self::sysmon_base(proc, time)
            .s("QueryName", name)
            .s("QueryStatus", "0")
            .s("QueryResults", &format!("::ffff:{ip};"))
            .s("Image", &proc.image)
            .s("User", &proc.user);
        self.windows(host, (Channel::Sysmon, 22), time, data, None);
    }

    /// A file created (Sysmon 11).
    pub(super) fn created(
        &mut self,
        host: &'static Host,
        proc: &Proc,
        file: &str,
        time: Micros,
        mark: Option<Mark>,
    ) {
        let data = Self::sysmon_base(proc, time)
            .s("Image", &proc.image)
            .s("TargetFilename", file)
            .s("CreationUtcTime", &sysmon(time - 3_000))
            .s("User", &proc.user);
        self.windows(host, (Channel::Sysmon, 11), time, data, mark);
    }

    /// A file deleted (Sysmon 23).
    pub(super) fn deleted(&mut self, host: &'static Host, proc: &Proc, file: &str, time: Micros) {
        let data = Self::sysmon_base(proc, time)
            .s("User", &proc.user)
            .s("Image", &proc.image)
            .s("TargetFilename", file)
            .s("Hashes", &hashes(file))
            .n("IsExecutable", false)
            .s("Archived", "true");
        self.windows(host, (Channel::Sysmon, 23), time, data, None);
    }

    /// A registry value set (Sysmon 13).
    pub(super) fn registry(
        &mut self,
        host: &'static Host,
        proc: &Proc,
        (key, value): (&str, &str),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let data = Obj::new()
            .s("RuleName", "-")
            .s("EventType", "SetValue")
            .s("UtcTime", &sysmon(time - 3_000))
            .s("ProcessGuid", &proc.guid)
            .n("ProcessId", proc.pid)
            .s("Image", &proc.image)
            .s("TargetObject", key)
            .s("Details", value)
            .s("User", &proc.user);
        self.windows(host, (Channel::Sysmon, 13), time, data, mark);
    }

    /// A program opens the memory of LSASS (Sysmon 10).
    pub(super) fn lsass(
        &mut self,
        host: &'static Host,
        proc: &Proc,
        access: &str,
        time: Micros,
        mark: Option<Mark>,
    ) {
        let data = Obj::new()
            .s("RuleName", "-")
            .s("UtcTime", &sysmon(time - SECOND / 100))
            .s("SourceProcessGUID", &proc.guid)
            .n("SourceProcessId", proc.pid)
            .n("SourceThreadId", 4 * self.rng.below(2_000))
            .s("SourceImage", &proc.image)
            .s("TargetProcessGUID", &self.rng.guid())
            .n("TargetProcessId", 748)
            .s("TargetImage", r"C:\Windows\System32\lsass.exe")
            .s("GrantedAccess", access)
            .s(
                "CallTrace",
                r"C:\Windows\SYSTEM32\ntdll.dll+9fc24|C:\Windows\System32\KERNELBASE.dll+20d0e",
            )
            .s("SourceUser", &proc.user)
            .s("TargetUser", r"NT AUTHORITY\SYSTEM");
        self.windows(host, (Channel::Sysmon, 10), time, data, mark);
    }
}

fn process_data(session: &Session, parent: &Proc, proc: &Proc, time: Micros) -> Obj {
    let original = original_name(&proc.image);
    let system = proc.image.starts_with(r"C:\Windows\System32");
    Stage::sysmon_base(proc, time)
        .s("Image", &proc.image)
        .s("FileVersion", if system { "10.0.22621.1 (WinBuild.160101.0800)" } else { "-" })
        .s("Description", if system { "Windows component" } else { "-" })
        .s("Product", if system { "Microsoft® Windows® Operating System" } else { "-" })
        .s("Company", if system { "Microsoft Corporation" } else { "-" })
        .s("OriginalFileName", &original)
        .s("CommandLine", &proc.command)
        .s("CurrentDirectory", r"C:\Windows\system32\")
        .s("User", &proc.user)
        .s("LogonGuid", &session.logon_guid)
        .s("LogonId", &session.logon_id)
        .n("TerminalSessionId", 1)
        .s("IntegrityLevel", if session.account.admin { "High" } else { "Medium" })
        .s("Hashes", &hashes(&proc.image))
        .s("ParentProcessGuid", &parent.guid)
        .n("ParentProcessId", parent.pid)
        .s("ParentImage", &parent.image)
        .s("ParentCommandLine", &parent.command)
        .s("ParentUser", &parent.user)
}

fn share_path(share: &str) -> String {
    match share {
        "IPC$" => String::new(),
        "ADMIN$" => r"\??\C:\Windows".to_owned(),
        "C$" => r"\??\C:\".to_owned(),
        other => format!(r"\??\E:\Shares\{other}"),
    }
}

/// The last fields of a logon record.
fn elevation(data: Obj, admin: bool) -> Obj {
    data.s("ImpersonationLevel", "%%1833")
        .s("RestrictedAdminMode", "-")
        .s("TargetOutboundUserName", "-")
        .s("TargetOutboundDomainName", "-")
        .s("VirtualAccount", "%%1843")
        .s("TargetLinkedLogonId", "0x0")
        .s("ElevatedToken", if admin { "%%1842" } else { "%%1843" })
}
