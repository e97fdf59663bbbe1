//! How the intruder got from where to where: a drawing of the first steps, and
//! a list of all with the records that show them.

use std::collections::{BTreeMap, BTreeSet};

use sekisho_exposure::answer::{Answer, Edge, Grade};

use super::limits::{BOX_CHARS, DRAWN_EDGES, EDGES, NODES};
use super::words;
use crate::report::html::{Html, cut};
use crate::report::limits::{self, NAME_CHARS};

/// Width and height of a box, and room between boxes, in pixels.
const BOX: (f64, f64) = (204.0, 30.0);
const ROOM: (f64, f64) = (64.0, 14.0);
/// Columns at most; what is farther away is drawn in the last one.
const FAR: usize = 7;

/// Where everything stands.
struct Drawing<'a> {
    /// Column and row of each thing.
    places: BTreeMap<&'a str, (usize, usize)>,
    edges: Vec<&'a Edge>,
    /// Things and steps that are not drawn.
    left_out: (usize, usize),
}

impl<'a> Drawing<'a> {
    fn of(answer: &'a Answer) -> Self {
        let mut edges: Vec<&Edge> = answer.edges.iter().filter(|e| e.from != e.to).collect();
        edges.sort_by(|a, b| (&a.time, &a.from, &a.to).cmp(&(&b.time, &b.from, &b.to)));
        // Where not all can be drawn, what is proven goes before what is not.
        let mut chosen = edges.clone();
        chosen.sort_by_key(|edge| std::cmp::Reverse(edge.grade));
        let chosen = Self::fitting(&chosen);
        let all: BTreeSet<&str> = edges.iter().flat_map(|e| [&*e.from, &*e.to]).collect();
        let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
        let mut order: Vec<&str> = Vec::new();
        let mut drawn: BTreeMap<(&str, &str), &Edge> = BTreeMap::new();
        for edge in &edges {
            if !chosen.contains(&(&*edge.from, &*edge.to)) {
                continue;
            }
            let mut place = |name: &'a str, column: usize| {
                *columns.entry(name).or_insert_with(|| {
                    order.push(name);
                    column.min(FAR)
                })
            };
            let from = place(&edge.from, 0);
            place(&edge.to, from + 1);
            drawn.entry((&edge.from, &edge.to)).or_insert(edge);
        }
        let mut rows = [0; FAR + 1];
        let mut places = BTreeMap::new();
        for name in order {
            let column = columns.get(name).copied().unwrap_or(0);
            if let Some(row) = rows.get_mut(column) {
                places.insert(name, (column, *row));
                *row += 1;
            }
        }
        let left_out = (all.len() - places.len(), edges.len() - drawn.len());
        Self { places, edges: drawn.into_values().collect(), left_out }
    }

    /// From where to where the first of these go, as many as can be drawn.
    fn fitting(edges: &[&'a Edge]) -> BTreeSet<(&'a str, &'a str)> {
        let (mut things, mut ways) = (BTreeSet::new(), BTreeSet::new());
        for edge in edges {
            let ends = [&*edge.from, &*edge.to];
            let new = ends.iter().filter(|end| !things.contains(*end)).count();
            let known = ways.contains(&(&*edge.from, &*edge.to));
            if !known && (things.len() + new > NODES || ways.len() >= DRAWN_EDGES) {
                continue;
            }
            things.extend(ends);
            ways.insert((&*edge.from, &*edge.to));
        }
        ways
    }

    fn corner((column, row): (usize, usize)) -> (f64, f64) {
        (column as f64 * (BOX.0 + ROOM.0) + 2.0, row as f64 * (BOX.1 + ROOM.1) + 2.0)
    }

    fn draw(&self, page: &mut Html) {
        let size = self.places.values().map(|place| Self::corner(*place));
        let (wide, high) =
            size.fold((0.0_f64, 0.0_f64), |(w, h), (x, y)| (w.max(x + BOX.0), h.max(y + BOX.1)));
        page.raw(
            "<div class=\"scroll\"><svg class=\"ways\" role=\"img\" aria-label=\"Ways of the ",
        );
        page.raw("intruder; the table below has the same\" width=\"").fixed(wide + 24.0);
        page.raw("\" height=\"").fixed(high + 6.0).raw("\"><defs><marker id=\"tip\" ");
        page.raw("viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" ");
        page.raw("orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>");
        for edge in &self.edges {
            self.edge(page, edge);
        }
        for (name, place) in &self.places {
            let (x, y) = Self::corner(*place);
            page.raw("<g><title>").plain(clipped(name)).raw("</title><rect");
            page.attr("class", &format!("node {}", kind(name)));
            page.raw(" x=\"").fixed(x).raw("\" y=\"").fixed(y).raw("\" rx=\"3\" width=\"");
            page.fixed(BOX.0).raw("\" height=\"").fixed(BOX.1).raw("\"/><text x=\"");
            page.fixed(x + 8.0).raw("\" y=\"").fixed(y + 19.5).raw("\">");
            label(page, name);
            page.raw("</text></g>");
        }
        page.raw("</svg></div>");
    }

    fn edge(&self, page: &mut Html, edge: &Edge) {
        let ends = self.places.get(&*edge.from).zip(self.places.get(&*edge.to));
        let Some(((x0, y0), (x1, y1))) =
            ends.map(|(from, to)| (Self::corner(*from), Self::corner(*to)))
        else {
            return;
        };
        let (from, middle) = ((x0 + BOX.0, y0 + BOX.1 / 2.0), BOX.1 / 2.0);
        // Steps back and within a column go around the right side.
        let to = if x1 > x0 { (x1 - 1.0, y1 + middle) } else { (x1 + BOX.0 + 1.0, y1 + middle) };
        let bend = if x1 > x0 { (to.0 - from.0) / 2.0 } else { ROOM.0 / 2.0 };
        let second = if x1 > x0 { to.0 - bend } else { to.0 + bend };
        page.raw("<g><title>").plain(clipped(&edge.how)).raw(", ").plain(clipped(&edge.time));
        page.raw(": ").plain(clipped(&edge.from)).raw(" → ").plain(clipped(&edge.to));
        page.raw("</title><path");
        page.attr("class", &format!("way {}", words::grade_words(edge.grade)));
        page.raw(" marker-end=\"url(#tip)\" d=\"M").fixed(from.0).raw(" ").fixed(from.1);
        page.raw("C").fixed(from.0 + bend).raw(" ").fixed(from.1).raw(" ").fixed(second);
        page.raw(" ").fixed(to.1).raw(" ").fixed(to.0).raw(" ").fixed(to.1).raw("\"/></g>");
    }
}

/// The first word of a thing says what it is.
fn kind(name: &str) -> &'static str {
    match name.split(' ').next().unwrap_or_default() {
        "host" => "host",
        "account" => "account",
        "asset" => "asset",
        _ => "other",
    }
}

/// The beginning of a name, for a tooltip.
fn clipped(name: &str) -> &str {
    cut(name, NAME_CHARS).0
}

/// A name that fits into a box: its end says more than its beginning.
fn label(page: &mut Html, name: &str) {
    let name = name.strip_prefix("host ").unwrap_or(name);
    let count = name.chars().count();
    if count <= BOX_CHARS {
        page.plain(name);
        return;
    }
    let (head, _) = cut(name, count - (BOX_CHARS - 1));
    page.plain("…").plain(name.strip_prefix(head).unwrap_or(name));
}

/// The part.
pub(super) fn part(answer: &Answer) -> Html {
    let mut page = Html::new();
    page.raw("<details class=\"part\"><summary><h2>Ways: how the intruder got where</h2>");
    page.raw("<span class=\"many\">").num(answer.edges.len() as u64);
    page.raw("</span></summary><div id=\"reach\">");
    if answer.edges.is_empty() {
        page.raw("<p class=\"nothing\">No step from one thing to another was seen.</p>");
        page.raw("</div></details>\n");
        return page;
    }
    let drawing = Drawing::of(answer);
    drawing.draw(&mut page);
    let (things, steps) = drawing.left_out;
    if things + steps > 0 {
        page.raw("<p class=\"more\">Not drawn: ").count(things as u64, "thing", "things");
        page.raw(" and ").count(steps as u64, "step", "steps").raw(" (repeated steps are drawn ");
        page.raw("once).</p>");
    }
    page.raw("<p class=\"legend\"><span><i class=\"w proven\"></i>proven</span><span><i ");
    page.raw("class=\"w probable\"></i>probable</span><span><i class=\"w possible\"></i>possible");
    page.raw("</span></p>");
    list(&mut page, answer);
    page.raw("</div></details>\n");
    page
}

fn list(page: &mut Html, answer: &Answer) {
    page.raw("<table class=\"sort\"><thead><tr><th>Time (UTC)</th><th>From</th><th>To</th>");
    page.raw("<th>How</th><th>Grade</th><th>Records</th></tr></thead><tbody>\n");
    let mut edges: Vec<&Edge> = answer.edges.iter().collect();
    edges.sort_by(|a, b| (&a.time, &a.from, &a.to).cmp(&(&b.time, &b.from, &b.to)));
    let shown = limits::fill(page, EDGES, edges.iter(), |edge| {
        let mut row = Html::new();
        row.raw("<tr><td class=\"t w\" data-l=\"Time\">");
        words::second(&mut row, &edge.time);
        row.raw("</td><td data-l=\"From\">").short(&edge.from, NAME_CHARS);
        row.raw("</td><td data-l=\"To\">").short(&edge.to, NAME_CHARS);
        row.raw("</td><td data-l=\"How\">").short(&edge.how, NAME_CHARS);
        row.raw("</td><td class=\"t\" data-l=\"Grade\">").raw(words::grade_words(edge.grade));
        row.raw("</td><td data-l=\"Records\">");
        for (at, cited) in edge.evidence.iter().take(4).enumerate() {
            row.raw(if at > 0 { ", " } else { "" }).short(&cited.host, 60).raw(" ");
            row.short(&cited.channel, 60).raw(" ");
            if let Some(id) = cited.record_id {
                row.text(&id.to_string()).raw(" ");
            }
            row.html(&words::leaf(cited));
        }
        row.raw("</td></tr>\n");
        row
    });
    page.raw("</tbody></table>\n");
    limits::more(page, answer.edges.len() as u64, shown, "step", "steps");
    let proven = answer.edges.iter().filter(|edge| edge.grade == Grade::Proven).count() as u64;
    page.raw("<p class=\"note\">").num(proven).raw(" of these are proven by records.</p>");
}
