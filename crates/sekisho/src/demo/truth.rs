//! What truly happened, noted while it is played, so that an examination can be measured against it.
//!
//! `truth.json` holds, in this order: `format` (`sekisho-truth/1`), `seed`, `scale`, `from`, `to`, `records`, then the
//! lists `hosts`, `accounts`, `assets` (with the verdict that the surviving records allow), `windows` (when the
//! intruder was in), `steps` (the intrusion in time order), `responses` (what the defenders did about it), `decoys`
//! (ordinary acts that look bad) and `gaps`. A step's `record_id` is the event record id, `line` its line in the file
//! `path`, counted from one; logs without record ids (Zeek, cloud) have `record_id` null. All of these are null where
//! no record survives, and `reason` says why. `also` lists further records of the same step.

use super::clock::{DAY, DAYS, Micros, START, iso};
use super::gaps::{GAPS, Loss};
use super::json::{Obj, list};
use super::network::{ACCOUNTS, ASSETS, HOSTS};
use super::sink::{CHANNELS, Channel, Fate, Mark, Placed};

/// A record in the written logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRef {
    /// Machine that the record is about.
    pub host: String,
    /// Channel as in the record; `zeek/conn` and the like for the sensor, `m365` for the cloud.
    pub channel: String,
    /// Event record id; none for logs that have no such ids.
    pub record_id: Option<u64>,
    /// Time in UTC.
    pub time: String,
    /// File below the output folder.
    pub path: String,
    /// Line in that file, from one.
    pub line: u64,
}

/// One step of the intrusion, one act of the defenders, or one ordinary act that looks bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthStep {
    /// Short name, unique among all.
    pub name: String,
    /// One sentence.
    pub what: String,
    /// ATT&CK technique, empty for ordinary acts.
    pub technique: String,
    /// Machine on which it happened.
    pub host: String,
    /// Channel of the record that tells it best.
    pub channel: String,
    /// Time in UTC.
    pub time: String,
    /// End of the act, for acts which last.
    pub until: String,
    /// The built-in rule that should find it.
    pub rule: Option<String>,
    /// Why no rule can, or why no record survives.
    pub reason: Option<String>,
    /// The record that tells it best, if it survives.
    pub record: Option<RecordRef>,
    /// Further records of the same act.
    pub also: Vec<RecordRef>,
}

/// A stretch of missing records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthGap {
    /// Machine or sensor.
    pub host: String,
    /// Channel, `*` for all.
    pub channel: String,
    /// Begin, UTC.
    pub from: String,
    /// End, UTC.
    pub to: String,
    /// `hole`, `silence`, `never supplied` or `partial`.
    pub kind: String,
    /// Cause.
    pub reason: String,
}

/// When the intruder was in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthWindow {
    /// First entry or re-entry.
    pub entered: String,
    /// Eviction; none while the intruder is still in.
    pub evicted: Option<String>,
    /// How.
    pub how: String,
}

/// A machine of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthHost {
    /// Name without domain.
    pub name: String,
    /// Address.
    pub ip: String,
    /// What it is for.
    pub role: String,
    /// Channels that it supplies; none where it supplies nothing.
    pub channels: Vec<String>,
}

/// An account of the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthAccount {
    /// Name without domain.
    pub name: String,
    /// What it is for.
    pub role: String,
    /// Has the rights of an administrator.
    pub admin: bool,
    /// The machine where it is at home.
    pub home: String,
}

/// A protected asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthAsset {
    /// Name.
    pub name: String,
    /// Where it lies.
    pub place: String,
    /// Machine or service.
    pub host: String,
    /// The verdict that the surviving records allow.
    pub verdict: String,
    /// Why this verdict.
    pub because: String,
}

/// The whole truth about one rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Seed from which it was made.
    pub seed: u64,
    /// Amount of ordinary work.
    pub scale: u32,
    /// First moment, UTC.
    pub from: String,
    /// Last moment, UTC.
    pub to: String,
    /// Records written.
    pub records: u64,
    /// Machines.
    pub hosts: Vec<TruthHost>,
    /// Accounts.
    pub accounts: Vec<TruthAccount>,
    /// Protected assets.
    pub assets: Vec<TruthAsset>,
    /// When the intruder was in.
    pub windows: Vec<TruthWindow>,
    /// The intrusion, in time order.
    pub steps: Vec<TruthStep>,
    /// What the defenders did about it.
    pub responses: Vec<TruthStep>,
    /// Ordinary acts that look bad.
    pub decoys: Vec<TruthStep>,
    /// What the logs lack.
    pub gaps: Vec<TruthGap>,
}

/// To which list an act belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Step,
    Response,
    Decoy,
}

/// An act as it is announced, before its records are played.
#[derive(Debug, Clone, Copy)]
pub(super) struct Act {
    pub(super) part: Part,
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) technique: &'static str,
    /// The rule that should find it, or why none can.
    pub(super) rule: Result<&'static str, &'static str>,
}

#[derive(Debug)]
struct Draft {
    act: Act,
    name: String,
    host: &'static str,
    channel: &'static str,
    time: Micros,
}

/// Notes taken while the story is played.
#[derive(Debug, Default)]
pub(super) struct Notes {
    drafts: Vec<Draft>,
}

impl Notes {
    /// Announces an act; its records carry the mark.
    pub(super) fn act(
        &mut self,
        act: Act,
        (host, channel): (&'static str, &'static str),
        time: Micros,
    ) -> Mark {
        let mark = Mark(self.drafts.len());
        let same = self.drafts.iter().filter(|draft| draft.act.name == act.name).count();
        let name =
            if same == 0 { act.name.to_owned() } else { format!("{} ({})", act.name, same + 1) };
        self.drafts.push(Draft { act, name, host, channel, time });
        mark
    }

    /// Announces an act that goes on over several days: the first call notes it, later ones carry the same mark.
    pub(super) fn lasting(
        &mut self,
        act: Act,
        place: (&'static str, &'static str),
        time: Micros,
    ) -> Mark {
        match self.drafts.iter().position(|draft| draft.act.name == act.name) {
            Some(index) => Mark(index),
            None => self.act(act, place, time),
        }
    }

    /// The finished truth, once all records have their places.
    pub(super) fn finish(self, seed: u64, scale: u32, records: u64, placed: &[Placed]) -> Truth {
        let mut acts: Vec<(Part, Micros, TruthStep)> = Vec::new();
        for (index, draft) in self.drafts.into_iter().enumerate() {
            let mine = placed.iter().filter(|p| p.mark == Mark(index));
            acts.push((draft.act.part, draft.time, step(draft, mine)));
        }
        acts.sort_by_key(|(_, time, _)| *time);
        let part = |wanted: Part| -> Vec<TruthStep> {
            acts.iter()
                .filter(|(part, _, _)| *part == wanted)
                .map(|(_, _, step)| step.clone())
                .collect()
        };
        Truth {
            seed,
            scale,
            from: iso(START),
            to: iso(START + DAYS * DAY),
            records,
            hosts: hosts(),
            accounts: accounts(),
            assets: assets(),
            windows: super::intrusion::windows(),
            steps: part(Part::Step),
            responses: part(Part::Response),
            decoys: part(Part::Decoy),
            gaps: gaps(),
        }
    }
}

fn step<'a>(draft: Draft, placed: impl Iterator<Item = &'a Placed>) -> TruthStep {
    let mut written = Vec::new();
    let mut lost = None;
    let mut until = draft.time;
    for p in placed {
        until = until.max(p.time);
        match &p.fate {
            Fate::Written { path, line, record_id } => written.push(RecordRef {
                host: p.host.clone(),
                channel: p.channel.clone(),
                record_id: *record_id,
                time: iso(p.time),
                path: path.clone(),
                line: *line,
            }),
            Fate::Lost(reason) => lost = Some(*reason),
        }
    }
    let mut written = written.into_iter();
    let record = written.next();
    let reason = if record.is_none() {
        Some(format!("no record survives: {}", lost.unwrap_or("none was made")))
    } else {
        draft.act.rule.err().map(str::to_owned)
    };
    TruthStep {
        name: draft.name,
        what: draft.act.what.to_owned(),
        technique: draft.act.technique.to_owned(),
        host: record.as_ref().map_or(draft.host.to_owned(), |r| r.host.clone()),
        channel: record.as_ref().map_or(draft.channel.to_owned(), |r| r.channel.clone()),
        time: record.as_ref().map_or_else(|| iso(draft.time), |r| r.time.clone()),
        until: iso(until),
        rule: draft.act.rule.ok().map(str::to_owned),
        reason,
        record,
        also: written.collect(),
    }
}

fn hosts() -> Vec<TruthHost> {
    let supplied = |host: &super::network::Host, channel: Channel| match channel {
        Channel::Sysmon => host.sysmon,
        Channel::PowerShell => host.powershell,
        Channel::Security | Channel::System => host.supplies,
    };
    HOSTS
        .iter()
        .map(|host| TruthHost {
            name: host.name.to_owned(),
            ip: host.ip.to_owned(),
            role: host.role.to_owned(),
            channels: CHANNELS
                .iter()
                .filter(|c| supplied(host, **c))
                .map(|c| c.name().to_owned())
                .collect(),
        })
        .collect()
}

fn accounts() -> Vec<TruthAccount> {
    ACCOUNTS
        .iter()
        .map(|account| TruthAccount {
            name: account.name.to_owned(),
            role: account.role.to_owned(),
            admin: account.admin,
            home: account.home.name.to_owned(),
        })
        .collect()
}

fn assets() -> Vec<TruthAsset> {
    ASSETS
        .iter()
        .map(|asset| TruthAsset {
            name: asset.name.to_owned(),
            place: asset.place.to_owned(),
            host: asset.host.to_owned(),
            verdict: asset.verdict.to_owned(),
            because: asset.because.to_owned(),
        })
        .collect()
}

fn gaps() -> Vec<TruthGap> {
    GAPS.iter()
        .map(|gap| TruthGap {
            host: gap.host.to_owned(),
            channel: gap.channel.to_owned(),
            from: iso(gap.from),
            to: iso(gap.to),
            kind: match gap.loss {
                Loss::Hole => "hole",
                Loss::Silence => "silence",
                Loss::NeverSupplied => "never supplied",
                Loss::Partial => "partial",
            }
            .to_owned(),
            reason: gap.reason.to_owned(),
        })
        .collect()
}

impl Truth {
    /// The text of `truth.json`: one line an entry, keys in fixed order.
    pub fn to_json(&self) -> String {
        let mut out = format!(
            "{{\n\"format\":\"sekisho-truth/1\",\n\"seed\":{},\n\"scale\":{},\n\"from\":\"{}\",\n\"to\":\"{}\",\n\
             \"records\":{}",
            self.seed, self.scale, self.from, self.to, self.records
        );
        let mut part = |name: &str, items: Vec<String>| {
            out.push_str(&format!(",\n\"{name}\":[\n{}\n]", items.join(",\n")));
        };
        part("hosts", self.hosts.iter().map(TruthHost::to_json).collect());
        part("accounts", self.accounts.iter().map(TruthAccount::to_json).collect());
        part("assets", self.assets.iter().map(TruthAsset::to_json).collect());
        part("windows", self.windows.iter().map(TruthWindow::to_json).collect());
        part("steps", self.steps.iter().map(TruthStep::to_json).collect());
        part("responses", self.responses.iter().map(TruthStep::to_json).collect());
        part("decoys", self.decoys.iter().map(TruthStep::to_json).collect());
        part("gaps", self.gaps.iter().map(TruthGap::to_json).collect());
        out.push_str("\n}\n");
        out
    }
}

fn texts(items: &[String]) -> String {
    list(items.iter().map(|item| {
        let mut out = String::new();
        super::json::quote(&mut out, item);
        out
    }))
}

impl TruthHost {
    fn to_json(&self) -> String {
        let channels = texts(&self.channels);
        Obj::new()
            .s("name", &self.name)
            .s("ip", &self.ip)
            .s("role", &self.role)
            .n("channels", channels)
            .end()
    }
}

impl TruthAccount {
    fn to_json(&self) -> String {
        Obj::new()
            .s("name", &self.name)
            .s("role", &self.role)
            .n("admin", self.admin)
            .s("home", &self.home)
            .end()
    }
}

impl TruthAsset {
    fn to_json(&self) -> String {
        Obj::new()
            .s("name", &self.name)
            .s("place", &self.place)
            .s("host", &self.host)
            .s("verdict", &self.verdict)
            .s("because", &self.because)
            .end()
    }
}

impl TruthWindow {
    fn to_json(&self) -> String {
        Obj::new()
            .s("entered", &self.entered)
            .opt("evicted", self.evicted.as_deref())
            .s("how", &self.how)
            .end()
    }
}

impl TruthGap {
    fn to_json(&self) -> String {
        Obj::new()
            .s("host", &self.host)
            .s("channel", &self.channel)
            .s("from", &self.from)
            .s("to", &self.to)
            .s("kind", &self.kind)
            .s("reason", &self.reason)
            .end()
    }
}

impl RecordRef {
    fn add_to(&self, object: Obj) -> Obj {
        let id = self.record_id.map_or("null".to_owned(), |id| id.to_string());
        object.n("record_id", id).s("path", &self.path).n("line", self.line)
    }
}

impl TruthStep {
    fn to_json(&self) -> String {
        let object = Obj::new()
            .s("name", &self.name)
            .s("what", &self.what)
            .s("technique", &self.technique)
            .s("host", &self.host)
            .s("channel", &self.channel)
            .s("time", &self.time)
            .s("until", &self.until);
        let object = match &self.record {
            Some(record) => record.add_to(object),
            None => object.opt("record_id", None).opt("path", None).opt("line", None),
        };
        let also = list(self.also.iter().map(|r| {
            r.add_to(Obj::new().s("host", &r.host).s("channel", &r.channel).s("time", &r.time))
                .end()
        }));
        object
            .opt("rule", self.rule.as_deref())
            .opt("reason", self.reason.as_deref())
            .n("also", also)
            .end()
    }
}
