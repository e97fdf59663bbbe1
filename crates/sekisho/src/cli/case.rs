//! `sekisho case`: what a case says of itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use sekisho_case::bounded::read_given;
use sekisho_case::key::{SigningKey, VerifyingKey};
use sekisho_case::limits::POLICY_BYTES_MAX;
use sekisho_case::log::Log;
use sekisho_case::note::Standing;
use sekisho_case::record::{Examination, ExaminationKind, Party, Role};

use super::key::PassphraseArgs;
use super::options::{Format, check_name};
use super::seal::{key_of_case, warn};
use super::show;
use crate::overview::{Overview, Signatures};
use crate::seal::{Named, Naming, find_case, name_party, set_policy};
use crate::{Exit, in_case};

/// Look into a sealed case; say who takes part in it, and whose cosignature it needs.
#[derive(Debug, Args)]
pub(super) struct Case {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show parties, policy, examinations, releases and the checkpoint.
    Show(Show),
    /// Name somebody who takes part, with a role and a public key.
    Party(Box<NewParty>),
    /// Say which cosignatures checkpoints of the case need.
    Policy(NewPolicy),
}

/// Show parties, policy, examinations, releases and the checkpoint of a case. It says what the case
/// says of itself; whether that is true, `sekisho verify` checks.
#[derive(Debug, Args)]
struct Show {
    /// Folder of the case, or one that has it as `case`.
    #[arg(value_name = "CASE")]
    case: PathBuf,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Name somebody who takes part in a case, with a role and a public key. Goes on record in the case.
#[derive(Debug, Args)]
struct NewParty {
    /// Folder of the case, or one that has it as `case`.
    #[arg(value_name = "CASE")]
    case: PathBuf,
    /// What they do: assessor (examines), partner (is shown something), witness (cosigns).
    #[arg(long, value_enum)]
    role: RoleArg,
    /// What people call them.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Their public key: a line of `sekisho key show`.
    #[arg(long, value_name = "VKEY")]
    key: VerifyingKey,
    /// From now on checkpoints need their cosignature: the case is valid only with it.
    #[arg(long)]
    cosigns: bool,
    /// Put this key and role in the place of those that the party of this name has. Where the
    /// policy asks for its cosignature, it does so with the new key.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    owner: OwnerArgs,
}

/// Say which cosignatures checkpoints of a case need from now on. Goes on record in the case.
#[derive(Debug, Args)]
struct NewPolicy {
    /// Folder of the case, or one that has it as `case`.
    #[arg(value_name = "CASE")]
    case: PathBuf,
    /// A C2SP tlog-policy.
    #[arg(value_name = "FILE")]
    policy: PathBuf,
    #[command(flatten)]
    owner: OwnerArgs,
}

/// The key with which the owner puts something on record.
#[derive(Debug, Args)]
struct OwnerArgs {
    /// Key of the owner: its name or its file; else the one that the case was begun with.
    #[arg(long, value_name = "NAME|FILE")]
    owner_key: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl OwnerArgs {
    fn key(&self, case: &Path) -> Result<SigningKey> {
        key_of_case(&self.passphrase.keys()?, self.owner_key.as_deref(), case)
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleArg {
    Assessor,
    Partner,
    Witness,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Assessor => Self::Assessor,
            RoleArg::Partner => Self::Partner,
            RoleArg::Witness => Self::Witness,
        }
    }
}

impl NewParty {
    fn run(self) -> Result<Exit> {
        let case = find_case(&self.case)?;
        let name = self.name.trim().to_owned();
        check_name("--name", &name)?;
        if name.is_empty() {
            bail!("--name is empty: expected what people call them");
        }
        let party = Party { name, role: self.role.into(), key: self.key };
        let naming = Naming { cosigns: self.cosigns, replace: self.replace };
        let named = name_party(&case, &self.owner.key(&case)?, party, naming)?;
        show::talk("On record. `sekisho case show` shows all parties and the policy.");
        if self.replace {
            show::talk(if named.must_cosign {
                "The policy asks for a cosignature with this key."
            } else {
                "The policy asks for no cosignature by this party."
            });
        }
        said(&named);
        Ok(Exit::Done)
    }
}

impl NewPolicy {
    fn run(self) -> Result<Exit> {
        let case = find_case(&self.case)?;
        let reading = || format!("reading the policy {}", self.policy.display());
        let text = read_given(&self.policy, POLICY_BYTES_MAX).with_context(reading)?;
        let text = String::from_utf8(text).with_context(reading)?;
        let named = set_policy(&case, &self.owner.key(&case)?, &text)?;
        show::talk("On record. `sekisho case show` shows the policy.");
        said(&named);
        Ok(Exit::Done)
    }
}

/// Says what the checkpoint needs now.
fn said(named: &Named) {
    if named.missing.is_empty() {
        show::talk("The checkpoint needs no cosignature.");
    } else {
        let missing = show::safe(&named.missing.join("; "));
        show::talk(&format!(
            "The checkpoint, and so the case, is valid once it is cosigned by: {missing}. \
             `sekisho checkpoint show --since` asks for it."
        ));
    }
    warn(named.warning.as_deref());
}

impl Case {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::Show(show) => in_case(&show.case, show.run()),
            What::Party(party) => in_case(&party.case.clone(), (*party).run()),
            What::Policy(policy) => in_case(&policy.case.clone(), policy.run()),
        }
    }
}

impl Show {
    fn run(&self) -> Result<Exit> {
        let log = Log::open(&find_case(&self.case)?)?;
        let overview = Overview::of(&log)?;
        let signatures = overview.signatures(&log);
        show::data(&match self.format {
            Format::Text => text(&log, &overview, &signatures),
            Format::Json => format!("{}\n", json(&log, &overview, &signatures)),
        })?;
        Ok(if overview.damaged > 0 { Exit::Invalid } else { Exit::Done })
    }
}

fn text(log: &Log, overview: &Overview, signatures: &Signatures) -> String {
    let mut out = String::new();
    let case = &overview.case;
    let _ = writeln!(out, "case         {}", show::safe(&case.name));
    let _ = writeln!(out, "origin       {}", show::safe(&case.origin));
    for party in &overview.parties {
        let name = show::safe(&party.name);
        let _ = writeln!(out, "{:<12} {name}  {}", role(party.role), party.key);
    }
    for line in overview.policy.lines() {
        let _ = writeln!(out, "policy       {}", show::safe(line));
    }
    let _ = writeln!(
        out,
        "checkpoint   {} entries, root {}",
        show::grouped(log.size()),
        log.root().base64()
    );
    for line in signed(signatures) {
        let _ = writeln!(out, "             {line}");
    }
    for examination in &overview.examinations {
        let _ = writeln!(out, "examination  {}", examined(examination));
    }
    for release in &overview.releases {
        let _ = writeln!(
            out,
            "release      {} to {}: {}, {}",
            release.number,
            show::safe(&format!("{:?}", release.to)),
            show::counted(release.events, "event"),
            show::counted(release.fields, "field"),
        );
    }
    let records: Vec<String> = overview
        .records
        .iter()
        .map(|(name, count)| format!("{} {}", show::grouped(*count), show::safe(name)))
        .collect();
    let _ = writeln!(out, "records      {}", records.join(", "));
    if overview.damaged > 0 {
        let damaged = show::grouped(overview.damaged);
        let _ = writeln!(out, "damaged      {damaged} places; `sekisho verify` says where");
    }
    out
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Assessor => "assessor",
        Role::Partner => "partner",
        Role::Witness => "witness",
    }
}

fn signed(signatures: &Signatures) -> Vec<String> {
    let mut lines = vec![if signatures.by_owner {
        "signed by the owner".to_owned()
    } else {
        "NOT signed by the owner".to_owned()
    }];
    for (name, standing) in &signatures.cosigned {
        let name = show::safe(name);
        lines.push(match time(standing) {
            Some(time) => format!("cosigned by {name} at {time}"),
            None => format!("a cosignature by {name} does NOT fit"),
        });
    }
    if signatures.unknown > 0 {
        let count = u64::try_from(signatures.unknown).unwrap_or(u64::MAX);
        lines.push(format!("{} by others", show::counted(count, "signature")));
    }
    match &signatures.policy {
        None => lines.push("the policy cannot be read".to_owned()),
        Some(policy) if policy.names_logs && policy.log.is_none() => lines.push(
            "the policy names logs, and none of them signed this: `sekisho verify` says INVALID; \
             set another one with `sekisho case policy`"
                .into(),
        ),
        Some(policy) if policy.has_quorum() => lines.push("the policy's quorum is reached".into()),
        Some(policy) => lines.extend(policy.missing.iter().map(|missing| {
            let of: Vec<String> = missing.of.iter().map(|name| show::safe(name)).collect();
            format!("the policy needs {} more of: {}", missing.needed, of.join(", "))
        })),
    }
    lines
}

/// When a cosignature was given; `None` if it does not fit.
fn time(standing: &Standing) -> Option<String> {
    let Standing::Signed(time) = standing else { return None };
    let seconds = i64::try_from(time.unwrap_or_default()).ok()?;
    let time = jiff::Timestamp::from_second(seconds).ok();
    Some(time.map_or_else(|| format!("second {seconds}"), |time| time.to_string()))
}

fn kind(kind: ExaminationKind) -> &'static str {
    match kind {
        ExaminationKind::Examine => "examine",
        ExaminationKind::Hunt => "hunt",
    }
}

fn examined(e: &Examination) -> String {
    let v = &e.verdicts;
    format!(
        "{} {}{}: {}, {}, {}, {} (cells: {} clean, {} with findings, {} with gaps, {} refused)",
        e.number,
        kind(e.kind),
        if e.complete { "" } else { " (NOT complete)" },
        show::counted(e.sources.count, "source"),
        show::counted(e.cells.count.into(), "cell"),
        show::counted(e.cells.events, "event"),
        show::counted(e.detections, "detection"),
        v.clean,
        v.findings,
        v.gap,
        v.refused,
    )
}

fn json(log: &Log, overview: &Overview, signatures: &Signatures) -> serde_json::Value {
    let cosigned: Vec<serde_json::Value> = signatures
        .cosigned
        .iter()
        .map(|(name, standing)| {
            let time = time(standing);
            serde_json::json!({"name": name, "fits": time.is_some(), "time": time})
        })
        .collect();
    serde_json::json!({
        "version": 1, "name": overview.case.name, "origin": overview.case.origin,
        "parties": overview.parties, "policy": overview.policy,
        "checkpoint": {
            "size": log.size(), "root": log.root().to_string(),
            "signed_by_owner": signatures.by_owner, "cosigned": cosigned,
            "unknown_signatures": signatures.unknown,
            "quorum": signatures.policy.as_ref().map(|policy| policy.has_quorum()),
        },
        "examinations": overview.examinations, "releases": overview.releases,
        "records": overview.records, "damaged": overview.damaged,
    })
}
