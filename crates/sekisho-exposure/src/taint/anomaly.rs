//! What is the intruder's by its nature, without a rule: few things, each of
//! which an ordinary owner does not do. They are seeds like detections.

use hashbrown::{HashMap, HashSet};

use super::Sweep;
use crate::activity::{Activity, Actor, Ticket, TicketKind, TicketStep, Transfer, What};
use crate::answer::Grade;
use crate::estate::Inside;
use crate::extract::{Class, is_machine_account};
use crate::ledger::Heard;
use crate::names::{Name, address};

/// A token is issued at most so long before it is used to sign in, and
/// recorded at most so long after, nanoseconds.
const ISSUED_WITHIN: i64 = 600_000_000_000;

/// Ends of file names that archives have.
const ARCHIVES: [&str; 8] = [".7z", ".zip", ".rar", ".tar", ".gz", ".tgz", ".cab", ".zst"];

/// Systems that no instance of a cloud runs under its own credentials, as user
/// agents name them.
const DESKTOPS: [&str; 5] = ["darwin", "kali", "parrot", "pentoo", "windows/10"];

/// What is known before all activities are looked at.
#[derive(Debug, Default)]
pub(crate) struct Norm {
    /// Hosts that issue Kerberos tickets.
    issuers: HashSet<Name>,
    /// When tokens were issued by the federation's own servers, by account.
    federated: HashMap<Name, Vec<i64>>,
    /// The first and last record of such a server.
    server: Option<(i64, i64)>,
}

impl Norm {
    /// From everything that was heard.
    pub(crate) fn of(sweep: &Sweep<'_>, heard: &Heard) -> Self {
        let mut norm = Self::default();
        let issuing = heard.hours.keys().filter(|(_, class)| *class == Class::Kerberos);
        norm.issuers.extend(issuing.filter_map(|(source, _)| source.host));
        for activity in &sweep.story.activities {
            let What::Ticket(ticket) = &activity.what else { continue };
            let own = ticket.method.is_some_and(|method| sweep.names.folded(method) == "adfs");
            if ticket.step == TicketStep::Issued && own {
                let (first, _) = *norm.server.get_or_insert((activity.time, activity.time));
                norm.server = Some((first, activity.time));
                if let Some(account) = ticket.account {
                    norm.federated.entry(account).or_default().push(activity.time);
                }
            }
        }
        norm
    }
}

impl Sweep<'_> {
    /// How firmly an activity is the intruder's by its nature, and why.
    pub(super) fn anomaly(
        &self,
        activity: &Activity,
        norm: &Norm,
    ) -> Option<(Grade, &'static str)> {
        if self.is_stolen_instance(activity) {
            return Some((Grade::Probable, "an instance's credentials used off the instance"));
        }
        match &activity.what {
            What::Ticket(ticket) => self.odd_ticket(activity, ticket, norm),
            What::Transfer(transfer) => self.odd_upload(transfer),
            _ => None,
        }
    }

    fn odd_ticket(
        &self,
        activity: &Activity,
        ticket: &Ticket,
        norm: &Norm,
    ) -> Option<(Grade, &'static str)> {
        match ticket.step {
            TicketStep::Forged => Some((Grade::Probable, "a forged credential")),
            TicketStep::Taken if ticket.everyone && ticket.kind == TicketKind::SigningKey => {
                let actor = &activity.actor;
                let machine =
                    actor.account.is_some_and(|a| is_machine_account(self.names.folded(a)));
                let issuer = actor.host.is_some_and(|host| norm.issuers.contains(&host));
                let named = actor.account.is_some() || actor.host.is_some();
                let sync = actor.account.is_some_and(|account| self.is_sync(account));
                let far = self.is_far(actor, norm);
                (!machine && !sync && (far || !issuer && named)).then_some((
                    Grade::Probable,
                    "the directory replicated to who is no controller",
                ))
            }
            TicketStep::Used => {
                let federated = ticket.method.is_some_and(|m| self.names.folded(m) == "federated");
                let (first, last) = norm.server.filter(|_| federated)?;
                let heard = first <= activity.time && activity.time <= last;
                let issued = ticket.account.and_then(|account| norm.federated.get(&account));
                let near = issued
                    .into_iter()
                    .flatten()
                    .any(|at| (at - activity.time).abs() <= ISSUED_WITHIN);
                (heard && !near)
                    .then_some((Grade::Probable, "a token that its server did not issue"))
            }
            _ => None,
        }
    }

    /// Whether an actor's session came to a controller from a host that is none.
    fn is_far(&self, actor: &Actor, norm: &Norm) -> bool {
        let logon = actor.session.and_then(|key| self.story.logons.get(key));
        let from = logon.and_then(|logon| logon.from);
        from.is_some_and(|from| Some(from) != actor.host && !norm.issuers.contains(&from))
    }

    /// Whether an account is one that a directory is synchronised to a cloud
    /// with, by the names that its installer gives.
    fn is_sync(&self, account: Name) -> bool {
        let account = self.names.folded(account);
        let user = account.rsplit('\\').next().unwrap_or(account);
        user.starts_with("msol_") || user.starts_with("aad_")
    }

    /// An archive is put on a server outside that has no name.
    fn odd_upload(&self, transfer: &Transfer) -> Option<(Grade, &'static str)> {
        let request = self.names.folded(transfer.request?);
        let nameless = transfer.server_name.is_none_or(|name| {
            let name = self.names.folded(name);
            address(name.split(':').next().unwrap_or(name)).is_some()
        });
        let ours = transfer.server.address.is_some_and(|a| self.estate.inside(a) == Inside::Yes);
        let archive = transfer.files.iter().any(|file| {
            file.upload
                && file.accepted != Some(false)
                && file.name.is_some_and(|name| {
                    ARCHIVES.iter().any(|end| self.names.folded(name).ends_with(end))
                })
        });
        (request.starts_with("put ") && nameless && !ours && archive)
            .then_some((Grade::Probable, "an archive put on a server without a name"))
    }

    /// A role session that is named after an instance, from a desktop.
    fn is_stolen_instance(&self, activity: &Activity) -> bool {
        let (Some(account), Some(agent)) = (activity.actor.account, activity.actor.agent) else {
            return false;
        };
        let account = self.names.folded(account);
        let session = account.rsplit('/').next().unwrap_or_default();
        let instance = account.contains(":assumed-role/")
            && session
                .strip_prefix("i-")
                .is_some_and(|id| id.len() >= 8 && id.chars().all(|c| c.is_ascii_hexdigit()));
        let agent = self.names.folded(agent);
        instance && DESKTOPS.iter().any(|desktop| agent.contains(desktop))
    }
}
