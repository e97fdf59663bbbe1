//! Draws everything together at the end: correlations, what could not be
//! seen, the files that people and programs read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::thread;

use hashbrown::{HashMap, HashSet};
use sekisho_event::Shape;
use sekisho_sigma::rule::{Correlation, Header, Level, LogSource, Rule};
use sekisho_sigma::{CorrelationId, CorrelationMatch, RuleId};

use super::collect::Collected;
use super::stats::Example;
use super::work::{Place, Plan, csv};
use super::{Occurred, Options, json, run_file};
use crate::report::{self, Report};
use crate::rules::Loaded;
use crate::seal::Sealed;

/// What an examination came to.
#[derive(Debug)]
pub struct Outcome {
    /// Everything that the report shows.
    pub report: Report,
    /// Gravest level of any detection.
    pub worst: Option<Level>,
    /// Whether it ran to its end.
    pub complete: bool,
    /// The case that it is sealed in, if it is.
    pub sealed: Option<Sealed>,
}

/// Rules that never had a chance on this input, by reason.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    pub(crate) rule: RuleId,
    pub(crate) reason: String,
    /// The fields that never occurred; empty where there is no log source.
    pub(crate) missing: Vec<String>,
}

/// What no rule looked at, and what looked at nothing.
#[derive(Debug, Default)]
pub(crate) struct Blind {
    pub(crate) idle: Vec<Idle>,
    pub(crate) unexamined: Vec<(Shape, u64)>,
}

pub(crate) fn conclude(
    options: &Options,
    plan: &Plan,
    loaded: Loaded,
    mut collected: Collected,
    mut writer: BufWriter<File>,
    occurred: &Occurred,
    complete: bool,
) -> io::Result<Outcome> {
    let correlated = collected.correlator.finish(|place| collected.places.standing(place));
    let rule_count = plan.program.rules().len();
    for m in &correlated {
        write_correlation(plan, m, rule_count, &mut collected, &mut writer)?;
    }
    writer.flush()?;
    let timeline =
        std::mem::replace(&mut collected.timeline, super::timeline::Timeline::new(&options.out));
    // The timeline is put in order while the rest is drawn up.
    thread::scope(|scope| {
        let ordered = scope.spawn(|| timeline.finish());
        let blind = blind(plan, &collected, occurred);
        let report = run_file::report(options, plan, &loaded, &collected, &blind, complete);
        let worst = worst(plan, &collected);
        let run = BufWriter::new(File::create(options.out.join("run.json"))?);
        run_file::write_run(options, plan, &loaded, &collected, &blind, complete, run)?;
        fs::write(options.out.join("report.html"), report::render(&report))?;
        ordered.join().unwrap_or_else(|_| Err(io::Error::other("the timeline was not written")))?;
        Ok(Outcome { report, worst, complete, sealed: None })
    })
}

fn worst(plan: &Plan, collected: &Collected) -> Option<Level> {
    collected.stats.rules.keys().map(|&id| header(plan, &collected.correlator, id).level).max()
}

/// The header of a rule or, by ids above those of the rules, of a correlation.
pub(crate) fn header<'a>(
    plan: &'a Plan,
    correlator: &'a sekisho_sigma::Correlator,
    id: RuleId,
) -> &'a Header {
    static NONE: std::sync::LazyLock<Header> = std::sync::LazyLock::new(Header::default);
    let rules = plan.program.rules().len();
    match plan.program.rule(id) {
        Some(rule) => &rule.header,
        None => {
            let number = (id as usize).saturating_sub(rules);
            correlator.correlations().get(number).map_or(&NONE, |c| &c.header)
        }
    }
}

/// `"rule":{…}` of a detection.
pub(crate) fn rule_json(header: &Header) -> Vec<u8> {
    let mut out = b"\"rule\":{\"id\":".to_vec();
    json::string(&header.id, &mut out);
    out.extend_from_slice(b",\"title\":");
    json::string(&header.title, &mut out);
    out.extend_from_slice(b",\"level\":");
    json::string(header.level.name(), &mut out);
    out.extend_from_slice(b",\"tags\":[");
    for (at, tag) in header.tags.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json::string(tag, &mut out);
    }
    out.extend_from_slice(b"],\"file\":");
    json::string(&header.file, &mut out);
    out.push(b'}');
    out
}

/// Level, title and id of a rule in a line of the timeline.
pub(crate) fn rule_csv(header: &Header) -> Vec<u8> {
    let mut out = Vec::new();
    csv(header.level.name(), &mut out);
    out.push(b',');
    csv(&header.title, &mut out);
    out.push(b',');
    csv(&header.id, &mut out);
    out
}

fn write_correlation(
    plan: &Plan,
    m: &CorrelationMatch,
    rule_count: usize,
    collected: &mut Collected,
    writer: &mut BufWriter<File>,
) -> io::Result<()> {
    let Some(correlation) = collected.correlator.correlations().get(m.correlation) else {
        return Ok(());
    };
    let header = correlation.header.clone();
    let places: Vec<Place> =
        m.places.iter().filter_map(|&number| collected.places.get(number)).collect();
    let mut line = Vec::new();
    let (host, channel) = (common(&places, |p| &p.host), common(&places, |p| &p.channel));
    json::joint_head(m.time, host, channel, &mut line);
    line.extend_from_slice(b",\"source\":null,");
    line.extend_from_slice(&rule_json(&header));
    line.extend_from_slice(b",\"matched\":{");
    for (at, (field, value)) in m.group.iter().enumerate() {
        if at > 0 {
            line.push(b',');
        }
        json::string(field, &mut line);
        line.push(b':');
        json::string(value, &mut line);
    }
    line.extend_from_slice(b"},\"event\":null,\"correlation\":{\"first\":");
    json::time(m.first, &mut line);
    line.extend_from_slice(b",\"last\":");
    json::time(m.last, &mut line);
    line.extend_from_slice(format!(",\"value\":{},\"events\":[", m.value).as_bytes());
    for (at, place) in places.iter().enumerate() {
        if at > 0 {
            line.push(b',');
        }
        write_place(plan, place, &mut line);
    }
    line.extend_from_slice(b"]}}\n");
    writer.write_all(&line)?;
    count_correlation(m, &header, &places, rule_count, collected)
}

/// What all events say, if they say the same.
pub(crate) fn common<'a>(
    places: &'a [Place],
    of: impl Fn(&'a Place) -> &'a str,
) -> Option<&'a str> {
    let first = of(places.first()?);
    (!first.is_empty() && places.iter().all(|p| of(p) == first)).then_some(first)
}

/// A cited event, and where it stands.
fn write_place(plan: &Plan, place: &Place, out: &mut Vec<u8>) {
    let path = plan.inventory.sources.get(place.source).map_or("", |s| &s.path);
    json::event_head(place.time, &place.host, &place.channel, place.record_id, out);
    out.extend_from_slice(b",\"path\":");
    json::string(path, out);
    out.extend_from_slice(b",\"offset\":");
    json::number(place.offset, out);
    out.push(b'}');
}

fn count_correlation(
    m: &CorrelationMatch,
    header: &Header,
    places: &[Place],
    rule_count: usize,
    collected: &mut Collected,
) -> io::Result<()> {
    let host = common(places, |p| &p.host).unwrap_or_default();
    let id = RuleId::try_from(rule_count + m.correlation).unwrap_or(RuleId::MAX);
    let stats = &mut collected.stats;
    stats.at(m.time, header.level);
    let of_rule = stats.rules.entry(id).or_default();
    of_rule.detections += 1;
    of_rule.span.add(m.time);
    if !host.is_empty() {
        of_rule.hosts.insert(host.into());
    }
    if of_rule.examples.len() < super::stats::EXAMPLES_MAX {
        let mut matched = m.group.clone();
        matched.push(("value".to_owned(), m.value.to_string()));
        of_rule.examples.push(Example {
            time: m.time,
            host: host.to_owned(),
            channel: "correlation".to_owned(),
            record_id: None,
            offset: places.first().map_or(0, |p| p.offset),
            source: places.first().map_or(0, |p| p.source),
            matched,
        });
    }
    collected.detections += 1;
    if !host.is_empty() {
        stats.hosts.entry(host.into()).or_default().detection(m.time, header.level);
    }
    let mut line = Vec::new();
    json::plain_time(m.time, &mut line);
    line.push(b',');
    csv(host, &mut line);
    line.extend_from_slice(b",,,");
    line.extend_from_slice(&rule_csv(header));
    line.push(b',');
    let group: Vec<String> = m.group.iter().map(|(f, v)| format!("{f}: {v}")).collect();
    csv(&group.join(" ¦ "), &mut line);
    line.push(b'\n');
    let row = super::work::TimelineRow { time: m.time, bytes: line.len() };
    collected.timeline.add(&line, &[row])
}

/// Which rules never had a chance, and which events had no rule.
fn blind(plan: &Plan, collected: &Collected, occurred: &Occurred) -> Blind {
    let mut blind = Blind::default();
    let shapes: Vec<&Shape> = collected.stats.shapes.keys().collect();
    for (shape, &count) in &collected.stats.shapes {
        if !plan.program.looks_at(shape) {
            blind.unexamined.push((shape.clone(), count));
        }
    }
    let none = HashSet::new();
    for (id, rule) in (0..).zip(plan.program.rules()) {
        if let Some((reason, missing)) = idle(plan, id, rule, &shapes, occurred, &none) {
            blind.idle.push(Idle { rule: id, reason, missing });
        }
    }
    for (id, correlation) in (0..).zip(plan.correlator.correlations()) {
        let missing = ungrouped(plan, id, correlation, &shapes, occurred, &none);
        if let Some(reason) = never_occurred(&missing) {
            let rule = RuleId::try_from(plan.program.rules().len() + id).unwrap_or(RuleId::MAX);
            blind.idle.push(Idle { rule, reason, missing });
        }
    }
    blind
}

/// The fields by which a correlation groups, or whose values it counts, that no
/// event had at which its rules looked.
fn ungrouped(
    plan: &Plan,
    id: CorrelationId,
    correlation: &Correlation,
    shapes: &[&Shape],
    occurred: &HashMap<Shape, HashSet<Box<str>>>,
    none: &HashSet<Box<str>>,
) -> Vec<String> {
    let wanted: Vec<_> = plan.correlator.wanted_of(id).collect();
    let looked = |rule: RuleId| {
        shapes.iter().copied().filter(move |shape| plan.program.rule_looks_at(rule, shape))
    };
    // Of other correlations' matches, and of rules that are idle themselves,
    // nothing is said here.
    if wanted.len() < correlation.rules.len() || wanted.iter().all(|w| looked(w.0).next().is_none())
    {
        return Vec::new();
    }
    let occurs = |rule: RuleId, names: &[String]| {
        looked(rule).any(|shape| {
            let fields = occurred.get(shape).unwrap_or(none);
            let there = |name: &str| fields.contains(name);
            names.iter().any(|name| plan.program.field_occurs(rule, name, shape, &there))
        })
    };
    let grouped = correlation.group_by.iter().enumerate().filter(|(at, _)| {
        !wanted.iter().any(|(rule, wanted)| {
            wanted.group.get(*at).is_some_and(|name| occurs(*rule, std::slice::from_ref(name)))
        })
    });
    let mut missing: Vec<String> = grouped.map(|(_, name)| name.clone()).collect();
    let counted = wanted.iter().any(|(rule, wanted)| occurs(*rule, &wanted.value));
    if !correlation.field.is_empty() && !counted {
        missing.extend(correlation.field.iter().cloned());
    }
    missing.sort_unstable();
    missing.dedup();
    missing
}

fn never_occurred(missing: &[String]) -> Option<String> {
    match missing {
        [] => None,
        [one] => Some(format!("field {one} never occurred")),
        many => Some(format!("fields {} never occurred", many.join(", "))),
    }
}

fn idle(
    plan: &Plan,
    id: RuleId,
    rule: &Rule,
    shapes: &[&Shape],
    occurred: &HashMap<Shape, HashSet<Box<str>>>,
    none: &HashSet<Box<str>>,
) -> Option<(String, Vec<String>)> {
    let mut looked = false;
    let mut fewest: Option<Vec<String>> = None;
    for shape in shapes.iter().filter(|shape| plan.program.rule_looks_at(id, shape)) {
        looked = true;
        let fields = occurred.get(*shape).unwrap_or(none);
        match plan.program.could_fire(id, shape, &|name| fields.contains(name)) {
            Ok(()) => return None,
            Err(missing) => {
                if fewest.as_ref().is_none_or(|f| missing.len() < f.len()) {
                    fewest = Some(missing);
                }
            }
        }
    }
    if !looked {
        return Some((format!("no log source {}", log_source(&rule.logsource)), Vec::new()));
    }
    let missing = fewest.unwrap_or_default();
    let reason = never_occurred(&missing);
    Some((reason.unwrap_or_else(|| "its condition can hold for no event".to_owned()), missing))
}

/// A log source in words.
pub(crate) fn log_source(source: &LogSource) -> String {
    let parts = [&source.product, &source.category, &source.service];
    let said: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).collect();
    if said.is_empty() { "(none stated)".to_owned() } else { said.join("/") }
}
