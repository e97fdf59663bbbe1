//! How findings of a hunt are written: as detections of an examination are,
//! and with the place of the event in the case.

use std::collections::BTreeMap;

use sekisho_event::TIME_UNKNOWN;
use sekisho_sigma::CorrelationMatch;
use sekisho_sigma::rule::Header;

use super::sweep::Found;
use crate::examine::{Place, common, json, rule_csv, rule_json, write_csv};
use crate::indicators::Indicator;

/// What a source was called and its hash, by its number in the case.
#[derive(Debug, Default)]
pub(super) struct Sources(pub(super) BTreeMap<u32, (String, Option<String>)>);

impl Sources {
    fn write(&self, place: &Place, out: &mut Vec<u8>) {
        let number = u32::try_from(place.source).unwrap_or(u32::MAX);
        let (path, hash) = match self.0.get(&number) {
            Some((path, hash)) => (path.as_str(), hash.as_deref()),
            None => ("", None),
        };
        out.extend_from_slice(b"{\"path\":");
        json::string(path, out);
        out.extend_from_slice(b",\"sha256\":");
        match hash {
            Some(hash) => json::string(hash, out),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"offset\":");
        json::number(place.offset, out);
        out.push(b'}');
    }
}

/// What a finding is by: a rule or an indicator, as it stands in lines.
#[derive(Debug)]
pub(super) struct By {
    pub(super) json: Vec<u8>,
    pub(super) csv: Vec<u8>,
}

impl By {
    pub(super) fn rule(header: &Header) -> Self {
        Self { json: rule_json(header), csv: rule_csv(header) }
    }

    pub(super) fn indicator(indicator: &Indicator) -> Self {
        let object = indicator.to_json().to_string();
        let inner = object.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let mut csv = b"indicator,".to_vec();
        write_csv(&indicator.name, &mut csv);
        csv.push(b',');
        write_csv(&indicator.id, &mut csv);
        Self { json: inner.unwrap_or_default().as_bytes().to_vec(), csv }
    }
}

fn head(place: &Place, out: &mut Vec<u8>) {
    json::event_head(place.time, &place.host, &place.channel, place.record_id, out);
}

/// A line of `detections.jsonl`, with its end.
pub(super) fn detection(found: &Found, by: &By, sources: &Sources, out: &mut Vec<u8>) {
    head(&found.place, out);
    out.extend_from_slice(b",\"source\":");
    sources.write(&found.place, out);
    out.extend_from_slice(b",\"sealed\":{\"cell\":");
    json::number(found.row.cell.into(), out);
    out.extend_from_slice(b",\"index\":");
    json::number(found.row.index, out);
    out.extend_from_slice(b"},");
    out.extend_from_slice(&by.json);
    out.extend_from_slice(b",\"matched\":{");
    let mut first = true;
    for (at, (name, value)) in found.matched.iter().enumerate() {
        if found.matched.iter().take(at).any(|(before, _)| before == name) {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        json::string(name, out);
        out.push(b':');
        let all: Vec<&str> =
            found.matched.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
        values(value, &all, out);
    }
    out.extend_from_slice(b"},\"event\":");
    out.extend_from_slice(&found.event);
    out.extend_from_slice(b"}\n");
}

/// One value as it is, several as an array.
fn values(value: &str, all: &[&str], out: &mut Vec<u8>) {
    if all.len() < 2 {
        return json::string(value, out);
    }
    for (at, value) in all.iter().enumerate() {
        out.push(if at == 0 { b'[' } else { b',' });
        json::string(value, out);
    }
    out.push(b']');
}

/// A line of `timeline.csv`, with its end.
pub(super) fn timeline(place: &Place, by: &By, matched: &[(String, String)], out: &mut Vec<u8>) {
    if place.time != TIME_UNKNOWN {
        json::plain_time(place.time, out);
    }
    out.push(b',');
    write_csv(&place.host, out);
    out.push(b',');
    write_csv(&place.channel, out);
    out.push(b',');
    if let Some(id) = place.record_id {
        json::number(id, out);
    }
    out.push(b',');
    out.extend_from_slice(&by.csv);
    out.push(b',');
    let matched: Vec<String> = matched.iter().map(|(f, v)| format!("{f}: {v}")).collect();
    write_csv(&matched.join(" ¦ "), out);
    out.push(b'\n');
}

/// Several events that something holds for together: a correlation, or an
/// indicator with several observations.
pub(super) struct Together<'a> {
    /// When it came about.
    pub(super) time: i64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) value: String,
    pub(super) group: &'a [(String, String)],
    pub(super) places: &'a [Place],
}

impl<'a> Together<'a> {
    pub(super) fn correlation(m: &'a CorrelationMatch, places: &'a [Place]) -> Self {
        let value = m.value.to_string();
        Self { time: m.time, first: m.first, last: m.last, value, group: &m.group, places }
    }

    /// The place that stands for all: host and channel only where they agree.
    pub(super) fn place(&self) -> Place {
        Place {
            source: usize::MAX,
            offset: 0,
            time: self.time,
            host: common(self.places, |p| &p.host).unwrap_or_default().into(),
            channel: common(self.places, |p| &p.channel).unwrap_or_default().into(),
            record_id: None,
            ordinal: 0,
        }
    }

    /// Its line of `detections.jsonl`, with its end.
    pub(super) fn line(&self, by: &By, sources: &Sources, out: &mut Vec<u8>) {
        let host = common(self.places, |p| &p.host);
        json::joint_head(self.time, host, common(self.places, |p| &p.channel), out);
        out.extend_from_slice(b",\"source\":null,\"sealed\":null,");
        out.extend_from_slice(&by.json);
        out.extend_from_slice(b",\"matched\":{");
        for (at, (field, value)) in self.group.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            json::string(field, out);
            out.push(b':');
            json::string(value, out);
        }
        out.extend_from_slice(b"},\"event\":null,\"correlation\":{\"first\":");
        json::time(self.first, out);
        out.extend_from_slice(b",\"last\":");
        json::time(self.last, out);
        out.extend_from_slice(format!(",\"value\":{},\"events\":[", self.value).as_bytes());
        for (at, place) in self.places.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            sources.write(place, out);
            // One object: where it was read, and when and on what host.
            out.truncate(out.len() - 1);
            let mut rest = Vec::new();
            head(place, &mut rest);
            out.push(b',');
            out.extend_from_slice(rest.get(1..).unwrap_or_default());
            out.push(b'}');
        }
        out.extend_from_slice(b"]}}\n");
    }
}
