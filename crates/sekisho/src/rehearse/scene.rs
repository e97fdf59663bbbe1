//! The scene on which ordinary work and intrusions are played. Records wait here for their day; then each is kept or
//! lost, numbered, and written. Which facts the kept ones still show is noted on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::LogFile;
use super::estate::{Account, Estate, Host};
use super::logging::{Channel, Dialect, Outage, Way, whole};
use crate::demo::clock::{DAY, HOUR, Micros, iso, seconds};
use crate::demo::json::Obj;
use crate::demo::rng::Rng;

/// Something that happened and that records may show: a foothold, a touch, a departure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FactId(usize);

#[derive(Clone, Copy, Debug, Default)]
struct Fact {
    /// Without this one, nobody can tell whose it was.
    needs: Option<FactId>,
    seen: bool,
}

/// All facts.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts(Vec<Fact>);

impl Facts {
    /// A new fact, which can be told only together with another.
    pub(super) fn add(&mut self, needs: Option<FactId>) -> FactId {
        self.0.push(Fact { needs, seen: false });
        FactId(self.0.len() - 1)
    }

    fn saw(&mut self, id: FactId) {
        if let Some(fact) = self.0.get_mut(id.0) {
            fact.seen = true;
        }
    }

    /// Whether records are left that show it, and whose it was.
    pub(super) fn shown(&self, id: FactId) -> bool {
        let mut next = Some(id);
        // A fact needs only earlier ones, so this ends.
        while let Some(fact) = next.and_then(|id| self.0.get(id.0)) {
            if !fact.seen {
                return false;
            }
            next = fact.needs;
        }
        true
    }
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Windows(Arc<str>, Channel),
    Zeek(&'static str),
    Tenant,
    Trail,
}

impl Source {
    pub(super) fn name(&self) -> String {
        match self {
            Source::Windows(host, channel) => {
                format!("windows/{host}/{}", channel.name().replace('/', "%4"))
            }
            Source::Zeek(log) => format!("zeek/{log}"),
            Source::Tenant => "m365/audit".to_owned(),
            Source::Trail => "aws/cloudtrail".to_owned(),
        }
    }
}

#[derive(Debug)]
enum Body {
    /// What stands below `EventData`.
    Windows(Arc<Host>, u16, String),
    Line(String),
}

#[derive(Debug)]
struct Pending {
    source: Source,
    time: Micros,
    order: u64,
    body: Body,
    fact: Option<FactId>,
}

/// A logon of someone on a machine.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) host: Arc<Host>,
    pub(super) account: Arc<Account>,
    pub(super) logon_id: String,
    pub(super) guid: String,
    pub(super) kind: u8,
    /// From which address.
    pub(super) from: String,
}

/// A running program.
#[derive(Clone, Debug)]
pub(super) struct Proc {
    pub(super) guid: String,
    pub(super) pid: u32,
    pub(super) image: String,
    pub(super) command: String,
}

/// A log that was emptied.
#[derive(Clone, Debug)]
struct Clear {
    host: String,
    channel: Channel,
    at: Micros,
}

/// Everything at hand while a rehearsal is played.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) seed: u64,
    pub(super) rng: Rng,
    pub(super) estate: Arc<Estate>,
    pub(super) facts: Facts,
    pending: Vec<Pending>,
    order: u64,
    numbers: BTreeMap<Source, u64>,
    clears: Vec<Clear>,
    /// Where the intruder is, and when: host, from, until.
    pub(super) held: Vec<(String, Micros, Micros)>,
    /// Assets that others touched from such a host meanwhile: no record tells these touches from the intruder's.
    pub(super) mixed: BTreeSet<String>,
    /// Records that were kept so far.
    pub(super) kept: u64,
    /// Records that were made and lost.
    pub(super) lost: u64,
}

impl Scene {
    pub(super) fn new(seed: u64, estate: Estate) -> Self {
        Self {
            seed,
            rng: Rng::fork(seed, 11, 0),
            estate: Arc::new(estate),
            facts: Facts::default(),
            pending: Vec::new(),
            order: 0,
            numbers: BTreeMap::new(),
            clears: Vec::new(),
            held: Vec::new(),
            mixed: BTreeSet::new(),
            kept: 0,
            lost: 0,
        }
    }

    /// A port from which a client calls.
    pub(super) fn port(&mut self) -> u16 {
        49_152 + u16::try_from(self.rng.below(16_000)).unwrap_or(0)
    }

    /// A process id, a multiple of four as on Windows.
    pub(super) fn pid(&mut self) -> u32 {
        1_000 + 4 * u32::try_from(self.rng.below(4_000)).unwrap_or(0)
    }

    /// A logon id.
    pub(super) fn logon_id(&mut self) -> String {
        format!("0x{:x}", 0x1_0000 + self.rng.below(0x0fff_0000))
    }

    fn put(&mut self, source: Source, time: Micros, body: Body, fact: Option<FactId>) {
        self.order += 1;
        if time < self.estate.start || time >= self.estate.end() {
            return;
        }
        self.pending.push(Pending { source, time, order: self.order, body, fact });
    }

    /// A record of a Windows machine, if it makes such records.
    pub(super) fn windows(
        &mut self,
        host: &Arc<Host>,
        (channel, id): (Channel, u16),
        time: Micros,
        data: Obj,
        fact: Option<FactId>,
    ) {
        if host.log.supplies && host.log.makes(channel, id) {
            let source = Source::Windows(Arc::from(host.name.as_str()), channel);
            self.put(source, time, Body::Windows(Arc::clone(host), id, data.end()), fact);
        }
    }

    /// A record of a log without numbers: one line of JSON.
    pub(super) fn line(&mut self, source: Source, time: Micros, data: Obj, fact: Option<FactId>) {
        self.put(source, time, Body::Line(data.end()), fact);
    }

    /// Ordinary work touches an asset from a host.
    pub(super) fn works_on(&mut self, asset: &str, from: &Host, time: Micros) {
        if self
            .held
            .iter()
            .any(|(host, since, until)| *host == from.name && (*since..*until).contains(&time))
        {
            self.mixed.insert(asset.to_owned());
        }
    }

    /// A log of a host is emptied: what it held since the last export, at midnight, is gone.
    pub(super) fn clear(&mut self, host: &Arc<Host>, channel: Channel, at: Micros) {
        self.clears.push(Clear { host: host.name.clone(), channel, at });
    }

    fn cleared(&self, host: &str, channel: Channel, from: Micros, to: Micros) -> bool {
        let midnight = |at: Micros| at - (at - self.estate.start).rem_euclid(DAY);
        let mut of_it = self.clears.iter().filter(|c| c.host == host && c.channel == channel);
        of_it.any(|c| midnight(c.at) < to && from < c.at)
    }

    /// Whether all records of this kind of a stretch of time are among those kept.
    pub(super) fn complete(
        &self,
        host: &Host,
        (channel, id): (Channel, u16),
        from: Micros,
        to: Micros,
    ) -> bool {
        host.log.complete(channel, id, from, to) && !self.cleared(&host.name, channel, from, to)
    }

    fn fate(&mut self, record: &Pending) -> Option<Way> {
        let outage = |out: &[Outage]| {
            out.iter().find(|o| (o.from..o.to).contains(&record.time)).map(|o| o.way)
        };
        match (&record.source, &record.body) {
            (Source::Windows(name, channel), Body::Windows(host, id, _)) => {
                let cleared = self.cleared(name, *channel, record.time, record.time + 1);
                let gone = cleared.then_some(Way::Hole);
                host.log.loses(*channel, *id, record.time).or(gone)
            }
            (Source::Tenant, _) => self.estate.tenant.as_ref().and_then(|t| outage(&t.outages)),
            (Source::Trail, _) => self.estate.cloud.as_ref().and_then(|c| outage(&c.log.outages)),
            (Source::Zeek(log), _) => {
                let sensor = self.estate.sensor.clone()?;
                let dropped =
                    *log != "capture_loss" && self.rng.below(1_000) < sensor.loss_per_mille;
                outage(&sensor.outages).or(dropped.then_some(Way::Silence))
            }
            _ => None,
        }
    }

    /// The logs of one day: everything before `until`. Later records wait for their day.
    pub(super) fn flush(&mut self, day: i64, until: Micros) -> Vec<LogFile> {
        let all = std::mem::take(&mut self.pending);
        let (mut due, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|r| r.time < until);
        self.pending = later;
        due.sort_unstable_by(|a, b| {
            (&a.source, a.time, a.order).cmp(&(&b.source, b.time, b.order))
        });
        self.rng = Rng::fork(self.seed, 13, u64::try_from(day).unwrap_or(0));
        let mut files: Vec<LogFile> = Vec::new();
        let mut last = None;
        for record in &due {
            if last != Some(&record.source) {
                files.push(self.file(&record.source, day));
                last = Some(&record.source);
            }
            if let Some(file) = files.last_mut() {
                self.write(record, file);
            }
        }
        for file in &mut files {
            finish(file);
        }
        files.retain(|file| file.records > 0);
        files
    }

    fn file(&self, source: &Source, day: i64) -> LogFile {
        let name = source.name();
        let date = seconds(self.estate.start + day * DAY);
        let date = date.split('T').next().unwrap_or_default();
        let end = if matches!(source, Source::Trail) { "json" } else { "jsonl" };
        let mut bytes = Vec::new();
        if matches!(source, Source::Trail) && self.in_one() {
            bytes.extend_from_slice(b"{\"Records\":[");
        }
        LogFile { path: format!("{name}-{date}.{end}"), source: name, day, records: 0, bytes }
    }

    fn in_one(&self) -> bool {
        self.estate.cloud.as_ref().is_some_and(|c| c.log.records_in_one)
    }

    fn write(&mut self, record: &Pending, file: &mut LogFile) {
        let way = self.fate(record);
        let mut number = 0;
        if let Body::Windows(host, ..) = &record.body {
            if way == Some(Way::Silence) {
                self.lost += 1;
                return;
            }
            number = self.number(&record.source, host.log.forwarded);
        }
        if way.is_some() {
            self.lost += 1;
            return;
        }
        if let Some(fact) = record.fact {
            self.facts.saw(fact);
        }
        let (text, doubled) = match (&record.source, &record.body) {
            (Source::Windows(_, channel), Body::Windows(host, id, data)) => {
                let text = windows_line(host, (*channel, *id), record.time, number, data);
                (text, host.log.doubled && self.rng.chance(3))
            }
            (_, Body::Line(text) | Body::Windows(_, _, text)) => (text.clone(), false),
        };
        let part = if file.path.ends_with(".json") && self.in_one() { "," } else { "\n" };
        for _ in 0..=u8::from(doubled) {
            self.kept += 1;
            file.records += 1;
            file.bytes.extend_from_slice(text.as_bytes());
            file.bytes.extend_from_slice(part.as_bytes());
        }
    }

    /// The next number of a log. Where a subscription picks out records, others lie between.
    fn number(&mut self, source: &Source, forwarded: bool) -> u64 {
        let step = if forwarded { 1 + self.rng.below(4) } else { 1 };
        let first = 1_000 + self.rng.below(400_000);
        let next = self.numbers.entry(source.clone()).or_insert(first);
        *next += step;
        *next
    }

    /// Whether the tenant's trail is whole over a stretch of time.
    pub(super) fn tenant_whole(&self, from: Micros, to: Micros) -> bool {
        self.estate.tenant.as_ref().is_some_and(|t| whole(&t.outages, from, to))
    }

    /// Whether the cloud account's trail is.
    pub(super) fn trail_whole(&self, from: Micros, to: Micros) -> bool {
        self.estate.cloud.as_ref().is_some_and(|c| whole(&c.log.outages, from, to))
    }
}

/// Closes the array where all records stand in one.
fn finish(file: &mut LogFile) {
    if file.bytes.ends_with(b",") {
        file.bytes.pop();
        file.bytes.extend_from_slice(b"]}\n");
    }
}

fn provider(channel: Channel, id: u16) -> &'static str {
    match (channel, id) {
        (_, 104 | 1102) => "Microsoft-Windows-Eventlog",
        (Channel::Security, _) => "Microsoft-Windows-Security-Auditing",
        (Channel::Sysmon, _) => "Microsoft-Windows-Sysmon",
        (Channel::System, _) => "Service Control Manager",
        (Channel::PowerShell, _) => "Microsoft-Windows-PowerShell",
    }
}

/// A time with the offset of a zone.
fn with_offset(time: Micros, hours: i64) -> String {
    let local = iso(time + hours * HOUR);
    let sign = if hours < 0 { '-' } else { '+' };
    format!("{}{sign}{:02}:00", local.trim_end_matches('Z'), hours.abs())
}

fn windows_line(
    host: &Host,
    (channel, id): (Channel, u16),
    time: Micros,
    number: u64,
    data: &str,
) -> String {
    let stamp = time + host.log.skew;
    let (provider, name) = (provider(channel, id), channel.name());
    match host.log.dialect {
        Dialect::Nested => {
            let body = if matches!(id, 104 | 1102) { "UserData" } else { "EventData" };
            let at =
                Obj::new().n("#attributes", Obj::new().s("SystemTime", &iso(stamp)).end()).end();
            let of = Obj::new().n("#attributes", Obj::new().s("Name", provider).end()).end();
            let system = Obj::new()
                .n("Provider", of)
                .n("EventID", id)
                .n("Version", 1)
                .n("Level", if channel == Channel::Security { 0 } else { 4 })
                .n("TimeCreated", at)
                .n("EventRecordID", number)
                .s("Channel", name)
                .s("Computer", &host.fqdn)
                .end();
            let event = Obj::new().n("System", system).n(body, data).end();
            Obj::new().n("Event", event).end()
        }
        Dialect::Beat => {
            let body = if matches!(id, 104 | 1102) { "user_data" } else { "event_data" };
            let log = Obj::new()
                .s("channel", name)
                .s("computer_name", &host.fqdn)
                .n("event_id", id)
                .n("record_id", number)
                .s("provider_name", provider)
                .n(body, data)
                .end();
            Obj::new()
                .s("@timestamp", &iso(stamp))
                .n("host", Obj::new().s("name", &host.fqdn).end())
                .n("winlog", log)
                .end()
        }
        Dialect::Flat => {
            let mut head = Obj::new()
                .s("EventTime", &with_offset(stamp, host.log.zone_hours))
                .s("Hostname", &host.fqdn)
                .n("EventID", id)
                .n("RecordNumber", number)
                .s("Channel", name)
                .s("SourceName", provider)
                .s("SourceModuleType", "im_msvistalog")
                .end();
            head.pop();
            // Writing to a String cannot fail.
            let _ = write!(head, ",{}", data.trim_start_matches('{'));
            head
        }
    }
}
