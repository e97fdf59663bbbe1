//! Where the events of a rule's log source are found, and what its fields are
//! called there. The tables are data (`data/logsources`, `data/fields`); this
//! file reads them and draws the conclusions.
//!
//! A log source of which the tables say nothing is taken at its word: the
//! shape's product and channel must be the rule's product and service. Events
//! of an unknown source are shown to every rule: with nothing known of them,
//! leaving a rule out would be a guess.

use std::sync::LazyLock;

use hashbrown::HashMap;
use sekisho_event::Shape;

use super::tables::{FIELDS, LOG_SOURCES};
use crate::rule::LogSource;

/// Number of a field table; 0 is the one in which every field has its own name.
pub(crate) type LaneId = usize;

/// A place in which a rule's events are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which shapes; its empty parts state nothing.
    shape: Shape,
    /// Which Windows events; empty for all.
    event_ids: Vec<u32>,
    /// What fields are called there.
    pub(crate) lane: LaneId,
}

impl Place {
    /// Whether events of this shape are found here. What the shape does not
    /// state (a Windows record without its channel) does not exclude it.
    pub(crate) fn has(&self, shape: &Shape) -> bool {
        let channel_fits = shape.channel.is_empty()
            || self.shape.channel.is_empty()
            || self.shape.channel.eq_ignore_ascii_case(&shape.channel);
        let id_fits = self.event_ids.is_empty()
            || shape.event_id.is_some_and(|id| self.event_ids.contains(&id));
        (self.shape.product.is_empty() || self.shape.product == shape.product)
            && channel_fits
            && id_fits
    }

    /// The place as a shape of which all fields are wanted.
    pub(crate) fn as_shape(&self) -> Shape {
        self.shape.clone()
    }

    /// What is common to two places; `None` if nothing is.
    fn meet(&self, other: &Self) -> Option<Self> {
        let product = meet_text(&self.shape.product, &other.shape.product)?;
        let channel = meet_text(&self.shape.channel, &other.shape.channel)?;
        let event_ids = match (self.event_ids.as_slice(), other.event_ids.as_slice()) {
            ([], ids) | (ids, []) => ids.to_vec(),
            (a, b) => {
                let both: Vec<u32> = a.iter().filter(|id| b.contains(id)).copied().collect();
                if both.is_empty() {
                    return None;
                }
                both
            }
        };
        let lane = if self.lane == 0 { other.lane } else { self.lane };
        Some(Self { shape: Shape { product, channel, event_id: None }, event_ids, lane })
    }
}

fn meet_text(a: &str, b: &str) -> Option<Box<str>> {
    match (a, b) {
        ("", x) | (x, "") => Some(x.into()),
        (a, b) if a.eq_ignore_ascii_case(b) => Some(a.into()),
        _ => None,
    }
}

#[derive(Debug)]
struct Row {
    source: LogSource,
    place: Place,
}

#[derive(Debug, Default)]
struct Tables {
    rows: Vec<Row>,
    /// By lane: rule's field → columns.
    lanes: Vec<HashMap<Box<str>, Vec<Box<str>>>>,
}

static TABLES: LazyLock<Tables> =
    LazyLock::new(|| Tables::read(&LOG_SOURCES.concat(), &FIELDS.concat()));

impl Tables {
    fn read(log_sources: &str, fields: &str) -> Self {
        let mut names: HashMap<&str, LaneId> = HashMap::new();
        let mut lanes = vec![HashMap::new()];
        for line in lines(fields) {
            let mut cells = line.split('\t');
            let (Some(table), Some(field), Some(columns)) =
                (cells.next(), cells.next(), cells.next())
            else {
                continue;
            };
            let lane = *names.entry(table).or_insert_with(|| {
                lanes.push(HashMap::new());
                lanes.len() - 1
            });
            if let Some(map) = lanes.get_mut(lane) {
                let names: Vec<Box<str>> = columns.split('|').map(Into::into).collect();
                map.insert(Box::<str>::from(field), names);
            }
        }
        let rows = lines(log_sources).filter_map(|line| read_row(line, &names)).collect();
        Self { rows, lanes }
    }
}

fn lines(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn read_row(line: &str, lanes: &HashMap<&str, LaneId>) -> Option<Row> {
    let mut cells = line.split('\t').map(|cell| if cell == "-" { "" } else { cell });
    let mut stated = || cells.next().filter(|c| !c.is_empty()).map(str::to_owned);
    let source = LogSource { category: stated(), product: stated(), service: stated() };
    let (product, channel) = (stated().unwrap_or_default(), stated().unwrap_or_default());
    let ids = stated().unwrap_or_default();
    let event_ids = ids.split(',').filter_map(|id| id.parse().ok()).collect();
    let lane = stated().and_then(|name| lanes.get(name.as_str()).copied()).unwrap_or(0);
    let shape = Shape { product: product.into(), channel: channel.into(), event_id: None };
    Some(Row { source, place: Place { shape, event_ids, lane } })
}

fn agrees(row: Option<&str>, rule: Option<&str>) -> bool {
    match (row, rule) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => true,
    }
}

/// The places in which events of a log source are found.
pub(crate) fn places(source: &LogSource) -> Vec<Place> {
    let product = source.product.as_deref();
    let own = |channel: Option<&str>| Place {
        shape: Shape {
            product: product.unwrap_or_default().to_lowercase().into(),
            channel: channel.unwrap_or_default().into(),
            event_id: None,
        },
        event_ids: Vec::new(),
        lane: 0,
    };
    let of = |pick: fn(&LogSource) -> &Option<String>| -> Option<Vec<Place>> {
        let wanted = pick(source).as_deref()?;
        let rows = TABLES.rows.iter().filter(|row| {
            pick(&row.source).as_deref().is_some_and(|p| p.eq_ignore_ascii_case(wanted))
                && agrees(row.source.product.as_deref(), product)
        });
        let mut found: Vec<Place> = rows.map(|row| row.place.clone()).collect();
        if found.is_empty() {
            found.push(own(Some(wanted)));
        }
        Some(found)
    };
    match (of(|s| &s.category), of(|s| &s.service)) {
        (None, None) => vec![own(None)],
        (Some(places), None) | (None, Some(places)) => places,
        (Some(categories), Some(services)) => {
            let met: Vec<Place> =
                categories.iter().flat_map(|a| services.iter().filter_map(|b| a.meet(b))).collect();
            // A category the tables do not know next to a service they do
            // (and the other way round): the known one tells the place.
            if met.is_empty() { services } else { met }
        }
    }
}

/// Whether rules of a log source look at events of a shape. Every rule looks
/// at events of which nothing is known.
#[must_use]
pub fn log_source_has(source: &LogSource, shape: &Shape) -> bool {
    shape.is_unknown() || places(source).iter().any(|place| place.has(shape))
}

/// Where events of a log source are found, as shapes whose empty parts state
/// nothing; and whether the tables say so. (What they do not know is taken at
/// its word.)
#[must_use]
pub fn log_source_places(source: &LogSource) -> Vec<(Shape, bool)> {
    let known = |place: &Place| TABLES.rows.iter().any(|row| row.place.shape == place.shape);
    places(source).iter().map(|place| (place.as_shape(), known(place))).collect()
}

/// What a rule's field is called in the events of a lane: the columns of its
/// table, then its own name.
pub(crate) fn columns(lane: LaneId, field: &str) -> Vec<Box<str>> {
    let mut names =
        TABLES.lanes.get(lane).and_then(|map| map.get(field)).cloned().unwrap_or_default();
    if !names.iter().any(|name| &**name == field) {
        names.push(field.into());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(category: &str, product: &str, service: &str) -> LogSource {
        let some = |s: &str| (!s.is_empty()).then(|| s.to_owned());
        LogSource { category: some(category), product: some(product), service: some(service) }
    }

    fn windows(channel: &str, event_id: u32) -> Shape {
        Shape { product: "windows".into(), channel: channel.into(), event_id: Some(event_id) }
    }

    fn finds(source: &LogSource, shape: &Shape) -> bool {
        places(source).iter().any(|place| place.has(shape))
    }

    #[test]
    fn tables_have_no_line_that_is_not_read() {
        let (log_sources, fields) = (LOG_SOURCES.concat(), FIELDS.concat());
        assert_eq!(TABLES.rows.len(), lines(&log_sources).count());
        for row in &TABLES.rows {
            assert!(!row.place.shape.product.is_empty());
        }
        for line in lines(&log_sources) {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 7, "{line}");
            assert!(cells[6] == "-" || fields.contains(&format!("\n{}\t", cells[6])), "{line}");
        }
    }

    #[test]
    fn process_creation_is_found_in_sysmon_and_security() {
        let s = source("process_creation", "windows", "");
        assert!(finds(&s, &windows("Microsoft-Windows-Sysmon/Operational", 1)));
        assert!(finds(&s, &windows("Security", 4688)));
        assert!(finds(&s, &windows("", 1)));
        assert!(!finds(&s, &windows("Security", 4624)));
        assert!(!finds(&s, &windows("Microsoft-Windows-Sysmon/Operational", 3)));
        assert_eq!(
            columns(
                places(&s).iter().find(|p| p.has(&windows("Security", 4688))).unwrap().lane,
                "Image"
            ),
            ["NewProcessName".into(), Box::<str>::from("Image")]
        );
    }

    #[test]
    fn a_category_and_a_service_meet() {
        let s = source("process_creation", "windows", "sysmon");
        assert!(finds(&s, &windows("Microsoft-Windows-Sysmon/Operational", 1)));
        assert!(!finds(&s, &windows("Security", 4688)));
    }

    #[test]
    fn what_the_tables_do_not_know_is_taken_at_its_word() {
        let conn = Shape { product: "zeek".into(), channel: "conn".into(), event_id: None };
        assert!(finds(&source("", "zeek", "conn"), &conn));
        assert!(finds(&source("", "zeek", ""), &conn));
        assert!(!finds(&source("", "zeek", "dns"), &conn));
        assert!(finds(&source("firewall", "", ""), &conn));
        assert!(!finds(&source("", "windows", ""), &conn));
        assert!(finds(&source("", "", ""), &conn));
    }
}
