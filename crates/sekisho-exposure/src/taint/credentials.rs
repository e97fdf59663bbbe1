//! Credentials: what the intruder takes, makes and uses.

use super::{Client, Entity, Hit, Link, Sweep};
use crate::activity::{Activity, LogonKind, Ticket, TicketKind, TicketStep, What};
use crate::answer::Grade;
use crate::names::Name;

impl Sweep<'_> {
    /// When the means of accounts were rolled or revoked.
    pub(super) fn endings(&mut self) {
        for activity in &self.story.activities {
            let What::Ticket(ticket) = &activity.what else { continue };
            if !matches!(ticket.step, TicketStep::Rolled | TicketStep::Revoked) {
                continue;
            }
            for entity in ticket_entities(ticket) {
                let ends = self.taints.ended.entry(entity).or_default();
                ends.push((activity.time, activity.record));
            }
        }
    }

    pub(super) fn ticket(&mut self, activity: &Activity, ticket: &Ticket, hit: Option<Hit>) {
        let hit = hit.or_else(|| self.by_origin(activity, ticket));
        let Some(hit) = hit else { return };
        match ticket.step {
            TicketStep::Taken => self.taken(activity, ticket, &hit),
            TicketStep::Created | TicketStep::Issued if ticket.kind.is_made() => {
                self.made(activity, ticket, &hit);
            }
            TicketStep::Rolled if ticket.kind == TicketKind::Password => {
                // A password that the intruder sets is the intruder's; but in an
                // eviction, those who may have been the intruder set them all.
                let sure = hit.grade == Grade::Proven;
                let grade = if sure { hit.grade } else { Grade::Possible };
                self.made(activity, ticket, &Hit { grade, ..hit });
            }
            TicketStep::Forged => self.made(activity, ticket, &hit),
            TicketStep::Issued | TicketStep::Used => self.used(activity, ticket, &hit),
            _ => {}
        }
    }

    /// A ticket that was asked for from a compromised host.
    fn by_origin(&self, activity: &Activity, ticket: &Ticket) -> Option<Hit> {
        let host = ticket.from.host.filter(|from| Some(*from) != activity.place)?;
        let by = Entity::Host(host);
        let link = self.taints.at(by, activity.time)?;
        Some(Hit { by, grade: Grade::Possible, link: *link })
    }

    /// Secrets were read out.
    fn taken(&mut self, activity: &Activity, ticket: &Ticket, hit: &Hit) {
        let base = Link {
            from: Some(hit.by),
            to: hit.by,
            how: "secrets read",
            time: activity.time,
            grade: hit.grade.min(Grade::Probable),
            record: activity.record,
            whole: false,
        };
        if let Some(account) = ticket.account {
            self.link(Link { to: Entity::Account(account), ..base });
            return;
        }
        let Some(host) = activity.place else { return };
        if ticket.everyone {
            for account in self.accounts_of(host) {
                self.link(Link { to: Entity::Account(account), ..base });
            }
            return;
        }
        let live: Vec<Name> = self
            .story
            .logons
            .on(host)
            .filter(|logon| logon.kind != LogonKind::Network)
            .filter(|logon| logon.opened <= activity.time)
            .filter(|logon| logon.closed.is_none_or(|closed| closed >= activity.time))
            .filter_map(|logon| logon.account)
            .filter(|account| !self.is_service(Some(*account)))
            .collect();
        for account in live {
            self.link(Link { to: Entity::Account(account), how: "secrets in memory", ..base });
        }
    }

    /// All accounts of the domain (or realm) of a place, as far as they were
    /// seen: those that logged on there, and all of the same domain.
    fn accounts_of(&self, host: Name) -> Vec<Name> {
        let here: Vec<Name> = self.story.logons.on(host).filter_map(|l| l.account).collect();
        let domains: hashbrown::HashSet<&str> = here
            .iter()
            .filter(|account| !self.is_service(Some(**account)))
            .filter_map(|account| self.names.folded(*account).split_once('\\'))
            .map(|(domain, _)| domain)
            .collect();
        let mut out: Vec<Name> = self
            .story
            .logons
            .accounts()
            .filter(|account| {
                let domain = self.names.folded(*account).split_once('\\');
                domain.is_some_and(|(domain, _)| domains.contains(domain))
            })
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    /// What the intruder made is the intruder's from then on.
    fn made(&mut self, activity: &Activity, ticket: &Ticket, hit: &Hit) {
        let base = Link {
            from: Some(hit.by),
            to: hit.by,
            how: "made by the intruder",
            time: activity.time,
            grade: hit.grade,
            record: activity.record,
            whole: true,
        };
        for to in ticket_entities(ticket) {
            // An application that gets one more secret goes on being used by
            // its owners; a role that somebody gets makes nobody.
            let whole = match ticket.kind {
                TicketKind::Role => continue,
                TicketKind::AppSecret => matches!(to, Entity::App(_)),
                TicketKind::Consent => matches!(to, Entity::App(_)),
                TicketKind::KerberosService | TicketKind::KerberosTgt => false,
                _ => true,
            };
            if ticket.kind == TicketKind::Consent && !matches!(to, Entity::App(_)) {
                continue;
            }
            self.link(Link { to, whole, ..base });
        }
    }

    /// A ticket for an account is asked for or used by the intruder.
    fn used(&mut self, activity: &Activity, ticket: &Ticket, hit: &Hit) {
        let account = ticket.account.filter(|a| !self.is_service(Some(*a)));
        let Some(account) = account else { return };
        let machine = activity.actor.host.or(ticket.from.host);
        if machine.is_some_and(|host| self.is_machine(account, host)) {
            return;
        }
        self.link(Link {
            from: Some(hit.by),
            to: Entity::Account(account),
            how: "ticket",
            time: activity.time,
            grade: hit.grade.min(Grade::Probable),
            record: activity.record,
            whole: false,
        });
        if let Some(client) = Client::of(&activity.actor) {
            self.link(Link {
                from: Some(hit.by),
                to: Entity::Client(client),
                how: "same client",
                time: activity.time,
                grade: hit.grade,
                record: activity.record,
                whole: false,
            });
        }
    }
}

/// What a ticket is the means to be.
fn ticket_entities(ticket: &Ticket) -> Vec<Entity> {
    let app = matches!(ticket.kind, TicketKind::AppSecret | TicketKind::Consent);
    let mut out = Vec::new();
    out.extend(
        ticket.issued.map(|issued| if app { Entity::App(issued) } else { Entity::Session(issued) }),
    );
    out.extend(ticket.service.filter(|_| app).map(Entity::App));
    out.extend(ticket.account.map(Entity::Account));
    out
}

impl TicketKind {
    /// Whether to be issued one is to get new means (a token, a key), and not
    /// only to use those one has.
    fn is_made(self) -> bool {
        !matches!(self, Self::KerberosTgt | Self::KerberosService | Self::Ntlm)
    }
}
