//! Which process a record means: by its unique id, or by number, host and
//! time.

use hashbrown::HashMap;

use crate::activity::{Activity, ExecStep, ProcessRef, What};
use crate::names::Name;

/// Two records of one process' beginning lie at most so far apart,
/// nanoseconds: two logs of one host, one clock.
const SAME_START: i64 = 2_000_000_000;

/// When a process began, and its number here.
type Start = (i64, u32);

/// A process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Process {
    pub(crate) host: Option<Name>,
    /// When it began; for one whose beginning was not seen, when it was first
    /// named.
    pub(crate) start: i64,
    pub(crate) end: Option<i64>,
    pub(crate) session: Option<Name>,
    pub(crate) account: Option<Name>,
    pub(crate) image: Option<Name>,
    /// Its beginning was seen.
    pub(crate) born: bool,
}

/// All processes that activities name.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    all: Vec<Process>,
    by_guid: HashMap<Name, u32>,
    /// By host and number, in order of time.
    by_pid: HashMap<(Option<Name>, u32), Vec<Start>>,
}

impl Processes {
    /// Those of activities in order of time.
    pub(crate) fn of(activities: &[Activity]) -> Self {
        let mut out = Self::default();
        for activity in activities {
            if let What::Exec(exec) = &activity.what {
                match exec.step {
                    ExecStep::Started => {
                        let id = out.begin(activity.place, exec.process, activity.time);
                        if let Some(process) = id.and_then(|id| out.all.get_mut(id as usize)) {
                            process.born = true;
                            process.session = process.session.or(exec.session);
                            process.account = process.account.or(exec.account);
                            process.image = process.image.or(exec.image);
                        }
                    }
                    ExecStep::Ended => {
                        let id = out.find(activity.place, exec.process, activity.time);
                        if let Some(process) = id.and_then(|id| out.all.get_mut(id as usize)) {
                            process.end = Some(activity.time);
                        }
                    }
                    _ => out.named(activity.place, exec.process, activity.time),
                }
            }
            let actor = &activity.actor;
            out.named(actor.host.or(activity.place), actor.process, activity.time);
        }
        out
    }

    /// A process by number.
    pub(crate) fn get(&self, id: u32) -> Option<&Process> {
        self.all.get(id as usize)
    }

    /// Which process a reference means at a time.
    pub(crate) fn find(&self, host: Option<Name>, process: ProcessRef, time: i64) -> Option<u32> {
        if let Some(&id) = process.guid.and_then(|guid| self.by_guid.get(&guid)) {
            return Some(id);
        }
        let starts = self.by_pid.get(&(host, process.pid?))?;
        let after = starts.partition_point(|&(start, _)| start <= time.saturating_add(SAME_START));
        let (_, id) = *starts.get(after.checked_sub(1)?)?;
        let ended = self.get(id)?.end;
        ended.is_none_or(|end| end.saturating_add(SAME_START) >= time).then_some(id)
    }

    fn begin(&mut self, host: Option<Name>, process: ProcessRef, time: i64) -> Option<u32> {
        if !process.is_known() {
            return None;
        }
        let known = self.find(host, process, time).filter(|&id| {
            self.get(id).is_some_and(|p| !p.born || (time - p.start).abs() <= SAME_START)
        });
        let id = match known {
            Some(id) => id,
            None => self.add(host, time)?,
        };
        if let Some(guid) = process.guid {
            self.by_guid.insert(guid, id);
        }
        if let Some(pid) = process.pid {
            let starts = self.by_pid.entry((host, pid)).or_default();
            if starts.last().is_none_or(|&(_, last)| last != id) {
                starts.push((time, id));
            }
        }
        Some(id)
    }

    fn add(&mut self, host: Option<Name>, time: i64) -> Option<u32> {
        let id = u32::try_from(self.all.len()).ok()?;
        self.all.push(Process { host, start: time, ..Process::default() });
        Some(id)
    }

    /// A process whose beginning may not have been seen.
    fn named(&mut self, host: Option<Name>, process: ProcessRef, time: i64) {
        if process.is_known() && self.find(host, process, time).is_none() {
            self.begin(host, process, time);
        }
    }
}
