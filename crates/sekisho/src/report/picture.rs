//! Detections over time as a picture: stacked bars by level, drawn so that one critical detection
//! among thousands of lesser ones still shows, with a strip below that says where there were no
//! records at all.

use super::detail::{end, part};
use super::html::Html;
use super::limits;
use super::model::{Bucket, ByLevel, Level, Report, Timeline};
use super::when;

/// Height of the drawing, in its own units.
const HEIGHT: f64 = 100.0;
/// Width of one bar with its gap, in the drawing's own units.
const STEP: f64 = 10.0;
/// Width of one bar, in the drawing's own units.
const BAR: f64 = 8.4;
/// Bars fewer than this are drawn thinner, so that they still look like bars.
const FEW: f64 = 24.0;

/// Neighbouring buckets joined so that all can be drawn.
struct Bars {
    /// Start of the first bar, seconds since 1970 UTC.
    start_s: i64,
    /// Length of each bar, seconds.
    bar_s: u64,
    bars: Vec<Bucket>,
    /// Most detections in one bar.
    most: u64,
}

/// The same as a table, for the parts below the first screen.
pub(super) fn table(report: &Report) -> Html {
    let mut page = Html::new();
    if let Some(bars) = report.timeline.as_ref().map(Bars::of).filter(|bars| bars.most > 0) {
        part(&mut page, "times", "Detections over time, as a table", None, false);
        bars.table(&mut page);
        page.raw("<p class=\"note\">Times without detections are left out.</p>");
        end(&mut page);
    }
    page
}

/// The figure on the first screen.
pub(super) fn write(page: &mut Html, timeline: Option<&Timeline>) {
    page.raw("<figure class=\"time\"><figcaption><h2 id=\"time-h\">Detections over time</h2>");
    let bars = timeline.map(Bars::of).filter(Bars::worth_drawing);
    match (&bars, timeline) {
        (Some(bars), Some(timeline)) => {
            page.raw("<small>one bar: ").text(&when::length(bars.bar_s)).raw(", UTC</small>");
            if bars.most > 0 {
                page.raw("<a href=\"#times\">table</a>");
            }
            page.raw("</figcaption>");
            bars.draw(page);
            bars.legend(page, timeline.undated);
        }
        (_, timeline) => {
            page.raw(
                "</figcaption><p class=\"nothing\">No detection that bears a time, so \
                there is nothing to draw.",
            );
            let undated = timeline.map_or(0, |timeline| timeline.undated);
            if undated > 0 {
                page.raw(" ").count(undated, "detection bears", "detections bear").raw(" none.");
            }
            page.raw("</p>");
        }
    }
    page.raw("</figure>\n");
}

impl Bars {
    fn of(timeline: &Timeline) -> Self {
        let joined = timeline.buckets.len().div_ceil(limits::BARS).max(1);
        let bars: Vec<Bucket> = timeline.buckets.chunks(joined).map(join).collect();
        Self {
            start_s: timeline.start_s,
            bar_s: timeline.bucket_s.max(1).saturating_mul(joined as u64),
            most: bars.iter().map(total).max().unwrap_or(0),
            bars,
        }
    }

    /// Whether there is something to see: detections, or where there were records and where none.
    fn worth_drawing(&self) -> bool {
        self.most > 0 || self.bars.iter().any(|bar| bar.records.is_some())
    }

    /// Start of a bar, or end of the one before it, seconds since 1970 UTC.
    fn at(&self, bar: usize) -> i64 {
        let after = i64::try_from(self.bar_s.saturating_mul(bar as u64)).unwrap_or(i64::MAX);
        self.start_s.saturating_add(after)
    }

    /// From when to when a bar is.
    fn span(&self, bar: usize) -> String {
        if self.bar_s == 86_400 && self.start_s.rem_euclid(86_400) == 0 {
            return when::date(self.at(bar));
        }
        format!("{} to {}", when::minute(self.at(bar)), when::minute(self.at(bar + 1)))
    }

    fn draw(&self, page: &mut Html) {
        let width = STEP * self.bars.len() as f64;
        page.raw("<div class=\"plot\"><span class=\"y\">").num(self.most).raw("</span>");
        page.raw(
            "<svg role=\"img\" aria-labelledby=\"time-h time-d\" \
            preserveAspectRatio=\"none\" viewBox=\"0 0 ",
        );
        page.fixed(width).raw(" 112\"><desc id=\"time-d\">").text(&self.words()).raw("</desc>");
        page.raw("<path class=\"grid\" d=\"M0 .5H")
            .fixed(width)
            .raw("M0 50H")
            .fixed(width)
            .raw("\"/>");
        let tallest = self.bars.iter().map(|bar| self.tall(bar)).fold(1.0, f64::max);
        for (at, bar) in self.bars.iter().enumerate() {
            self.bar(page, at, bar, HEIGHT / tallest);
        }
        page.raw("<path class=\"base\" d=\"M0 100H").fixed(width).raw("\"/>");
        self.strip(page);
        page.raw("</svg><p class=\"x\">");
        self.dates(page);
        page.raw("</p></div>");
    }

    /// One bar, the gravest level at its foot.
    fn bar(&self, page: &mut Html, at: usize, bar: &Bucket, scale: f64) {
        if total(bar) == 0 {
            return;
        }
        let left = at as f64 * STEP;
        let wide = BAR * (self.bars.len() as f64 / FEW).clamp(0.15, 1.0);
        let mut foot = HEIGHT;
        page.raw("<g><title>")
            .text(&format!("{} UTC: {}", self.span(at), levels(bar)))
            .raw("</title>");
        page.raw("<path class=\"hit\" d=\"M").fixed(left).raw(" 0h10v100h-10z\"/>");
        for level in Level::ALL {
            let count = *bar.levels.get(level);
            if count > 0 {
                let height = self.part(level, count) * scale;
                foot -= height;
                page.raw("<rect")
                    .attr("class", level.name())
                    .raw(" x=\"")
                    .fixed(left + (STEP - wide) / 2.0);
                page.raw("\" y=\"").fixed(foot).raw("\" width=\"").fixed(wide).raw("\" height=\"");
                page.fixed(height).raw("\"/>");
            }
        }
        page.raw("</g>");
    }

    /// Height of one part of a bar before all are fitted to the drawing; never so thin that it
    /// could not be seen.
    fn part(&self, level: Level, count: u64) -> f64 {
        let least = match level {
            Level::Critical => 4.0,
            Level::High => 2.5,
            Level::Medium | Level::Low | Level::Informational => 0.8,
        };
        (count as f64 / self.most.max(1) as f64 * HEIGHT).max(least)
    }

    fn tall(&self, bar: &Bucket) -> f64 {
        let counts = Level::ALL.iter().map(|level| (*level, *bar.levels.get(*level)));
        counts.filter(|(_, count)| *count > 0).map(|(level, count)| self.part(level, count)).sum()
    }

    /// The strip that shows where there were records; nothing when they were not counted.
    fn strip(&self, page: &mut Html) {
        for (at, bar) in self.bars.iter().enumerate() {
            let class = match bar.records {
                None => continue,
                Some(0) => "gap",
                Some(_) => "seen",
            };
            page.raw("<path").attr("class", class).raw(" d=\"M").fixed(at as f64 * STEP);
            page.raw(" 105h10v5h-10z\"><title>").text(&format!("{} UTC: ", self.span(at)));
            match bar.records {
                Some(0) | None => page.raw("no records"),
                Some(records) => page.count(records, "record", "records"),
            };
            page.raw("</title></path>");
        }
    }

    fn dates(&self, page: &mut Html) {
        let count = self.bars.len();
        let long = self.bar_s.saturating_mul(count as u64) >= 4 * 86_400;
        let write = if long { when::date } else { when::minute };
        let step = if count < 8 { 4 } else { 1 };
        for quarter in (0..=4).step_by(step) {
            page.raw("<span>").text(&write(self.at(count * quarter / 4))).raw("</span>");
        }
    }

    fn legend(&self, page: &mut Html, undated: u64) {
        page.raw("<p class=\"legend\">");
        for level in Level::ALL {
            page.raw("<span class=\"of\"><i")
                .attr("class", &format!("mark {}", level.name()))
                .raw("></i>");
            page.raw(level.name()).raw("</span>");
        }
        let gaps = self.bars.iter().filter(|bar| bar.records == Some(0)).count() as u64;
        if gaps > 0 {
            page.raw("<span><i class=\"mark gap\"></i>no records in ")
                .count(gaps, "bar", "bars")
                .raw("</span>");
        }
        if undated > 0 {
            page.raw("<span>not drawn: ").num(undated).raw(" without a time</span>");
        }
        page.raw("</p>");
    }

    /// The picture in one sentence, for those who cannot see it.
    fn words(&self) -> String {
        let busiest =
            self.bars.iter().enumerate().max_by_key(|(at, bar)| (total(bar), usize::MAX - at));
        let whole = format!(
            "From {} to {} UTC.",
            when::minute(self.start_s),
            when::minute(self.at(self.bars.len()))
        );
        match busiest {
            Some((at, bar)) if self.most > 0 => {
                format!("{whole} Most in {} UTC: {}.", self.span(at), levels(bar))
            }
            _ => format!("{whole} No detections."),
        }
    }

    fn table(&self, page: &mut Html) {
        page.raw("<table><thead><tr><th>Time (UTC)</th>");
        for level in Level::ALL {
            page.raw("<th class=\"n\">").raw(level.name()).raw("</th>");
        }
        page.raw("</tr></thead><tbody>");
        for (at, bar) in self.bars.iter().enumerate().filter(|(_, bar)| total(bar) > 0) {
            page.raw("<tr><td class=\"w\">").text(&self.span(at)).raw("</td>");
            for level in Level::ALL {
                page.raw("<td class=\"n\"").attr("data-l", level.name()).raw(">");
                page.num(*bar.levels.get(level)).raw("</td>");
            }
            page.raw("</tr>");
        }
        page.raw("</tbody></table>");
    }
}

fn join(buckets: &[Bucket]) -> Bucket {
    let mut joined = Bucket { levels: ByLevel::default(), records: None };
    for bucket in buckets {
        for level in Level::ALL {
            let sum = joined.levels.get_mut(level);
            *sum = sum.saturating_add(*bucket.levels.get(level));
        }
        joined.records = match (joined.records, bucket.records) {
            (Some(sum), Some(records)) => Some(sum.saturating_add(records)),
            (one, other) => one.or(other),
        };
    }
    joined
}

fn total(bucket: &Bucket) -> u64 {
    Level::ALL.iter().fold(0, |sum, level| sum.saturating_add(*bucket.levels.get(*level)))
}

/// The counts of one bar in words, zeros left out.
fn levels(bucket: &Bucket) -> String {
    let parts = Level::ALL.iter().map(|level| (*level, *bucket.levels.get(*level)));
    let parts = parts.filter(|(_, count)| *count > 0);
    let words: Vec<String> =
        parts.map(|(level, count)| format!("{} {}", when::number(count), level.name())).collect();
    words.join(", ")
}
