//! Clouds and their services. Of all of them: the place is the realm whose
//! log it is (`aws:123456789012`, `tenant:ID`), not a host; an account is a
//! user's address in the form of [`Names::account`](crate::names::Names) or an
//! ARN as it stands; `actor.app` is an application's id where there is one.

mod aws;
mod azure;
mod directory;
mod entra;
mod google;
mod m365;
mod say;

#[cfg(test)]
pub(crate) mod test_support;

pub(super) use aws::Aws;
pub(crate) use aws::{READS, region_of};
pub(super) use azure::Azure;
pub(super) use entra::Entra;
pub(super) use google::Google;
pub(super) use m365::M365;

use super::{Out, Row};

/// Names that one field has in the forms in which a record comes.
type Key = &'static [&'static str];

/// Fields with the names they have in each form, and all of them as `ALL`.
macro_rules! keys {
    ($($name:ident = $forms:expr;)*) => {
        $(pub(super) const $name: crate::extract::cloud::Key = &$forms;)*
        /// All of them.
        pub(super) const ALL: &[crate::extract::cloud::Key] = &[$($name,)*];
    };
}
use keys;

/// All values of the first form of a field that has any.
fn all<'a>(row: &Row<'a>, key: Key) -> Vec<&'a str> {
    for form in key {
        let values: Vec<&str> = row.values(form).filter_map(crate::names::present).collect();
        if !values.is_empty() {
            return values;
        }
    }
    Vec::new()
}

/// The value of a parameter that is called `Name`. The field of that name
/// first holds the names of all parameters, then its value.
fn named_name<'a>(row: &Row<'a>, names: &str) -> Option<&'a str> {
    let values: Vec<&str> = row.values(names).collect();
    let (last, before) = values.split_last()?;
    before.contains(&"Name").then_some(*last).and_then(crate::names::present)
}

/// Whether a field says yes.
fn yes(row: &Row<'_>, key: Key) -> bool {
    row.any(key).is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
}

/// Whether a field says no; a field that is not there says neither.
fn no(row: &Row<'_>, key: Key) -> bool {
    row.any(key).is_some_and(|text| text.eq_ignore_ascii_case("false") || text == "0")
}

/// A count of bytes; some services write it with a fraction of nothing.
fn bytes(row: &Row<'_>, key: Key) -> Option<u64> {
    let text = row.any(key)?;
    text.split('.').next()?.parse().ok()
}

/// The place of a tenant: by its id, else by its domain or a user's.
fn tenant(id: Option<&str>, domain: Option<&str>, out: &mut Out<'_>) {
    let domain = domain.map(|text| text.rsplit('@').next().unwrap_or(text));
    let label = domain.filter(|text| text.contains('.')).and_then(|text| text.split('.').next());
    if let Some(known) = id.or(label) {
        let place = out.names().of(&format!("tenant:{known}"));
        out.place(place);
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::test_support::read;
    use crate::extract::Extraction;

    /// Text as records have it in places where something is looked for.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[\"{}\\[\\]:,=/@%*é-]{0,40}",
            Just("KeyIdentifier=é".to_owned()),
            Just("\"Principal\":{\"AWS\":[\"*\"".to_owned()),
            Just("Sync".to_owned()),
            Just("true".to_owned()),
        ]
    }

    /// A record of a kind that is known, with any text in any of the fields
    /// that are read.
    fn records() -> impl Strategy<Value = Value> {
        let fields: Vec<String> = Extraction::fields().into_iter().map(Into::into).collect();
        let more = proptest::collection::vec((proptest::sample::select(fields), text()), 0..12);
        let verbs = [
            "CopyObject",
            "PutBucketPolicy",
            "AssumeRole",
            "UpdateAssumeRolePolicy",
            "PutEventSelectors",
            "MailItemsAccessed",
            "UpdateInboxRules",
            "New-TransportRule",
            "SharingSet",
            "Consent to application",
            "Update application",
            "storage.objects.get",
        ];
        (proptest::sample::select(verbs.to_vec()), 0..4_u8, more).prop_map(|(verb, kind, more)| {
            let time = "2026-03-02T10:00:00Z";
            let base = match kind {
                0 => json!({"eventSource": "s3.amazonaws.com", "eventName": verb,
                    "eventVersion": "1", "eventTime": time}),
                1 => json!({"Workload": "Exchange", "Operation": verb, "CreationTime": time,
                    "RecordType": 1}),
                2 => json!({"activityDateTime": time, "activityDisplayName": verb,
                    "initiatedBy": {}, "targetResources": []}),
                _ => json!({"timestamp": time, "protoPayload": {"serviceName": "s",
                    "methodName": verb}}),
            };
            let mut record: Map<String, Value> = base.as_object().unwrap().clone();
            for (name, value) in more {
                set(&mut record, &name, value);
            }
            Value::Object(record)
        })
    }

    /// Sets a field by its path, unless something else stands there.
    fn set(record: &mut Map<String, Value>, path: &str, value: String) {
        match path.split_once('.') {
            None => {
                record.entry(path).or_insert(Value::String(value));
            }
            Some((head, rest)) => {
                let below = record.entry(head).or_insert_with(|| Value::Object(Map::new()));
                if let Some(below) = below.as_object_mut() {
                    set(below, rest, value);
                }
            }
        }
    }

    proptest! {
        /// Whatever a record holds, it is read, once, and in any order.
        #[test]
        fn any_record_is_read(records in proptest::collection::vec(records(), 1..4)) {
            let lines: Vec<String> = records.iter().map(Value::to_string).collect();
            let one = read(&lines.join("\n"));
            let back: Vec<String> = lines.iter().rev().cloned().collect();
            let other = read(&back.join("\n"));
            prop_assert_eq!(one.activities.len(), other.activities.len());
            let heard = |e: &Extraction| -> u64 {
                e.heard.hours.values().flat_map(|h| h.values()).map(|h| u64::from(h.events)).sum()
            };
            prop_assert_eq!(heard(&one), heard(&other));
        }
    }
}
