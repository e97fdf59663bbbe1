//! Any text as a disclosure, and any disclosures with a leaf: what is accepted
//! is what a plain reader of JSON says, and a plain check of the two agrees.
//! No change to a disclosure that was sealed goes with its leaf.
#![no_main]

mod edits;
#[allow(dead_code, reason = "other targets need the rest")]
mod sealed;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edits::{Bytes, edit};
use libfuzzer_sys::fuzz_target;
use sealed::Sealed;
use sekisho_case::Hash;
use sekisho_case::event::{CheckError, Disclosure, EventHead, Kind, Leaf, check, plain_name};
use sekisho_case::record::SealKind;
use serde_json::Value;

static SEALED: LazyLock<[Sealed; 2]> =
    LazyLock::new(|| [SealKind::Fields, SealKind::Whole].map(Sealed::new));

/// Nesting up to which whatever is compact JSON must be read.
const DEPTH: usize = 30;

fn depth(value: &Value) -> usize {
    let most = |all: &mut dyn Iterator<Item = &Value>| all.map(depth).max().unwrap_or(0) + 1;
    match value {
        Value::Array(all) => most(&mut all.iter()),
        Value::Object(all) => most(&mut all.values()),
        _ => 0,
    }
}

/// Name and value of what must be a disclosure, as a plain reader finds them.
fn plainly(text: &str) -> Option<(String, Value)> {
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    let value: Value = serde_json::from_slice(&json).ok()?;
    // Written again as it was: nothing is twice, nothing in another way.
    let same = serde_json::to_vec(&value).is_ok_and(|written| written == json);
    let Value::Array(parts) = value else { return None };
    let [Value::String(salt), Value::String(name), value] = parts.as_slice() else { return None };
    let salt = URL_SAFE_NO_PAD.decode(salt).ok()?;
    let named = ["~names", "~event"].contains(&name.as_str()) || plain_name(name).is_some();
    let is = same && (16..=64).contains(&salt.len()) && named && depth(value) < DEPTH;
    is.then(|| (name.clone(), value.clone()))
}

fn read(text: &str) -> Option<Disclosure> {
    let plain = plainly(text);
    let Ok(disclosure) = Disclosure::parse(text) else {
        assert!(plain.is_none(), "refused: {text}");
        return None;
    };
    assert_eq!(disclosure.text(), text);
    assert_eq!(disclosure.digest(), Hash::of(text.as_bytes()));
    assert_eq!(URL_SAFE_NO_PAD.encode(URL_SAFE_NO_PAD.decode(text).expect("base64")), text);
    if let Some((name, value)) = plain {
        assert_eq!(disclosure.name(), name);
        assert_eq!(serde_json::from_str::<Value>(disclosure.value()).expect("JSON"), value);
    }
    Some(disclosure)
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn is_of_field(value: &Value) -> bool {
    is_scalar(value)
        || value.as_array().is_some_and(|all| all.len() != 1 && all.iter().all(is_scalar))
}

/// Names that are withheld (if that is known), and how many digests; `None` if
/// the disclosures do not go with a leaf.
fn check_plainly(leaf: &Leaf, all: &[Disclosure]) -> Option<(Option<Vec<String>>, usize)> {
    let value = |d: &Disclosure| serde_json::from_str::<Value>(d.value()).ok();
    let names: BTreeSet<&str> = all.iter().map(Disclosure::name).collect();
    let known = all.iter().all(|d| leaf.digests().contains(&d.digest()));
    if !known || names.len() != all.len() {
        return None;
    }
    let withheld = leaf.digests().len() - all.len();
    if leaf.kind == Kind::Whole {
        let Some(event) = all.first() else { return Some((None, withheld)) };
        let value = value(event)?;
        let fields = value.as_object().filter(|_| event.name() == "~event")?;
        let good = fields.iter().all(|(n, v)| plain_name(n).is_some() && is_of_field(v));
        return good.then_some((Some(Vec::new()), withheld));
    }
    let fields: Vec<&Disclosure> = all.iter().filter(|d| d.name() != "~names").collect();
    for field in &fields {
        let good = plain_name(field.name()).is_some() && is_of_field(&value(field)?);
        good.then_some(())?;
    }
    let Some(said) = all.iter().find(|d| d.name() == "~names") else {
        return Some((None, withheld));
    };
    let said = value(said)?;
    let said: Option<Vec<&str>> = said.as_array()?.iter().map(Value::as_str).collect();
    let said = said?;
    let good = said.is_sorted_by(|a, b| a < b)
        && said.iter().all(|name| plain_name(name).is_some())
        && said.len() == leaf.digests().len() - 1
        && fields.iter().all(|d| said.contains(&d.name()));
    let hidden = said.iter().filter(|name| !names.contains(*name));
    let hidden = hidden.filter_map(|name| plain_name(name)).map(str::to_owned).collect();
    good.then_some((Some(hidden), withheld))
}

fn checked(leaf: &Leaf, disclosures: &[Disclosure]) {
    // What a plain reader cannot hold (a number of any size) it cannot judge.
    let is_held = |d: &Disclosure| serde_json::from_str::<Value>(d.value()).is_ok();
    if !disclosures.iter().all(is_held) {
        return;
    }
    let found = check(leaf, disclosures).ok();
    let plain = check_plainly(leaf, disclosures);
    assert_eq!(found.map(|found| (found.withheld_names, found.withheld)), plain);
}

/// A leaf over disclosures, as someone dishonest might seal, and how many
/// digests more that nothing opens.
fn forged(kind: Kind, disclosures: &[Disclosure], more: u8) -> Option<Leaf> {
    let hidden = (0..more).map(|n| Hash::of(&[n]).0);
    let digests = disclosures.iter().map(|d| d.digest().0).chain(hidden);
    let digests: BTreeSet<[u8; 32]> = digests.collect();
    let head = EventHead { time: 1, record_id: 2, source: 3, offset: 4, ordinal: 5 };
    let mut bytes = head.to_bytes(kind).to_vec();
    bytes.extend(u16::try_from(digests.len()).ok()?.to_be_bytes());
    digests.iter().for_each(|digest| bytes.extend(digest));
    Leaf::parse(&bytes).ok()
}

/// JSON, each line one, in a leaf and shown; the last may be one that is not in
/// the leaf, or is there twice.
fn lines(how: u8, text: &str) {
    let read = |line: &str| read(&URL_SAFE_NO_PAD.encode(line));
    let mut disclosures: Vec<Disclosure> = text.lines().filter_map(read).collect();
    let kind = if how & 1 == 0 { Kind::Fields } else { Kind::Whole };
    let sealed = disclosures.len() - usize::from(how & 2 != 0).min(disclosures.len());
    let Some(leaf) = forged(kind, &disclosures[..sealed], how >> 4) else { return };
    if how & 4 != 0 {
        disclosures.extend(disclosures.first().cloned());
    }
    if how & 8 != 0 && !disclosures.is_empty() {
        disclosures.remove(0);
    }
    checked(&leaf, &disclosures);
}

/// A disclosure of the case, changed: as text, or in what it says.
fn changed(how: u8, mut edits: Bytes<'_>) {
    let event = &SEALED[usize::from(how & 1)].events[0][1];
    let leaf = Leaf::parse(&event.leaf).expect("as it was sealed");
    let at = usize::from(how >> 2) % event.disclosures.len();
    let old = &event.disclosures[at].1;
    let mut bytes = old.clone().into_bytes();
    if how & 2 == 0 {
        edit(&mut bytes, &mut edits);
    } else {
        bytes = URL_SAFE_NO_PAD.decode(&bytes).expect("as it was sealed");
        edit(&mut bytes, &mut edits);
        bytes = URL_SAFE_NO_PAD.encode(bytes).into_bytes();
    }
    let Ok(text) = String::from_utf8(bytes) else { return };
    let Some(new) = read(&text) else { return };
    let mut all: Vec<Disclosure> =
        event.disclosures.iter().filter_map(|(_, text)| Disclosure::parse(text).ok()).collect();
    all[at] = new;
    checked(&leaf, &all);
    let sealed_so = event.disclosures.iter().any(|(_, sealed)| *sealed == text);
    let found = check(&leaf, &all);
    assert_eq!(found.is_ok(), text == *old, "{text} goes with the leaf");
    assert!(sealed_so || matches!(found, Err(CheckError::NotInLeaf(_))));
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let mut edits = Bytes(bytes);
        let how = edits.byte().unwrap_or(0);
        return changed(how, edits);
    };
    read(text);
    let mut edits = Bytes(bytes);
    let how = edits.byte().unwrap_or(0);
    changed(how, edits);
    if let Some(rest) = text.get(1..) {
        lines(how, rest);
    }
});
