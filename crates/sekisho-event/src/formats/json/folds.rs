//! JSON in strings: a record that stands as text in a value of another record
//! is read as if it stood there. Only values of known keys are looked at, and
//! only so deep; the text stays a field's value too.

use super::layout::space;
use super::paths::{Marks, Paths};
use super::scan::{Fault, Tape, Token, scan_more};
use super::text::unescape;

/// How deep JSON in strings is followed.
pub(super) const DEPTH_MAX: usize = 3;

/// Keys whose text may be JSON, by their paths.
pub(super) const FOLDED: &[&str] = &[
    // Shippers, buses and search engines.
    "message",
    "@message",
    "_raw",
    "event.original",
    "eventData",
    "body",
    // Kubernetes in Azure.
    "properties.log",
    // AWS.
    "CloudTrailEvent",
    "requestparameters",
    "responseelements",
    "useridentity",
    "additionaleventdata",
    // Microsoft 365 and Defender.
    "AuditData",
    "auditData",
    "RawEventData",
    "AdditionalFields",
    "properties.RawEventData",
    "properties.AdditionalFields",
    "Parameters",
    "OperationProperties",
    "ExtendedProperties",
    "ModifiedProperties",
    "Folders",
    "Folder",
    "DestFolder",
    "AffectedItems",
    "Item",
    "AppAccessContext",
    "Actor",
    "AADTarget",
    // Entra ID and Azure in Log Analytics.
    "TargetResources",
    "InitiatedBy",
    "AdditionalDetails",
    "DeviceDetail",
    "LocationDetails",
    "Status",
    "AuthenticationDetails",
    "ConditionalAccessPolicies",
    "MfaDetail",
    "Properties",
    "Authorization",
    "Claims",
    // Entra ID in storage accounts, for tokens that are not the user's.
    "properties.deviceDetail",
    "properties.status",
    "properties.location",
    "properties.additionalInfo",
    "additionalInfo",
    "properties.authenticationDetails",
    "properties.conditionalAccessPolicies",
    "properties.targetResources",
];

/// What may stand around a record; before its keys it says nothing.
pub(super) const AROUND: &[&str] = &[
    "_source.",
    "result.",
    "_raw.",
    "json.",
    "message.",
    "@message.",
    "event.original.",
    "detail.",
    "eventData.",
    "body.",
    "properties.log.",
    "CloudTrailEvent.",
    "AuditData.",
    "auditData.",
    "RawEventData.",
    "properties.RawEventData.",
    "data.aws.",
    "data.office365.",
    "data.github.",
    "data.gcp.",
];

/// Reads what stands as text in a record's values onto its tape. Afterwards
/// the tape's cells are places in `text`, which begins with the record itself.
/// Nothing happens where there is no such text (`false`). Faults are those of
/// texts that begin like JSON and are none.
pub(super) fn unfold(
    record: (&[u8], usize, usize),
    folded: Marks,
    paths: &mut Paths,
    tape: &mut Tape,
    text: &mut String,
    faults: &mut Vec<Fault>,
) -> bool {
    let (bytes, start, end) = record;
    let raw = bytes.get(start..end).unwrap_or_default();
    let holds = |tape: &Tape, text: &[u8], shift: usize, n: usize, paths: &Paths| {
        let cell = tape.cells.get(n).filter(|cell| cell.token == Token::Text)?;
        let from = (cell.start as usize).checked_sub(shift)?;
        let content = text.get(from..(cell.end as usize).checked_sub(shift)?)?;
        let first = content.get(space(content, 0));
        (matches!(first, Some(b'{' | b'[')) && paths.marks(cell.path).meet(folded)).then_some(*cell)
    };
    if !(0..tape.cells.len()).any(|n| holds(tape, raw, start, n, paths).is_some()) {
        return false;
    }
    text.clear();
    match std::str::from_utf8(raw) {
        Ok(raw) => text.push_str(raw),
        // Its places would not be those of the cells.
        Err(_) => return false,
    }
    let shift = u32::try_from(start).unwrap_or(u32::MAX);
    for cell in &mut tape.cells {
        (cell.start, cell.end) = (cell.start.saturating_sub(shift), cell.end.saturating_sub(shift));
    }
    let mut done = 0;
    for _ in 0..DEPTH_MAX {
        let known = tape.cells.len();
        for n in done..known {
            let Some(cell) = holds(tape, text.as_bytes(), 0, n, paths) else { continue };
            let at = text.len();
            let raw =
                text.get(cell.start as usize..cell.end as usize).unwrap_or_default().to_owned();
            unescape(raw.as_bytes(), text);
            let (cells, marks) = (tape.cells.len(), tape.marks);
            let open = space(text.as_bytes(), at);
            let read = scan_more(text.as_bytes(), open, (cell.path, cell.element), paths, tape);
            let whole = |end: usize| space(text.as_bytes(), end) == text.len();
            if read.is_ok_and(whole) {
                continue;
            }
            tape.cells.truncate(cells);
            tape.marks = marks;
            if let Err(fault) = read
                && like_json(text.get(open..).unwrap_or_default())
            {
                faults.push(Fault { at: cell.start as usize + start, ..fault });
            }
            text.truncate(at);
        }
        done = known;
    }
    true
}

/// Whether a text begins as only JSON does.
fn like_json(text: &str) -> bool {
    let mut bytes = text.bytes().filter(|b| !b.is_ascii_whitespace());
    match (bytes.next(), bytes.next()) {
        (Some(b'{'), Some(b'"')) => true,
        (Some(b'['), Some(b'{')) => bytes.next() == Some(b'"'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::json::dialect::Dialects;
    use crate::formats::json::scan::scan;

    fn cells(record: &str) -> (Vec<(String, String)>, Vec<Fault>) {
        let (dialects, marks) = Dialects::new();
        let (mut paths, mut tape) = (Paths::new(marks), Tape::default());
        let padded = format!("    {record}");
        let end = scan(padded.as_bytes(), 4, &mut paths, &mut tape).unwrap();
        let (mut text, mut faults) = (String::new(), Vec::new());
        let record = (padded.as_bytes(), 4, end);
        if !unfold(record, dialects.folded, &mut paths, &mut tape, &mut text, &mut faults) {
            text = padded.clone();
        }
        let of = |c: &crate::formats::json::scan::Cell| {
            let value = text.get(c.start as usize..c.end as usize).unwrap().to_owned();
            (paths.name(c.path).to_owned(), value)
        };
        (tape.cells.iter().map(of).collect(), faults)
    }

    #[test]
    fn a_record_in_a_string_is_read() {
        let inner = r#"{"Workload":"Exchange","Parameters":[{"Name":"a","Value":"\"b\""}]}"#;
        let outer = serde_json::json!({"x": 1, "AuditData": inner}).to_string();
        let (found, faults) = cells(&outer);
        let find = |name: &str| found.iter().find(|c| c.0 == name).map(|c| c.1.as_str());
        assert_eq!(find("x"), Some("1"));
        assert_eq!(find("AuditData.Workload"), Some("Exchange"));
        assert_eq!(find("AuditData.Parameters.Value"), Some("\\\"b\\\""));
        assert!(find("AuditData").unwrap().starts_with("{\\\"Workload"));
        assert!(faults.is_empty());
    }

    #[test]
    fn text_that_is_no_json_stays_text() {
        for (text, named) in [
            ("plain", 0),
            ("{a}", 0),
            ("{\"a\":1} and more", 0),
            ("{\"a\":", 1),
            ("[{\"a\":1},", 1),
            ("[1", 0),
        ] {
            let (found, faults) = cells(&serde_json::json!({"message": text}).to_string());
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(faults.len(), named, "{text}");
        }
    }

    #[test]
    fn strings_in_strings_are_followed_so_deep() {
        let mut text = "{\"z\":1}".to_owned();
        for _ in 0..6 {
            text = serde_json::json!({"message": text}).to_string();
        }
        let (found, _) = cells(&text);
        assert_eq!(found.len(), 1 + DEPTH_MAX);
    }
}
