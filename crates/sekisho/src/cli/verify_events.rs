//! What a release shows of its events, for people and for programs. All of it
//! was written by others: nothing of it may steer a terminal, or pass for
//! something that was said here.

use std::fmt::Write as _;

use sekisho_case::event::EventHead;
use sekisho_case::time::Timestamp;
use sekisho_case::verify::{DisclosedEvent, Verified};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::show;

/// Most events that are shown.
const EVENTS_MAX: usize = 20;

/// Most fields of an event that are shown.
const FIELDS_MAX: usize = 100;

/// Most characters of a value, of the name of a field, and of the list of
/// names that are withheld.
const CHARACTERS_MAX: usize = 200;

/// Widest name that values are lined up behind, in characters.
const NAME_WIDTH_MAX: usize = 28;

/// The disclosed events as text, below the statements; empty where there are
/// none. `full` lifts all limits.
pub(super) fn events_text(verified: &Verified, full: bool) -> String {
    let mut text = String::new();
    let count = verified.events.len();
    if count == 0 {
        return text;
    }
    if !verified.is_valid() {
        let events = show::counted(count as u64, "event");
        let _ = writeln!(text, "\nDisclosed\n  {events}, not shown: the release is not valid");
        return text;
    }
    text.push_str("\nDisclosed\n");
    let most = if full { usize::MAX } else { EVENTS_MAX };
    for event in verified.events.iter().take(most) {
        event_text(event, full, &mut text);
    }
    if let Some(more @ 1..) = count.checked_sub(most) {
        let _ = writeln!(text, "  … {} (--full shows all)", more_of(more, "event"));
    }
    text
}

fn event_text(event: &DisclosedEvent, full: bool, text: &mut String) {
    let time = match event.head.time {
        EventHead::TIME_UNKNOWN => "no time".to_owned(),
        time => Timestamp(time).to_string(),
    };
    let record = match event.head.record_id {
        EventHead::RECORD_ID_UNKNOWN => String::new(),
        id => format!("  record {id}"),
    };
    let (host, channel) = (quoted(&event.host), quoted(&event.channel));
    let _ = writeln!(text, "  event {}  {host}  {channel}{record}  {time}", event.position);
    let most = if full { usize::MAX } else { FIELDS_MAX };
    let fields: Vec<(String, &str)> = event
        .fields
        .iter()
        .take(most)
        .map(|(name, value)| (limited(&quoted(name), full), value.as_str()))
        .collect();
    let widths = fields.iter().map(|(name, _)| name.chars().count());
    let width = widths.max().unwrap_or(0).min(NAME_WIDTH_MAX);
    for (name, value) in &fields {
        let value = limited(&plain(value), full);
        let _ = writeln!(text, "    {name:<width$}  {value}");
    }
    if let Some(more @ 1..) = event.fields.len().checked_sub(most) {
        let _ = writeln!(text, "    … {} (--full shows all)", more_of(more, "field"));
    }
    if let Some(line) = withheld(event, full) {
        let _ = writeln!(text, "    ({line})");
    }
}

/// What is not shown of an event, in one line.
fn withheld(event: &DisclosedEvent, full: bool) -> Option<String> {
    let Some(count) = event.withheld else {
        return Some("withheld: the event, which was sealed as a whole".to_owned());
    };
    if count == 0 {
        return None;
    }
    let fields = show::counted(count, "field");
    Some(match &event.withheld_names {
        None => format!("withheld: {fields}, without their names"),
        Some(names) => {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            let claimed = if event.names_proven { "" } else { ", as the release says" };
            format!("withheld: {fields}{claimed}: {}", limited(&names.join(", "), full))
        }
    })
}

fn more_of(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} more {what}{plural}", show::grouped(count as u64))
}

/// A text, cut with a count of what was left out.
fn limited(text: &str, full: bool) -> String {
    let Some((at, _)) = text.char_indices().nth(CHARACTERS_MAX).filter(|_| !full) else {
        return text.to_owned();
    };
    let (head, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    format!("{head} … ({})", more_of(rest.chars().count(), "character"))
}

/// A name as it is where it is made of plain words; else as JSON, so that it
/// cannot pass for anything but a name, nor steer a terminal.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._-@:/$+#~".contains(c);
    let words = name.split(' ');
    if words.clone().all(|word| !word.is_empty() && word.chars().all(plain)) {
        return name.to_owned();
    }
    show::safe_json(&serde_json::Value::from(name).to_string())
}

/// A value as it is read: a string without its quotes where nothing else could
/// be meant, anything else as JSON, in which nothing steers a terminal.
fn plain(json: &str) -> String {
    let as_json = || show::safe_json(json);
    let Ok(text) = serde_json::from_str::<String>(json) else { return as_json() };
    let bare = !text.is_empty()
        && text.trim() == text
        && !text.starts_with(['"', '[', '{'])
        && !text.contains(show::is_hidden)
        && serde_json::from_str::<&RawValue>(&text).is_err();
    if bare { text } else { as_json() }
}

/// An event in the answer for programs.
#[derive(Serialize)]
pub(super) struct EventAnswer<'a> {
    cell: u64,
    index: u64,
    product: &'a str,
    host: &'a str,
    channel: &'a str,
    time: Option<String>,
    record_id: Option<u64>,
    fields: Fields<'a>,
    withheld: Option<u64>,
    withheld_names: Option<&'a [String]>,
    names_proven: bool,
}

pub(super) fn event_answer(event: &DisclosedEvent) -> EventAnswer<'_> {
    let (time, record_id) = (event.head.time, event.head.record_id);
    EventAnswer {
        cell: event.cell,
        index: event.index,
        product: &event.product,
        host: &event.host,
        channel: &event.channel,
        time: (time != EventHead::TIME_UNKNOWN).then(|| Timestamp(time).to_string()),
        record_id: (record_id != EventHead::RECORD_ID_UNKNOWN).then_some(record_id),
        fields: Fields(&event.fields),
        withheld: event.withheld,
        withheld_names: event.withheld_names.as_deref(),
        names_proven: event.names_proven,
    }
}

/// Names and values, the values with the digits that were sealed.
struct Fields<'a>(&'a [(String, String)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            let value: &RawValue =
                serde_json::from_str(value).map_err(serde::ser::Error::custom)?;
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_what_they_are() {
        let cases = [
            (r#""C:\\Windows\\a b.exe""#, r"C:\Windows\a b.exe"),
            ("443", "443"),
            (r#""443""#, r#""443""#),
            (r#""null""#, r#""null""#),
            (r#""""#, r#""""#),
            (r#"" a""#, r#"" a""#),
            (r#""\"a\"""#, r#""\"a\"""#),
            (r#"["a",1]"#, r#"["a",1]"#),
            ("12345678901234567890.10", "12345678901234567890.10"),
            (r#""a\u001b[2Jb""#, r#""a\u001b[2Jb""#),
            ("\"a\u{9b}b\"", r#""a\u009bb""#),
            ("[\"a\u{202e}b\"]", r#"["a\u202eb"]"#),
        ];
        for (json, shown) in cases {
            assert_eq!(plain(json), shown);
        }
    }

    #[test]
    fn what_is_long_is_cut_and_counted() {
        let long = format!("{}wxyz", "é".repeat(CHARACTERS_MAX));
        let cut = limited(&long, false);
        assert_eq!(cut, format!("{} … (4 more characters)", "é".repeat(CHARACTERS_MAX)));
        assert!(limited(&long, true).ends_with("éwxyz"));
        assert_eq!(limited(&"é".repeat(CHARACTERS_MAX), false).chars().count(), CHARACTERS_MAX);
    }

    #[test]
    fn a_name_passes_for_nothing_else() {
        for plain in ["Image", "id.orig_h", "user name", "見出し", "@timestamp"] {
            assert_eq!(quoted(plain), plain);
        }
        for odd in ["", " ", "a  b", "(withheld: 0 fields)", "a\nb", "… 3 more", "a\u{202e}"] {
            let quoted = quoted(odd);
            assert!(quoted.starts_with('"') && !quoted.contains(show::is_hidden), "{quoted}");
        }
    }
}
