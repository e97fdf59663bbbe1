//! The estate of a rehearsal: machines, people, shares, a tenant, a cloud account; drawn from the seed.

use std::sync::Arc;

use super::logging::{self, Logging, Outage, Sensor, TenantLog, TrailLog};
use crate::demo::clock::{DAY, Micros, START};
use crate::demo::rng::Rng;

/// What a machine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Workstation,
    FileServer,
    Directory,
    Jump,
    Backup,
    Scanner,
}

/// A machine.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) fqdn: String,
    pub(super) ip: String,
    pub(super) role: Role,
    pub(super) log: Logging,
}

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Admin,
    Service,
}

/// An account of the domain.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) sid: String,
    pub(super) mail: String,
    pub(super) kind: Kind,
    pub(super) home: Arc<Host>,
    /// Whether what happens in the mailbox is recorded.
    pub(super) mail_audit: bool,
}

impl Account {
    pub(super) fn is_admin(&self) -> bool {
        self.kind == Kind::Admin
    }

    /// The account of the system itself on its machine.
    pub(super) fn is_system(&self) -> bool {
        self.sid == "S-1-5-18"
    }

    pub(super) fn qualified(&self) -> String {
        if self.is_system() {
            return r"NT AUTHORITY\SYSTEM".to_owned();
        }
        format!("{}\\{}", self.domain, self.name)
    }
}

/// A share of a file server.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) host: Arc<Host>,
    pub(super) name: String,
    pub(super) local: String,
    /// Folders below it.
    pub(super) folders: Vec<String>,
}

/// A bucket of the cloud account.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) data_events: bool,
}

/// The cloud account.
#[derive(Clone, Debug)]
pub(super) struct Cloud {
    pub(super) account: String,
    pub(super) region: &'static str,
    pub(super) buckets: Vec<Bucket>,
    pub(super) log: TrailLog,
}

/// Everything there is.
#[derive(Clone, Debug)]
pub(super) struct Estate {
    /// Short name of the domain.
    pub(super) domain: String,
    /// Its long name.
    pub(super) suffix: String,
    pub(super) sid: String,
    pub(super) hosts: Vec<Arc<Host>>,
    pub(super) accounts: Vec<Arc<Account>>,
    pub(super) shares: Vec<Share>,
    pub(super) dc: Arc<Host>,
    /// The address under which the office is seen from outside.
    pub(super) office: String,
    pub(super) sites: Vec<String>,
    pub(super) tenant: Option<TenantLog>,
    pub(super) cloud: Option<Cloud>,
    pub(super) sensor: Option<Sensor>,
    pub(super) start: Micros,
    pub(super) days: i64,
    /// A service replicates the directory to a tenant every day.
    pub(super) directory_sync: bool,
}

impl Estate {
    pub(super) fn end(&self) -> Micros {
        self.start + self.days * DAY
    }

    pub(super) fn with_role(&self, role: Role) -> Vec<Arc<Host>> {
        self.hosts.iter().filter(|h| h.role == role).cloned().collect()
    }

    pub(super) fn of_kind(&self, kind: Kind) -> Vec<Arc<Account>> {
        self.accounts.iter().filter(|a| a.kind == kind).cloned().collect()
    }
}

const DOMAINS: [&str; 8] =
    ["corvid", "hallmark", "meridian", "northfen", "osterby", "kirisato", "valmora", "tessera"];
const WORKSTATIONS: [&str; 5] = ["WS", "PC", "LT-", "DESK", "CL"];
const FILERS: [&str; 4] = ["FS", "FILER", "NAS", "SRV-DATA"];
const FIRST: [&str; 20] = [
    "anna", "jonas", "yuki", "marta", "pavel", "ines", "tomo", "lea", "omar", "sofia", "erik",
    "mei", "nils", "rosa", "kenji", "clara", "ivan", "hana", "luis", "petra",
];
const LAST: [&str; 20] = [
    "weber", "tanaka", "novak", "silva", "berg", "mori", "keller", "haddad", "rossi", "lund",
    "sato", "costa", "brandt", "ito", "vogel", "marin", "okada", "hansen", "dubois", "ortega",
];
const SHARES: [&str; 8] =
    ["Projekte", "Plans", "Finance", "Personal", "Research", "Verträge", "Archive", "Teams"];
const FOLDERS: [&str; 10] = [
    "2023",
    "2024",
    "Entwurf",
    "Reports",
    "Board",
    "Suppliers",
    "Site North",
    "Q3",
    "Internal",
    "設計",
];
const BUCKETS: [&str; 6] = ["exports", "media", "backups", "ledger", "datalake", "releases"];

/// Draws an estate.
pub(super) fn draw(rng: &mut Rng) -> Estate {
    let domain = rng.word(&DOMAINS).to_owned();
    let suffix = format!("{domain}.{}", rng.word(&["example.org", "example.com", "example.net"]));
    let days = rng.between(3, 11);
    let start = START + rng.between(0, 300) * DAY;
    let hosts = machines(rng, &suffix, start, days);
    let sid = format!(
        "S-1-5-21-{}-{}-{}",
        rng.between(500_000_000, 3_900_000_000),
        rng.between(500_000_000, 3_900_000_000),
        rng.between(500_000_000, 3_900_000_000)
    );
    let accounts = people(rng, &hosts, (&domain, &suffix, &sid));
    let shares = shares(rng, &hosts);
    let dc = hosts
        .iter()
        .find(|h| h.role == Role::Directory)
        .cloned()
        .unwrap_or_else(|| Arc::new(logging::nowhere()));
    let outages = |rng: &mut Rng| logging::outages(rng, start, days, 12);
    let tenant = rng.chance(70).then(|| TenantLog { outages: outages(rng) });
    let cloud = rng.chance(65).then(|| cloud(rng, &domain, outages));
    let sensor = rng.chance(75).then(|| logging::sensor(rng, start, days));
    let sites = (0..1 + rng.below(2))
        .map(|n| {
            format!(
                "https://{domain}.sharepoint.com/sites/{}{n}",
                rng.word(&["team", "board", "rnd"])
            )
        })
        .collect();
    Estate {
        domain: domain.to_uppercase(),
        suffix,
        sid,
        hosts,
        accounts,
        shares,
        dc,
        office: format!("203.0.113.{}", rng.between(2, 60)),
        sites,
        tenant,
        cloud,
        sensor,
        start,
        days,
        directory_sync: rng.chance(40),
    }
}

fn cloud(rng: &mut Rng, domain: &str, outages: impl Fn(&mut Rng) -> Vec<Outage>) -> Cloud {
    let mut buckets = Vec::new();
    for _ in 0..2 + rng.below(3) {
        let name = format!("{domain}-{}-{}", rng.word(&BUCKETS), rng.between(100, 999));
        buckets.push(Bucket { name, data_events: rng.chance(70) });
    }
    Cloud {
        account: format!("{}", rng.between(100_000_000_000, 999_000_000_000)),
        region: rng.word(&["eu-central-1", "us-east-1", "ap-northeast-1"]),
        buckets,
        log: TrailLog { records_in_one: rng.chance(50), outages: outages(rng) },
    }
}

fn machines(rng: &mut Rng, suffix: &str, start: Micros, days: i64) -> Vec<Arc<Host>> {
    let mut wanted = vec![Role::Directory];
    for _ in 0..1 + rng.below(3) {
        wanted.push(Role::FileServer);
    }
    for (role, percent) in [(Role::Jump, 60), (Role::Backup, 70), (Role::Scanner, 40)] {
        if rng.chance(percent) {
            wanted.push(role);
        }
    }
    // Few large ones: what there is to find is found in small ones too.
    let most = if rng.chance(25) { 22 } else { 9 };
    for _ in 0..3 + rng.below(most) {
        wanted.push(Role::Workstation);
    }
    let (ws, fs) = (rng.word(&WORKSTATIONS), rng.word(&FILERS));
    let net = rng.between(1, 200);
    let habit = logging::Habit::draw(rng);
    let mut hosts = Vec::new();
    for (n, role) in (1_i64..).zip(wanted) {
        let name = match role {
            Role::Workstation => format!("{ws}{:03}", n * 7 + 3),
            Role::FileServer => format!("{fs}{n:02}"),
            Role::Directory => format!("DC{n:02}"),
            Role::Jump => format!("ADM{n:02}"),
            Role::Backup => format!("BKP{n:02}"),
            Role::Scanner => format!("SCAN{n:02}"),
        };
        let third = if role == Role::Workstation { 20 } else { 1 };
        let ip = format!("10.{net}.{third}.{}", 10 + n);
        let fqdn = format!("{name}.{suffix}");
        let log = logging::host(rng, habit, role, start, days);
        hosts.push(Arc::new(Host { name, fqdn, ip, role, log }));
    }
    hosts
}

fn people(rng: &mut Rng, hosts: &[Arc<Host>], names: (&str, &str, &str)) -> Vec<Arc<Account>> {
    let (domain, suffix, sid) = names;
    let mut accounts: Vec<Arc<Account>> = Vec::new();
    let mut add = |rng: &mut Rng, name: String, kind: Kind, home: &Arc<Host>| {
        let rid = 1_104 + 7 * accounts.len();
        let mail = format!("{name}@{suffix}");
        let sid = format!("{sid}-{rid}");
        let domain = domain.to_uppercase();
        let mail_audit = rng.chance(85);
        let home = Arc::clone(home);
        accounts.push(Arc::new(Account { name, domain, sid, mail, kind, home, mail_audit }));
    };
    let (shift, style) = (rng.below(20), rng.below(3));
    for (n, host) in (0_u64..).zip(hosts.iter().filter(|h| h.role == Role::Workstation)) {
        let at = |k: u64| usize::try_from(k % 20).unwrap_or(0);
        let first = FIRST.get(at(shift + n)).copied().unwrap_or("");
        let last = LAST.get(at(shift + n * 3 + n / 20)).copied().unwrap_or("");
        let name = match style {
            0 => format!("{first}.{last}"),
            1 => format!("{}{last}", first.chars().next().unwrap_or('x')),
            _ => format!("u{:05}", 20_000 + n * 37),
        };
        add(rng, name, Kind::User, host);
    }
    let jump = hosts.iter().find(|h| h.role == Role::Jump);
    for n in 0..1 + rng.below(2) {
        let desks: Vec<_> = hosts.iter().filter(|h| h.role == Role::Workstation).collect();
        let desk = rng.choose(&desks).copied();
        let Some(home) = (if rng.chance(60) { jump.or(desk) } else { desk }) else { continue };
        let last =
            LAST.get(usize::try_from((shift + 5 + n) % 20).unwrap_or(0)).copied().unwrap_or("");
        add(rng, format!("adm-{last}"), Kind::Admin, home);
    }
    for (role, name) in [(Role::Backup, "svc-backup"), (Role::Scanner, "svc-scan")] {
        if let Some(host) = hosts.iter().find(|h| h.role == role) {
            add(rng, name.to_owned(), Kind::Service, host);
        }
    }
    accounts
}

fn shares(rng: &mut Rng, hosts: &[Arc<Host>]) -> Vec<Share> {
    let mut shares = Vec::new();
    let mut shift = rng.below(8);
    for host in hosts.iter().filter(|h| h.role == Role::FileServer) {
        for _ in 0..1 + rng.below(2) {
            let name =
                SHARES.get(usize::try_from(shift % 8).unwrap_or(0)).copied().unwrap_or("Data");
            shift += 1;
            let drive = rng.word(&["D:", "E:", "F:"]);
            let local = format!(r"{drive}\{}\{name}", rng.word(&["Shares", "Data", "Freigaben"]));
            let from = rng.below(10);
            let folders = (0..3 + rng.below(3))
                .map(|k| {
                    let at = usize::try_from((from + k) % 10).unwrap_or(0);
                    FOLDERS.get(at).copied().unwrap_or("Other").to_owned()
                })
                .collect();
            shares.push(Share { host: Arc::clone(host), name: name.to_owned(), local, folders });
        }
    }
    shares
}
