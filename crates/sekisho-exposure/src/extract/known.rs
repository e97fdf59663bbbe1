//! Which host had which address, as records say it in passing.

use hashbrown::HashMap;
use sekisho_event::TIME_UNKNOWN;

use crate::ledger::Hour;
use crate::names::Name;

/// How it is known. The order is from firm to weak; none is proof against
/// somebody who forges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameBy {
    /// A DHCP server leased the address to the host.
    Lease,
    /// A ticket was issued to the machine's own account, asked from there.
    MachineTicket,
    /// The host's own record of one of its connections or addresses.
    OwnRecord,
    /// The host named itself when it logged on (NTLM's workstation name,
    /// Windows 4624).
    Logon,
    /// It was called by that name, and answered there (a share, a server name
    /// in TLS, the subject of its certificate).
    Called,
    /// A name server said so.
    Dns,
}

/// A host had an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Known {
    /// The host ([`Names::host`](crate::names::Names::host)).
    pub host: Name,
    /// Its address.
    pub address: Name,
    /// When the record says so: nanoseconds since 1970, or
    /// [`sekisho_event::TIME_UNKNOWN`].
    pub from: i64,
    /// How it is known.
    pub how: NameBy,
}

/// All of them, each once an hour with the earliest time in it: logons say the
/// same over and over.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    times: HashMap<(Name, Name, NameBy, Option<Hour>), i64>,
}

impl KnownNames {
    /// Adds what a record says.
    pub fn add(&mut self, known: Known) {
        if known.host == known.address {
            return;
        }
        let hour = (known.from != TIME_UNKNOWN).then(|| Hour::of(known.from));
        let key = (known.host, known.address, known.how, hour);
        let from = self.times.entry(key).or_insert(known.from);
        *from = (*from).min(known.from);
    }

    /// All, in order of the numbers of names, then of times.
    #[must_use]
    pub fn all(&self) -> Vec<Known> {
        let known = |(&(host, address, how, _), &from): (&(Name, Name, NameBy, _), &i64)| Known {
            host,
            address,
            from,
            how,
        };
        let mut all: Vec<Known> = self.times.iter().map(known).collect();
        all.sort_unstable();
        all
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_again_within_the_hour_is_kept_once_with_its_first_time() {
        let (host, address) = (Name(1), Name(2));
        let mut known = KnownNames::default();
        for from in [20, 10, 30, 4_000_000_000_000, TIME_UNKNOWN] {
            known.add(Known { host, address, from, how: NameBy::Logon });
        }
        known.add(Known { host, address: host, from: 5, how: NameBy::Logon });
        let times: Vec<i64> = known.all().iter().map(|k| k.from).collect();
        assert_eq!(times, [TIME_UNKNOWN, 10, 4_000_000_000_000]);
        assert_eq!(known.len(), 3);
    }
}
