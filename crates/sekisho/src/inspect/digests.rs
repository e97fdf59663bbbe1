//! What CloudTrail digest files prove: which hours a trail covers without a
//! break, which of the log files they name are here unchanged, and that in an
//! hour nothing was delivered.
//!
//! Hashes are those of the uncompressed contents, of log files as of digest
//! files: so says the documentation of their structure (`logFiles.hashValue`,
//! `previousDigestHashValue`). Each digest is signed by AWS; that signature is
//! not in the file and is not checked here, so the newest digest of a chain is
//! vouched for by nobody, and all before it by the newest.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use sekisho_event::{Shape, TIME_UNKNOWN};
use serde::{Deserialize, Serialize};

use super::model::iso;

/// Most log files that digests name and that are looked for.
pub(crate) const LOG_FILES_MAX: usize = 500_000;

/// Most digests that are chained.
pub(crate) const DIGESTS_MAX: usize = 200_000;

/// Most names in a list.
const NAMED_MAX: usize = 20;

/// What the names of log files have in them.
const LOG_FILE_MARK: &str = "_CloudTrail_";

const NOTE: &str = "the digests' own RSA signatures are not checked: the newest digest of a period \
     is taken at its word, each other one is proved by the hash in the digest after it";

/// Whether records of a shape are digests.
pub(crate) fn is_digest(shape: &Shape) -> bool {
    &*shape.product == "aws" && &*shape.channel == "cloudtrail-digest"
}

/// A digest file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest {
    /// The trail: what the names of all its digests begin with.
    trail: Box<str>,
    end: i64,
    start: i64,
    /// Name of the file, without its folders.
    name: Box<str>,
    source: usize,
    previous: Option<(Box<str>, Box<str>)>,
    files: Vec<(Box<str>, Box<str>)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    digest_start_time: Option<String>,
    digest_end_time: Option<String>,
    digest_s3_object: Option<String>,
    previous_digest_s3_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    #[serde(default)]
    log_files: Option<Vec<LogFile>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogFile {
    s3_object: Option<String>,
    hash_value: Option<String>,
}

impl Digest {
    /// A digest from its record as JSON; `None` if it is not one.
    pub(crate) fn read(json: &[u8], source: usize) -> Option<Self> {
        let document: Document = serde_json::from_slice(json).ok()?;
        let name = base(&document.digest_s3_object?).to_owned();
        let hash = |hash: Option<String>| hash.unwrap_or_default().to_lowercase().into_boxed_str();
        let files = document.log_files.unwrap_or_default().into_iter();
        let files =
            files.filter_map(|file| Some((base(&file.s3_object?).into(), hash(file.hash_value))));
        Some(Self {
            trail: trail(&name).into(),
            end: time(document.digest_end_time.as_deref()),
            start: time(document.digest_start_time.as_deref()),
            source,
            previous: document.previous_digest_s3_object.map(|previous| {
                (base(&previous).into(), hash(document.previous_digest_hash_value))
            }),
            files: files.collect(),
            name: name.into(),
        })
    }
}

/// Name of a file without its folders and its compression.
fn base(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".gz").unwrap_or(name)
}

/// The name without the time it ends with. Backfills, which add files that
/// came late to hours that were covered before, are a chain of their own.
fn trail(name: &str) -> String {
    let name = name.strip_suffix(".json").unwrap_or(name);
    let (plain, backfill) = match name.strip_suffix("_backfill") {
        Some(plain) => (plain, " (backfill)"),
        None => (name, ""),
    };
    let trail = plain.rsplit_once('_').map_or(plain, |(trail, _)| trail);
    format!("{trail}{backfill}")
}

fn time(text: Option<&str>) -> i64 {
    let time = text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    time.and_then(|time| i64::try_from(time.as_nanosecond()).ok()).unwrap_or(TIME_UNKNOWN)
}

/// What all digests prove.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Digests {
    /// How many there are; copies count once.
    pub digests: u64,
    /// Whether AWS's signature of the digests was checked: it never is.
    pub signature_checked: bool,
    /// What follows from that.
    pub note: &'static str,
    /// By trail and region.
    pub trails: Vec<Trail>,
    /// How many log files the digests name.
    pub log_files: u64,
    /// Log files that are here with the bytes that the digest says.
    pub verified: u64,
    /// Log files that are here with other bytes.
    pub different: Names,
    /// Log files that are here and could not be read to their end.
    pub unreadable: Names,
    /// Log files that are not here.
    pub missing: Names,
    /// CloudTrail files that are here and that no digest names.
    pub unnamed: Names,
    /// Digests and names of log files beyond the limit.
    pub beyond_limit: u64,
}

/// Some names and how many there are.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Names {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Vec<String>,
}

impl Names {
    fn push(&mut self, name: &str) {
        self.count += 1;
        if self.first.len() < NAMED_MAX {
            self.first.push(name.to_owned());
        }
    }
}

/// The digests of a trail in a region.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Trail {
    /// What the names of its digests begin with.
    pub trail: String,
    /// How many digests.
    pub digests: u64,
    /// Times that are covered without a break.
    pub covered: Vec<Period>,
    /// Times in which no log file was delivered.
    pub quiet: Vec<Period>,
    /// Where the chain is broken, and why.
    pub breaks: Vec<Break>,
}

/// From when to when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    /// Its first moment.
    pub from: Option<String>,
    /// Its end.
    pub to: Option<String>,
    /// How many digests it has.
    pub digests: u64,
}

/// Where a chain of digests is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The digest before which something is wrong.
    pub digest: String,
    /// What is wrong.
    pub what: &'static str,
}

/// Gathers digests while sources are read.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    digests: Vec<Digest>,
    files: usize,
    beyond_limit: u64,
}

impl Gathered {
    /// Adds a digest.
    pub(crate) fn add(&mut self, mut digest: Digest) {
        if self.digests.len() >= DIGESTS_MAX {
            self.beyond_limit += 1;
            return;
        }
        let free = LOG_FILES_MAX.saturating_sub(self.files);
        self.beyond_limit += digest.files.len().saturating_sub(free) as u64;
        digest.files.truncate(free);
        self.files += digest.files.len();
        self.digests.push(digest);
    }

    /// What they prove, if there are any. `sources` has the names of all
    /// sources in order; `hash` works out the SHA-256 of the uncompressed bytes
    /// of some of them.
    pub(crate) fn conclude(
        mut self,
        sources: &[&str],
        hash: &dyn Fn(&[usize]) -> Vec<Option<String>>,
    ) -> Option<Digests> {
        if self.digests.is_empty() {
            return None;
        }
        self.digests.sort();
        self.digests.dedup_by(|a, b| a.trail == b.trail && a.name == b.name && a.end == b.end);
        let here = Here::new(&self.digests, sources, hash);
        let mut out = Digests {
            digests: self.digests.len() as u64,
            note: NOTE,
            beyond_limit: self.beyond_limit,
            ..Digests::default()
        };
        for chain in self.digests.chunk_by(|a, b| a.trail == b.trail) {
            out.trails.push(chained(chain, &here));
        }
        self.log_files(sources, &here, &mut out);
        Some(out)
    }

    fn log_files(&self, sources: &[&str], here: &Here, out: &mut Digests) {
        let files = self.digests.iter().flat_map(|digest| &digest.files);
        let files: BTreeMap<&str, &str> = files.map(|(name, hash)| (&**name, &**hash)).collect();
        for (name, hash) in &files {
            out.log_files += 1;
            match here.hashes(name) {
                None => out.missing.push(name),
                Some(hashes) if hashes.iter().any(|h| h == hash) => out.verified += 1,
                Some([]) => out.unreadable.push(name),
                Some(_) => out.different.push(name),
            }
        }
        let names: BTreeSet<&str> = sources.iter().map(|name| base(name)).collect();
        for name in names.into_iter().filter(|name| name.contains(LOG_FILE_MARK)) {
            if !files.contains_key(name) {
                out.unnamed.push(name);
            }
        }
    }
}

/// By name of a file that digests name: the hashes of the sources that have
/// this name. (Names are unique in CloudTrail; copies may lie about.)
struct Here {
    by_name: HashMap<Box<str>, Vec<String>>,
}

impl Here {
    fn new(
        digests: &[Digest],
        sources: &[&str],
        hash: &dyn Fn(&[usize]) -> Vec<Option<String>>,
    ) -> Self {
        let previous = digests.iter().filter_map(|d| d.previous.as_ref());
        let files = digests.iter().flat_map(|d| &d.files);
        let mut by_name: HashMap<Box<str>, Vec<String>> = HashMap::new();
        let wanted: hashbrown::HashSet<&str> =
            previous.chain(files).map(|(name, _)| &**name).collect();
        let named = |number: &usize| sources.get(*number).is_some_and(|s| wanted.contains(base(s)));
        let numbers: Vec<usize> = (0..sources.len()).filter(named).collect();
        for (number, hash) in numbers.iter().zip(hash(&numbers)) {
            if let Some(name) = sources.get(*number) {
                by_name.entry(base(name).into()).or_default().extend(hash);
            }
        }
        Self { by_name }
    }

    fn hashes(&self, name: &str) -> Option<&[String]> {
        self.by_name.get(name).map(Vec::as_slice)
    }
}

/// One trail's digests, in order of time.
fn chained(chain: &[Digest], here: &Here) -> Trail {
    let mut out = Trail { digests: chain.len() as u64, ..Trail::default() };
    let mut before: Option<&Digest> = None;
    for digest in chain {
        out.trail = digest.trail.to_string();
        let link = link(digest, before, here);
        if let Err(Some(what)) = link {
            out.breaks.push(Break { digest: digest.name.to_string(), what });
        }
        extend(&mut out.covered, digest, link.is_ok());
        if digest.files.is_empty() {
            let follows = before.is_some_and(|b| b.files.is_empty()) && link.is_ok();
            extend(&mut out.quiet, digest, follows);
        }
        before = Some(digest);
    }
    out
}

/// Whether a digest follows the one before; if not, what is wrong, if anything.
fn link(digest: &Digest, before: Option<&Digest>, here: &Here) -> Result<(), Option<&'static str>> {
    let Some((name, hash)) = &digest.previous else {
        // A starting digest: logging or validation began here (again).
        return Err(before.map(|_| "the chain was begun anew: validation had been off"));
    };
    let Some(hashes) = here.hashes(name) else {
        return Err(before.map(|_| "the digest before it is not here"));
    };
    if hashes.is_empty() {
        return Err(Some("the digest before it could not be read"));
    }
    if !hashes.iter().any(|h| **h == **hash) {
        return Err(Some("the digest before it is here with other bytes"));
    }
    match before {
        Some(before) if before.name == *name => Ok(()),
        Some(_) => Err(Some("the digest before it is not the one that it names")),
        None => Err(None),
    }
}

fn extend(periods: &mut Vec<Period>, digest: &Digest, follows: bool) {
    match periods.last_mut().filter(|_| follows) {
        Some(period) => {
            period.to = iso(digest.end);
            period.digests += 1;
        }
        None => periods.push(Period { from: iso(digest.start), to: iso(digest.end), digests: 1 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::hash::of_bytes;

    fn key(hour: u32) -> String {
        format!(
            "AWSLogs/1/CloudTrail-Digest/r/2026/01/05/1_CloudTrail-Digest_r_t_r_20260105T{hour:02}0000Z.json.gz"
        )
    }

    /// A digest that ends at an hour, after one with these bytes.
    fn digest(hour: u32, before: Option<&str>, files: &[(&str, &str)]) -> String {
        let files: Vec<_> = files
            .iter()
            .map(|(name, bytes)| serde_json::json!({"s3Object": format!("AWSLogs/1/CloudTrail/{name}.gz"), "hashValue": of_bytes(bytes.as_bytes())}))
            .collect();
        serde_json::json!({
            "digestStartTime": format!("2026-01-05T{:02}:00:00Z", hour - 1),
            "digestEndTime": format!("2026-01-05T{hour:02}:00:00Z"),
            "digestS3Object": key(hour),
            "previousDigestS3Object": before.map(|_| key(hour - 1)),
            "previousDigestHashValue": before.map(|b| of_bytes(b.as_bytes())),
            "logFiles": files,
        })
        .to_string()
    }

    fn conclude(files: &[(&str, &str)]) -> Option<Digests> {
        let mut gathered = Gathered::default();
        for (number, (name, bytes)) in files.iter().enumerate() {
            if name.contains("Digest") {
                gathered.add(Digest::read(bytes.as_bytes(), number).unwrap());
            }
        }
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        gathered.conclude(&names, &|numbers| {
            let hash = |bytes: &str| (bytes != "unreadable").then(|| of_bytes(bytes.as_bytes()));
            numbers.iter().map(|&n| hash(files[n].1)).collect()
        })
    }

    fn spans(periods: &[Period]) -> Vec<String> {
        let hour = |t: &Option<String>| t.as_deref().unwrap_or("")[11..13].to_owned();
        periods.iter().map(|p| format!("{}-{}", hour(&p.from), hour(&p.to))).collect()
    }

    #[test]
    fn a_chain_proves_what_is_here_and_that_an_hour_was_quiet() {
        let log = "1_CloudTrail_r_20260105T0030Z_a.json";
        let lost = "1_CloudTrail_r_20260105T0230Z_b.json";
        let first = digest(1, None, &[(log, "log")]);
        let second = digest(2, Some(&first), &[]);
        let third = digest(3, Some(&second), &[(lost, "lost"), ("1_CloudTrail_r_c.json", "c")]);
        let (a, b, c) = (key(1), key(2), key(3));
        let out = conclude(&[
            (&c, &third),
            (&a, &first),
            (&b, &second),
            (log, "log"),
            ("1_CloudTrail_r_c.json", "changed"),
            ("1_CloudTrail_r_stray.json", "x"),
        ])
        .unwrap();
        assert_eq!((out.digests, out.log_files, out.verified), (3, 3, 1));
        assert_eq!(out.missing.first, [lost]);
        assert_eq!(out.different.first, ["1_CloudTrail_r_c.json"]);
        assert_eq!(out.unnamed.first, ["1_CloudTrail_r_stray.json"]);
        let trail = &out.trails[0];
        assert_eq!(trail.trail, "1_CloudTrail-Digest_r_t_r");
        assert_eq!(spans(&trail.covered), ["00-03"]);
        assert_eq!(spans(&trail.quiet), ["01-02"]);
        assert_eq!(trail.breaks, []);
        assert!(!out.signature_checked);
    }

    #[test]
    fn a_break_says_what_is_wrong() {
        let first = digest(1, None, &[]);
        let second = digest(2, Some(&first), &[]);
        let third = digest(3, Some(&second), &[]);
        let (a, b, c) = (key(1), key(2), key(3));
        let whats = |files: &[(&str, &str)]| {
            let trail = conclude(files).unwrap().trails.remove(0);
            let whats: Vec<&str> = trail.breaks.iter().map(|b| b.what).collect();
            (spans(&trail.covered), whats.join("; "))
        };
        let (covered, what) = whats(&[(&a, &first), (&c, &third)]);
        assert_eq!(covered, ["00-01", "02-03"]);
        assert_eq!(what, "the digest before it is not here");
        let changed = second.replace("\"logFiles\":[]", "\"logFiles\":[] ");
        let (covered, what) = whats(&[(&a, &first), (&b, &changed), (&c, &third)]);
        assert_eq!(covered, ["00-02", "02-03"]);
        assert_eq!(what, "the digest before it is here with other bytes");
        let fresh = digest(3, None, &[]);
        let (_, what) = whats(&[(&b, &second), (&c, &fresh)]);
        assert!(what.starts_with("the chain was begun anew"), "{what}");
        // The first one that is here has a predecessor elsewhere: no break.
        assert_eq!(
            whats(&[(&b, &second), (&c, &third)]),
            (vec!["01-03".to_owned()], String::new())
        );
        assert!(conclude(&[("a.log", "x")]).is_none());
        let last = digest(1, None, &[("1_CloudTrail_r_d.json", "d")]);
        let out = conclude(&[(&a, &last), ("1_CloudTrail_r_d.json", "unreadable")]).unwrap();
        assert_eq!((out.unreadable.count, out.different.count), (1, 0));
    }

    #[test]
    fn what_is_beyond_the_limits_is_counted() {
        let mut gathered = Gathered::default();
        let mut one = Digest::read(digest(1, None, &[]).as_bytes(), 0).unwrap();
        one.files = vec![("a".into(), "b".into()); LOG_FILES_MAX + 2];
        gathered.add(one.clone());
        assert_eq!((gathered.files, gathered.beyond_limit), (LOG_FILES_MAX, 2));
        one.files.clear();
        (0..DIGESTS_MAX).for_each(|_| gathered.add(one.clone()));
        assert_eq!((gathered.digests.len(), gathered.beyond_limit), (DIGESTS_MAX, 3));
    }

    #[test]
    fn backfills_are_a_chain_of_their_own() {
        assert_eq!(
            trail("1_CloudTrail-Digest_r_t_r_20260105T010000Z.json"),
            "1_CloudTrail-Digest_r_t_r"
        );
        let late = trail("1_CloudTrail-Digest_r_t_r_20260105T010000Z_backfill.json");
        assert_eq!(late, "1_CloudTrail-Digest_r_t_r (backfill)");
    }
}
