//! Who takes part in a case, and which cosignatures its checkpoints need: what
//! is said later takes the place of what was said before.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use sekisho_case::key::{Algorithm, PRIVATE_KEY_HEAD, SigningKey, VerifyingKey};
use sekisho_case::policy::Policy;
use sekisho_case::record::{Body, Parties, Party, Role};

use super::CaseWriter;
use crate::overview::Overview;

/// Names a party in a case; if `cosigns`, its cosignature is needed from now
/// on. Published at once.
///
/// # Errors
///
/// Where it would be a second owner, its key or name is there already, or the
/// policy has a form of its own that cannot be added to.
pub fn name_party(folder: &Path, owner: &SigningKey, party: Party, cosigns: bool) -> Result<()> {
    let mut case = CaseWriter::open(folder, owner)?;
    let Overview { mut parties, mut policy, .. } = Overview::of(&case.log.log()?)?;
    if party.role == Role::Owner {
        bail!("a case has one owner, who was named when it was begun");
    }
    let same =
        |other: &&Party| other.key.public() == party.key.public() || other.name == party.name;
    if let Some(other) = parties.iter().find(same) {
        bail!("{} is already a party of this case, with the key {}", other.name, other.key);
    }
    if cosigns {
        let log = owner.verifying_key().with_name(case.origin())?;
        policy = with_witness(&policy, &log, &party)?;
    }
    parties.push(party);
    case.append(Body::Parties(Parties { parties, policy }))?;
    publish(&mut case)
}

/// Says which cosignatures checkpoints need from now on: a C2SP tlog-policy.
/// Published at once.
///
/// # Errors
///
/// Where it is no policy.
pub fn set_policy(folder: &Path, owner: &SigningKey, policy: &str) -> Result<()> {
    Policy::parse(policy).context("the policy")?;
    if policy.contains(PRIVATE_KEY_HEAD) {
        bail!(
            "the policy has a private key in it, in a comment or an address: it would go on record \
             for all to read; expected public keys only"
        );
    }
    let mut case = CaseWriter::open(folder, owner)?;
    let Overview { parties, .. } = Overview::of(&case.log.log()?)?;
    case.append(Body::Parties(Parties { parties, policy: policy.to_owned() }))?;
    publish(&mut case)
}

fn publish(case: &mut CaseWriter) -> Result<()> {
    case.publish()?;
    Ok(())
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
