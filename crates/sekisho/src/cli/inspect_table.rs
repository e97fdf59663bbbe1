//! What `sekisho inspect` says to people: at most 100 columns, what is wrong
//! marked with `!`.

use std::fmt::Write as _;

use super::show::{counted, cut, grouped, safe};
use crate::inspect::{
    ChannelTotal, Digests, Gaps, Inspection, Period, RulesCouldFire, Source, Trail,
};

/// Columns of the text.
const WIDTH: usize = 100;

/// Most rows of each table.
const ROWS_MAX: usize = 200;

/// Everything that was found.
pub(super) fn table(inspection: &Inspection) -> String {
    let mut text = String::new();
    if !inspection.complete {
        text.push_str("INCOMPLETE: stopped before the end; not everything was read.\n\n");
    }
    let folder = common_folder(&inspection.sources);
    sources(inspection, folder, &mut text);
    channels(inspection, &mut text);
    if let Some(digests) = &inspection.cloudtrail_digests {
        cloudtrail(digests, &mut text);
    }
    unread(inspection, folder, &mut text);
    totals(inspection, &mut text);
    text
}

/// The folder that all sources are below, if there are several.
fn common_folder(sources: &[Source]) -> &str {
    let mut paths = sources.iter().map(|s| s.path.as_str());
    let (Some(first), true) = (paths.next(), sources.len() > 1) else { return "" };
    let same = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let len = paths.map(|path| same(first, path)).min().unwrap_or(0);
    let end = first.as_bytes().iter().take(len).rposition(|&b| b == b'/');
    end.and_then(|end| first.get(..=end)).unwrap_or("")
}

fn sources(inspection: &Inspection, folder: &str, text: &mut String) {
    if !folder.is_empty() {
        let _ = writeln!(text, "Below {}\n", shortened(&safe(folder), WIDTH - 6));
    }
    let line = format!(
        "{:<38}  {:<10}  {:>12}  {:<16}  {:<16}",
        "SOURCE", "FORMAT", "RECORDS", "FIRST (UTC)", "LAST (UTC)"
    );
    let _ = writeln!(text, "{}", line.trim_end());
    for source in inspection.sources.iter().take(ROWS_MAX) {
        let line = format!(
            "{:<38}  {:<10}  {:>12}  {:<16}  {:<16}",
            shortened(&safe(below(&source.path, folder)), 38),
            source.format.unwrap_or("?"),
            grouped(source.records),
            minute(source.first.as_deref()),
            minute(source.last.as_deref()),
        );
        let _ = writeln!(text, "{}", line.trim_end());
        let mut facts = Vec::new();
        facts.extend(hosts(source));
        facts.extend(source_channels(source));
        if source.records > 0 {
            facts.push(could_fire(source.rules_could_fire));
        }
        wrapped("    ", &facts, text);
        for note in notes(source, folder) {
            let _ = writeln!(text, "  ! {}", cut(&note, WIDTH - 4));
        }
    }
    more(inspection.sources.len(), "sources", text);
}

/// A path without the folder that is common to all.
fn below<'a>(path: &'a str, folder: &str) -> &'a str {
    path.strip_prefix(folder).unwrap_or(path)
}

fn more(count: usize, what: &str, text: &mut String) {
    if count > ROWS_MAX {
        let rest = grouped((count - ROWS_MAX) as u64);
        let _ = writeln!(text, "… and {rest} more {what}: --format json has them all");
    }
}

fn hosts(source: &Source) -> Option<String> {
    let shown: Vec<String> = source.hosts.iter().take(3).map(|h| cut(&safe(h), 30)).collect();
    listed(&shown, source.host_count)
}

fn source_channels(source: &Source) -> Option<String> {
    let shown: Vec<String> = source
        .channels
        .iter()
        .take(3)
        .map(|c| {
            let name = channel_name(&c.product, &c.channel, 44);
            match c.event_ids {
                0 => name,
                n => format!("{name} ({})", counted(n, "event id")),
            }
        })
        .collect();
    listed(&shown, source.channel_count)
}

fn listed(shown: &[String], count: u64) -> Option<String> {
    let text = shown.join(", ");
    match count.saturating_sub(shown.len() as u64) {
        _ if shown.is_empty() => None,
        0 => Some(text),
        more => Some(format!("{text} and {} more", grouped(more))),
    }
}

fn could_fire(rules: RulesCouldFire) -> String {
    let levels = [
        (rules.critical, "critical"),
        (rules.high, "high"),
        (rules.medium, "medium"),
        (rules.low, "low"),
        (rules.informational, "informational"),
    ];
    let levels = levels.iter().filter(|(n, _)| *n > 0);
    let levels: Vec<String> = levels.map(|(n, name)| format!("{} {name}", grouped(*n))).collect();
    let text = format!("{} could fire", counted(rules.total, "rule"));
    if levels.is_empty() { text } else { format!("{text}: {}", levels.join(", ")) }
}

/// What is odd about a source.
fn notes(source: &Source, folder: &str) -> Vec<String> {
    let mut notes = Vec::new();
    match &source.duplicate_of {
        Some(first) => {
            notes.push(format!("copy of {}", shortened(&safe(below(first, folder)), 80)))
        }
        None if source.duplicates > 0 => {
            let count = grouped(source.duplicates);
            notes.push(format!(
                "{count} of the records were read before, here or in another source"
            ));
        }
        None => {}
    }
    gaps(&source.gaps, &mut notes);
    match (source.zone, source.records_without_zone) {
        (_, 0) => {}
        (Some("stated"), n) => {
            notes.push(format!("{} without a zone: the stated one was taken", counted(n, "time")));
        }
        (_, n) => notes.push(format!(
            "{} without a zone read as UTC: state it with --timezone",
            counted(n, "time")
        )),
    }
    if source.records_without_year > 0 {
        let count = counted(source.records_without_year, "time");
        notes.push(format!("{count} without a year: the latest one that fits was taken"));
    }
    if source.records_without_time > 0 {
        notes.push(format!("{} without a time", counted(source.records_without_time, "record")));
    }
    if source.labels_unknown > 0 {
        notes.push(format!(
            "{} of messages not known: they stay text",
            counted(source.labels_unknown, "label")
        ));
    }
    if source.problem_count > 0 {
        let first = source.problems.first().map(|p| {
            let at = p.offset.map_or(String::new(), |at| format!(" at offset {at}"));
            format!("; the first{at}: {}", safe(&p.what))
        });
        let count = counted(source.problem_count, "problem");
        notes.push(format!("{count}{}", first.unwrap_or_default()));
    }
    notes
}

fn gaps(gaps: &Gaps, notes: &mut Vec<String>) {
    if let Some(ids) = &gaps.record_ids {
        if ids.holes > 0 {
            notes.push(format!(
                "{} in record ids: {} missing",
                counted(ids.holes, "hole"),
                grouped(ids.missing)
            ));
        }
        if ids.reused > 0 {
            let count = grouped(ids.reused);
            notes.push(format!("{count} record ids came again later: the log began anew"));
        }
        if ids.scattered > 0 {
            notes.push("record ids too scattered to tell what is missing".to_owned());
        }
    }
    let longest = gaps.time.longest.iter().max_by_key(|s| s.seconds);
    if let Some(longest) = longest {
        notes.push(format!(
            "{}: the longest {} from {}",
            counted(gaps.time.silences, "silence"),
            duration(longest.seconds),
            minute(Some(&longest.from))
        ));
    }
}

fn channels(inspection: &Inspection, text: &mut String) {
    if inspection.channels.is_empty() {
        return;
    }
    let row = |cells: [&str; 7]| {
        let [host, channel, records, first, last, holes, silences] = cells;
        let line = format!(
            "{host:<13} {channel:<26} {records:>11} {first:<16} {last:<16} {holes:>6} {silences:>6}"
        );
        format!("{}\n", line.trim_end())
    };
    text.push('\n');
    text.push_str(&row(["HOST", "LOG", "RECORDS", "FIRST (UTC)", "LAST (UTC)", "HOLES", "SILENT"]));
    for channel in inspection.channels.iter().take(ROWS_MAX) {
        let holes = match &channel.gaps.record_ids {
            Some(ids) if ids.scattered == 0 => compact(ids.holes),
            _ => "-".to_owned(),
        };
        let silences = match channel.gaps.time.longer_than_seconds {
            Some(_) => compact(channel.gaps.time.silences),
            None => "-".to_owned(),
        };
        text.push_str(&row([
            &host_cell(channel),
            &channel_name(&channel.product, &channel.channel, 26),
            &grouped(channel.records),
            &minute(channel.first.as_deref()),
            &minute(channel.last.as_deref()),
            &holes,
            &silences,
        ]));
    }
    more(inspection.channels.len(), "logs", text);
}

fn host_cell(channel: &ChannelTotal) -> String {
    if channel.host.is_empty() { "-".to_owned() } else { cut(&safe(&channel.host), 13) }
}

fn cloudtrail(digests: &Digests, text: &mut String) {
    text.push_str("\nCloudTrail digests\n");
    for trail in digests.trails.iter().take(ROWS_MAX) {
        trail_lines(trail, text);
    }
    let _ = writeln!(
        text,
        "  {} named: {} here unchanged, {} here with other bytes, {} not here",
        counted(digests.log_files, "log file"),
        grouped(digests.verified),
        grouped(digests.different.count),
        grouped(digests.missing.count)
    );
    for (mark, names) in [
        ("changed", &digests.different),
        ("cannot be read", &digests.unreadable),
        ("missing", &digests.missing),
        ("named by no digest", &digests.unnamed),
    ] {
        for name in names.first.iter().take(5) {
            let name = shortened(&safe(name), WIDTH - 6 - mark.len());
            let _ = writeln!(text, "  ! {mark}: {name}");
        }
        let rest = names.count.saturating_sub(5);
        if rest > 0 {
            let _ = writeln!(text, "  ! {mark}: {} more", grouped(rest));
        }
    }
    text.push_str("  Not checked: the digests' own signatures (AWS's public key is not here).\n");
}

fn trail_lines(trail: &Trail, text: &mut String) {
    let digests = counted(trail.digests, "digest");
    let _ = writeln!(text, "  {}: {digests}", shortened(&safe(&trail.trail), 70));
    for (what, periods) in [("covered", &trail.covered), ("quiet", &trail.quiet)] {
        for period in periods.iter().take(5) {
            let _ = writeln!(text, "    {what:<8} {}", span(period));
        }
        if periods.len() > 5 {
            let rest = grouped((periods.len() - 5) as u64);
            let _ = writeln!(text, "    {what:<8} … and {rest} more periods");
        }
    }
    for b in trail.breaks.iter().take(5) {
        let digest = shortened(&safe(&b.digest), WIDTH - 8 - b.what.chars().count());
        let _ = writeln!(text, "    ! {digest}: {}", b.what);
    }
    if trail.breaks.len() > 5 {
        let rest = grouped((trail.breaks.len() - 5) as u64);
        let _ = writeln!(text, "    ! … and {rest} more breaks");
    }
}

fn span(period: &Period) -> String {
    format!("{} to {}", minute(period.from.as_deref()), minute(period.to.as_deref()))
}

fn unread(inspection: &Inspection, folder: &str, text: &mut String) {
    let mut lines: Vec<(String, String)> = inspection
        .problems
        .iter()
        .map(|p| (p.path.clone(), format!("{}; expected: {}", p.what, p.expected)))
        .collect();
    for source in inspection.sources.iter().filter(|s| s.records == 0) {
        let what = match source.problems.first() {
            Some(p) => format!("{}; expected: {}", p.what, p.expected),
            None if inspection.complete => "no record".to_owned(),
            None => "not read".to_owned(),
        };
        lines.push((source.path.clone(), what));
    }
    if lines.is_empty() {
        return;
    }
    text.push_str("\nCould not be read\n");
    for (path, what) in lines.iter().take(ROWS_MAX) {
        let path = shortened(&safe(below(path, folder)), 40);
        let room = WIDTH.saturating_sub(path.chars().count() + 4);
        let _ = writeln!(text, "  {path}: {}", cut(&safe(what), room));
    }
    more(lines.len(), "of them", text);
}

fn totals(inspection: &Inspection, text: &mut String) {
    let t = &inspection.totals;
    text.push_str("\nAll together\n");
    let _ = writeln!(
        text,
        "  {} of {} in {} ({}), {}",
        counted(t.records, "record"),
        counted(t.hosts, "host"),
        counted(t.files, "file"),
        counted(t.sources, "source"),
        bytes(t.bytes)
    );
    if let (Some(first), Some(last)) = (&t.first, &t.last) {
        let _ = writeln!(text, "  {} to {} UTC", minute(Some(first)), minute(Some(last)));
    }
    let mut line = |count: u64, what: &str| {
        if count > 0 {
            let _ = writeln!(text, "  {} {what}", grouped(count));
        }
    };
    line(t.duplicates, "of the records were read before (copies, exports that overlap)");
    line(t.records_not_compared, "records were not compared with all others: too many");
    line(t.records_beyond_limit, "records are of logs beyond the limit: not in the table of logs");
    let problems = if t.problem_count == 1 { "problem" } else { "problems" };
    line(t.problem_count, problems);
    line(t.rules_rejected, "rules could not be loaded: see sekisho rules check");
    let levels = could_fire(t.rules_could_fire);
    let loaded = format!("{} loaded", counted(t.rules_loaded, "rule"));
    wrapped("  ", &[loaded, levels], text);
}

/// Items with dots between them, in lines that are not too long.
fn wrapped(indent: &str, items: &[String], text: &mut String) {
    let mut line = String::new();
    for item in items {
        let item = cut(item, WIDTH - indent.len());
        let with = line.chars().count() + item.chars().count() + 3 + indent.len();
        if !line.is_empty() && with > WIDTH {
            let _ = writeln!(text, "{indent}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push_str(" · ");
        }
        line.push_str(&item);
    }
    if !line.is_empty() {
        let _ = writeln!(text, "{indent}{line}");
    }
}

/// What a log is called.
fn channel_name(product: &str, channel: &str, width: usize) -> String {
    let name = match (product, channel) {
        ("", "") => "unknown log source".to_owned(),
        ("windows", channel) if !channel.is_empty() => channel.to_owned(),
        (product, channel) if product == channel || channel.is_empty() => product.to_owned(),
        (product, channel) => format!("{product} {channel}"),
    };
    let name = safe(&name);
    match name.strip_prefix("Microsoft-Windows-") {
        Some(rest) if name.chars().count() > width => cut(&format!("…{rest}"), width),
        _ => shortened(&name, width),
    }
}

/// A text with `…` in its middle where it is too long; more of its end is kept
/// than of its beginning.
fn shortened(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return text.to_owned();
    }
    let head = width.saturating_sub(1) / 3;
    let tail = width.saturating_sub(1) - head;
    text.chars().take(head).chain(['…']).chain(text.chars().skip(count - tail)).collect()
}

/// A time to the minute.
fn minute(time: Option<&str>) -> String {
    let text = time.and_then(|time| time.get(..16)).unwrap_or("-");
    text.replace('T', " ")
}

/// A number in six characters.
fn compact(n: u64) -> String {
    match n {
        0..100_000 => grouped(n),
        100_000..10_000_000 => format!("{}k", n / 1000),
        10_000_000..10_000_000_000 => format!("{}M", n / 1_000_000),
        _ => ">9999M".to_owned(),
    }
}

fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    if days > 0 { format!("{days} d {hours} h") } else { format!("{hours} h {minutes} min") }
}

fn bytes(n: u64) -> String {
    const STEPS: &[(u64, &str)] = &[(30, "GiB"), (20, "MiB"), (10, "KiB")];
    for &(shift, unit) in STEPS {
        if n >> shift > 0 {
            let tenths = (u128::from(n) * 10) >> shift;
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    counted(n, "byte")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened_where_it_hurts_least() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("/var/log/very/long/path/auth.log", 16), "/var/…h/auth.log");
        assert_eq!(
            channel_name("windows", "Microsoft-Windows-Sysmon/Operational", 26),
            "…Sysmon/Operational"
        );
        assert_eq!(
            channel_name("windows", "Microsoft-Windows-Sysmon/Operational", 44),
            "Microsoft-Windows-Sysmon/Operational"
        );
        assert_eq!(channel_name("okta", "okta", 26), "okta");
        assert_eq!(channel_name("aws", "cloudtrail", 26), "aws cloudtrail");
        assert_eq!(channel_name("", "", 26), "unknown log source");
    }

    #[test]
    fn what_all_paths_begin_with_is_said_once() {
        let of = |paths: &[&str]| {
            let source = |p: &&str| Source { path: (*p).to_owned(), ..Source::default() };
            common_folder(&paths.iter().map(source).collect::<Vec<_>>()).to_owned()
        };
        assert_eq!(of(&["/a/b/c.log", "/a/b/cd/e.log"]), "/a/b/");
        assert_eq!(of(&["a.log", "b.log"]), "");
        assert_eq!(of(&["/a/b/c.log"]), "");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [compact(99_999), compact(100_000), compact(u64::MAX)],
            ["99,999", "100k", ">9999M"]
        );
        assert_eq!([duration(19_200), duration(90_061)], ["5 h 20 min", "1 d 1 h"]);
        assert_eq!([bytes(1), bytes(1536), bytes(3 << 30)], ["1 byte", "1.5 KiB", "3.0 GiB"]);
    }
}
