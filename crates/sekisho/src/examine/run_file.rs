//! `run.json` for programs, and the data of the report for people: what was
//! read, with what, what was found and what could not be seen. Neither holds
//! a time of day or anything else that differs from run to run.

use std::collections::BTreeMap;
use std::io;

use sekisho_event::TIME_UNKNOWN;
use sekisho_sigma::RuleId;
use sekisho_sigma::rule::Level as SigmaLevel;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Value, json};

use super::collect::Collected;
use super::conclude::{Blind, header};
use super::stats::{BUCKET_SECONDS, NameStats, RuleStats, Span};
use super::work::Plan;
use super::{Options, assumptions, json as write};
use crate::report::{
    Bucket, ByLevel, Duplicate, Example, FiredRule, IdleRules, Level, LevelCount, Listed,
    NamedValue, Position, Problem, RejectedRule, Report, Source, Subject, TacticCount, Timeline,
    Totals, UnexaminedKind, Unseen,
};
use crate::rules::Loaded;

/// Version of the schema of `run.json`; raised when a field changes its
/// meaning or goes away.
const RUN_VERSION: u32 = 1;

/// Where the sources stand in `run.json`.
const SOURCES: &str = "sources";

/// Most bars of the picture over time.
const BARS_MAX: i64 = 160;

/// Widths of a bar that people can read off, in minutes.
const BAR_MINUTES: &[i64] = &[10, 30, 60, 120, 240, 480, 720, 1_440, 2_880, 10_080, 43_200];

/// Most names, sources, rules … handed to the report, each.
const LISTED_MAX: usize = 1_000;

/// Examples of idle rules for each reason.
const IDLE_EXAMPLES: usize = 5;

fn level(level: SigmaLevel) -> Level {
    match level {
        SigmaLevel::Critical => Level::Critical,
        SigmaLevel::High => Level::High,
        SigmaLevel::Medium => Level::Medium,
        SigmaLevel::Low => Level::Low,
        SigmaLevel::Informational => Level::Informational,
    }
}

fn iso(time: i64) -> Value {
    let mut out = Vec::new();
    write::time(time, &mut out);
    serde_json::from_slice(&out).unwrap_or(Value::Null)
}

fn first_last(span: Span) -> (Option<i64>, Option<i64>) {
    span.get().map_or((None, None), |(first, last)| (Some(first), Some(last)))
}

fn known(time: i64) -> Option<i64> {
    (time != TIME_UNKNOWN).then_some(time)
}

/// Writes `run.json`.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn write_run(
    options: &Options,
    plan: &Plan,
    loaded: &Loaded,
    collected: &Collected,
    blind: &Blind,
    complete: bool,
    mut out: impl io::Write,
) -> io::Result<()> {
    let stats = &collected.stats;
    let (first, last) = first_last(stats.span);
    let time = |t: Option<i64>| t.map_or(Value::Null, iso);
    let assumptions = assumptions::all(options, plan, collected);
    let value = json!({
        "version": RUN_VERSION,
        "program": concat!("sekisho ", env!("CARGO_PKG_VERSION")),
        "complete": complete,
        "options": {
            "paths": options.paths, "rules": options.rules,
            "timezone": options.timezone.as_ref().map(|(name, _)| name),
            "host": options.host, "year": options.year,
        },
        "files": plan.inventory.files.len(),
        SOURCES: null,
        "records": stats.records, "duplicates": stats.duplicates,
        "hosts": stats.hosts.len(),
        "first": time(first), "last": time(last),
        "detections": collected.detections,
        "detections_by_level": detections_by_level(plan, collected),
        "rules": {
            "loaded": plan.program.rules().len(),
            "correlations": collected.correlator.correlations().len(),
            "filters": loaded.filters, "left_out": loaded.left_out,
            "fired": stats.rules.len(),
            "rejected": rejected_json(&loaded.rejected), "notes": notes_json(&loaded.notes),
            "idle": idle_json(plan, blind), "cut_short": cut_short_json(plan),
            "without_guard": plan.program.unguarded().len(),
        },
        "events_without_rule": blind.unexamined.iter().map(|(shape, count)| {
            json!({"kind": shape.to_string(), "records": count})
        }).collect::<Vec<_>>(),
        "records_by_kind": stats.shapes.iter().map(|(shape, count)| {
            json!({"kind": shape.to_string(), "records": count})
        }).collect::<Vec<_>>(),
        "records_without_zone": stats.untimed.zoneless, "records_without_time": stats.untimed.timeless,
        "records_without_year": stats.untimed.yearless,
        "labels_unknown": stats.labels_unknown,
        "records_without_host": stats.hosts_of.unknown,
        "assumptions": assumptions.items,
        "assumptions_not_listed": assumptions.total - assumptions.items.len() as u64,
        "names_beyond_limit": stats.names_dropped,
        "correlation_events_beyond_limit": collected.correlator.dropped(),
        "problems": collected.problems, "problems_not_listed": collected.problems_more,
    });
    let run = Run { value, sources: Sources { options, plan, collected } };
    serde_json::to_writer_pretty(&mut out, &run)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// What `run.json` says, with its sources put in one by one: there may be
/// hundreds of thousands.
struct Run<'a> {
    value: Value,
    sources: Sources<'a>,
}

impl Serialize for Run<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.value.as_object().into_iter().flatten() {
            if key == SOURCES {
                map.serialize_entry(key, &self.sources)?;
            } else {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

struct Sources<'a> {
    options: &'a Options,
    plan: &'a Plan,
    collected: &'a Collected,
}

impl Serialize for Sources<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { options, plan, collected } = *self;
        let sources = plan.inventory.sources.iter().zip(&collected.sources);
        let time = |t: Option<i64>| t.map_or(Value::Null, iso);
        serializer.collect_seq(sources.map(|(source, outcome)| {
            let (first, last) = first_last(outcome.span);
            let same = outcome.duplicate_of.and_then(|f| plan.inventory.files.get(f));
            json!({
                "path": source.path,
                "sha256": collected.hashes.get(source.file_number).cloned().flatten(),
                "bytes": source.bytes, "format": outcome.format, "records": outcome.records,
                "duplicates": outcome.duplicates,
                "first": time(first), "last": time(last), "problems": outcome.problems,
                "records_without_zone": outcome.untimed.zoneless,
                "records_without_year": outcome.untimed.yearless,
                "labels_unknown": outcome.labels_unknown,
                "year_from": assumptions::year_from(options, source, outcome),
                "host_from": assumptions::host_from(plan, outcome),
                "records_with_host_given": outcome.hosts_of.given,
                "records_without_host": outcome.hosts_of.unknown,
                "series": source.series.as_deref(),
                "duplicate_of": same.map(|f| &f.path),
            })
        }))
    }
}

fn rejected_json(list: &[sekisho_sigma::Rejected]) -> Vec<Value> {
    list.iter().map(|r| json!({"file": &*r.file, "line": r.line, "reason": r.reason})).collect()
}

fn notes_json(list: &[sekisho_sigma::Note]) -> Vec<Value> {
    list.iter().map(|n| json!({"file": &*n.file, "line": n.line, "note": n.text})).collect()
}

fn idle_json(plan: &Plan, blind: &Blind) -> Vec<Value> {
    blind
        .idle
        .iter()
        .map(|idle| {
            let rule = header(plan, &plan.correlator, idle.rule);
            json!({
                "id": &rule.id, "title": &rule.title,
                "reason": idle.reason, "missing": idle.missing,
            })
        })
        .collect()
}

fn cut_short_json(plan: &Plan) -> Vec<Value> {
    let rules = plan.program.cut_short().into_iter().filter_map(|id| plan.program.rule(id));
    rules.map(|rule| json!({"id": &*rule.header.id, "title": &*rule.header.title})).collect()
}

fn detections_by_level(plan: &Plan, collected: &Collected) -> Value {
    let counts = by_level(plan, collected);
    let all = Level::ALL.map(|l| (l.name().to_owned(), json!(counts.get(l).detections)));
    Value::Object(all.into_iter().collect())
}

fn by_level(plan: &Plan, collected: &Collected) -> ByLevel<LevelCount> {
    let mut counts = ByLevel::<LevelCount>::default();
    for (&id, rule) in &collected.stats.rules {
        let count = counts.get_mut(level(header(plan, &collected.correlator, id).level));
        count.detections += rule.detections;
        count.rules += 1;
    }
    counts
}

/// The data of the report.
pub(crate) fn report(
    options: &Options,
    plan: &Plan,
    loaded: &Loaded,
    collected: &Collected,
    blind: &Blind,
    complete: bool,
) -> Report {
    let stats = &collected.stats;
    let subjects = |names: &BTreeMap<Box<str>, NameStats>| {
        top(names.iter().filter(|(_, n)| n.detections > 0).map(|(n, s)| subject(n, s)).collect())
    };
    let rules: Vec<FiredRule> =
        stats.rules.iter().map(|(&id, rule)| fired(plan, collected, id, rule)).collect();
    Report {
        complete,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        options: named_options(options),
        totals: totals(plan, collected),
        levels: by_level(plan, collected),
        timeline: timeline(collected),
        hosts: subjects(&stats.hosts),
        accounts: subjects(&stats.accounts),
        tactics: tactics(&rules),
        rules: rules.into(),
        sources: sources(plan, collected),
        unseen: unseen(options, plan, collected, blind),
        rejected: loaded
            .rejected
            .iter()
            .map(|r| RejectedRule {
                file: r.file.to_string(),
                line: (r.line > 0).then_some(u64::from(r.line)),
                reason: r.reason.clone(),
            })
            .collect::<Vec<_>>()
            .into(),
    }
}

fn named_options(options: &Options) -> Vec<NamedValue> {
    let mut named = Vec::new();
    let mut add = |name: &str, value: String| {
        named.push(NamedValue { name: name.to_owned(), value });
    };
    for path in &options.rules {
        add("--rules", path.display().to_string());
    }
    if options.rules.is_empty() {
        add("rules", "built-in pack".to_owned());
    }
    if let Some((zone, _)) = &options.timezone {
        add("--timezone", zone.clone());
    }
    if let Some(host) = &options.host {
        add("--host", host.clone());
    }
    if let Some(year) = options.year {
        add("--year", year.to_string());
    }
    if let Some(level) = options.selection.level {
        add("--level", level.name().to_owned());
    }
    named
}

fn totals(plan: &Plan, collected: &Collected) -> Totals {
    let stats = &collected.stats;
    let (first_ns, last_ns) = first_last(stats.span);
    Totals {
        files: collected.sources.iter().filter(|s| s.records > 0).count() as u64,
        hosts: stats.hosts.len() as u64,
        hosts_with_detections: stats.hosts.values().filter(|h| h.detections > 0).count() as u64,
        records: stats.records,
        first_ns,
        last_ns,
        detections: collected.detections,
        rules_loaded: (plan.program.rules().len() + collected.correlator.correlations().len())
            as u64,
        rules_fired: stats.rules.len() as u64,
    }
}

fn subject(name: &str, stats: &NameStats) -> Subject {
    let (first_ns, last_ns) = first_last(stats.span);
    let worst = level(stats.worst);
    Subject { name: name.to_owned(), detections: stats.detections, worst, first_ns, last_ns }
}

/// The worst first, cut.
fn top(mut subjects: Vec<Subject>) -> Listed<Subject> {
    let total = subjects.len() as u64;
    subjects.sort_by(|a, b| {
        (a.worst, std::cmp::Reverse(a.detections), &a.name).cmp(&(
            b.worst,
            std::cmp::Reverse(b.detections),
            &b.name,
        ))
    });
    subjects.truncate(LISTED_MAX);
    Listed { items: subjects, total }
}

fn fired(plan: &Plan, collected: &Collected, id: RuleId, rule: &RuleStats) -> FiredRule {
    let header = header(plan, &collected.correlator, id);
    let (first_ns, last_ns) = first_last(rule.span);
    let examples = rule.examples.iter().map(|e| Example {
        time_ns: known(e.time),
        host: e.host.clone(),
        channel: e.channel.clone(),
        record_id: e.record_id,
        path: plan.inventory.sources.get(e.source).map(|s| s.path.clone()).unwrap_or_default(),
        position: Some(Position::Offset(e.offset)),
        matched: e.matched.clone(),
    });
    FiredRule {
        title: header.title.clone(),
        id: header.id.clone(),
        level: level(header.level),
        description: header.description.clone(),
        tags: header.tags.clone(),
        file: header.file.to_string(),
        detections: rule.detections,
        hosts: rule.hosts.len() as u64,
        first_ns,
        last_ns,
        examples: examples.collect(),
    }
}

/// Detections and rules by ATT&CK tactic, from the rules' tags: those tags
/// below `attack.` that are not the number of a technique, group or program.
fn tactics(rules: &[FiredRule]) -> Vec<TacticCount> {
    let mut counts: BTreeMap<String, TacticCount> = BTreeMap::new();
    for rule in rules {
        let mut of_rule: Vec<String> = rule
            .tags
            .iter()
            .filter_map(|tag| tag.to_lowercase().strip_prefix("attack.").map(str::to_owned))
            .filter(|tag| !tag.chars().any(|c| c.is_ascii_digit()))
            .map(|tag| tag.replace('_', "-"))
            .collect();
        of_rule.sort();
        of_rule.dedup();
        for tactic in of_rule {
            let count = counts.entry(tactic.clone()).or_default();
            count.tactic = tactic;
            count.detections += rule.detections;
            count.rules += 1;
        }
    }
    counts.into_values().collect()
}

fn timeline(collected: &Collected) -> Option<Timeline> {
    let (histogram, read) = (&collected.stats.histogram, &collected.stats.read);
    // From the first record to the last, also where nothing was detected.
    let keys = || histogram.keys().chain(read.keys()).copied();
    let (start, end) = (keys().min()?, keys().max()?);
    let width = bar_seconds(end - start);
    let start = start - start.rem_euclid(width);
    let count = usize::try_from((end - start) / width + 1).ok()?;
    let mut out = vec![Bucket { records: Some(0), ..Bucket::default() }; count];
    let index = |at: i64| usize::try_from((at - start) / width).ok();
    let mut dated = 0;
    for (&at, levels) in histogram {
        let Some(bucket) = index(at).and_then(|i| out.get_mut(i)) else { continue };
        let [informational, low, medium, high, critical] = *levels;
        bucket.levels.informational += informational;
        bucket.levels.low += low;
        bucket.levels.medium += medium;
        bucket.levels.high += high;
        bucket.levels.critical += critical;
        dated += levels.iter().sum::<u64>();
    }
    for (&at, count) in read {
        if let Some(records) = index(at).and_then(|i| out.get_mut(i)?.records.as_mut()) {
            *records += count;
        }
    }
    Some(Timeline {
        start_s: start,
        bucket_s: u64::try_from(width).ok()?,
        buckets: out,
        undated: collected.detections.saturating_sub(dated),
    })
}

/// The narrowest of the usual widths with which the bars are not too many,
/// in seconds.
fn bar_seconds(span: i64) -> i64 {
    let fits = |seconds: &i64| span / seconds + 2 <= BARS_MAX;
    let usual = BAR_MINUTES.iter().map(|minutes| minutes * 60).find(fits);
    let year = 365 * 86_400;
    usual.unwrap_or(year * (span / (year * BARS_MAX) + 1)).max(BUCKET_SECONDS)
}

fn sources(plan: &Plan, collected: &Collected) -> Listed<Source> {
    let read: Vec<_> = plan
        .inventory
        .sources
        .iter()
        .zip(&collected.sources)
        .filter(|(_, outcome)| outcome.format.is_some() && outcome.duplicate_of.is_none())
        .collect();
    let items = read.iter().take(LISTED_MAX).map(|(source, outcome)| {
        let (first_ns, last_ns) = first_last(outcome.span);
        Source {
            path: source.path.clone(),
            sha256: collected.hashes.get(source.file_number).cloned().flatten().unwrap_or_default(),
            format: outcome.format.unwrap_or_default().to_owned(),
            records: outcome.records,
            first_ns,
            last_ns,
            problems: outcome.problems,
        }
    });
    Listed { items: items.collect(), total: read.len() as u64 }
}

fn unseen(options: &Options, plan: &Plan, collected: &Collected, blind: &Blind) -> Unseen {
    let of_sources = || collected.sources.iter().filter(|s| s.duplicate_of.is_none());
    let unread = of_sources().filter(|s| s.records == 0 && s.problems > 0).count();
    let in_part = of_sources().filter(|s| s.records > 0 && s.problems > 0);
    let unexamined: Vec<UnexaminedKind> = blind
        .unexamined
        .iter()
        .map(|(shape, count)| UnexaminedKind { kind: shape.to_string(), records: *count })
        .collect();
    Unseen {
        files_unread: (unread + plan.inventory.problems.len()) as u64,
        files_in_part: in_part.clone().count() as u64,
        records_unread: in_part.map(|s| s.problems).sum(),
        problems: problems(collected),
        idle_rules: idle_rules(plan, blind),
        rules_cut_short: plan.program.cut_short().len() as u64,
        records_unexamined: blind.unexamined.iter().map(|(_, count)| count).sum(),
        unexamined: unexamined.into(),
        assumptions: assumptions::all(options, plan, collected),
        duplicates: duplicates(plan, collected).into(),
    }
}

/// Alike problems of one source counted together.
fn problems(collected: &Collected) -> Listed<Problem> {
    let mut alike: BTreeMap<(&str, &str, &str), Problem> = BTreeMap::new();
    for p in &collected.problems {
        let entry = alike.entry((&p.path, &p.what, &p.expected)).or_insert_with(|| Problem {
            path: p.path.clone(),
            position: p.offset.map(Position::Offset),
            what: p.what.clone(),
            expected: p.expected.clone(),
            count: 0,
        });
        entry.count += 1;
    }
    let items: Vec<Problem> = alike.into_values().collect();
    let total = items.len() as u64 + collected.problems_more;
    Listed { items, total }
}

fn idle_rules(plan: &Plan, blind: &Blind) -> Vec<IdleRules> {
    let mut groups: BTreeMap<&str, IdleRules> = BTreeMap::new();
    for idle in &blind.idle {
        let group = groups.entry(&idle.reason).or_default();
        group.reason.clone_from(&idle.reason);
        group.rules += 1;
        if group.examples.len() < IDLE_EXAMPLES {
            let rule = header(plan, &plan.correlator, idle.rule);
            group.examples.push(rule.title.clone());
        }
    }
    let mut groups: Vec<IdleRules> = groups.into_values().collect();
    groups.sort_by(|a, b| b.rules.cmp(&a.rules).then_with(|| a.reason.cmp(&b.reason)));
    groups
}

fn duplicates(plan: &Plan, collected: &Collected) -> Vec<Duplicate> {
    let sources = plan.inventory.sources.iter().zip(&collected.sources);
    sources
        .filter_map(|(source, outcome)| {
            let same = plan.inventory.files.get(outcome.duplicate_of?)?;
            Some(Duplicate { path: source.path.clone(), same_as: same.path.clone() })
        })
        .collect()
}
