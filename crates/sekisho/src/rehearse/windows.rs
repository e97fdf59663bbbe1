//! Records of Windows machines, with the fields of each event id.

use std::sync::Arc;

use super::estate::{Account, Host, Kind};
use super::logging::Channel;
use super::scene::{FactId, Proc, Scene, Session};
use crate::demo::clock::{Micros, sysmon};
use crate::demo::json::Obj;
use crate::demo::rng::text_number;

const SYSTEM_SID: &str = "S-1-5-18";
const NO_GUID: &str = "00000000-0000-0000-0000-000000000000";

/// How a logon comes about.
#[derive(Clone, Debug)]
pub(super) struct Way<'a> {
    /// Windows' logon type.
    pub(super) kind: u8,
    /// From which machine; none for one that is local.
    pub(super) from: Option<&'a Arc<Host>>,
    /// By NTLM, not Kerberos.
    pub(super) ntlm: bool,
}

impl Scene {
    fn subject(session: &Session) -> Obj {
        Obj::new()
            .s("SubjectUserSid", &session.account.sid)
            .s("SubjectUserName", &session.account.name)
            .s("SubjectDomainName", &session.account.domain)
            .s("SubjectLogonId", &session.logon_id)
    }

    fn machine_subject(&self, host: &Host) -> Obj {
        Obj::new()
            .s("SubjectUserSid", SYSTEM_SID)
            .s("SubjectUserName", &format!("{}$", host.name))
            .s("SubjectDomainName", &self.estate.domain)
            .s("SubjectLogonId", "0x3e7")
    }

    /// The session of the system itself on a machine.
    pub(super) fn system_session(&self, host: &Arc<Host>) -> Session {
        let account = Account {
            name: format!("{}$", host.name),
            domain: self.estate.domain.clone(),
            sid: SYSTEM_SID.to_owned(),
            mail: String::new(),
            kind: Kind::Service,
            home: Arc::clone(host),
            mail_audit: false,
        };
        Session {
            host: Arc::clone(host),
            account: Arc::new(account),
            logon_id: "0x3e7".to_owned(),
            guid: NO_GUID.to_owned(),
            kind: 0,
            from: "-".to_owned(),
        }
    }

    /// The account of a machine, as others see it.
    pub(super) fn machine_account(&self, host: &Arc<Host>) -> Arc<Account> {
        let rid = 3_000 + text_number(&host.name) % 5_000;
        let sid = format!("{}-{rid}", self.estate.sid);
        Arc::new(Account { sid, ..(*self.system_session(host).account).clone() })
    }

    /// A logon that succeeds: on the machine, and at the domain controller what it needed.
    pub(super) fn logon(
        &mut self,
        host: &Arc<Host>,
        account: &Arc<Account>,
        way: &Way<'_>,
        time: Micros,
        fact: Option<FactId>,
    ) -> Session {
        let itself = account.is_system();
        let logon_id = if itself { "0x3e7".to_owned() } else { self.logon_id() };
        let kerberos = !way.ntlm && way.from.is_some();
        let guid = if way.ntlm { NO_GUID.to_owned() } else { self.rng.guid() };
        if let Some(from) = way.from.filter(|_| kerberos) {
            self.ticket(account, from, &format!("{}$", host.name), &guid, time - 30_000, None);
        }
        let ip = way.from.map_or("-", |f| f.ip.as_str());
        let data = self.logon_data(host, account, way, (&logon_id, &guid));
        self.windows(host, (Channel::Security, 4624), time, data, fact);
        let from = ip.to_owned();
        let session = Session {
            host: Arc::clone(host),
            account: Arc::clone(account),
            logon_id,
            guid,
            kind: way.kind,
            from,
        };
        if account.is_admin() {
            let list = "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeDebugPrivilege";
            let data = Self::subject(&session).s("PrivilegeList", list);
            self.windows(host, (Channel::Security, 4672), time + 200, data, None);
        }
        if way.ntlm {
            let workstation = way.from.map_or("", |f| f.name.as_str()).to_owned();
            self.password_check(account, &workstation, time - 20_000);
        }
        session
    }

    /// What 4624 says.
    fn logon_data(
        &mut self,
        host: &Arc<Host>,
        account: &Account,
        way: &Way<'_>,
        (logon_id, guid): (&str, &str),
    ) -> Obj {
        let itself = account.is_system();
        let network = way.kind == 3;
        let subject = if network {
            Obj::new()
                .s("SubjectUserSid", "S-1-0-0")
                .s("SubjectUserName", "-")
                .s("SubjectDomainName", "-")
                .s("SubjectLogonId", "0x0")
        } else {
            self.machine_subject(host)
        };
        let ip = way.from.map_or("-", |f| f.ip.as_str());
        let package = if way.ntlm {
            "NTLM"
        } else if network {
            "Kerberos"
        } else {
            "Negotiate"
        };
        let port = if way.from.is_some() { self.port() } else { 0 };
        let name = if !way.ntlm && way.from.is_some() && network {
            "-"
        } else {
            way.from.map_or(host.name.as_str(), |f| f.name.as_str())
        };
        subject
            .s("TargetUserSid", &account.sid)
            .s("TargetUserName", if itself { "SYSTEM" } else { &account.name })
            .s("TargetDomainName", if itself { "NT AUTHORITY" } else { &account.domain })
            .s("TargetLogonId", logon_id)
            .n("LogonType", way.kind)
            .s(
                "LogonProcessName",
                if way.ntlm {
                    "NtLmSsp "
                } else if network {
                    "Kerberos"
                } else {
                    "User32 "
                },
            )
            .s("AuthenticationPackageName", package)
            .s("WorkstationName", name)
            .s("LogonGuid", guid)
            .s("TransmittedServices", "-")
            .s("LmPackageName", if way.ntlm { "NTLM V2" } else { "-" })
            .n("KeyLength", if way.ntlm { 128 } else { 0 })
            .s("ProcessId", if network { "0x0" } else { "0x2f4" })
            .s("ProcessName", if network { "-" } else { r"C:\Windows\System32\svchost.exe" })
            .s("IpAddress", ip)
            .s("IpPort", &port.to_string())
            .s("ImpersonationLevel", "%%1833")
            .s("VirtualAccount", "%%1843")
            .s("TargetLinkedLogonId", "0x0")
            .s("ElevatedToken", if account.is_admin() { "%%1842" } else { "%%1843" })
    }

    /// The end of a logon (4634).
    pub(super) fn logoff(&mut self, session: &Session, time: Micros) {
        let data = Obj::new()
            .s("TargetUserSid", &session.account.sid)
            .s("TargetUserName", &session.account.name)
            .s("TargetDomainName", &session.account.domain)
            .s("TargetLogonId", &session.logon_id)
            .n("LogonType", session.kind);
        self.windows(&session.host, (Channel::Security, 4634), time, data, None);
    }

    /// A logon that fails for a wrong password (4625).
    pub(super) fn failed_logon(&mut self, host: &Arc<Host>, user: &str, from: &Host, time: Micros) {
        let data = self
            .machine_subject(host)
            .s("TargetUserSid", "S-1-0-0")
            .s("TargetUserName", user)
            .s("TargetDomainName", &self.estate.domain.clone())
            .s("Status", "0xc000006d")
            .s("FailureReason", "%%2313")
            .s("SubStatus", "0xc000006a")
            .n("LogonType", 3)
            .s("LogonProcessName", "NtLmSsp ")
            .s("AuthenticationPackageName", "NTLM")
            .s("WorkstationName", &from.name)
            .s("ProcessId", "0x0")
            .s("ProcessName", "-")
            .s("IpAddress", &from.ip)
            .s("IpPort", &self.port().to_string());
        self.windows(host, (Channel::Security, 4625), time, data, None);
    }

    /// A ticket granting ticket (4768).
    pub(super) fn tgt(&mut self, account: &Account, from: &Host, time: Micros) {
        let krbtgt = format!("{}-502", self.estate.sid);
        let data = Obj::new()
            .s("TargetUserName", &account.name)
            .s("TargetDomainName", &account.domain)
            .s("TargetSid", &account.sid)
            .s("ServiceName", "krbtgt")
            .s("ServiceSid", &krbtgt)
            .s("TicketOptions", "0x40810010")
            .s("Status", "0x0")
            .s("TicketEncryptionType", "0x12")
            .s("PreAuthType", "2")
            .s("IpAddress", &format!("::ffff:{}", from.ip))
            .s("IpPort", &self.port().to_string());
        let dc = Arc::clone(&self.estate.dc);
        self.windows(&dc, (Channel::Security, 4768), time, data, None);
    }

    /// A service ticket (4769).
    pub(super) fn ticket(
        &mut self,
        account: &Account,
        from: &Host,
        service: &str,
        guid: &str,
        time: Micros,
        fact: Option<FactId>,
    ) {
        let realm = self.estate.suffix.to_uppercase();
        let data = Obj::new()
            .s("TargetUserName", &format!("{}@{realm}", account.name))
            .s("TargetDomainName", &realm)
            .s("ServiceName", service)
            .s("ServiceSid", &format!("{}-{}", self.estate.sid, 1_000 + text_number(service) % 900))
            .s("TicketOptions", "0x40810000")
            .s("TicketEncryptionType", "0x12")
            .s("IpAddress", &format!("::ffff:{}", from.ip))
            .s("IpPort", &self.port().to_string())
            .s("Status", "0x0")
            .s("LogonGuid", guid)
            .s("TransmittedServices", "-");
        let dc = Arc::clone(&self.estate.dc);
        self.windows(&dc, (Channel::Security, 4769), time, data, fact);
    }

    /// A password checked without Kerberos (4776).
    fn password_check(&mut self, account: &Account, workstation: &str, time: Micros) {
        let data = Obj::new()
            .s("PackageName", "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0")
            .s("TargetUserName", &account.name)
            .s("Workstation", workstation)
            .s("Status", "0x0");
        let dc = Arc::clone(&self.estate.dc);
        self.windows(&dc, (Channel::Security, 4776), time, data, None);
    }

    /// Someone uses other credentials than those of the session (4648).
    pub(super) fn explicit(
        &mut self,
        session: &Session,
        (target, server): (&Account, &Host),
        process: &Proc,
        time: Micros,
        fact: Option<FactId>,
    ) {
        let data = Self::subject(session)
            .s("LogonGuid", &session.guid)
            .s("TargetUserName", &target.name)
            .s("TargetDomainName", &target.domain)
            .s("TargetLogonGuid", NO_GUID)
            .s("TargetServerName", &server.fqdn)
            .s("TargetInfo", &server.fqdn)
            .s("ProcessId", &format!("0x{:x}", process.pid))
            .s("ProcessName", &process.image)
            .s("IpAddress", "-")
            .s("IpPort", "-");
        self.windows(&session.host, (Channel::Security, 4648), time, data, fact);
    }

    /// A share opened (5140).
    pub(super) fn share(&mut self, session: &Session, (share, local): (&str, &str), time: Micros) {
        let data = Self::subject(session)
            .s("ObjectType", "File")
            .s("IpAddress", &session.from)
            .s("IpPort", &self.port().to_string())
            .s("ShareName", &format!(r"\\*\{share}"))
            .s("ShareLocalPath", &format!(r"\??\{local}"))
            .s("AccessMask", "0x1")
            .s("AccessList", "%%4416\r\n\t\t\t\t");
        self.windows(&session.host, (Channel::Security, 5140), time, data, None);
    }

    /// A file of a share opened (5145), for writing or for reading.
    pub(super) fn share_file(
        &mut self,
        session: &Session,
        (share, local): (&str, &str),
        (file, write): (&str, bool),
        time: Micros,
        fact: Option<FactId>,
    ) {
        let reads = "%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t%%4416\r\n\t\t\t\t%%4419\r\n\t\t\t\t%%4423\r\n\t\t\t\t";
        let writes = "%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t%%4417\r\n\t\t\t\t%%4418\r\n\t\t\t\t%%4424\r\n\t\t\t\t";
        let data = Self::subject(session)
            .s("ObjectType", "File")
            .s("IpAddress", &session.from)
            .s("IpPort", &self.port().to_string())
            .s("ShareName", &format!(r"\\*\{share}"))
            .s("ShareLocalPath", &format!(r"\??\{local}"))
            .s("RelativeTargetName", file)
            .s("AccessMask", if write { "0x120116" } else { "0x120089" })
            .s("AccessList", if write { writes } else { reads })
            .s("AccessReason", "-");
        self.windows(&session.host, (Channel::Security, 5145), time, data, fact);
    }

    /// A file read on its own machine (4663), where its owner asked for that.
    pub(super) fn object_read(
        &mut self,
        session: &Session,
        path: &str,
        process: &Proc,
        time: Micros,
        fact: Option<FactId>,
    ) {
        let data = Self::subject(session)
            .s("ObjectServer", "Security")
            .s("ObjectType", "File")
            .s("ObjectName", path)
            .s("HandleId", &format!("0x{:x}", 4 * self.rng.below(4_000)))
            .s("AccessList", "%%4416\r\n\t\t\t\t")
            .s("AccessMask", "0x1")
            .s("ProcessId", &format!("0x{:x}", process.pid))
            .s("ProcessName", &process.image)
            .s("ResourceAttributes", "S:AI");
        self.windows(&session.host, (Channel::Security, 4663), time, data, fact);
    }

    /// A service installed (7045, and 4697).
    pub(super) fn service(
        &mut self,
        session: &Session,
        (name, path): (&str, &str),
        time: Micros,
        fact: Option<FactId>,
    ) {
        let data = Obj::new()
            .s("ServiceName", name)
            .s("ImagePath", path)
            .s("ServiceType", "user mode service")
            .s("StartType", "demand start")
            .s("AccountName", "LocalSystem");
        self.windows(&session.host, (Channel::System, 7045), time, data, fact);
        let data = Self::subject(session)
            .s("ServiceName", name)
            .s("ServiceFileName", path)
            .s("ServiceType", "0x10")
            .n("ServiceStartType", 3)
            .s("ServiceAccount", "LocalSystem");
        self.windows(&session.host, (Channel::Security, 4697), time + 3_000, data, fact);
    }

    /// A service changes its state (7036).
    pub(super) fn service_state(&mut self, host: &Arc<Host>, name: &str, time: Micros) {
        let data = Obj::new().s("param1", name).s("param2", "running");
        self.windows(host, (Channel::System, 7036), time, data, None);
    }

    /// A scheduled task registered (4698).
    pub(super) fn task(
        &mut self,
        session: &Session,
        (name, command): (&str, &str),
        time: Micros,
        fact: Option<FactId>,
    ) {
        let content = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<Task version=\"1.2\" \
             xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\r\n  <Actions><Exec>\
             <Command>{command}</Command></Exec></Actions>\r\n</Task>"
        );
        let data = Self::subject(session).s("TaskName", name).s("TaskContent", &content);
        self.windows(&session.host, (Channel::Security, 4698), time, data, fact);
    }

    /// A password reset by an administrator (4724).
    pub(super) fn reset(&mut self, by: &Session, target: &Account, time: Micros) {
        let data = Obj::new()
            .s("TargetUserName", &target.name)
            .s("TargetDomainName", &target.domain)
            .s("TargetSid", &target.sid)
            .s("SubjectUserSid", &by.account.sid)
            .s("SubjectUserName", &by.account.name)
            .s("SubjectDomainName", &by.account.domain)
            .s("SubjectLogonId", &by.logon_id);
        self.windows(&by.host, (Channel::Security, 4724), time, data, None);
    }

    /// Rights of replication used on the directory (4662).
    pub(super) fn replicated(&mut self, session: &Session, time: Micros, fact: Option<FactId>) {
        let rights =
            ["1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"];
        for (n, right) in (0..).zip(rights) {
            let data = Self::subject(session)
                .s("ObjectServer", "DS")
                .s("ObjectType", "%{19195a5b-6da0-11d0-afd3-00c04fd930c9}")
                .s("ObjectName", "%{4f5e7c3a-0b1d-4a58-9d86-6f0a2e9c1b37}")
                .s("OperationType", "Object Access")
                .s("HandleId", "0x0")
                .s("AccessList", "%%7688\r\n\t\t\t\t")
                .s("AccessMask", "0x100")
                .s(
                    "Properties",
                    &format!(
                        "%%7688\r\n\t\t{{{right}}}\r\n\t{{19195a5b-6da0-11d0-afd3-00c04fd930c9}}"
                    ),
                )
                .s("AdditionalInfo", "-")
                .s("AdditionalInfo2", "");
            self.windows(&session.host, (Channel::Security, 4662), time + n * 4_000, data, fact);
        }
    }

    /// The Security log emptied (1102): what it held since the last export is gone.
    pub(super) fn empty_log(&mut self, session: &Session, time: Micros) {
        let data = Obj::new().n("LogFileCleared", Self::subject(session).end());
        self.windows(&session.host, (Channel::Security, 1102), time, data, None);
        self.clear(&session.host, Channel::Security, time);
    }

    /// A script block recorded (4104).
    pub(super) fn script(
        &mut self,
        host: &Arc<Host>,
        text: &str,
        time: Micros,
        fact: Option<FactId>,
    ) {
        let data = Obj::new()
            .n("MessageNumber", 1)
            .n("MessageTotal", 1)
            .s("ScriptBlockText", text)
            .s("ScriptBlockId", &self.rng.guid().to_lowercase())
            .s("Path", "");
        self.windows(host, (Channel::PowerShell, 4104), time, data, fact);
    }

    /// A program started: Sysmon 1 and 4688, whichever is recorded.
    pub(super) fn start(
        &mut self,
        session: &Session,
        parent: &Proc,
        (image, command): (&str, &str),
        time: Micros,
        fact: Option<FactId>,
    ) -> Proc {
        let proc = Proc {
            guid: self.rng.guid(),
            pid: self.pid(),
            image: image.to_owned(),
            command: command.to_owned(),
        };
        let data = sysmon_process(session, parent, &proc, time);
        self.windows(&session.host, (Channel::Sysmon, 1), time, data, fact);
        let system = session.logon_id == "0x3e7";
        let data = Self::subject(session)
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
            .s("MandatoryLabel", if system { "S-1-16-16384" } else { "S-1-16-8192" });
        self.windows(&session.host, (Channel::Security, 4688), time + 1_000, data, fact);
        proc
    }

    /// A program that runs already when the records begin.
    pub(super) fn running(&mut self, image: &str) -> Proc {
        Proc {
            guid: self.rng.guid(),
            pid: self.pid(),
            image: image.to_owned(),
            command: image.to_owned(),
        }
    }

    fn sysmon_base(session: &Session, proc: &Proc, time: Micros) -> Obj {
        Obj::new()
            .s("RuleName", "-")
            .s("UtcTime", &sysmon(time + session.host.log.skew - 3_000))
            .s("ProcessGuid", &format!("{{{}}}", proc.guid.to_lowercase()))
            .n("ProcessId", proc.pid)
            .s("Image", &proc.image)
            .s("User", &session.account.qualified())
    }

    /// A connection opened by a program (Sysmon 3).
    pub(super) fn connect(
        &mut self,
        session: &Session,
        proc: &Proc,
        (ip, name, port): (&str, &str, u16),
        time: Micros,
        fact: Option<FactId>,
    ) {
        let source_port = self.port();
        let data = Self::sysmon_base(session, proc, time)
            .s("Protocol", "tcp")
            .s("Initiated", "true")
            .s("SourceIsIpv6", "false")
            .s("SourceIp", &session.host.ip)
            .s("SourceHostname", &session.host.fqdn)
            .n("SourcePort", source_port)
            .s("SourcePortName", "-")
            .s("DestinationIsIpv6", "false")
            .s("DestinationIp", ip)
            .s("DestinationHostname", name)
            .n("DestinationPort", port)
            .s("DestinationPortName", "-");
        self.windows(&session.host, (Channel::Sysmon, 3), time, data, fact);
    }

    /// A file created (Sysmon 11).
    pub(super) fn created(
        &mut self,
        session: &Session,
        proc: &Proc,
        file: &str,
        time: Micros,
        fact: Option<FactId>,
    ) {
        let made = sysmon(time + session.host.log.skew - 3_000);
        let data = Self::sysmon_base(session, proc, time)
            .s("TargetFilename", file)
            .s("CreationUtcTime", &made);
        self.windows(&session.host, (Channel::Sysmon, 11), time, data, fact);
    }

    /// A program ended (Sysmon 5).
    pub(super) fn ended(&mut self, session: &Session, proc: &Proc, time: Micros) {
        let data = Self::sysmon_base(session, proc, time);
        self.windows(&session.host, (Channel::Sysmon, 5), time, data, None);
    }

    /// A program opens the memory of LSASS (Sysmon 10).
    pub(super) fn lsass(
        &mut self,
        session: &Session,
        proc: &Proc,
        access: &str,
        time: Micros,
        fact: Option<FactId>,
    ) {
        let target = self.rng.guid();
        let data = Obj::new()
            .s("RuleName", "-")
            .s("UtcTime", &sysmon(time + session.host.log.skew - 3_000))
            .s("SourceProcessGUID", &format!("{{{}}}", proc.guid.to_lowercase()))
            .n("SourceProcessId", proc.pid)
            .n("SourceThreadId", 4 * self.rng.below(2_000))
            .s("SourceImage", &proc.image)
            .s("TargetProcessGUID", &format!("{{{}}}", target.to_lowercase()))
            .n("TargetProcessId", 748)
            .s("TargetImage", r"C:\Windows\System32\lsass.exe")
            .s("GrantedAccess", access)
            .s(
                "CallTrace",
                r"C:\Windows\SYSTEM32\ntdll.dll+9fc24|C:\Windows\System32\KERNELBASE.dll+20d0e",
            )
            .s("SourceUser", &session.account.qualified())
            .s("TargetUser", r"NT AUTHORITY\SYSTEM");
        self.windows(&session.host, (Channel::Sysmon, 10), time, data, fact);
    }
}

fn sysmon_process(session: &Session, parent: &Proc, proc: &Proc, time: Micros) -> Obj {
    let n = text_number(&proc.image);
    let m = n.rotate_left(29) ^ 0x5bd1_e995_7b93_b5a1;
    let hashes = format!("MD5={n:016X}{m:016X},SHA256={n:016X}{m:016X}{:016X}{:016X}", n ^ m, !n);
    let base = proc.image.rsplit('\\').next().unwrap_or("");
    Scene::sysmon_base(session, proc, time)
        .s("FileVersion", "-")
        .s("OriginalFileName", base)
        .s("CommandLine", &proc.command)
        .s("CurrentDirectory", r"C:\Windows\system32\")
        .s("LogonGuid", &format!("{{{}}}", session.guid.to_lowercase()))
        .s("LogonId", &session.logon_id)
        .n("TerminalSessionId", 1)
        .s("IntegrityLevel", if session.account.is_admin() { "High" } else { "Medium" })
        .s("Hashes", &hashes)
        .s("ParentProcessGuid", &format!("{{{}}}", parent.guid.to_lowercase()))
        .n("ParentProcessId", parent.pid)
        .s("ParentImage", &parent.image)
        .s("ParentCommandLine", &parent.command)
}
