//! Across hosts: a session is joined to what opened it.

use super::{Entity, Hit, Link, SKEW, Sweep};
use crate::activity::{Activity, LogonKind, Session, SessionStep, What};
use crate::answer::Grade;
use crate::estate::Inside;
use crate::names::Name;

/// A remote hand sets something up within so long of its session's opening,
/// nanoseconds: records of services name no session.
const REMOTE_HAND: i64 = 120_000_000_000;

impl Sweep<'_> {
    /// Finds out what joins are made by.
    pub(super) fn index(&mut self) {
        for (number, activity) in self.story.activities.iter().enumerate() {
            let Ok(number) = u32::try_from(number) else { return };
            match &activity.what {
                What::Session(s) if s.step == SessionStep::AskedElsewhere => {
                    if let Some(account) = s.account {
                        self.asks.entry(account).or_default().push(number);
                    }
                }
                What::Transfer(t) if activity.actor.process.is_known() => {
                    let target = t.server.host.or(t.server.address);
                    if let (Some(target), Some(port)) = (target, t.client.port) {
                        self.flows.entry((target, port)).or_default().push(number);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn session(&mut self, activity: &Activity, session: &Session, hit: Option<Hit>) {
        match session.step {
            SessionStep::Opened | SessionStep::Resumed | SessionStep::Seen => {
                self.opened(activity, session);
            }
            SessionStep::AskedElsewhere => self.asked(activity, session, hit),
            SessionStep::Attempted
            | SessionStep::Elevated
            | SessionStep::Closed
            | SessionStep::Failed => {}
        }
    }

    /// A session that the intruder asked for elsewhere: its credentials are in
    /// the intruder's hands.
    fn asked(&mut self, activity: &Activity, session: &Session, hit: Option<Hit>) {
        let (Some(hit), Some(account)) = (hit, session.account) else { return };
        if self.is_service(Some(account)) {
            return;
        }
        self.link(Link {
            from: Some(hit.by),
            to: Entity::Account(account),
            how: "used its credentials",
            time: activity.time,
            grade: hit.grade,
            record: activity.record,
            whole: false,
        });
    }

    /// A session was opened: whether by the intruder.
    fn opened(&mut self, activity: &Activity, session: &Session) {
        let Some((by, grade, how)) = self.opener(activity, session) else { return };
        let base = Link {
            from: Some(by),
            to: by,
            how,
            time: activity.time,
            grade,
            record: activity.record,
            whole: true,
        };
        let whose = matches!(by, Entity::Account(_) | Entity::App(_) | Entity::Session(_));
        for key in [session.key, session.linked].into_iter().flatten() {
            let others = session.step == SessionStep::Seen && !whose;
            let shared = others && self.is_shared(key, activity.place, self.since(by, grade));
            let grade = if shared { Grade::Possible } else { grade };
            self.link(Link { to: Entity::Session(key), grade, ..base });
        }
        let own = session.account.filter(|a| !self.is_service(Some(*a)));
        if let Some(account) = own {
            self.link(Link {
                to: Entity::Account(account),
                how: "logged on as",
                whole: false,
                ..base
            });
        }
        let runs = matches!(
            session.kind,
            LogonKind::RemoteInteractive | LogonKind::RemoteShell | LogonKind::Interactive
        );
        if let Some(host) = activity.place.filter(|_| runs) {
            self.link(Link { to: Entity::Host(host), how: "logged on to", whole: false, ..base });
        }
    }

    /// Whether others may use a session too: a key that signs calls is used by
    /// whoever has it, and so is a token that somebody else had before.
    pub(super) fn is_shared(&self, key: Name, place: Option<Name>, since: i64) -> bool {
        let Some(logon) = self.story.logons.get(key).filter(|logon| !logon.begun) else {
            return false;
        };
        let realm = place.map_or("", |place| self.names.folded(place));
        match realm.split_once(':').map(|(kind, _)| kind) {
            None => false,
            Some("tenant") => logon.opened < since,
            Some(_) => true,
        }
    }

    /// Since when a thing is the intruder's, with this grade.
    fn since(&self, entity: Entity, grade: Grade) -> i64 {
        self.taints.first(entity, grade).map_or(i64::MIN, |link| link.time)
    }

    /// By what a session is the intruder's: the firmest reason there is.
    fn opener(
        &self,
        activity: &Activity,
        session: &Session,
    ) -> Option<(Entity, Grade, &'static str)> {
        let account = session.account.filter(|a| !self.is_service(Some(*a)));
        let reasons = [
            self.by_request(activity, session),
            self.by_flow(activity, session),
            self.by_source(activity, session, account),
            self.by_end(activity, session),
            account.and_then(|account| self.by_owner(activity, session, account)),
            self.by_app(&activity.actor, activity.time)
                .map(|hit| (hit.by, hit.grade, "application")),
            self.by_client(activity),
        ];
        reasons.into_iter().flatten().max_by_key(|(_, grade, _)| *grade)
    }

    /// A tainted process or session on the source asked for it (4648).
    fn by_request(
        &self,
        activity: &Activity,
        session: &Session,
    ) -> Option<(Entity, Grade, &'static str)> {
        let asks = self.asks.get(&session.account?)?;
        let from = activity.time.saturating_sub(SKEW);
        let until = activity.time.saturating_add(SKEW);
        let near =
            |n: &&u32| self.story.activities.get(**n as usize).is_some_and(|a| a.time >= from);
        let start = asks.len() - asks.iter().rev().take_while(near).count();
        asks.get(start..)?.iter().find_map(|&number| {
            let ask = self.story.activities.get(number as usize)?;
            let What::Session(asked) = &ask.what else { return None };
            let here = asked.to.host.is_none() || asked.to.host == activity.place;
            let same = match (asked.guid, session.guid) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            };
            let from_there = session.from.host.is_none_or(|from| Some(from) == ask.place);
            if ask.time > until || !here || !same || !from_there {
                return None;
            }
            let hit = self.actor(ask)?;
            Some((hit.by, hit.grade, "asked for the session"))
        })
    }

    /// A tainted process' connection has the session's source port.
    fn by_flow(
        &self,
        activity: &Activity,
        session: &Session,
    ) -> Option<(Entity, Grade, &'static str)> {
        let flows = self.flows.get(&(activity.place?, session.from.port?))?;
        flows.iter().rev().find_map(|&number| {
            let flow = self.story.activities.get(number as usize)?;
            if (flow.time - activity.time).abs() > SKEW * 6 || flow.actor.host != session.from.host
            {
                return None;
            }
            let id = self.story.processes.find(
                flow.actor.host.or(flow.place),
                flow.actor.process,
                flow.time,
            )?;
            let link = self.taints.at(Entity::Process(id), flow.time)?;
            Some((Entity::Process(id), link.grade, "connected"))
        })
    }

    /// It comes from a compromised host, with credentials that the intruder
    /// has there. That the host is compromised alone makes it possible, not
    /// more: others work on it too.
    fn by_source(
        &self,
        activity: &Activity,
        session: &Session,
        account: Option<Name>,
    ) -> Option<(Entity, Grade, &'static str)> {
        let source = session.from.host.filter(|from| Some(*from) != activity.place)?;
        let time = activity.time.saturating_add(SKEW);
        let host = self.taints.at(Entity::Host(source), time)?;
        let held = account.and_then(|a| self.taints.at(Entity::Account(a), time));
        let by_account = held.map(|link| {
            // Who came so on many days before comes as ever; the intruder may hide
            // in it.
            let place = activity.place.unwrap_or(source);
            let usual = self.habits.coming_before(&(account, session.from.host, place), host.time);
            let most = if usual { Grade::Possible } else { Grade::Probable };
            let grade = link.grade.min(host.grade).min(most);
            (link.to, grade, "credentials, from a compromised host")
        });
        by_account.or_else(|| {
            let grade = Grade::Possible;
            Some((Entity::Host(source), grade, "from a compromised host"))
        })
    }

    /// It comes from an end that is the intruder's.
    fn by_end(
        &self,
        activity: &Activity,
        session: &Session,
    ) -> Option<(Entity, Grade, &'static str)> {
        let addresses = [session.from.address, session.from.host, activity.actor.address];
        addresses.into_iter().flatten().find_map(|address| {
            let link = self.taints.at(Entity::End(address), activity.time)?;
            Some((Entity::End(address), link.grade, "from the intruder's address"))
        })
    }

    /// Every use of the account is the intruder's; or its secrets are out, and
    /// it came from nowhere that is known.
    fn by_owner(
        &self,
        activity: &Activity,
        session: &Session,
        account: Name,
    ) -> Option<(Entity, Grade, &'static str)> {
        let entity = Entity::Account(account);
        let link = self.taints.at(entity, activity.time.saturating_add(SKEW))?;
        if self.is_over(entity, link.time, activity.time) {
            return None;
        }
        if link.whole {
            return Some((entity, link.grade, "account of the intruder's"));
        }
        let address = session.from.address.or(activity.actor.address);
        let outside = address.is_some_and(|a| self.estate.inside(a) == Inside::No);
        let known = session.from.host.is_some() && !outside;
        (!known && session.kind != LogonKind::Interactive).then_some((
            entity,
            Grade::Possible,
            "credentials, from an unknown place",
        ))
    }

    fn by_client(&self, activity: &Activity) -> Option<(Entity, Grade, &'static str)> {
        let hit = self.client(&activity.actor, activity.time)?;
        Some((hit.by, hit.grade, "same client"))
    }

    /// Who set something up on a host whose record names nobody: a session of
    /// the intruder's over the network that had just been opened there.
    pub(crate) fn remote_hand(&self, activity: &Activity) -> Option<Hit> {
        if activity.actor.process.is_known() {
            return None;
        }
        let host = activity.place?;
        let since = activity.time.saturating_sub(REMOTE_HAND);
        let recent = self.story.logons.on(host).filter(|logon| {
            logon.kind == LogonKind::Network
                && logon.opened >= since
                && logon.opened <= activity.time
        });
        let tainted = recent.filter_map(|logon| {
            let by = Entity::Session(logon.key);
            let link = self.taints.at(by, activity.time)?;
            Some(Hit { by, grade: link.grade.min(Grade::Probable), link: *link })
        });
        tainted.max_by_key(|hit| hit.grade)
    }
}
