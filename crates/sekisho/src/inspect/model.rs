//! What is written: the form of `inspect --format json`.

use sekisho_event::{TIME_UNKNOWN, Untimed};
use serde::Serialize;

use super::channels::{Channel, Key};
use super::digests::Digests;
use super::serve::RulesCouldFire;
use super::silence::{SilenceOut, Times};
use crate::examine::json;
use crate::sources::SourceProblem;

/// Most holes, silences or channels that are named one by one.
pub(crate) const NAMED_MAX: usize = 20;

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// Version of this form.
    pub version: u32,
    /// Whether it ran to its end.
    pub complete: bool,
    /// Files and members of archives, in order of paths.
    pub sources: Vec<Source>,
    /// Each log of each host, over all sources.
    pub channels: Vec<ChannelTotal>,
    /// All together.
    pub totals: Totals,
    /// What CloudTrail digest files prove, if there are any.
    pub cloudtrail_digests: Option<Digests>,
    /// What is taken for a silence.
    pub silence_rule: &'static str,
    /// What could not be entered or opened.
    pub problems: Vec<SourceProblem>,
}

/// A file or a member of an archive.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Source {
    /// Where it is.
    pub path: String,
    /// What it is; `null` where that could not be told.
    pub format: Option<&'static str>,
    /// Bytes as stored.
    pub bytes: u64,
    /// SHA-256 of the file on disk.
    pub sha256: Option<String>,
    /// The earlier file that has the same bytes.
    pub duplicate_of: Option<String>,
    /// The host of most records.
    pub host: Option<String>,
    /// The hosts of most records.
    pub hosts: Vec<String>,
    /// How many hosts there are.
    pub host_count: u64,
    /// The channel of most records.
    pub channel: Option<String>,
    /// The channels, those with most records first.
    pub channels: Vec<SourceChannel>,
    /// How many channels there are.
    pub channel_count: u64,
    /// Records read.
    pub records: u64,
    /// Those of them that were read before, here or in an earlier source.
    pub duplicates: u64,
    /// Time of the earliest record.
    pub first: Option<String>,
    /// Time of the latest record.
    pub last: Option<String>,
    /// `utc`, `stated` (by `--timezone`) or `assumed` (UTC, for want of better).
    pub zone: Option<&'static str>,
    /// Records whose time has no zone.
    pub records_without_zone: u64,
    /// Records whose time has no year.
    pub records_without_year: u64,
    /// Records without a time.
    pub records_without_time: u64,
    /// Labels of messages that no table knows, so that they stay text.
    pub labels_unknown: u64,
    /// What is missing.
    pub gaps: Gaps,
    /// Rules whose log source is here.
    pub rules_could_fire: RulesCouldFire,
    /// How many problems there are.
    pub problem_count: u64,
    /// The first of them.
    pub problems: Vec<ProblemOut>,
}

/// A channel of a source.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SourceChannel {
    /// What makes such records; empty where the log does not say.
    pub product: String,
    /// Which of its logs.
    pub channel: String,
    /// How many different event ids it has.
    pub event_ids: u64,
    /// Records.
    pub records: u64,
}

/// A problem of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemOut {
    /// Offset in the decompressed source, where known.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: String,
    /// What was expected, or what to do.
    pub expected: String,
}

/// What is missing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Gaps {
    /// Holes in record ids; `null` where records have none.
    pub record_ids: Option<RecordIds>,
    /// Silences.
    pub time: Silences,
}

/// Holes in record ids. A log that was forwarded by a subscription has holes
/// by its nature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecordIds {
    /// How many holes.
    pub holes: u64,
    /// How many ids are missing in them.
    pub missing: u64,
    /// Ids that came again at another time: the numbering began anew.
    pub reused: u64,
    /// Channels whose ids are too scattered to tell.
    pub scattered: u64,
    /// The first holes.
    pub first: Vec<HoleOut>,
}

/// A hole in the record ids of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoleOut {
    /// Host.
    pub host: String,
    /// Channel.
    pub channel: String,
    /// First missing id.
    pub from: u64,
    /// Last missing id.
    pub to: u64,
}

/// Silences of a log.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Silences {
    /// How many.
    pub silences: u64,
    /// What is longer than this is a silence here, in seconds; `null` where
    /// there are too few records to tell.
    pub longer_than_seconds: Option<u64>,
    /// The longest ones, in order of time.
    pub longest: Vec<SilenceOut>,
}

/// A log of a host, over all sources.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChannelTotal {
    /// Host; empty where records name none.
    pub host: String,
    /// What makes such records.
    pub product: String,
    /// Which of its logs.
    pub channel: String,
    /// How many sources it is in.
    pub sources: u64,
    /// Records, duplicates among them.
    pub records: u64,
    /// Records whose record id was there before.
    pub duplicates: u64,
    /// Time of the earliest record.
    pub first: Option<String>,
    /// Time of the latest record.
    pub last: Option<String>,
    /// What is missing.
    pub gaps: Gaps,
}

/// All sources together.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    /// Files on disk.
    pub files: u64,
    /// Files and members of archives.
    pub sources: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Records, duplicates among them.
    pub records: u64,
    /// Records that were read before.
    pub duplicates: u64,
    /// Records that could not be compared with all others: too many.
    pub records_not_compared: u64,
    /// Records of channels beyond the limit.
    pub records_beyond_limit: u64,
    /// Hosts.
    pub hosts: u64,
    /// Channels of hosts.
    pub channels: u64,
    /// Time of the earliest record.
    pub first: Option<String>,
    /// Time of the latest record.
    pub last: Option<String>,
    /// Sources of which no record could be read.
    pub sources_unread: u64,
    /// Files that are copies of others.
    pub files_copied: u64,
    /// Problems, of sources and else.
    pub problem_count: u64,
    /// Rules that were loaded.
    pub rules_loaded: u64,
    /// Rules that could not be loaded.
    pub rules_rejected: u64,
    /// Rules whose log source is here.
    pub rules_could_fire: RulesCouldFire,
}

/// A time in UTC, if it is known.
pub(crate) fn iso(time: i64) -> Option<String> {
    if time == TIME_UNKNOWN {
        return None;
    }
    let mut out = Vec::new();
    json::plain_time(time, &mut out);
    String::from_utf8(out).ok()
}

/// How the times of records are to be taken.
pub(crate) fn zone(untimed: Untimed, timed: bool) -> Option<&'static str> {
    match untimed {
        _ if !timed => None,
        Untimed { zoneless: 1.., .. } => Some("assumed"),
        Untimed { placed: 1.., .. } => Some("stated"),
        _ => Some("utc"),
    }
}

/// The silences of a log, as they are written.
pub(crate) fn silences(times: &Times) -> Silences {
    let found = times.silences(NAMED_MAX);
    let seconds = |ns: i64| u64::try_from(ns / 1_000_000_000).unwrap_or(0);
    let out = |s: &super::silence::Silence| SilenceOut {
        from: iso(s.from).unwrap_or_default(),
        to: iso(s.to).unwrap_or_default(),
        seconds: seconds(s.length()),
    };
    Silences {
        silences: found.count,
        longer_than_seconds: (found.threshold > 0).then(|| seconds(found.threshold)),
        longest: found.longest.iter().map(out).collect(),
    }
}

/// The holes of channels.
pub(crate) fn record_ids<'a>(
    channels: impl Iterator<Item = (&'a Key, &'a Channel)>,
) -> Option<RecordIds> {
    let mut out = RecordIds::default();
    let mut any = false;
    for (key, channel) in channels {
        out.scattered += u64::from(channel.is_scattered());
        out.reused += channel.reused;
        any |= channel.is_scattered();
        let Some(ids) = channel.ids() else { continue };
        any = true;
        let holes = ids.holes(NAMED_MAX.saturating_sub(out.first.len()));
        out.holes += holes.count;
        out.missing = out.missing.saturating_add(holes.missing);
        out.first.extend(holes.first.iter().map(|&(from, to)| HoleOut {
            host: key.host.to_string(),
            channel: key.channel.to_string(),
            from,
            to,
        }));
    }
    any.then_some(out)
}
