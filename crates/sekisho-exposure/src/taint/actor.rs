//! Whether who did something is the intruder.

use super::{Client, Entity, Link, SKEW};
use crate::activity::{Activity, Actor};
use crate::answer::Grade;
use crate::extract::is_service_identity;
use crate::names::Name;
use crate::taint::Sweep;

/// Why an actor is taken for the intruder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// What of the actor is tainted.
    pub(crate) by: Entity,
    /// How firmly this act is the intruder's.
    pub(crate) grade: Grade,
    /// The taint that says so.
    pub(crate) link: Link,
}

impl Sweep<'_> {
    /// Whether an activity's actor is the intruder, by the most precise thing
    /// that its record has: process, else session, else client, account,
    /// application, host, address.
    pub(crate) fn actor(&self, activity: &Activity) -> Option<Hit> {
        self.actor_of(&activity.actor, activity.place, activity.time)
    }

    pub(crate) fn actor_of(&self, actor: &Actor, place: Option<Name>, time: i64) -> Option<Hit> {
        let at = |entity: Entity| {
            self.taints.at(entity, time).map(|link| Hit {
                by: entity,
                grade: link.grade,
                link: *link,
            })
        };
        let ran_on = actor.host.or(place);
        if let Some(id) = self.story.processes.find(ran_on, actor.process, time) {
            let hit = at(Entity::Process(id));
            if hit.is_some() || self.story.processes.get(id).is_some_and(|p| p.born) {
                return hit;
            }
        }
        // A process of whose start there is no record is told by its program.
        let by_file = actor.image.and_then(|image| at(Entity::File(ran_on, image)));
        if let Some(hit) = by_file {
            return Some(Hit { grade: hit.grade.min(Grade::Probable), ..hit });
        }
        let session = actor.session.filter(|_| !self.is_service(actor.account));
        let by_session = session.and_then(|key| at(Entity::Session(key)));
        let begun = session.and_then(|key| self.story.logons.get(key)).is_some_and(|l| l.begun);
        if begun {
            return by_session;
        }
        let app = self.by_app(actor, time);
        let said = [by_session, self.client(actor, time), self.by_account(actor, time), app];
        let firmest = said.into_iter().flatten().max_by_key(|hit| hit.grade);
        firmest
            .or_else(|| self.by_host(actor, place, time))
            .or_else(|| actor.address.and_then(|address| at(Entity::End(address))))
    }

    /// A client of a cloud that was seen to be the intruder's: the same
    /// account, from the same address with the same agent; or with any, where
    /// the account came from there only then.
    pub(crate) fn client(&self, actor: &Actor, time: i64) -> Option<Hit> {
        let client = Client::of(actor)?;
        let any = Client { agent: None, ..client };
        let hits = [client, any].map(|client| {
            let by = Entity::Client(client);
            self.taints.at(by, time).map(|link| Hit { by, grade: link.grade, link: *link })
        });
        let [exact, any] = hits;
        exact.filter(|hit| any.is_none_or(|any| hit.grade >= any.grade)).or(any)
    }

    /// An application that is the intruder's. Of one that others had used before
    /// (a further secret was added to it), they go on using it from where they
    /// did; the intruder may hide among them.
    pub(crate) fn by_app(&self, actor: &Actor, time: i64) -> Option<Hit> {
        let by = Entity::App(actor.app?);
        let link = self.taints.at(by, time).filter(|link| link.whole)?;
        let before = link.from.is_some()
            && Client::of(actor).is_some_and(|client| self.habits.before(&client, link.time));
        let grade = if before { Grade::Possible } else { link.grade };
        Some(Hit { by, grade, link: *link })
    }

    /// An account whose every use is the intruder's, or that is used from a
    /// host of the intruder's.
    fn by_account(&self, actor: &Actor, time: i64) -> Option<Hit> {
        let account = Entity::Account(actor.account?);
        let link = self.taints.at(account, time.saturating_add(SKEW))?;
        if link.whole && !self.is_over(account, link.time, time) {
            return Some(Hit { by: account, grade: link.grade, link: *link });
        }
        let host = self.taints.at(Entity::Host(actor.host?), time)?;
        let grade = link.grade.min(host.grade).min(Grade::Probable);
        Some(Hit { by: account, grade, link: *link })
    }

    /// Where a record names no more than a host or an address, the host's
    /// taint speaks for its actor.
    fn by_host(&self, actor: &Actor, place: Option<Name>, time: i64) -> Option<Hit> {
        let silent = actor.session.is_none() && !actor.process.is_known();
        let host = actor.host.filter(|_| silent)?;
        let link = self.taints.at(Entity::Host(host), time)?;
        // A named account of a host that somebody else's logs speak of is
        // more than the host alone, and was not tainted.
        let named = actor.account.is_some_and(|account| !self.is_machine(account, host));
        let far = place.is_some_and(|place| place != host);
        let grade = if named && far { Grade::Possible } else { Grade::Probable };
        Some(Hit { by: Entity::Host(host), grade: grade.min(link.grade), link: *link })
    }

    /// Whether an account's means were rolled or revoked between two times.
    pub(crate) fn is_over(&self, account: Entity, from: i64, at: i64) -> bool {
        let ended = self.taints.ended.get(&account).into_iter().flatten();
        ended.clone().any(|&(end, _)| end > from && end <= at)
    }

    /// Whether an account is a system's own identity, which many processes
    /// share.
    pub(crate) fn is_service(&self, account: Option<Name>) -> bool {
        account.is_some_and(|account| is_service_identity(self.names.folded(account)))
    }

    /// Whether an account is that of a machine.
    pub(crate) fn is_machine(&self, account: Name, host: Name) -> bool {
        let text = self.names.folded(account);
        let user = text.rsplit('\\').next().unwrap_or(text);
        user.strip_suffix('$') == Some(self.names.folded(host)) || is_service_identity(text)
    }
}

impl Client {
    /// Of an actor that came from an address and says what with.
    pub(crate) fn of(actor: &Actor) -> Option<Self> {
        let cloud = actor.agent.is_some() || actor.app.is_some();
        (cloud && actor.address.is_some()).then(|| Self::caller(actor))
    }

    /// An actor by as much as its record says of a client.
    pub(crate) fn caller(actor: &Actor) -> Self {
        Self { account: actor.account, address: actor.address, agent: actor.agent.or(actor.app) }
    }
}
