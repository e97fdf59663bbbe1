//! What had to be taken for granted: zones, years and hosts that records do
//! not name. Said once for each source.

use sekisho_event::Shape;

use super::Options;
use super::collect::{Collected, SourceOutcome};
use super::json;
use super::work::Plan;
use crate::report::{Assumption, Listed};
use crate::sources::Source;

/// Most assumptions that are listed.
const ASSUMPTIONS_MAX: usize = 10_000;

/// All of a run.
pub(super) fn all(options: &Options, plan: &Plan, collected: &Collected) -> Listed<Assumption> {
    let mut out = Listed { items: Vec::new(), total: 0 };
    let mut add = |about: &str, text: String| {
        out.total += 1;
        if out.items.len() < ASSUMPTIONS_MAX {
            out.items.push(Assumption { about: about.to_owned(), text });
        }
    };
    let sources = plan.inventory.sources.iter().zip(&collected.sources);
    let mut hostless = (0_u64, 0_u64);
    for (source, outcome) in sources.filter(|(_, outcome)| outcome.duplicate_of.is_none()) {
        let texts = [
            zone(options, outcome),
            year(options, plan, source, outcome),
            twice(outcome),
            host(plan, source, outcome),
        ];
        texts.into_iter().flatten().for_each(|text| add(&source.path, text));
        if outcome.hosts_of.unknown > 0 {
            hostless = (hostless.0 + outcome.hosts_of.unknown, hostless.1 + 1);
        }
    }
    if let (records @ 1.., files) = hostless {
        let text = format!(
            "{records} records in {files} files name no host, nor do the paths; state it with --host"
        );
        add("records without a host", text);
    }
    if let duplicates @ 1.. = collected.stats.duplicates {
        let mut text = format!(
            "{duplicates} records with the Id of an earlier one count once, as the first of them"
        );
        if plan.identities.overflowed() {
            text.push_str("; beyond 3,600,000 different Ids this is no longer looked at");
        }
        add("Microsoft 365 audit records", text);
    }
    let unknown = Shape::unknown();
    if let Some(count) = collected.stats.shapes.get(&unknown) {
        let text = format!(
            "{count} records do not say what log they are from; every rule was tried on them, \
             whatever log source it is for"
        );
        add(&unknown.to_string(), text);
    }
    out
}

fn zone(options: &Options, outcome: &SourceOutcome) -> Option<String> {
    let count = outcome.untimed.zoneless;
    (count > 0 && options.timezone.is_none())
        .then(|| format!("{count} times without a zone were read as UTC; state it with --timezone"))
}

fn twice(outcome: &SourceOutcome) -> Option<String> {
    let count = outcome.untimed.twice;
    (count > 0).then(|| {
        format!("{count} times that clocks showed twice in one night were taken for the first")
    })
}

fn year(
    options: &Options,
    plan: &Plan,
    source: &Source,
    outcome: &SourceOutcome,
) -> Option<String> {
    let count = outcome.untimed.yearless;
    let end = plan.reading.written_before(source).filter(|_| count > 0)?;
    let last = day(end);
    let from = source.dated_by.map_or("", |by| by.words());
    Some(match options.year {
        Some(year) => format!(
            "{count} times without a year were read so that none is after the end of {year}, \
             which was stated"
        ),
        None => format!(
            "{count} times without a year were read so that none is after {last}, {from}; state it \
             with --year"
        ),
    })
}

fn host(plan: &Plan, source: &Source, outcome: &SourceOutcome) -> Option<String> {
    let count = outcome.hosts_of.given;
    let stated = plan.reading.host.as_ref();
    let host = stated.or(source.host.as_ref()).filter(|_| count > 0)?;
    let why = if stated.is_some() { "was stated" } else { "its path names" };
    Some(format!("{count} records that name no host were taken for those of {host}, which {why}"))
}

/// The day of a time.
pub(super) fn day(time: i64) -> String {
    let mut out = Vec::new();
    json::plain_time(time, &mut out);
    String::from_utf8_lossy(out.get(..10).unwrap_or_default()).into_owned()
}

/// Where the hosts of a source's records come from.
pub(super) fn host_from(plan: &Plan, outcome: &SourceOutcome) -> Option<&'static str> {
    let hosts = outcome.hosts_of;
    match (outcome.records, hosts.given, hosts.unknown) {
        (0, ..) => None,
        (_, 0, 0) => Some("record"),
        (_, 0, _) => Some("unknown"),
        _ if plan.reading.host.is_some() => Some("stated"),
        _ => Some("path"),
    }
}

/// What the year of a source's times comes from, where they name none.
pub(super) fn year_from(
    options: &Options,
    source: &Source,
    outcome: &SourceOutcome,
) -> Option<&'static str> {
    if outcome.untimed.yearless == 0 {
        return None;
    }
    if options.year.is_some() { Some("stated") } else { source.dated_by.map(|by| by.name()) }
}
