//! Where taint begins: what was detected, and what an analyst says.

use hashbrown::HashMap;

use super::{Client, Entity, Link, Norm, Sweep};
use crate::activity::{Activity, ExecStep, LogonKind, SessionStep, What};
use crate::answer::{Cleared, Grade};
use crate::evidence::{Evidence, RecordId};
use crate::names::{Name, Names, folded, host_label};
use crate::question::{SaidSeed, Seed};

/// What came of planting.
#[derive(Debug, Default)]
pub(crate) struct Planted {
    /// Seeds of an analyst that fit nothing.
    pub(crate) unfit: Vec<String>,
    /// Detections that an analyst cleared.
    pub(crate) cleared: Cleared,
}

impl Sweep<'_> {
    /// Plants all seeds, but no detections that fit what an analyst clears.
    pub(crate) fn plant(
        &mut self,
        seeds: &[Seed],
        clear: &[SaidSeed],
        evidence: &Evidence,
        norm: &Norm,
    ) -> Planted {
        let clearing = self.clearing(clear, seeds, evidence);
        let mut detected: HashMap<RecordId, (Grade, &'static str)> = HashMap::new();
        let mut said = Vec::new();
        for seed in seeds {
            match seed {
                Seed::Detected { record, .. } if clearing.records.contains(record) => {}
                Seed::Detected { record, level, .. } => {
                    let grade = if level == "high" { Grade::Probable } else { Grade::Proven };
                    let slot = detected.entry(*record).or_insert((grade, "detected"));
                    slot.0 = slot.0.max(grade);
                }
                Seed::Said(one) => said.push((one.as_ref(), false)),
            }
        }
        let story = self.story;
        for activity in &story.activities {
            if let Some(&(grade, how)) = detected.get(&activity.record) {
                self.seed(activity, grade, how);
            }
            if let Some((grade, how)) = self.anomaly(activity, norm) {
                self.seed(activity, grade, how);
            }
            for (seed, fits) in &mut said {
                if self.fits(seed, activity) {
                    *fits = true;
                    self.say(seed, activity);
                }
            }
        }
        self.hosts_of_silent(&detected, evidence);
        let unfit = said.into_iter().filter(|(_, fits)| !fits);
        let unfit = unfit.map(|(seed, _)| seed.text.clone()).collect();
        Planted { unfit, cleared: clearing.cleared }
    }

    /// Detected in records that show no activity: something ran on the host.
    fn hosts_of_silent(
        &mut self,
        detected: &HashMap<RecordId, (Grade, &'static str)>,
        evidence: &Evidence,
    ) {
        let shown: hashbrown::HashSet<RecordId> =
            self.story.activities.iter().map(|activity| activity.record).collect();
        // A sensor's own host is not what was detected on.
        let run_on: hashbrown::HashSet<Name> = self
            .story
            .activities
            .iter()
            .filter(|activity| matches!(activity.what, What::Exec(_) | What::Session(_)))
            .filter_map(|activity| activity.place)
            .collect();
        let mut silent: Vec<RecordId> = detected.keys().copied().collect();
        silent.retain(|record| !shown.contains(record));
        silent.sort_unstable();
        for record in silent {
            let Some(at) = evidence.get(record) else { continue };
            let time = at.when();
            let Some(host) = at.host.filter(|_| time != sekisho_event::TIME_UNKNOWN) else {
                continue;
            };
            let host = self.estate.canonical(host, time);
            if !run_on.contains(&host) {
                continue;
            }
            let to = Entity::Host(host);
            self.link(Link {
                from: None,
                to,
                how: "detected",
                time,
                grade: Grade::Possible,
                record,
                whole: false,
            });
        }
    }

    /// Taints the most precise thing of an activity.
    fn seed(&mut self, activity: &Activity, grade: Grade, how: &'static str) {
        self.seeded.insert(activity.record);
        let link = Link {
            from: None,
            to: Entity::Host(Name(0)),
            how,
            time: activity.time,
            grade,
            record: activity.record,
            whole: true,
        };
        let processes = &self.story.processes;
        let place = activity.actor.host.or(activity.place);
        let process = match &activity.what {
            What::Exec(exec) if exec.step == ExecStep::Started => {
                processes.find(activity.place, exec.process, activity.time)
            }
            _ => processes.find(place, activity.actor.process, activity.time),
        };
        if let Some(id) = process {
            let start = processes.get(id).map_or(activity.time, |p| p.start.min(activity.time));
            let link = Link { to: Entity::Process(id), time: start, ..link };
            self.link(link);
            self.ran(link, id);
            return;
        }
        let call = |step| step == SessionStep::Seen && Client::of(&activity.actor).is_some();
        if let What::Session(session) = &activity.what
            && !call(session.step)
            && let Some(key) = session.key
        {
            self.link(Link { to: Entity::Session(key), ..link });
            let accounts = session.account.filter(|a| !self.is_service(Some(*a)));
            if let Some(account) = accounts {
                self.link(Link { to: Entity::Account(account), whole: false, ..link });
            }
            return;
        }
        self.seed_actor(activity, link);
    }

    fn seed_actor(&mut self, activity: &Activity, link: Link) {
        let actor = &activity.actor;
        if let Some(client) = Client::of(actor) {
            self.link(Link { to: Entity::Client(client), ..link });
            if let Some(key) = actor.session {
                let grade = link.grade.min(Grade::Possible);
                self.link(Link { to: Entity::Session(key), grade, ..link });
            }
            return;
        }
        if let Some(key) = actor.session.filter(|_| !self.is_service(actor.account)) {
            self.link(Link { to: Entity::Session(key), ..link });
        }
        let account = actor.account.filter(|a| !self.is_service(Some(*a)));
        if let Some(account) = account {
            self.link(Link { to: Entity::Account(account), whole: false, ..link });
        }
        let host = actor.host.or(activity.place.filter(|_| actor.address.is_none()));
        // Who came over the network ran nothing yet.
        let logon = actor.session.and_then(|key| self.story.logons.get(key));
        let came =
            logon.is_some_and(|logon| logon.kind == LogonKind::Network && logon.from != logon.host);
        let host = host.filter(|host| !came || Some(*host) != activity.place);
        if let Some(host) = host.filter(|host| self.is_ours(*host)) {
            let grade = link.grade.min(Grade::Probable);
            self.link(Link { to: Entity::Host(host), grade, whole: false, ..link });
        } else if let Some(address) = actor.address {
            self.link(Link {
                to: Entity::End(address),
                grade: Grade::Probable.min(link.grade),
                ..link
            });
        }
    }

    /// Taints what an analyst meant.
    fn say(&mut self, seed: &SaidSeed, activity: &Activity) {
        let link = Link {
            from: None,
            to: Entity::Host(Name(0)),
            how: "said by the analyst",
            time: activity.time,
            grade: Grade::Proven,
            record: activity.record,
            whole: true,
        };
        let actor = &activity.actor;
        if seed.process.is_some() || seed.hash.is_some() {
            self.seed(activity, Grade::Proven, link.how);
            return;
        }
        for end in seed.ends(activity, self.names) {
            self.link(Link { to: Entity::End(end), ..link });
        }
        if seed.session.is_some() {
            let session = match &activity.what {
                What::Session(s) => s.key.or(actor.session),
                _ => actor.session,
            };
            if let Some(session) = session {
                self.say_session(seed, activity, session, link);
            }
        }
        if let Some(app) = actor.app.filter(|_| seed.app.is_some()) {
            self.link(Link { to: Entity::App(app), ..link });
        }
        if seed.agent.is_some()
            && let Some(client) = Client::of(actor)
        {
            self.link(Link { to: Entity::Client(client), ..link });
        }
        if seed.account.is_some() {
            self.say_account(seed, activity, link);
        } else if seed.is_host_alone() {
            // A record of one host may speak of another: a server's, of who came.
            let of = [activity.place, activity.actor.host.filter(|h| Some(*h) != activity.place)];
            let said = of.map(|host| host.filter(|host| self.is_said(seed, *host)));
            for host in said.into_iter().flatten() {
                self.link(Link { to: Entity::Host(host), whole: false, ..link });
            }
        }
    }

    /// Whether a host is the one that a seed names, by any of its names.
    fn is_said(&self, seed: &SaidSeed, host: Name) -> bool {
        let Some(said) = seed.host.as_ref().map(|said| said.to_lowercase()) else { return true };
        is_host(self.names.folded(host), &said)
            || host_label(&said)
                .and_then(|label| self.names.find(label))
                .is_some_and(|name| self.estate.canonical_always(name) == host)
    }

    /// A session that is said: all of it. One that others use too, and of which
    /// an address or an agent is said, only from there.
    fn say_session(&mut self, seed: &SaidSeed, activity: &Activity, key: Name, link: Link) {
        let client = Client::of(&activity.actor);
        let narrow = seed.address.is_some() || seed.agent.is_some();
        if let Some(client) = client.filter(|_| narrow)
            && self.is_shared(key, activity.place, activity.time)
        {
            self.link(Link { to: Entity::Client(client), ..link });
            self.link(Link { to: Entity::Session(key), grade: Grade::Possible, ..link });
            return;
        }
        self.link(Link { to: Entity::Session(key), ..link });
    }

    /// An account alone: all of it. With more (a host, an address, an agent),
    /// the sessions that fit, so that its owner's stay the owner's.
    fn say_account(&mut self, seed: &SaidSeed, activity: &Activity, link: Link) {
        let actor = &activity.actor;
        let (account, session) = match &activity.what {
            What::Session(s) => (s.account.or(actor.account), s.key.or(actor.session)),
            _ => (actor.account, actor.session),
        };
        let narrow = seed.host.is_some()
            || seed.address.is_some()
            || seed.agent.is_some()
            || seed.session.is_some()
            || seed.app.is_some();
        if let Some(session) = session.filter(|_| narrow) {
            self.say_session(seed, activity, session, link);
        }
        if narrow && let Some(client) = Client::of(actor) {
            self.link(Link { to: Entity::Client(client), ..link });
        }
        if let Some(account) = account {
            self.link(Link { to: Entity::Account(account), whole: !narrow, ..link });
        }
    }

    /// Whether an activity has all that a seed says.
    pub(super) fn fits(&self, seed: &SaidSeed, activity: &Activity) -> bool {
        let names = self.names;
        let actor = &activity.actor;
        if seed.from.is_some_and(|from| activity.time < from)
            || seed.until.is_some_and(|until| activity.time > until)
        {
            return false;
        }
        let said = |said: &Option<String>, found: &[Option<Name>], like: fn(&str, &str) -> bool| {
            said.as_ref().is_none_or(|said| {
                let said = folded(said);
                found.iter().flatten().any(|name| like(names.folded(*name), &said))
            })
        };
        let (account, session, image, process) = match &activity.what {
            What::Session(s) => (s.account, s.key, None, None),
            What::Exec(e) if e.step == ExecStep::Started => {
                (e.account, e.session, e.image, e.process.pid)
            }
            _ => (None, None, None, None),
        };
        let pid = process.or(actor.process.pid);
        let by_pid = seed.process.as_deref().and_then(|p| p.strip_prefix("pid:"));
        let process = match by_pid {
            Some(number) => pid.is_some_and(|pid| number.parse() == Ok(pid)),
            None => {
                said(&seed.process, &[image, actor.image.filter(|_| image.is_none())], is_program)
            }
        };
        process
            && (seed.host.is_none()
                || [activity.place, actor.host]
                    .into_iter()
                    .flatten()
                    .any(|host| self.is_said(seed, host)))
            && said(&seed.account, &[account, actor.account], is_account)
            && said(&seed.session, &[session, actor.session], is_session)
            && said(&seed.agent, &[actor.agent], is_like)
            && said(&seed.app, &[actor.app], is_like)
            && self.fits_ends(seed, activity)
            && seed.hash.as_ref().is_none_or(|hash| has_hash(hash, activity, names))
    }

    fn fits_ends(&self, seed: &SaidSeed, activity: &Activity) -> bool {
        (seed.address.is_none() && seed.domain.is_none())
            || !seed.ends(activity, self.names).is_empty()
    }
}

impl SaidSeed {
    fn is_host_alone(&self) -> bool {
        self.host.is_some() && self.address.is_none() && self.domain.is_none()
    }

    /// The ends of an activity that a seed names by address or domain.
    fn ends(&self, activity: &Activity, names: &Names) -> Vec<Name> {
        let mut ends = vec![activity.actor.address];
        let mut domains = Vec::new();
        match &activity.what {
            What::Session(s) => ends.extend([s.from.address, s.from.host]),
            What::Transfer(t) => {
                ends.extend([t.client.address, t.server.address]);
                domains.push(t.server_name);
            }
            What::Ticket(t) => ends.push(t.from.address),
            _ => {}
        }
        let find = |said: &Option<String>, found: &[Option<Name>]| -> Vec<Name> {
            let Some(said) = said.as_ref().map(|said| folded(said)) else {
                return Vec::new();
            };
            found.iter().flatten().filter(|n| is_like(names.folded(**n), &said)).copied().collect()
        };
        let mut out = find(&self.address, &ends);
        out.extend(find(&self.domain, &domains));
        out
    }
}

/// A program by its path, or by its file name.
fn is_program(folded: &str, said: &str) -> bool {
    is_like(folded, said)
        || folded.rsplit(['\\', '/']).next().is_some_and(|name| is_like(name, said))
}

pub(super) fn is_host(folded: &str, said: &str) -> bool {
    is_like(folded, said) || host_label(said).is_some_and(|label| folded == label)
}

/// An account by its key, its user alone, its address, or a part of an ARN.
fn is_account(folded: &str, said: &str) -> bool {
    let user = folded.rsplit('\\').next().unwrap_or(folded);
    let by_address = said.split_once('@').is_some_and(|(user, domain)| {
        let label = domain.split('.').next().unwrap_or(domain);
        folded.strip_suffix(user).and_then(|rest| rest.strip_suffix('\\')) == Some(label)
    });
    is_like(folded, said)
        || is_like(user, said)
        || by_address
        || (folded.starts_with("arn:") && !said.is_empty() && folded.contains(said))
}

/// A session by its key, or by the logon id in it.
fn is_session(folded: &str, said: &str) -> bool {
    is_like(folded, said) || folded.rsplit('|').next() == Some(said)
}

/// Equal, with `*` for anything.
fn is_like(folded: &str, said: &str) -> bool {
    let mut parts = said.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = folded.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = rest.get(at + before.len()..).unwrap_or_default();
        }
    }
    match last {
        None => rest.is_empty(),
        Some(end) => rest.len() >= end.len() && rest.ends_with(end),
    }
}

fn has_hash(hash: &str, activity: &Activity, names: &Names) -> bool {
    let is = |name: &Name| names.folded(*name).eq_ignore_ascii_case(hash);
    match &activity.what {
        What::Exec(exec) => exec.hashes.iter().any(is),
        What::Touch(touch) => touch.sha256.iter().any(is),
        What::Transfer(transfer) => transfer.files.iter().any(|f| f.sha256.iter().any(is)),
        _ => false,
    }
}
