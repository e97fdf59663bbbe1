//! Sessions by their keys, and which were live where.

use hashbrown::HashMap;

use crate::activity::{Activity, LogonKind, Object, SessionStep, Touch, TouchKind, What};
use crate::assets::drive_share;
use crate::names::{Name, Names};

/// A session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logon {
    pub(crate) key: Name,
    pub(crate) host: Option<Name>,
    pub(crate) account: Option<Name>,
    pub(crate) kind: LogonKind,
    pub(crate) opened: i64,
    pub(crate) closed: Option<i64>,
    pub(crate) privileged: bool,
    /// The host that it came from.
    pub(crate) from: Option<Name>,
    /// Its beginning was seen.
    pub(crate) begun: bool,
}

/// Pipes behind which things are run or set up.
const PIPES: [&str; 3] = ["svcctl", "atsvc", "winreg"];

/// Whether only an administrator gets at a thing: the share of a drive, of the
/// system's folder, the control of services.
fn is_for_administrators(touch: &Touch, names: &Names) -> bool {
    let done = !matches!(touch.kind, TouchKind::Denied | TouchKind::Named);
    done && match touch.object {
        Object::Shared { share, .. } => {
            let share = names.folded(share);
            share == "admin$" || drive_share(share).is_some()
        }
        Object::Other { service, id } => {
            names.folded(service) == "pipe" && PIPES.contains(&names.folded(id))
        }
        _ => false,
    }
}

/// All sessions that activities name.
#[derive(Debug, Default)]
pub(crate) struct Logons {
    by_key: HashMap<Name, Logon>,
    on_host: HashMap<Name, Vec<Name>>,
}

impl Logons {
    /// Those of activities in order of time.
    pub(crate) fn of(activities: &[Activity], names: &Names) -> Self {
        let mut out = Self::default();
        for activity in activities {
            if let What::Session(session) = &activity.what {
                let Some(key) = session.key else { continue };
                let logon = out.at(key, activity);
                logon.account = logon.account.or(session.account);
                logon.from = logon.from.or(session.from.host).or(session.from.address);
                logon.privileged |= session.privileged || session.step == SessionStep::Elevated;
                match session.step {
                    SessionStep::Opened if !logon.begun => {
                        (logon.begun, logon.kind) = (true, session.kind);
                    }
                    SessionStep::Closed => logon.closed = Some(activity.time),
                    _ => {}
                }
            } else if let Some(key) = activity.actor.session {
                let logon = out.at(key, activity);
                logon.account = logon.account.or(activity.actor.account);
                if let What::Touch(touch) = &activity.what {
                    logon.privileged |= is_for_administrators(touch, names);
                }
            }
        }
        out
    }

    fn at(&mut self, key: Name, activity: &Activity) -> &mut Logon {
        let host = activity.place;
        let on_host = &mut self.on_host;
        self.by_key.entry(key).or_insert_with(|| {
            if let Some(host) = host {
                on_host.entry(host).or_default().push(key);
            }
            Logon {
                key,
                host,
                account: None,
                kind: LogonKind::Unknown,
                opened: activity.time,
                closed: None,
                privileged: false,
                from: None,
                begun: false,
            }
        })
    }

    /// A session.
    pub(crate) fn get(&self, key: Name) -> Option<&Logon> {
        self.by_key.get(&key)
    }

    /// All sessions of a host, in the order in which they were first named.
    pub(crate) fn on(&self, host: Name) -> impl Iterator<Item = &Logon> {
        self.on_host.get(&host).into_iter().flatten().filter_map(|key| self.by_key.get(key))
    }

    /// All accounts that had a session.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = Name> + '_ {
        self.by_key.values().filter_map(|logon| logon.account)
    }

    /// All sessions.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Logon> {
        self.by_key.values()
    }
}
