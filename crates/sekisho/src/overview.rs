//! What a case says of itself: parties, policy, examinations, how many records
//! of which type. Nothing is proven here; that is for `verify`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use sekisho_case::key::{Algorithm, VerifyingKey};
use sekisho_case::log::Log;
use sekisho_case::note::{NoteSignature, Standing};
use sekisho_case::policy::{Evaluation, Policy};
use sekisho_case::record::{Body, Case, Examination, Party, Record, Release, Role};

/// How every record begins, before its type.
const HEAD: &[u8] = br#"{"type":""#;

/// What a case says of itself in its published state.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The first entry.
    pub case: Case,
    /// Who takes part, as it was said last.
    pub parties: Vec<Party>,
    /// The policy, as it was said last.
    pub policy: String,
    /// All examinations, in order.
    pub examinations: Vec<Examination>,
    /// All releases, in order.
    pub releases: Vec<Release>,
    /// How many records there are of each type.
    pub records: BTreeMap<String, u64>,
    /// Entries, or bundles of 256 of them, that are damaged or no records.
    pub damaged: u64,
}

impl Overview {
    /// Reads the published state of a case.
    ///
    /// # Errors
    ///
    /// If its first entry cannot be read, is none, or is about another log.
    pub fn of(log: &Log) -> Result<Self> {
        let first = log.entry(0).context("reading the first entry of the case")?;
        let Body::Case(case) = Record::parse(&first).context("the first entry of the case")?.body
        else {
            bail!("the first entry of the log is no `case` record: this is no case");
        };
        if case.origin != log.origin() {
            bail!(
                "the first entry is about the log {}, but the checkpoint is one of {}",
                case.origin,
                log.origin()
            );
        }
        let mut overview = Self {
            parties: case.parties.clone(),
            policy: case.policy.clone(),
            case,
            examinations: Vec::new(),
            releases: Vec::new(),
            records: BTreeMap::new(),
            damaged: 0,
        };
        for entry in log.entries(0..log.size()) {
            match entry {
                Ok((_, bytes)) => overview.count(&bytes),
                Err(_) => overview.damaged += 1,
            }
        }
        Ok(overview)
    }

    fn count(&mut self, bytes: &[u8]) {
        // There may be millions of cells and sources; only few others are looked into.
        let name = bytes.strip_prefix(HEAD).and_then(|rest| rest.split(|&b| b == b'"').next());
        let Some(name) = name.and_then(|name| std::str::from_utf8(name).ok()) else {
            self.damaged += 1;
            return;
        };
        if matches!(name, "parties" | "examination" | "release") {
            match Record::parse(bytes).map(|record| record.body) {
                Ok(Body::Parties(parties)) => {
                    self.parties = parties.parties;
                    self.policy = parties.policy;
                }
                Ok(Body::Examination(examination)) => self.examinations.push(*examination),
                Ok(Body::Release(release)) => self.releases.push(release),
                _ => {
                    self.damaged += 1;
                    return;
                }
            }
        }
        *self.records.entry(name.to_owned()).or_default() += 1;
    }

    /// The key that signs the checkpoints of the case, by the name of its log.
    ///
    /// # Errors
    ///
    /// If the first entry names no owner.
    pub fn owner(&self) -> Result<VerifyingKey> {
        let owner = self.case.parties.iter().find(|party| party.role == Role::Owner);
        let owner = owner.context("the first entry of the case names no owner")?;
        let key = owner.key.with_algorithm(Algorithm::Ed25519);
        key.with_name(&self.case.origin).context("the key of the case's owner")
    }

    /// The keys whose cosignatures say something to this case: those of its parties, then those
    /// of its policy.
    #[must_use]
    pub fn cosigners(&self) -> Vec<VerifyingKey> {
        cosigners(&self.parties, &self.policy)
    }

    /// What the published checkpoint has of signatures.
    #[must_use]
    pub fn signatures(&self, log: &Log) -> Signatures {
        let checkpoint = log.checkpoint();
        let note = checkpoint.note();
        let cosigners = self.cosigners();
        let owner = self.owner().ok();
        let known = |s: &&NoteSignature| {
            let mut keys = cosigners.iter().chain(&owner);
            keys.any(|key| key.name() == s.name && key.id() == s.id)
        };
        Signatures {
            by_owner: owner.as_ref().is_some_and(|owner| checkpoint.verify(owner).is_ok()),
            unknown: note.signatures().len() - note.signatures().iter().filter(known).count(),
            policy: Policy::parse(&self.policy).ok().map(|policy| policy.evaluate(checkpoint)),
            cosigned: cosigners
                .iter()
                .map(|key| (key.name().to_owned(), note.standing(key)))
                .filter(|(_, standing)| *standing != Standing::Absent)
                .collect(),
        }
    }
}

/// The keys whose cosignatures say something where these parties and this policy are in force.
pub(crate) fn cosigners(parties: &[Party], policy: &str) -> Vec<VerifyingKey> {
    let parties = parties.iter().map(|party| &party.key);
    let mut keys: Vec<VerifyingKey> =
        parties.map(|key| key.with_algorithm(Algorithm::CosignatureV1)).collect();
    if let Ok(policy) = Policy::parse(policy) {
        keys.extend(policy.witnesses().map(|(_, key)| key.clone()));
    }
    let mut known: Vec<VerifyingKey> = Vec::new();
    for key in keys {
        if !known.contains(&key) {
            known.push(key);
        }
    }
    known
}

/// What the published checkpoint of a case has of signatures.
#[derive(Clone, Debug)]
pub struct Signatures {
    /// The owner signed it.
    pub by_owner: bool,
    /// What those who are known have cosigned.
    pub cosigned: Vec<(String, Standing)>,
    /// How many signatures there are by others.
    pub unknown: usize,
    /// What the policy says, if it can be read.
    pub policy: Option<Evaluation>,
}
