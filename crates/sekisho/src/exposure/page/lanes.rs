//! The intruder's time against coverage: a lane for each host, its coverage
//! behind, acts as marks on it.

use std::collections::{BTreeMap, BTreeSet};

use sekisho_exposure::answer::{Answer, Cited, Coverage, CoverageWord, HostWord};

use super::limits::{COLUMNS, LANE_CHARS, LANES, LANES_FIRST, LOGS_OF_HOST};
use super::words;
use crate::report::html::Html;
use crate::report::when;

/// Width of a lane, in its own units.
const WIDTH: f64 = 1000.0;
/// Nanoseconds of an hour: no picture is of less.
const HOUR: i64 = 3_600_000_000_000;

/// The stretch of time that a picture shows, nanoseconds.
#[derive(Clone, Copy)]
struct Span {
    from: i64,
    to: i64,
}

impl Span {
    /// The intruder's time with a margin; without an intruder, that of the
    /// evidence.
    fn of(answer: &Answer) -> Option<Self> {
        let window = &answer.window;
        let acts = [&window.earliest_anomaly, &window.first_proven, &window.last_seen];
        let acts: Vec<i64> =
            acts.into_iter().flatten().filter_map(|time| words::ns(time)).collect();
        let heard = || answer.coverage.iter();
        let begin = heard().filter_map(|c| words::ns(&c.from)).min();
        let end = heard().filter_map(|c| words::ns(&c.to)).max();
        let (Some(&first), Some(&last)) = (acts.iter().min(), acts.iter().max()) else {
            return Some(Self { from: begin?, to: end?.max(begin?.saturating_add(HOUR)) });
        };
        let margin = (last.saturating_sub(first) / 8).max(HOUR);
        let from = first.saturating_sub(margin);
        let to = last.saturating_add(margin);
        Some(Self {
            from: begin.map_or(from, |begin| from.max(begin)).min(first),
            to: end.map_or(to, |end| to.min(end)).max(last.saturating_add(1)),
        })
    }

    /// The column of a time, and where it is in one.
    fn column(self, time: i64) -> usize {
        let length = self.to.abs_diff(self.from).max(1);
        let at = time.clamp(self.from, self.to).abs_diff(self.from);
        let column = u128::from(at) * COLUMNS as u128 / u128::from(length);
        usize::try_from(column).unwrap_or(0).min(COLUMNS - 1)
    }

    fn has(self, time: i64) -> bool {
        (self.from..=self.to).contains(&time)
    }

    fn start_of(self, column: usize) -> i64 {
        let length = u128::from(self.to.abs_diff(self.from));
        let offset = length * column as u128 / COLUMNS as u128;
        self.from.saturating_add(i64::try_from(offset).unwrap_or(i64::MAX))
    }
}

/// What of a column is known: the best and the worst state of its logs.
#[derive(Clone, Copy, Default)]
struct Piece {
    heard: bool,
    lacking: bool,
    untrusted: bool,
}

impl Piece {
    fn add(&mut self, word: CoverageWord) {
        match word {
            CoverageWord::Covered => self.heard = true,
            CoverageWord::Partial => (self.heard, self.lacking) = (true, true),
            CoverageWord::Missing => self.lacking = true,
            CoverageWord::Untrusted => self.untrusted = true,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self { untrusted: true, .. } => "untrusted",
            Self { heard: true, lacking: false, .. } => "covered",
            Self { heard: true, lacking: true, .. } => "partial",
            Self { .. } => "missing",
        }
    }
}

/// A lane: the coverage of one host or log.
struct Lane {
    pieces: Vec<Piece>,
}

impl Lane {
    fn of<'a>(span: Span, coverage: impl Iterator<Item = &'a Coverage>) -> Self {
        let mut pieces = vec![Piece::default(); COLUMNS];
        for stretch in coverage {
            let Some((from, to)) = words::ns(&stretch.from).zip(words::ns(&stretch.to)) else {
                continue;
            };
            if to <= span.from || from >= span.to {
                continue;
            }
            let (first, last) = (span.column(from), span.column(to.saturating_sub(1)));
            for piece in pieces.iter_mut().take(last + 1).skip(first) {
                piece.add(stretch.state);
            }
        }
        Self { pieces }
    }

    fn draw(&self, page: &mut Html, marks: Option<&BTreeMap<usize, Marks<'_>>>, span: Span) {
        page.raw("<svg class=\"lane\" aria-hidden=\"true\" preserveAspectRatio=\"none\" ");
        page.raw("viewBox=\"0 0 1000 20\">");
        let step = WIDTH / COLUMNS as f64;
        let mut at = 0;
        for run in self.pieces.chunk_by(|a, b| a.class() == b.class()) {
            let class = run.first().map_or("missing", |piece| piece.class());
            let (left, wide) = (at as f64 * step, run.len() as f64 * step);
            page.raw("<rect").attr("class", &format!("c {class}")).raw(" x=\"").fixed(left);
            page.raw("\" y=\"0\" height=\"20\" width=\"").fixed(wide).raw("\"/>");
            at += run.len();
        }
        for (column, marks) in marks.into_iter().flatten() {
            let x = (*column as f64 + 0.5) * step;
            page.raw("<g><title>").plain(&marks.words(span.start_of(*column))).raw("</title>");
            page.raw("<path class=\"act\" d=\"M").fixed(x).raw(" 2V18\"/></g>");
        }
        page.raw("</svg>");
    }
}

/// Acts in one column of a lane.
#[derive(Default)]
struct Marks<'a> {
    count: u64,
    first: Option<&'a Cited>,
}

impl Marks<'_> {
    fn words(&self, start: i64) -> String {
        let why = self.first.map_or("", |cited| cited.why.as_str());
        let why: String = why.chars().take(160).collect();
        let time = when::minute(start.div_euclid(1_000_000_000));
        match self.count {
            1 => format!("{time} UTC: {why}"),
            count => format!("{time} UTC: {} acts; {why}", when::number(count)),
        }
    }
}

/// The acts of each host, by column.
fn marks(answer: &Answer, span: Span) -> BTreeMap<String, BTreeMap<usize, Marks<'_>>> {
    let verdicts = answer.verdicts.iter().flat_map(|v| &v.evidence);
    let edges = answer.edges.iter().flat_map(|edge| &edge.evidence);
    let touched = |word| matches!(word, HostWord::Compromised | HostWord::Reached);
    let hosts = answer.hosts.iter().filter(|host| touched(host.state)).flat_map(|h| &h.evidence);
    let mut seen = BTreeSet::new();
    let mut all: BTreeMap<String, BTreeMap<usize, Marks<'_>>> = BTreeMap::new();
    for cited in verdicts.chain(edges).chain(hosts) {
        let time = words::ns(&cited.time).filter(|time| span.has(*time));
        if let Some(time) = time.filter(|_| seen.insert((cited.cell, cited.index))) {
            let lane = all.entry(cited.host.to_lowercase()).or_default();
            let marks = lane.entry(span.column(time)).or_default();
            marks.count += 1;
            marks.first.get_or_insert(cited);
        }
    }
    all
}

/// All that is drawn: hosts in order, their coverage and acts.
struct Lanes<'a> {
    span: Span,
    hosts: Vec<(&'a str, Option<HostWord>)>,
    coverage: BTreeMap<String, Vec<&'a Coverage>>,
    marks: BTreeMap<String, BTreeMap<usize, Marks<'a>>>,
}

impl<'a> Lanes<'a> {
    fn of(answer: &'a Answer) -> Option<Self> {
        let span = Span::of(answer)?;
        let marks = marks(answer, span);
        let mut coverage: BTreeMap<String, Vec<&Coverage>> = BTreeMap::new();
        for stretch in &answer.coverage {
            coverage.entry(stretch.host.to_lowercase()).or_default().push(stretch);
        }
        let mut hosts: Vec<(&str, Option<HostWord>)> =
            answer.hosts.iter().map(|host| (host.host.as_str(), Some(host.state))).collect();
        // Services and sensors are no hosts, and have coverage and acts too.
        let known: BTreeSet<String> = hosts.iter().map(|(host, _)| host.to_lowercase()).collect();
        let mut others: BTreeMap<String, &str> = BTreeMap::new();
        let cited = answer.verdicts.iter().flat_map(|v| &v.evidence).map(|c| c.host.as_str());
        for host in answer.coverage.iter().map(|c| c.host.as_str()).chain(cited) {
            others.entry(host.to_lowercase()).or_insert(host);
        }
        others.retain(|folded, _| !known.contains(folded));
        hosts.extend(others.into_values().map(|host| (host, None)));
        let grave = |state: Option<HostWord>| match state {
            Some(HostWord::Compromised) => 0,
            Some(HostWord::Reached) => 1,
            _ => 2,
        };
        let acts = |host: &str| {
            let lane = marks.get(&host.to_lowercase());
            lane.map_or(0, |lane| lane.values().map(|marks| marks.count).sum::<u64>())
        };
        hosts.sort_by_cached_key(|(host, state)| {
            (grave(*state), std::cmp::Reverse(acts(host)), host.to_lowercase())
        });
        Some(Self { span, hosts, coverage, marks })
    }

    fn lane(&self, page: &mut Html, host: &str, state: Option<HostWord>) {
        let folded = host.to_lowercase();
        let stretches = self.coverage.get(&folded).into_iter().flatten().copied();
        page.raw("<li><span class=\"name\">");
        words::mark(page, state.map_or("none", words::host_class));
        page.short(host, LANE_CHARS).raw("</span>");
        Lane::of(self.span, stretches).draw(page, self.marks.get(&folded), self.span);
        page.raw("</li>");
    }

    /// The logs of a host below its lane.
    fn logs(&self, page: &mut Html, host: &str) {
        let mut by_log: BTreeMap<&str, Vec<&Coverage>> = BTreeMap::new();
        for stretch in self.coverage.get(&host.to_lowercase()).into_iter().flatten() {
            by_log.entry(&stretch.channel).or_default().push(stretch);
        }
        for (log, stretches) in by_log.iter().take(LOGS_OF_HOST) {
            page.raw("<li class=\"log\"><span class=\"name\">").short(words::log(log), LANE_CHARS);
            page.raw("</span>");
            Lane::of(self.span, stretches.iter().copied()).draw(page, None, self.span);
            page.raw("</li>");
        }
        let rest = by_log.len().saturating_sub(LOGS_OF_HOST) as u64;
        if rest > 0 {
            page.raw("<li class=\"log\"><span class=\"name\">and ").num(rest);
            page.raw(" more</span></li>");
        }
    }

    fn axis(&self, page: &mut Html) {
        let long = self.span.to.abs_diff(self.span.from) >= 96 * HOUR.unsigned_abs();
        let write = if long { when::date } else { when::minute };
        page.raw("<p class=\"x\">");
        for quarter in 0..=4 {
            let time = self.span.start_of(COLUMNS * quarter / 4);
            page.raw("<span>").text(&write(time.div_euclid(1_000_000_000))).raw("</span>");
        }
        page.raw("</p>");
    }
}

fn legend(page: &mut Html) {
    page.raw("<p class=\"legend\"><span><i class=\"v act\"></i>act of the intruder</span>");
    for (class, name) in [
        ("covered", "all logs heard"),
        ("partial", "some heard"),
        ("missing", "none heard"),
        ("untrusted", "not to be trusted"),
    ] {
        page.raw("<span><i").attr("class", &format!("c {class}")).raw("></i>").raw(name);
        page.raw("</span>");
    }
    page.raw("</p>");
}

/// The figure on the first screen.
pub(super) fn figure(page: &mut Html, answer: &Answer) {
    page.raw(
        "<figure class=\"time\"><figcaption><h2>The intruder's time against what was heard</h2>",
    );
    page.raw("<small>UTC</small><a href=\"#lanes\">all hosts and logs</a></figcaption>");
    match Lanes::of(answer) {
        None => {
            page.raw(
                "<p class=\"nothing\">No record that bears a time, so there is nothing to \
                draw.</p>",
            );
        }
        Some(lanes) => {
            page.raw("<ul class=\"lanes\">");
            for (host, state) in lanes.hosts.iter().take(LANES_FIRST) {
                lanes.lane(page, host, *state);
            }
            page.raw("</ul>");
            lanes.axis(page);
            legend(page);
            more(page, lanes.hosts.len(), LANES_FIRST);
        }
    }
    page.raw("</figure>\n");
}

/// The large picture, for analysts.
pub(super) fn part(answer: &Answer) -> Html {
    let mut page = Html::new();
    let Some(lanes) = Lanes::of(answer) else { return page };
    page.raw("<details class=\"part\"><summary><h2>Hosts and logs over time</h2><span ");
    page.raw("class=\"many\">").num(lanes.hosts.len() as u64).raw("</span></summary>");
    page.raw("<div id=\"lanes\">");
    legend(&mut page);
    page.raw("<ul class=\"lanes large\">");
    for (host, state) in lanes.hosts.iter().take(LANES) {
        lanes.lane(&mut page, host, *state);
        lanes.logs(&mut page, host);
    }
    page.raw("</ul>");
    lanes.axis(&mut page);
    more(&mut page, lanes.hosts.len(), LANES);
    page.raw("</div></details>\n");
    page
}

fn more(page: &mut Html, total: usize, shown: usize) {
    let rest = total.saturating_sub(shown) as u64;
    if rest > 0 {
        page.raw("<p class=\"more\">and ").count(rest, "more host", "more hosts");
        page.raw(", which are not drawn</p>");
    }
}
