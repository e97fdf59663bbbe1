//! How taint spreads: one pass over all activities, by what each says.

use hashbrown::{HashMap, HashSet};

use super::habits::Habits;
use super::{Client, Entity, Hit, Link, Taints};
use crate::activity::{Activity, Exec, ExecStep, Object, Touch, TouchKind, Transfer, What};
use crate::answer::Grade;
use crate::estate::{Estate, Inside};
use crate::evidence::RecordId;
use crate::names::{Name, Names};
use crate::story::Story;

/// Passes over all activities, at most. Three or four are usual: taint goes
/// forward in time, and each pass is in order of time.
const PASSES_MAX: u32 = 32;

/// The state of the spreading.
#[derive(Debug)]
pub(crate) struct Sweep<'a> {
    pub(crate) story: &'a Story,
    pub(crate) names: &'a Names,
    pub(crate) estate: &'a Estate,
    pub(crate) taints: Taints,
    pub(crate) habits: Habits,
    /// Records that seeds are in.
    pub(crate) seeded: HashSet<RecordId>,
    /// Requests for sessions elsewhere, by account asked for.
    pub(super) asks: HashMap<Name, Vec<u32>>,
    /// Connections of known processes, by target and source port.
    pub(super) flows: HashMap<(Name, u16), Vec<u32>>,
    pub(super) news: bool,
    /// No pass was without news.
    pub(crate) unfinished: bool,
}

impl<'a> Sweep<'a> {
    /// Nothing tainted yet.
    pub(crate) fn of(story: &'a Story, names: &'a Names, estate: &'a Estate) -> Self {
        let mut sweep = Self {
            story,
            names,
            estate,
            taints: Taints::default(),
            habits: Habits::of(story, names),
            seeded: HashSet::new(),
            asks: HashMap::new(),
            flows: HashMap::new(),
            news: false,
            unfinished: false,
        };
        sweep.index();
        sweep.endings();
        sweep
    }

    /// Spreads until nothing is added.
    pub(crate) fn run(&mut self) {
        if self.taints.is_empty() {
            return;
        }
        for _ in 0..PASSES_MAX {
            self.news = false;
            let story = self.story;
            for activity in &story.activities {
                self.step(activity);
            }
            if !self.news {
                return;
            }
        }
        self.unfinished = true;
    }

    fn step(&mut self, activity: &Activity) {
        let hit = self.actor(activity);
        if let Some(hit) = hit {
            self.acted(activity, &hit);
        }
        match &activity.what {
            What::Session(session) => self.session(activity, session, hit),
            What::Exec(exec) => self.exec(activity, exec, hit),
            What::Touch(touch) => self.touch(activity, touch, hit),
            What::Transfer(transfer) => self.transfer(activity, transfer, hit),
            What::Ticket(ticket) => self.ticket(activity, ticket, hit),
            What::Loss(_) => {}
        }
    }

    /// Adds a link.
    pub(super) fn link(&mut self, link: Link) {
        self.news |= self.taints.add(link);
        if let Entity::Client(client) = link.to
            && link.grade >= Grade::Probable
            && let Some(source) = self.habits.source(client, link.time)
        {
            let to = Entity::Client(source);
            let (from, grade) = (Some(link.to), Grade::Probable);
            let how = "same account and address";
            self.news |= self.taints.add(Link { from, to, how, grade, ..link });
        }
    }

    /// What follows from the intruder acting at all: the client with which it
    /// was done, and the process and session that did it, are the intruder's.
    fn acted(&mut self, activity: &Activity, hit: &Hit) {
        let actor = &activity.actor;
        let base = Link {
            from: Some(hit.by),
            to: hit.by,
            how: "used",
            time: activity.time,
            grade: hit.grade,
            record: activity.record,
            whole: false,
        };
        if let Some(client) = Client::of(actor)
            && matches!(hit.by, Entity::Session(_) | Entity::Account(_) | Entity::App(_))
        {
            self.link(Link { to: Entity::Client(client), how: "same client", ..base });
        }
        // A token's id is of one client; a long-lived key is not, so that by
        // it alone nothing is more than possible.
        if let (Entity::Client(_), Some(key)) = (hit.by, actor.session)
            && self.story.logons.get(key).is_none_or(|logon| !logon.begun)
        {
            let grade = Grade::Possible;
            self.link(Link { to: Entity::Session(key), how: "same key", grade, ..base });
        }
    }

    fn exec(&mut self, activity: &Activity, exec: &Exec, hit: Option<Hit>) {
        match exec.step {
            ExecStep::Started => self.started(activity, exec, hit),
            ExecStep::Injected => {
                let target = self.story.processes.find(activity.place, exec.process, activity.time);
                if let (Some(hit), Some(target)) = (hit, target) {
                    self.runs(activity, target, hit.by, "injected", hit.grade);
                }
            }
            ExecStep::Installed => {
                if let Some(hit) = hit.or_else(|| self.remote_hand(activity)) {
                    self.installed(activity, exec, &hit);
                }
            }
            ExecStep::Script => {
                if let Some(hit) = hit {
                    self.on_host(activity, hit.by, "script", hit.grade);
                }
            }
            ExecStep::Ended | ExecStep::Accessed | ExecStep::Removed => {}
        }
    }

    fn started(&mut self, activity: &Activity, exec: &Exec, hit: Option<Hit>) {
        let (place, time) = (activity.place, activity.time);
        let Some(child) = self.story.processes.find(place, exec.process, time) else { return };
        let parent = self.story.processes.find(place, exec.parent, time);
        let at = |entity: Entity| self.taints.at(entity, time).copied();
        let by_parent = parent.and_then(|p| at(Entity::Process(p))).map(|l| (l, "child"));
        let session = exec.session.filter(|_| !self.is_service(exec.account));
        let by_session = session.and_then(|s| at(Entity::Session(s))).map(|link| {
            // What the intruder's own session starts is the intruder's; in a
            // session in which something of the intruder's runs, others work
            // too.
            let grade = if link.whole { link.grade } else { Grade::Possible };
            (Link { grade, ..link }, "session")
        });
        let image = exec.image.map(|image| (image, "dropped file"));
        let by_file = image.and_then(|(image, how)| Some((at(Entity::File(place, image))?, how)));
        // Of a parent of whose start there is no record: what else tells who it
        // was. What an account does that is all the intruder's is the intruder's.
        let born = parent.and_then(|p| self.story.processes.get(p)).is_some_and(|p| p.born);
        let by_actor = hit
            .filter(|hit| match hit.by {
                Entity::File(..) => true,
                Entity::Account(_) => !born || hit.link.whole,
                _ => !born,
            })
            .map(|hit| (Link { grade: hit.grade, ..hit.link }, "child"));
        let found = [by_parent, by_file, by_session, by_actor].into_iter().flatten();
        if let Some((link, how)) = found.max_by_key(|(link, _)| link.grade) {
            self.runs(activity, child, link.to, how, link.grade);
        }
    }

    /// Something of the intruder's runs.
    pub(super) fn runs(
        &mut self,
        activity: &Activity,
        process: u32,
        from: Entity,
        how: &'static str,
        grade: Grade,
    ) {
        let link = Link {
            from: Some(from),
            to: Entity::Process(process),
            how,
            time: activity.time,
            grade,
            record: activity.record,
            whole: true,
        };
        self.link(link);
        self.ran(link, process);
    }

    /// What follows from a process being the intruder's: its session and its
    /// host.
    pub(super) fn ran(&mut self, link: Link, process: u32) {
        let Some(process) = self.story.processes.get(process).copied() else { return };
        let from = Some(link.to);
        let grade = link.grade.min(Grade::Probable);
        if let Some(session) = process.session.filter(|_| !self.is_service(process.account)) {
            let to = Entity::Session(session);
            self.link(Link { from, to, how: "runs in", grade, whole: false, ..link });
            if let Some(account) = process.account {
                let to = Entity::Account(account);
                self.link(Link { from, to, how: "runs as", grade, whole: false, ..link });
            }
        }
        if let Some(host) = process.host {
            self.link(Link { from, to: Entity::Host(host), how: "ran on", whole: false, ..link });
        }
    }

    /// Something of the intruder's ran on the place of an activity.
    pub(super) fn on_host(
        &mut self,
        activity: &Activity,
        from: Entity,
        how: &'static str,
        grade: Grade,
    ) {
        let Some(host) = activity.place else { return };
        self.link(Link {
            from: Some(from),
            to: Entity::Host(host),
            how,
            time: activity.time,
            grade,
            record: activity.record,
            whole: false,
        });
    }

    /// What was set up to run will be the intruder's when it does.
    fn installed(&mut self, activity: &Activity, exec: &Exec, hit: &Hit) {
        self.on_host(activity, hit.by, "set up to run", hit.grade);
        let program = exec.image.or_else(|| {
            let command = exec.command.as_deref()?;
            self.names.find(program_of(command))
        });
        let Some(program) = program else { return };
        self.link(Link {
            from: Some(hit.by),
            to: Entity::File(activity.place, program),
            how: "set up to run",
            time: activity.time,
            grade: hit.grade,
            record: activity.record,
            whole: true,
        });
    }

    fn touch(&mut self, activity: &Activity, touch: &Touch, hit: Option<Hit>) {
        let Some(hit) = hit else { return };
        if touch.kind != TouchKind::Written {
            return;
        }
        let file = match touch.object {
            Object::File { host, path } => Some((host.or(activity.place), path)),
            Object::Shared { host, .. } => {
                let path = touch.object.local_path(self.names).and_then(|p| self.names.find(&p));
                path.map(|path| (host.or(activity.place), path))
            }
            _ => None,
        };
        let Some((host, path)) = file else { return };
        self.link(Link {
            from: Some(hit.by),
            to: Entity::File(host, path),
            how: "wrote",
            time: activity.time,
            grade: hit.grade,
            record: activity.record,
            whole: true,
        });
    }

    /// Connections with ends that are known to be the intruder's.
    fn transfer(&mut self, activity: &Activity, transfer: &Transfer, _hit: Option<Hit>) {
        let time = activity.time;
        let ends = [
            (transfer.client, transfer.server, None),
            (transfer.server, transfer.client, transfer.server_name),
        ];
        for (this, other, name) in ends {
            let end = [this.address, this.host, name].into_iter().flatten();
            let link = end.filter_map(|e| self.taints.at(Entity::End(e), time)).next().copied();
            let Some(link) = link else { continue };
            let host = other.host.or(other.address).filter(|host| self.is_ours(*host));
            let Some(host) = host else { continue };
            let process = self.story.processes.find(Some(host), activity.actor.process, time);
            let grade = link.grade;
            if let Some(process) = process.filter(|_| activity.actor.process.is_known()) {
                self.runs(activity, process, link.to, "connected", grade);
            }
            self.link(Link {
                from: Some(link.to),
                to: Entity::Host(host),
                how: "connected",
                time,
                grade,
                record: activity.record,
                whole: false,
            });
        }
    }

    /// Whether a host or address is of the estate.
    pub(crate) fn is_ours(&self, host: Name) -> bool {
        self.estate.inside(host) != Inside::No
    }
}

/// The program in a command line: the first word, or what is quoted.
fn program_of(command: &str) -> &str {
    let command = command.trim_start();
    if let Some(rest) = command.strip_prefix('"') {
        return rest.split('"').next().unwrap_or(rest);
    }
    let lower = command.to_ascii_lowercase();
    match lower.find(".exe") {
        Some(at) => command.get(..at + 4).unwrap_or(command),
        None => command.split_whitespace().next().unwrap_or(command),
    }
}
