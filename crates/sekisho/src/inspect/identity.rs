//! Records that say which record they are: the same one delivered twice (two
//! exports that overlap, two trails) is counted once.

use hashbrown::HashSet;
use sekisho_event::{EventBatch, Shape, Vocabulary};
use sha2::{Digest as _, Sha256};

/// Most identities that are remembered. Records beyond them are not compared,
/// and that is said.
pub(crate) const IDENTITIES_MAX: usize = 3_600_000;

/// The first 128 bits of the SHA-256 of what a record says it is.
pub(crate) type Identity = u128;

/// Product and channel (empty for all) of records that name themselves, and
/// the field that does.
const NAMED: &[(&str, &str, &str)] =
    &[("m365", "", "Id"), ("aws", "cloudtrail", "eventID"), ("okta", "okta", "uuid")];

/// The fields that must be read.
pub(crate) fn fields() -> impl Iterator<Item = &'static str> {
    NAMED.iter().map(|&(.., field)| field)
}

/// Whether record ids of a channel name one record each: the numbering of
/// Windows event logs.
pub(crate) fn numbered(product: &str, channel: &str) -> bool {
    product == "windows" || channel == "Linux-Sysmon/Operational"
}

/// The identities of a batch's records that have one.
pub(crate) fn identities(batch: &EventBatch, vocabulary: &Vocabulary, out: &mut Vec<Identity>) {
    let Some(field) = field_of(&batch.shape) else { return };
    let Some(id) = vocabulary.find(field) else { return };
    let (Some(column), Some(values)) = (batch.column(id), vocabulary.dictionary(id)) else {
        return;
    };
    for row in 0..batch.rows() {
        let value = column.first(row);
        let text = values.text(value);
        if value.is_present() && !text.is_empty() {
            out.push(identity(&batch.shape.product, text));
        }
    }
}

fn field_of(shape: &Shape) -> Option<&'static str> {
    let fits = |&&(product, channel, _): &&(&str, &str, &str)| {
        *shape.product == *product && (channel.is_empty() || *shape.channel == *channel)
    };
    NAMED.iter().find(fits).map(|&(.., field)| field)
}

/// What a record is known by, from what it says it is.
pub(crate) fn identity(product: &str, id: &str) -> Identity {
    let mut hasher = Sha256::new();
    hasher.update(product.as_bytes());
    hasher.update([0]);
    hasher.update(id.as_bytes());
    let hash = hasher.finalize();
    hash.iter().take(16).fold(0, |all, &byte| all << 8 | Identity::from(byte))
}

/// The identities that were seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    seen: HashSet<Identity>,
    /// Records that could not be compared with all before them.
    pub(crate) beyond_limit: u64,
}

impl Seen {
    /// Adds identities; how many were there before.
    pub(crate) fn add(&mut self, identities: &[Identity]) -> u64 {
        let mut before = 0;
        for identity in identities {
            if self.seen.contains(identity) {
                before += 1;
            } else if self.seen.len() < IDENTITIES_MAX {
                self.seen.insert(*identity);
            } else {
                self.beyond_limit += 1;
            }
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_seen_once() {
        let mut seen = Seen::default();
        let ids: Vec<Identity> = ["a", "b", "a"].map(|id| identity("m365", id)).to_vec();
        assert_eq!(seen.add(&ids), 1);
        assert_eq!(seen.add(&ids), 3);
        assert_eq!(seen.add(&[identity("aws", "a")]), 0);
        assert_eq!(seen.beyond_limit, 0);
    }

    #[test]
    fn records_beyond_the_limit_are_said_not_to_be_compared() {
        let mut seen = Seen::default();
        let mut ids: Vec<Identity> = (0..IDENTITIES_MAX as Identity).collect();
        ids.extend([1, Identity::MAX, Identity::MAX]);
        assert_eq!((seen.add(&ids), seen.beyond_limit), (1, 2));
    }

    #[test]
    fn kinds_of_records_name_themselves_by_different_fields() {
        let of = |product: &str, channel: &str| {
            field_of(&Shape { product: product.into(), channel: channel.into(), event_id: None })
        };
        assert_eq!(of("m365", "Exchange"), Some("Id"));
        assert_eq!(of("aws", "cloudtrail"), Some("eventID"));
        assert_eq!(of("aws", "guardduty"), None);
        assert_eq!(of("windows", "Security"), None);
    }
}
