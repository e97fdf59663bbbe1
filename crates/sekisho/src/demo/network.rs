//! The fictional network: its machines, people and protected things. Names and addresses are those kept free for
//! documentation (RFC 2606, RFC 5737) and private ranges, so that nobody real can be meant.

/// One machine.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: &'static str,
    pub(super) ip: &'static str,
    pub(super) role: &'static str,
    /// Sysmon runs here.
    pub(super) sysmon: bool,
    /// PowerShell script blocks are logged here.
    pub(super) powershell: bool,
    /// Its logs reach us at all.
    pub(super) supplies: bool,
    pub(super) server: bool,
}

/// One account of the domain.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) name: &'static str,
    pub(super) rid: u32,
    pub(super) role: &'static str,
    pub(super) admin: bool,
    /// The workstation of this person, or the machine on which a service account works.
    pub(super) home: &'static Host,
}

/// A thing that must not leave.
#[derive(Debug)]
pub(super) struct Asset {
    pub(super) name: &'static str,
    pub(super) place: &'static str,
    pub(super) host: &'static str,
    /// What an honest examination can say at best.
    pub(super) verdict: &'static str,
    pub(super) because: &'static str,
}

pub(super) const DOMAIN: &str = "EXAMPLE";
pub(super) const SUFFIX: &str = "example.org";
const DOMAIN_SID: &str = "S-1-5-21-1004336348-1177238915-682003330";

const fn host(
    name: &'static str,
    ip: &'static str,
    role: &'static str,
    sysmon: bool,
    powershell: bool,
    server: bool,
) -> Host {
    Host { name, ip, role, sysmon, powershell, supplies: true, server }
}

pub(super) static DC01: Host = host("DC01", "10.20.1.10", "domain controller", false, true, true);
pub(super) static FS01: Host = host("FS01", "10.20.1.20", "file server", true, true, true);
pub(super) static BK01: Host = host("BK01", "10.20.1.30", "backup server", false, false, true);
pub(super) static AP01: Host =
    host("AP01", "10.20.1.40", "application server (payroll)", false, true, true);
pub(super) static RD01: Host =
    host("RD01", "10.20.1.5", "remote access gateway", false, true, true);
pub(super) static ADM01: Host =
    host("ADM01", "10.20.2.10", "administrators' workstation", true, true, false);
pub(super) static WS01: Host = host("WS01", "10.20.3.11", "workstation", true, true, false);
pub(super) static WS02: Host = host("WS02", "10.20.3.12", "workstation", true, true, false);
pub(super) static WS03: Host = host("WS03", "10.20.3.13", "workstation", true, true, false);
pub(super) static WS04: Host = host("WS04", "10.20.3.14", "workstation", true, true, false);
pub(super) static WS05: Host = host("WS05", "10.20.3.15", "workstation", true, true, false);
pub(super) static WS06: Host = host("WS06", "10.20.3.16", "workstation", false, false, false);
pub(super) static LAB01: Host = Host {
    name: "LAB01",
    ip: "10.20.4.10",
    role: "laboratory machine, outside central logging",
    sysmon: false,
    powershell: false,
    supplies: false,
    server: true,
};

/// All machines, in the order of the truth file.
pub(super) static HOSTS: [&Host; 13] =
    [&DC01, &FS01, &BK01, &AP01, &RD01, &ADM01, &WS01, &WS02, &WS03, &WS04, &WS05, &WS06, &LAB01];

const fn person(name: &'static str, rid: u32, role: &'static str, home: &'static Host) -> Account {
    Account { name, rid, role, admin: false, home }
}

const fn admin(name: &'static str, rid: u32, role: &'static str, home: &'static Host) -> Account {
    Account { name, rid, role, admin: true, home }
}

pub(super) static AOKI: Account = person("h.aoki", 1111, "planner", &WS01);
pub(super) static BRANDT: Account = person("m.brandt", 1112, "director", &WS02);
pub(super) static COLE: Account = person("s.cole", 1113, "planner", &WS03);
pub(super) static DOI: Account = person("y.doi", 1114, "travel desk", &WS04);
pub(super) static EVANS: Account = person("r.evans", 1115, "evaluator", &WS05);
pub(super) static FUJI: Account = person("k.fuji", 1116, "personnel", &WS06);
pub(super) static TANAKA: Account = admin("adm-tanaka", 1151, "administrator", &ADM01);
pub(super) static SATO: Account = admin("adm-sato", 1152, "administrator", &ADM01);
pub(super) static BACKUP: Account =
    admin("svc-backup", 1201, "service account of the backup", &BK01);
pub(super) static DEPLOY: Account =
    admin("svc-deploy", 1202, "service account of software deployment", &ADM01);
pub(super) static SQL: Account =
    person("svc-sql", 1203, "service account of the payroll database", &AP01);
/// Made by the intruder during the first stay.
pub(super) static PRINT: Account = admin("svc-print", 1204, "made by the intruder", &DC01);

/// Those who sit at workstations.
pub(super) static STAFF: [&Account; 6] = [&AOKI, &BRANDT, &COLE, &DOI, &EVANS, &FUJI];
/// All accounts, in the order of the truth file.
pub(super) static ACCOUNTS: [&Account; 12] =
    [&AOKI, &BRANDT, &COLE, &DOI, &EVANS, &FUJI, &TANAKA, &SATO, &BACKUP, &DEPLOY, &SQL, &PRINT];

/// The intruder's machines outside.
pub(super) const STAGE_IP: &str = "198.51.100.23";
pub(super) const DROP_IP: &str = "203.0.113.77";
pub(super) const RETURN_IP: &str = "203.0.113.140";
pub(super) const SECOND_DROP_IP: &str = "198.51.100.150";
/// Where the backups rightly go.
pub(super) const VAULT_IP: &str = "198.51.100.200";

/// The protected things, with the verdict that the surviving records allow.
pub(super) static ASSETS: [Asset; 6] = [
    Asset {
        name: "plans",
        place: r"\\FS01\Plans",
        host: "FS01",
        verdict: "exfiltrated",
        because: "read in bulk, packed, and 1.9 GB left by FS01 the next night; again after the second entry",
    },
    Asset {
        name: "evaluations",
        place: r"\\FS01\Evaluations",
        host: "FS01",
        verdict: "accessed",
        because: "read in bulk; the packing and the departure fall into the gaps of WS04 and of the sensor",
    },
    Asset {
        name: "director's mailbox",
        place: "m.brandt@example.org",
        host: "m365",
        verdict: "exfiltrated",
        because: "an application of the intruder synchronised whole folders",
    },
    Asset {
        name: "laboratory notes",
        place: r"\\LAB01\Notes",
        host: "LAB01",
        verdict: "cannot be determined",
        because: "the intruder connected to LAB01, which supplies no logs",
    },
    Asset {
        name: "payroll",
        place: "AP01 payroll database",
        host: "AP01",
        verdict: "reachable",
        because: "the service account's ticket was asked for to guess its password; no touch is recorded",
    },
    Asset {
        name: "personnel files",
        place: r"\\FS01\Personnel",
        host: "FS01",
        verdict: "cannot be determined",
        because: "no touch is recorded, but FS01 lost two hours of its Security log during the second stay",
    },
];

impl Host {
    /// Name with domain, as Windows writes it.
    pub(super) fn fqdn(&self) -> String {
        format!("{}.{SUFFIX}", self.name)
    }

    /// The account of the machine itself.
    pub(super) fn machine_account(&self) -> String {
        format!("{}$", self.name)
    }
}

impl Account {
    /// Security identifier.
    pub(super) fn sid(&self) -> String {
        format!("{DOMAIN_SID}-{}", self.rid)
    }

    /// `EXAMPLE\name`.
    pub(super) fn qualified(&self) -> String {
        format!("{DOMAIN}\\{}", self.name)
    }

    /// `name@example.org`.
    pub(super) fn mail(&self) -> String {
        format!("{}@{SUFFIX}", self.name)
    }
}
