//! Whose state of a log it is: signatures, policies, and what was seen before.
//! A case and a release are checked in the same way.

use std::collections::BTreeMap;

use super::report::Report;
use super::{Trust, UsageError};
use crate::Hash;
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::hash::shown;
use crate::key::{Algorithm, VerifyingKey};
use crate::note::Standing;
use crate::policy::Policy;
use crate::record::{Body, Party, Record, owner, owner_name};
use crate::statement::Place;
use crate::time::Timestamp;

/// The parties and the policy of the latest record that names them.
#[derive(Clone, Debug)]
pub(super) struct InForce {
    pub(super) entry: u64,
    pub(super) parties: Vec<Party>,
    pub(super) policy: String,
}

impl InForce {
    /// What a record puts in force.
    pub(super) fn of(entry: u64, record: &Record) -> Option<Self> {
        let (parties, policy) = match &record.body {
            Body::Case(case) => (&case.parties, &case.policy),
            Body::Parties(parties) => (&parties.parties, &parties.policy),
            _ => return None,
        };
        Some(Self { entry, parties: parties.clone(), policy: policy.clone() })
    }

    /// The owner's key, under the name that the parties have.
    pub(super) fn owner(&self) -> Option<&VerifyingKey> {
        owner(&self.parties)
    }
}

/// Reads a checkpoint of a case: at least one entry.
pub(super) fn parse_checkpoint(bytes: &[u8]) -> Result<SignedCheckpoint, String> {
    let signed = SignedCheckpoint::parse(bytes).map_err(|e| e.to_string())?;
    match signed.unverified().size {
        0 => Err("it is of a log without entries; expected the case in entry 0".to_owned()),
        _ => Ok(signed),
    }
}

/// A key as the log of this origin is signed with it.
pub(super) fn as_log(key: &VerifyingKey, origin: &str) -> Option<VerifyingKey> {
    key.with_algorithm(Algorithm::Ed25519).with_name(origin).ok()
}

/// The keys given that are for this case, as its log is signed with them.
fn fitting(trust: &Trust, origin: &str) -> Vec<VerifyingKey> {
    let name = owner_name(origin);
    let fits = |key: &&VerifyingKey| {
        let named = Some(key.name()) == name || (name.is_some() && key.name() == origin);
        key.algorithm() == Algorithm::Ed25519 && named
    };
    trust.keys.iter().filter(fits).filter_map(|key| as_log(key, origin)).collect()
}

/// Whether the checkpoint seen before is of use.
pub(super) fn check_usage(trust: &Trust) -> Result<(), UsageError> {
    let Some(seen) = &trust.seen else { return Ok(()) };
    let (head, note) = (seen.unverified(), seen.note());
    let signed = |key: &VerifyingKey| matches!(note.standing(key), Standing::Signed(_));
    let is_signed = trust.keys.is_empty() || fitting(trust, &head.origin).iter().any(signed);
    if head.size > 0 && is_signed { Ok(()) } else { Err(UsageError::Seen) }
}

/// Whether one of the given keys has signed; without any nothing is said yet.
pub(super) fn check_given_keys(
    signed: &SignedCheckpoint,
    trust: &Trust,
    report: &mut Report,
) -> bool {
    if trust.keys.is_empty() {
        return true;
    }
    let keys = fitting(trust, &signed.unverified().origin);
    let mut has_signed = false;
    let mut is_wrong = false;
    for key in &keys {
        match signed.note().standing(key) {
            Standing::Signed(_) => has_signed = true,
            Standing::Absent => {}
            Standing::Wrong => {
                is_wrong = true;
                let text = format!("the signature with the key {key} does not fit");
                report.broken(Place::Checkpoint, text);
            }
        }
    }
    if !has_signed && !is_wrong {
        let text = format!(
            "it is signed with none of the keys given ({} of {} are for {})",
            keys.len(),
            trust.keys.len(),
            shown(&signed.unverified().origin)
        );
        report.broken(Place::Checkpoint, text);
    }
    has_signed && !is_wrong
}

/// Whether the owner in force has signed, and its key is one of those given.
pub(super) fn check_owner(
    signed: &SignedCheckpoint,
    in_force: &InForce,
    trust: &Trust,
    report: &mut Report,
) -> bool {
    let Checkpoint { origin, size, root, .. } = signed.unverified();
    let place = Place::Checkpoint;
    let Some((owner, key)) = in_force.owner().and_then(|key| Some((key, as_log(key, origin)?)))
    else {
        report.broken(Place::Entry(in_force.entry), "it names no owner");
        return false;
    };
    match signed.note().standing(&key) {
        Standing::Signed(_) => {}
        Standing::Absent => {
            let text = format!("it is not signed by the owner that entry {} names", in_force.entry);
            report.broken(place, text);
            return false;
        }
        Standing::Wrong => {
            report.broken(place, "the owner's signature does not fit");
            return false;
        }
    }
    let state = format!("the state of {} with {size} entries, root {root}", shown(origin));
    if trust.keys.is_empty() {
        let text = format!("{owner} signed {state}; whose key that is, the case says itself");
        report.claimed(place, text);
    } else if fitting(trust, origin).contains(&key) {
        report.proven(place, format!("the owner, {}, signed {state}", shown(owner.name())));
    } else {
        let text = format!(
            "the owner that entry {} names, {owner}, is not among the keys given",
            in_force.entry
        );
        report.broken(place, text);
        return false;
    }
    true
}

/// Each line that is said to be by a known key is; the policies are met; what
/// is not understood is counted.
pub(super) fn check_cosignatures(
    signed: &SignedCheckpoint,
    in_force: &InForce,
    trust: &Trust,
    report: &mut Report,
) {
    let place = Place::Checkpoint;
    report.not_understood(place.clone(), signed.unverified().extensions.len() as u64);
    let of_case = match Policy::parse(&in_force.policy) {
        Ok(policy) => policy,
        Err(e) => return report.broken(Place::Entry(in_force.entry), e.to_string()),
    };
    let policies: Vec<(&str, &Policy)> = std::iter::once(("the case's", &of_case))
        .chain(trust.policy.as_ref().map(|policy| ("the given", policy)))
        .collect();
    for key in known_keys(signed, in_force, trust, &policies).into_values() {
        match signed.note().standing(&key) {
            Standing::Wrong => {
                report.broken(
                    place.clone(),
                    format!("the signature with the key {key} does not fit"),
                );
            }
            Standing::Signed(Some(seconds)) => {
                let nanos = i64::try_from(seconds).ok().and_then(|s| s.checked_mul(1_000_000_000));
                let time = nanos.map_or_else(
                    || format!("{seconds} s after 1970"),
                    |nanos| Timestamp(nanos).to_string(),
                );
                let text = format!("cosigned by {}, by its own clock at {time}", shown(key.name()));
                report.proven(place.clone(), text);
            }
            Standing::Signed(None) | Standing::Absent => {}
        }
    }
    for (whose, policy) in policies {
        check_policy(whose, policy, signed, report);
    }
}

/// All keys of which a signature must be good, by name and id.
fn known_keys(
    signed: &SignedCheckpoint,
    in_force: &InForce,
    trust: &Trust,
    policies: &[(&str, &Policy)],
) -> BTreeMap<(String, u32), VerifyingKey> {
    let given = trust.keys.iter().cloned().chain(fitting(trust, &signed.unverified().origin));
    let parties = in_force.parties.iter().map(|party| party.key.clone());
    let policies = policies.iter().flat_map(|(_, policy)| {
        policy.logs().iter().chain(policy.witnesses().map(|(_, key)| key)).cloned()
    });
    let mut known = BTreeMap::new();
    let mut add = |key: VerifyingKey| known.insert((key.name().to_owned(), key.id()), key);
    for key in given.chain(parties) {
        add(key.with_algorithm(Algorithm::CosignatureV1));
        add(key);
    }
    for key in policies {
        add(key);
    }
    known
}

fn check_policy(whose: &str, policy: &Policy, signed: &SignedCheckpoint, report: &mut Report) {
    let place = Place::Checkpoint;
    let evaluation = policy.evaluate(signed);
    if evaluation.names_logs && evaluation.log.is_none() {
        report.broken(place.clone(), format!("it is signed by no log of {whose} policy"));
    }
    let needs_none = policy.witnesses().next().is_none();
    if evaluation.has_quorum() && !needs_none {
        report.proven(place, format!("{whose} policy is met"));
        return;
    }
    for missing in evaluation.missing {
        let of: Vec<String> = missing.of.iter().map(|name| shown(name)).collect();
        let text = format!(
            "{whose} policy asks for cosignatures of {} of: {}",
            missing.needed,
            of.join(", ")
        );
        report.required(place.clone(), text);
    }
}

/// What was seen before is continued. `root_at` gives roots of the log at
/// earlier sizes, if the log is here.
pub(super) fn check_seen(
    checkpoint: &Checkpoint,
    root_at: Option<&dyn Fn(u64) -> Option<Hash>>,
    trust: &Trust,
    report: &mut Report,
) {
    let Some(seen) = trust.seen.as_ref().map(SignedCheckpoint::unverified) else { return };
    let place = Place::Checkpoint;
    if seen.origin != checkpoint.origin {
        let text = format!("the checkpoint seen before is of another log: {}", shown(&seen.origin));
        return report.broken(place, text);
    }
    let (before, now) = (seen.size, checkpoint.size);
    let root = match root_at {
        _ if before == now => Some(checkpoint.root),
        Some(_) if before > now => {
            let text =
                format!("an older state: {now} entries, and one with {before} was seen before");
            return report.broken(place, text);
        }
        Some(root_at) => root_at(before),
        None => {
            let text = format!(
                "whether it and the state seen before, of {before} entries, are of one history; the \
                 whole case shows it"
            );
            return report.missing(place, text);
        }
    };
    if root == Some(seen.root) {
        report.proven(place, format!("it continues the state seen before, of {before} entries"));
    } else {
        let text = format!(
            "the log is forked: with {before} entries it has another root than the checkpoint seen \
             before; keep both"
        );
        report.broken(place, text);
    }
}
