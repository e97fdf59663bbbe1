//! Who takes part in a case, and which cosignatures its checkpoints need: what
//! is said later takes the place of what was said before.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use sekisho_case::key::{Algorithm, PRIVATE_KEY_HEAD, SigningKey, VerifyingKey};
use sekisho_case::policy::Policy;
use sekisho_case::record::{Body, Parties, Party, Role};

use super::CaseWriter;
use crate::overview::Overview;

/// What went on record of parties or policy.
#[derive(Clone, Debug)]
pub struct Named {
    /// Whose cosignatures the checkpoint that was published with it lacks.
    pub missing: Vec<String>,
    /// Whether the party that was named must cosign.
    pub must_cosign: bool,
    /// What could not be done besides, and what to do.
    pub warning: Option<String>,
}

/// How a party is named.
#[derive(Clone, Copy, Debug, Default)]
pub struct Naming {
    /// Its cosignature is needed from now on.
    pub cosigns: bool,
    /// It takes the place of the party of the same name.
    pub replace: bool,
}

/// Names a party in a case, or puts it in the place of the one of its name: then
/// its key takes the place of the other's in the policy too. Published at once.
///
/// # Errors
///
/// Where it would be a second owner, its key or name is there already (or, to be
/// replaced, is not), or the policy has a form of its own that cannot be added to.
pub fn name_party(
    folder: &Path,
    owner: &SigningKey,
    party: Party,
    naming: Naming,
) -> Result<Named> {
    let mut case = CaseWriter::open(folder, owner)?;
    let Overview { mut parties, mut policy, .. } = Overview::of(&case.log.log()?)?;
    if party.role == Role::Owner {
        bail!("a case has one owner, who was named when it was begun");
    }
    let before = place_of(&parties, &party, naming.replace)?;
    if let Some(before) = before.and_then(|at| parties.get(at)) {
        policy = with_other_key(&policy, &before.key, &party.key)?;
    }
    let key = party.key.clone();
    if naming.cosigns && !is_witness(&policy, &key)? {
        let log = owner.verifying_key().with_name(case.origin())?;
        policy = with_witness(&policy, &log, &party)?;
    }
    match before.and_then(|at| parties.get_mut(at)) {
        Some(before) => *before = party,
        None => parties.push(party),
    }
    let must_cosign = is_witness(&policy, &key)?;
    Ok(Named { must_cosign, ..publish(&mut case, parties, policy)? })
}

/// The place of the party that another one replaces; none where it is a new one.
fn place_of(parties: &[Party], party: &Party, replace: bool) -> Result<Option<usize>> {
    let named = parties.iter().position(|other| other.name == party.name);
    let same_key = |other: &&Party| other.key.public() == party.key.public();
    match parties.iter().find(|other| same_key(other) && other.name != party.name) {
        Some(other) if other.role == Role::Owner => {
            bail!("{} is already a party of this case, its owner, with the same key", other.name)
        }
        Some(other) => bail!(
            "{} is already a party of this case, with the same key; to say something else of it, \
             name it {:?} and give --replace",
            other.name,
            other.name
        ),
        None => {}
    }
    match named.and_then(|at| parties.get(at)) {
        Some(other) if other.role == Role::Owner => {
            bail!("{} is already a party of this case, its owner, who stays the same", other.name)
        }
        Some(other) if !replace => bail!(
            "{} is already a party of this case, with the key {}; to put another key or role in its \
             place, give --replace",
            other.name,
            other.key
        ),
        None if replace => {
            let others = parties.iter().filter(|other| other.role != Role::Owner);
            let names: Vec<String> = others.map(|other| format!("{:?}", other.name)).collect();
            bail!(
                "--replace: no party of this case is named {:?}; those that can be replaced: {}",
                party.name,
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            )
        }
        _ => Ok(named),
    }
}

/// Says which cosignatures checkpoints need from now on: a C2SP tlog-policy.
/// Published at once.
///
/// # Errors
///
/// Where it is no policy, or names logs, but not that of the case: no checkpoint
/// of the case could ever fulfil it.
pub fn set_policy(folder: &Path, owner: &SigningKey, policy: &str) -> Result<Named> {
    let parsed = Policy::parse(policy).context("the policy")?;
    if policy.contains(PRIVATE_KEY_HEAD) {
        bail!(
            "the policy has a private key in it, in a comment or an address: it would go on record \
             for all to read; expected public keys only"
        );
    }
    let mut case = CaseWriter::open(folder, owner)?;
    let log = owner.verifying_key().with_name(case.origin())?;
    if !parsed.logs().is_empty() && !parsed.logs().contains(&log) {
        bail!(
            "the policy names logs, but not that of this case, which would be invalid from then on; \
             expected the line `log {log}`, or no line with `log`"
        );
    }
    let Overview { parties, .. } = Overview::of(&case.log.log()?)?;
    publish(&mut case, parties, policy.to_owned())
}

/// Puts parties and policy on record; what is said of a party is for the caller.
fn publish(case: &mut CaseWriter, parties: Vec<Party>, policy: String) -> Result<Named> {
    let parsed = Policy::parse(&policy).context("the policy of the case")?;
    case.append(Body::Parties(Parties { parties, policy }))?;
    let warning = case.publish()?.warning;
    let missing = parsed.evaluate(case.log.log()?.checkpoint()).missing;
    let missing = missing.iter().map(ToString::to_string).collect();
    Ok(Named { missing, must_cosign: false, warning })
}

/// Whether a policy names a key as a witness's.
fn is_witness(policy: &str, key: &VerifyingKey) -> Result<bool> {
    let policy = Policy::parse(policy).context("the policy of the case")?;
    let found = policy.witnesses().any(|(_, witness)| witness.public() == key.public());
    Ok(found)
}

/// A policy in which one key of a witness stands in the place of another; all else
/// of it, whatever its form, stays as it is.
fn with_other_key(policy: &str, before: &VerifyingKey, after: &VerifyingKey) -> Result<String> {
    let after = after.with_algorithm(Algorithm::CosignatureV1).to_string();
    let mut text = String::new();
    for line in policy.split_inclusive('\n') {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let key = match words.as_slice() {
            ["witness", _, key, ..] => Some(*key),
            _ => None,
        };
        let of_before = |key: &&str| {
            let parsed = key.parse::<VerifyingKey>();
            parsed.is_ok_and(|parsed| parsed.public() == before.public())
        };
        match key.filter(of_before) {
            Some(key) => text.push_str(&line.replacen(key, &after, 1)),
            None => text.push_str(line),
        }
    }
    Policy::parse(&text).context("the policy of the case with the new key")?;
    Ok(text)
}

/// A policy that needs all witnesses of another one and a further party.
fn with_witness(policy: &str, log: &VerifyingKey, party: &Party) -> Result<String> {
    let before = Policy::parse(policy).context("the policy of the case")?;
    let mut witnesses: Vec<(String, VerifyingKey)> =
        before.witnesses().map(|(name, key)| (name.to_owned(), key.clone())).collect();
    let none = witnesses.is_empty();
    if !none && Policy::text_needing_all(log, &witnesses) != policy {
        bail!(
            "the policy of this case has a form of its own; add the witness to it and set it with \
             `sekisho case policy`"
        );
    }
    let key = party.key.with_algorithm(Algorithm::CosignatureV1);
    witnesses.push((key.name().to_owned(), key));
    Ok(Policy::text_needing_all(log, &witnesses))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> VerifyingKey {
        SigningKey::from_seed(&format!("w{seed}"), [seed; 32]).unwrap().cosigner_key()
    }

    #[test]
    fn another_key_takes_its_place_in_a_policy_of_any_form() {
        let policy = |first: &VerifyingKey| {
            format!(
                "# {0}\nwitness a\t{first} https://w.example/\nwitness b {1}\n\
                 group g any a b\nquorum g\n",
                key(1),
                key(2)
            )
        };
        assert_eq!(with_other_key(&policy(&key(1)), &key(1), &key(3)).unwrap(), policy(&key(3)));
        // Also where the party was named with its log key.
        let as_log = key(1).with_algorithm(Algorithm::Ed25519);
        assert_eq!(with_other_key(&policy(&key(1)), &as_log, &key(3)).unwrap(), policy(&key(3)));
        assert_eq!(with_other_key(&policy(&key(1)), &key(4), &key(3)).unwrap(), policy(&key(1)));
        assert!(with_other_key(&policy(&key(1)), &key(1), &key(2)).is_err(), "b has it");
    }
}
