//! `sekisho verify`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use sekisho_case::bounded::{read_given, read_regular};
use sekisho_case::checkpoint::SignedCheckpoint;
use sekisho_case::key::VerifyingKey;
use sekisho_case::limits::{NOTE_BYTES_MAX, RELEASE_BYTES_MAX};
use sekisho_case::policy::Policy;
use sekisho_case::statement::{Standing, Statement};
use sekisho_case::verify::{Trust, Verified, verify_case, verify_release};
use serde::Serialize;
use serde_json::json;

use super::key::PassphraseArgs;
use super::options::Format;
use super::show;
use super::verify_events::{EventAnswer, event_answer, events_text};
use crate::Exit;
use crate::exposure::compare_cited;
use crate::seal::{StoreStanding, compare_store, find_case};

/// Check a case or a release: what is proven, what is only claimed, what is missing.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 valid, 4 invalid. Without --key everything may fit together and still be somebody
else's: then whose it is, is only claimed. The owner, whose key is at hand, also has each stored
event compared with what was sealed. docs/case.md says what the answer means, spec/case-v1.md what
is checked; spec/verify.py is a second verifier, in another language.")]
pub(super) struct Verify {
    /// A case (its folder, or the folder that has it as `case`), or the zip of a release.
    #[arg(value_name = "CASE|RELEASE")]
    path: PathBuf,
    /// Public key that is known to be the owner's or a witness's, as `sekisho key show` prints it
    /// (NAME+HASH+BASE64), or a file with one a line (NAME.pub); may be given again.
    #[arg(long = "key", value_name = "VKEY|FILE")]
    keys: Vec<String>,
    /// A C2SP tlog-policy that must be met, beside the one of the case.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A checkpoint of this case that was seen before: what is here must continue it.
    #[arg(long, value_name = "FILE")]
    seen: Option<PathBuf>,
    /// Do not compare stored events with what was sealed.
    #[arg(long)]
    without_store: bool,
    /// Show all events of a release and their values in full; else the first 20, long values cut.
    #[arg(long)]
    full: bool,
    /// Form of the answer; as JSON it has all events and values in full.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl Verify {
    pub(super) fn run(self) -> Result<Exit> {
        let trust = self.trust()?;
        let opening = || format!("opening {}", self.path.display());
        let verified = if fs::metadata(&self.path).with_context(opening)?.is_dir() {
            self.case(&case_to_verify(&self.path), &trust)?
        } else {
            verify_release(&read_release(&self.path)?, &trust)?
        };
        let text = match self.format {
            Format::Text => text(&self.path, &verified) + &events_text(&verified, self.full),
            Format::Json => json(&verified)?,
        };
        show::data(&text)?;
        Ok(if verified.is_valid() { Exit::Done } else { Exit::Invalid })
    }

    fn trust(&self) -> Result<Trust> {
        let mut trust = Trust::default();
        for given in &self.keys {
            trust.keys.extend(keys_of(given)?);
        }
        if let Some(path) = &self.policy {
            let read = || format!("reading the policy {}", path.display());
            let text = small_text(path).with_context(read)?;
            trust.policy = Some(Policy::parse(&text).with_context(read)?);
        }
        if let Some(path) = &self.seen {
            let read = || format!("reading the checkpoint {}", path.display());
            let bytes = read_given(path, NOTE_BYTES_MAX).with_context(read)?;
            trust.seen = Some(SignedCheckpoint::parse(&bytes).with_context(read)?);
        }
        Ok(trust)
    }

    fn case(&self, folder: &Path, trust: &Trust) -> Result<Verified> {
        let mut verified = verify_case(folder, trust, &mut |_| {})?;
        let Some(about) = verified.about.as_ref().filter(|_| verified.is_valid()) else {
            return Ok(verified);
        };
        if self.without_store || about.events == 0 {
            return Ok(verified);
        }
        verified.statements.extend(compare_cited(folder)?.statements());
        let keys = self.passphrase.keys()?;
        let standing = match keys.holder_of(&about.owner)? {
            Some(place) => match keys.unlock(&place) {
                Ok(key) => compare_store(folder, &key)?,
                Err(e) => StoreStanding::not_compared(&format!("the owner's key is locked: {e:#}")),
            },
            None => StoreStanding::not_compared("the owner's private key is not at hand"),
        };
        verified.statements.extend(standing.statements());
        Ok(verified)
    }
}

/// The folder to look into: the case in it or below it, or what is left of one. A case that has lost
/// its checkpoint is a broken case, and no wrong question.
fn case_to_verify(path: &Path) -> PathBuf {
    let below = path.join("case");
    match find_case(path) {
        Ok(case) => case,
        Err(_) if below.is_dir() && !path.join("tile").exists() => below,
        Err(_) => path.to_owned(),
    }
}

/// The bytes of a release.
pub(super) fn read_release(path: &Path) -> Result<Vec<u8>> {
    let reading = || format!("reading {}", path.display());
    read_regular(path, RELEASE_BYTES_MAX).with_context(reading)
}

/// A small file of text.
fn small_text(path: &Path) -> Result<String> {
    Ok(String::from_utf8(read_given(path, NOTE_BYTES_MAX)?)?)
}

/// Keys from a vkey, or from a file with one a line.
fn keys_of(given: &str) -> Result<Vec<VerifyingKey>> {
    // What stands there is quoted by the error of the key itself, which knows a private one.
    const WANTED: &str = "a key as `sekisho key show` prints it, or a file with such, one a line";
    if given.contains('+') && !Path::new(given).is_file() {
        return Ok(vec![given.parse().with_context(|| format!("--key, {WANTED}"))?]);
    }
    let text =
        small_text(Path::new(given)).with_context(|| format!("--key {given}: reading it"))?;
    let lines = (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty());
    let parse = |(number, line): (usize, &str)| -> Result<VerifyingKey> {
        line.parse().with_context(|| format!("--key, {WANTED}: line {number} of {given}"))
    };
    lines.map(parse).collect()
}

/// All standings, the gravest last, with their headings.
const HEADINGS: [(Standing, &str); 4] = [
    (Standing::Proven, "Proven"),
    (Standing::Claimed, "Claimed, not proven"),
    (Standing::Missing, "Missing"),
    (Standing::Broken, "BROKEN"),
];

fn text(path: &Path, verified: &Verified) -> String {
    let mut text = String::new();
    let word = if verified.is_valid() { "VALID" } else { "INVALID" };
    let _ = writeln!(text, "{word}: {}", path.display());
    if let Some(about) = &verified.about {
        let (size, origin) = (about.size, show::safe(&about.origin));
        let _ = writeln!(text, "log {origin}, {size} entries, root {}", about.root);
    }
    for (standing, heading) in HEADINGS {
        let all: Vec<&Statement> =
            verified.statements.iter().filter(|s| s.standing == standing).collect();
        if all.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{heading}");
        for statement in all {
            let line = format!("{}: {}", statement.place, statement.text);
            let _ = writeln!(text, "  {}", show::safe(&line));
        }
    }
    text
}

/// The answer for programs: all of it.
#[derive(Serialize)]
struct Answer<'a> {
    version: u32,
    valid: bool,
    log: Option<serde_json::Value>,
    statements: Vec<serde_json::Value>,
    events: Vec<EventAnswer<'a>>,
}

fn json(verified: &Verified) -> Result<String> {
    let statement = |s: &Statement| {
        json!({
            "standing": s.standing.to_string(),
            "place": s.place.to_string(),
            "text": s.text,
        })
    };
    let log = verified.about.as_ref().map(|about| {
        json!({
            "origin": about.origin,
            "size": about.size,
            "root": about.root.to_string(),
            "owner": about.owner.to_string(),
        })
    });
    let answer = Answer {
        version: 1,
        valid: verified.is_valid(),
        log,
        statements: verified.statements.iter().map(statement).collect(),
        events: verified.events.iter().map(event_answer).collect(),
    };
    Ok(show::safe_json(&serde_json::to_string(&answer)?) + "\n")
}
