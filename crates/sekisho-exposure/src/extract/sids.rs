//! Accounts by their SIDs: some records name an account, some only its SID,
//! and some both. These say which are one.

use hashbrown::HashMap;

use crate::activity::{Activity, What};
use crate::names::{Name, Names};

/// How SIDs of accounts begin, folded: those of a domain or of a host's own.
const OF_ACCOUNTS: &str = "s-1-5-21-";

/// Which account has which SID, as records say.
#[derive(Clone, Debug, Default)]
pub struct Sids {
    /// `None` for those that were given two names: whose they are is not known.
    accounts: HashMap<Name, Option<Name>>,
}

impl Sids {
    /// A record gives a SID and an account. Accounts without a domain are not
    /// told apart well enough, and only SIDs of accounts are looked at.
    pub(crate) fn add(&mut self, sid: Name, account: Name, names: &Names) {
        if names.folded(sid).starts_with(OF_ACCOUNTS) && names.folded(account).contains('\\') {
            let known = self.accounts.entry(sid).or_insert(Some(account));
            if *known != Some(account) {
                *known = None;
            }
        }
    }

    /// The account with this SID.
    #[must_use]
    pub fn account(&self, sid: Name) -> Option<Name> {
        self.accounts.get(&sid).copied().flatten()
    }

    /// Puts accounts in the place of SIDs, wherever an activity names who did
    /// it or who it was done for.
    pub(crate) fn resolve(&self, activity: &mut Activity) {
        let own = match &mut activity.what {
            What::Session(session) => &mut session.account,
            What::Exec(exec) => &mut exec.account,
            What::Ticket(ticket) => &mut ticket.account,
            What::Touch(_) | What::Transfer(_) | What::Loss(_) => &mut None,
        };
        for account in [own, &mut activity.actor.account] {
            if let Some(known) = account.and_then(|account| self.account(account)) {
                *account = Some(known);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sid_with_two_names_is_nobodys() {
        let mut names = Names::default();
        let mut of = |text: &str| names.of(text);
        let (sid, other, group) = (of("S-1-5-21-1-2-3-1104"), of("S-1-5-21-9"), of("S-1-5-32-544"));
        let (ann, bob, bare) = (of(r"CORP\ann"), of(r"CORP\bob"), of("ann"));
        let mut sids = Sids::default();
        for (sid, account) in [(sid, ann), (sid, bare), (sid, ann), (other, bare), (group, bob)] {
            sids.add(sid, account, &names);
        }
        assert_eq!(
            [sid, other, group, ann].map(|sid| sids.account(sid)),
            [Some(ann), None, None, None]
        );
        sids.add(sid, bob, &names);
        assert_eq!(sids.account(sid), None);
    }
}
