//! The plain way to seal an event, as the format says it: the oracle of the
//! tests, and the tests.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::Hash;
use crate::key::SaltSecret;
use crate::limits::KEPT_BYTES_MAX;

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key)
        .unwrap()
        .chain_update(message)
        .finalize()
        .into_bytes()
        .into()
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Leaf and disclosures of an event, fields as plain name → JSON.
fn reference(
    secret: [u8; 32],
    (origin, nonce): (&str, [u8; 16]),
    kind: Kind,
    head: &EventHead,
    fields: &BTreeMap<String, String>,
) -> (Vec<u8>, Vec<(String, String)>) {
    let examination =
        hmac(&secret, &[b"sekisho salts v1\0", origin.as_bytes(), b"\0", &nonce].concat());
    let head = head.to_bytes(kind);
    let key = hmac(&examination, &head);
    let mut stream = vec![0; 16 * (fields.len() + 1)];
    ChaCha20::new(&key.into(), &[0; 12].into()).apply_keystream(&mut stream);
    let mut salts = stream.chunks(16).map(|salt| URL_SAFE_NO_PAD.encode(salt));

    let written: BTreeMap<String, &String> =
        fields.iter().map(|(name, value)| (written_name(name).into_owned(), value)).collect();
    let mut named = Vec::new();
    match kind {
        Kind::Fields => {
            let names: Vec<&String> = written.keys().collect();
            let names = (NAMES_NAME.to_owned(), serde_json::to_string(&names).unwrap());
            named.push(names);
            named.extend(written.iter().map(|(name, value)| (name.clone(), (*value).clone())));
        }
        Kind::Whole => {
            let members: Vec<_> =
                written.iter().map(|(name, value)| format!("{}:{value}", json(name))).collect();
            named.push((EVENT_NAME.to_owned(), format!("{{{}}}", members.join(","))));
        }
    }
    let disclosures: Vec<(String, String)> = named
        .into_iter()
        .map(|(name, value)| {
            let text = format!("[\"{}\",{},{value}]", salts.next().unwrap(), json(&name));
            (name, URL_SAFE_NO_PAD.encode(text))
        })
        .collect();
    let mut digests: Vec<_> =
        disclosures.iter().map(|(_, text)| Sha256::digest(text.as_bytes())).collect();
    digests.sort();
    let mut leaf = head.to_vec();
    leaf.extend(u16::try_from(digests.len()).unwrap().to_be_bytes());
    digests.iter().for_each(|digest| leaf.extend_from_slice(digest));
    (leaf, disclosures)
}

fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash(Sha256::digest([&[0], leaf].concat()).into())
}

/// The fields as a sealer wants them.
fn prepared(fields: &BTreeMap<String, String>) -> Vec<(PreparedName, &String)> {
    let mut prepared: Vec<_> =
        fields.iter().map(|(name, value)| (PreparedName::new(name), value)).collect();
    prepared.sort_by(|(a, _), (b, _)| a.written().cmp(b.written()));
    prepared
}

fn open<'s, 'n>(
    sealer: &'s mut EventSealer,
    head: &EventHead,
    fields: &'n [(PreparedName, &String)],
) -> OpenEvent<'s, 'n> {
    let mut event = sealer.begin(head);
    for (name, value) in fields {
        event.field(name, value.as_bytes());
    }
    event
}

/// As `open`, with what is made of a field and its value kept.
fn open_kept<'s, 'n>(
    sealer: &'s mut EventSealer,
    head: &EventHead,
    fields: &'n [(PreparedName, &String)],
    kept: &mut HashMap<(String, String), Kept>,
) -> OpenEvent<'s, 'n> {
    let mut event = sealer.begin(head);
    for (at, (name, value)) in fields.iter().enumerate() {
        if at % 5 == 4 {
            event.field(name, value.as_bytes());
            continue;
        }
        let slot = kept.entry((name.written().to_owned(), (*value).clone())).or_default();
        event.field_kept(name, slot, |out| out.extend_from_slice(value.as_bytes()));
    }
    event
}

#[test]
fn what_is_kept_is_made_once_and_is_bounded() {
    let secret = SaltSecret::from_bytes([1; 32]);
    for kind in [Kind::Fields, Kind::Whole] {
        let mut sealer = EventSealer::new(&secret, "o", &[2; 16], kind);
        let name = PreparedName::new("a");
        let long = "x".repeat(KEPT_BYTES_MAX / 4);
        let mut made = 0;
        let mut slots = [Kept::default(); 9];
        let mut seal = |slots: &mut [Kept], n: usize| {
            let mut event = sealer.begin(&head());
            event.field_kept(&name, &mut slots[n], |out| {
                made += 1;
                out.extend_from_slice(json(&format!("{n}{long}")).as_bytes());
            });
            event.finish().unwrap()
        };
        let first = seal(&mut slots, 0);
        assert_eq!(seal(&mut slots, 0), first);
        let others: Vec<Hash> = (1..9).map(|n| seal(&mut slots, n)).collect();
        assert!(!others.contains(&first));
        assert_eq!(seal(&mut slots, 0), first, "made again after it was forgotten");
        let expected = match kind {
            Kind::Fields => 10,
            // Nothing is kept: each of the eleven is made.
            Kind::Whole => 11,
        };
        assert_eq!(made, expected);
    }
}

fn values() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        Just("null".to_owned()),
        Just("true".to_owned()),
        "\\PC{0,90}".prop_map(|text| json(&text)),
        "[a-c\\\\\"\n]{0,40}".prop_map(|text| json(&text)),
    ];
    let several = proptest::collection::vec(scalar.clone(), 0..4)
        .prop_filter("a single value is no array", |values| values.len() != 1)
        .prop_map(|values| format!("[{}]", values.join(",")));
    prop_oneof![4 => scalar, 1 => several]
}

fn events() -> impl Strategy<Value = BTreeMap<String, String>> {
    let name = prop_oneof![
        8 => "[A-Za-z.]{0,12}",
        4 => "EventData[A-C]{1,3}",
        2 => "\\PC{0,6}",
        1 => "~{0,2}(_sd|\\.\\.\\.|names|event|a\"b|)",
    ];
    proptest::collection::btree_map(name, values(), 0..40)
}

fn heads() -> impl Strategy<Value = EventHead> {
    any::<(i64, u64, u32, u64, u32)>().prop_map(|(time, record_id, source, offset, ordinal)| {
        EventHead { time, record_id, source, offset, ordinal }
    })
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Fields), Just(Kind::Whole)]
}

proptest! {
    #[test]
    fn the_sealer_does_what_the_format_says(
        secret: [u8; 32],
        nonce: [u8; 16],
        origin in "[a-z./]{1,80}",
        kind in kinds(),
        events in proptest::collection::vec((heads(), events()), 1..4),
        forget: bool,
    ) {
        let mut sealer = EventSealer::new(&SaltSecret::from_bytes(secret), &origin, &nonce, kind);
        let mut kept = HashMap::new();
        // The second time round all is kept, or forgotten.
        for (round, (head, fields)) in events.iter().chain(&events).enumerate() {
            if forget && round == events.len() {
                sealer.forget();
            }
            let (leaf, mut disclosures) = reference(secret, (&origin, nonce), kind, head, fields);
            let fields = prepared(fields);
            let hash = open(&mut sealer, head, &fields).finish().unwrap();
            prop_assert_eq!(hash, leaf_hash(&leaf));
            let hash = open_kept(&mut sealer, head, &fields, &mut kept).finish().unwrap();
            prop_assert_eq!(hash, leaf_hash(&leaf));
            let sealed = open(&mut sealer, head, &fields).disclose().unwrap();
            prop_assert_eq!(&sealed.leaf, &leaf);
            if kind == Kind::Fields {
                // The reference has the names in front.
                disclosures.rotate_left(1);
            }
            prop_assert_eq!(sealed.disclosures, disclosures);
        }
    }

    #[test]
    fn what_is_disclosed_is_what_was_sealed(
        secret: [u8; 32],
        kind in kinds(),
        head in heads(),
        fields in events(),
        chosen: u64,
        with_names: bool,
    ) {
        let mut sealer = EventSealer::new(&SaltSecret::from_bytes(secret), "o", &[7; 16], kind);
        let sealed = open(&mut sealer, &head, &prepared(&fields)).disclose().unwrap();
        let leaf = Leaf::parse(&sealed.leaf).unwrap();
        prop_assert_eq!(leaf.hash(), leaf_hash(&sealed.leaf));
        prop_assert_eq!(leaf.head, head);
        let (shown, hidden): (Vec<_>, Vec<_>) = sealed.disclosures.iter().enumerate().partition(
            |(n, (name, _))| match name.as_str() {
                NAMES_NAME => with_names,
                _ => chosen >> (n % 64) & 1 == 1,
            },
        );
        let disclosures: Vec<_> =
            shown.iter().map(|(_, (_, text))| Disclosure::parse(text).unwrap()).collect();
        let found = check(&leaf, &disclosures).unwrap();
        prop_assert_eq!(found.withheld, hidden.len());
        for (name, value) in &found.fields {
            prop_assert_eq!(&fields[name], value);
        }
        if kind == Kind::Fields {
            prop_assert_eq!(found.fields.len() + usize::from(with_names), disclosures.len());
            let expected: Vec<_> = hidden
                .iter()
                .filter_map(|(_, (name, _))| plain_name(name).map(str::to_owned))
                .collect();
            prop_assert_eq!(found.withheld_names, with_names.then_some(expected));
        } else {
            prop_assert_eq!(found.fields.len(), if shown.is_empty() { 0 } else { fields.len() });
        }
    }
}

fn head() -> EventHead {
    EventHead { time: 1, record_id: 2, source: 3, offset: 4, ordinal: 5 }
}

fn sealed(kind: Kind) -> (Leaf, Vec<Disclosure>) {
    let mut sealer = EventSealer::new(&SaltSecret::from_bytes([1; 32]), "o", &[2; 16], kind);
    let fields = [("Image", "\"x.exe\""), ("Id", "7"), ("User", "\"DOM\\\\ann\"")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let sealed = open(&mut sealer, &head(), &prepared(&fields)).disclose().unwrap();
    let disclosures = sealed.disclosures.iter().map(|(_, text)| Disclosure::parse(text).unwrap());
    (Leaf::parse(&sealed.leaf).unwrap(), disclosures.collect())
}

#[test]
fn fields_out_of_order_or_twice_are_refused_and_the_next_event_is_not() {
    for (first, second) in
        [("b", "a"), ("a", "a"), ("", ""), ("EventDataB", "EventDataA"), ("a\0", "a"), ("~x", "x")]
    {
        for kind in [Kind::Fields, Kind::Whole] {
            let mut sealer =
                EventSealer::new(&SaltSecret::from_bytes([1; 32]), "o", &[2; 16], kind);
            let (first, second) = (PreparedName::new(first), PreparedName::new(second));
            let mut event = sealer.begin(&head());
            event.field(&first, b"1");
            event.field(&second, b"1");
            let refused = Err(SealError::Order(second.written().to_owned()));
            assert_eq!(event.finish(), refused, "{first:?} {second:?}");
            let mut event = sealer.begin(&head());
            event.field(&first, b"1");
            assert!(event.finish().is_ok());
        }
    }
}

#[test]
fn a_leaf_has_room_for_65534_fields_and_their_names() {
    let mut sealer =
        EventSealer::new(&SaltSecret::from_bytes([1; 32]), "o", &[2; 16], Kind::Fields);
    let names: Vec<_> = (0..65_535).map(|n| PreparedName::new(&format!("{n:05}"))).collect();
    for (count, expected) in [(65_534, true), (65_535, false)] {
        let mut event = sealer.begin(&head());
        names.iter().take(count).for_each(|name| event.field(name, b"0"));
        assert_eq!(event.finish().is_ok(), expected);
    }
}

#[test]
fn a_leaf_is_read_strictly() {
    let (leaf, _) = sealed(Kind::Fields);
    let bytes = leaf.as_bytes();
    for end in 0..bytes.len() {
        assert!(matches!(Leaf::parse(&bytes[..end]), Err(LeafError::Length { .. })), "{end}");
    }
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.to_vec();
        change(&mut bytes);
        Leaf::parse(&bytes).unwrap_err()
    };
    assert!(matches!(changed(&|b| b.push(0)), LeafError::Length { .. }));
    assert_eq!(changed(&|b| b[0] = 2), LeafError::Version(2));
    assert_eq!(changed(&|b| b[1] = 3), LeafError::Kind(3));
    assert_eq!(changed(&|b| b[1] = 2), LeafError::Digests(4));
    assert_eq!(changed(&|b| b[36..100].rotate_left(32)), LeafError::Order(1));
    assert_eq!(changed(&|b| b.copy_within(36..68, 68)), LeafError::Order(1));
    assert!(matches!(changed(&|b| b[35] = 3), LeafError::Length { .. }));
    assert_eq!(
        changed(&|b| {
            b.truncate(36);
            b[35] = 0;
        }),
        LeafError::Digests(0)
    );
}

fn text_of(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

#[test]
fn a_disclosure_is_read_strictly() {
    const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";
    let good = Disclosure::parse(&text_of(&format!("[\"{SALT}\",\"~_sd\",[1,{{}}]]"))).unwrap();
    assert_eq!((good.name(), good.value()), ("~_sd", "[1,{}]"));
    for bad in [
        format!("[\"{SALT}\",\"a\",1] "),
        format!("[\"{SALT}\",\"a\", 1]"),
        format!("[\"{SALT}\",\"a\"]"),
        format!("[\"{SALT}\",\"a\",1,2]"),
        format!("[\"{SALT}\",1,1]"),
        format!("[\"{SALT}\",\"_sd\",1]"),
        format!("[\"{SALT}\",\"...\",1]"),
        format!("[\"{SALT}\",\"~later\",1]"),
        format!("[\"{SALT}\",\"a\",01]"),
        format!("[\"{SALT}\",\"a\",{{\"b\":1,\"b\":2}}]"),
        format!("[\"{}\",\"a\",1]", &SALT[..20]),
        format!("[\"{}B\",\"a\",1]", &SALT[..21]),
        format!("[\"{SALT}==\",\"a\",1]"),
        format!("[\"{}\",\"a\",1]", SALT.repeat(8)),
        "[7,\"a\",1]".to_owned(),
        "{}".to_owned(),
        String::new(),
    ] {
        assert!(Disclosure::parse(&text_of(&bad)).is_err(), "{bad}");
    }
    let text = good.text();
    for bad in [format!("{text}="), format!("{text}\n"), text.replace('W', "+")] {
        assert_eq!(Disclosure::parse(&bad), Err(DisclosureError::Base64), "{bad}");
    }
    // The last character has two bits that mean nothing, and must be zero.
    let text = text_of(&format!("[\"{SALT}\",\"a\",1]"));
    let last = text.len() - 1;
    let other = format!("{}{}", &text[..last], char::from(text.as_bytes()[last] + 1));
    assert_eq!(Disclosure::parse(&other), Err(DisclosureError::Base64));
    let invalid = URL_SAFE_NO_PAD.encode([b'[', 0xff]);
    assert_eq!(Disclosure::parse(&invalid), Err(DisclosureError::Utf8));
}

/// A leaf over any disclosures, as someone dishonest might seal.
fn forged(kind: Kind, texts: &[&str]) -> (Leaf, Vec<Disclosure>) {
    let disclosures: Vec<_> =
        texts.iter().map(|json| Disclosure::parse(&text_of(json)).unwrap()).collect();
    let mut digests: Vec<_> = disclosures.iter().map(Disclosure::digest).collect();
    digests.sort();
    let mut bytes = head().to_bytes(kind).to_vec();
    bytes.extend(u16::try_from(digests.len()).unwrap().to_be_bytes());
    digests.iter().for_each(|digest| bytes.extend(digest.0));
    (Leaf::parse(&bytes).unwrap(), disclosures)
}

#[test]
fn disclosures_that_do_not_go_with_the_leaf_are_told_apart() {
    const A: &str = "[\"AAAAAAAAAAAAAAAAAAAAAA\",\"a\",1]";
    const A_AGAIN: &str = "[\"BAAAAAAAAAAAAAAAAAAAAA\",\"a\",2]";
    let names = |names: &str| format!("[\"CAAAAAAAAAAAAAAAAAAAAA\",\"~names\",{names}]");
    let checked = |kind, texts: &[&str]| {
        let (leaf, disclosures) = forged(kind, texts);
        check(&leaf, &disclosures).unwrap_err()
    };
    assert_eq!(checked(Kind::Fields, &[A, A_AGAIN]), CheckError::Twice("a".into()));
    for bad in ["7", "[1]", "[\"b\",\"a\"]", "[\"a\",\"a\"]", "[\"_sd\"]", "[\"~names\"]"] {
        assert_eq!(checked(Kind::Fields, &[A, &names(bad)]), CheckError::Names, "{bad}");
    }
    let count = |names| CheckError::NamesCount { names, expected: 1 };
    assert_eq!(checked(Kind::Fields, &[A, &names("[]")]), count(0));
    assert_eq!(checked(Kind::Fields, &[A, &names("[\"a\",\"b\"]")]), count(2));
    assert_eq!(checked(Kind::Fields, &[A, &names("[\"b\"]")]), CheckError::NotNamed("a".into()));
    assert_eq!(checked(Kind::Whole, &[A]), CheckError::Kind("a".into()));
    let event = |value: &str| format!("[\"CAAAAAAAAAAAAAAAAAAAAA\",\"~event\",{value}]");
    assert_eq!(checked(Kind::Fields, &[&event("{}")]), CheckError::Kind("~event".into()));
    assert_eq!(checked(Kind::Whole, &[&event("[]")]), CheckError::Event);
    assert_eq!(checked(Kind::Whole, &[&event("{\"_sd\":[]}")]), CheckError::Event);

    let (leaf, disclosures) = sealed(Kind::Fields);
    let (_, other) = forged(Kind::Fields, &[A]);
    assert_eq!(check(&leaf, &other), Err(CheckError::NotInLeaf("a".into())));
    let twice = [disclosures[0].clone(), disclosures[0].clone()];
    assert_eq!(check(&leaf, &twice), Err(CheckError::Twice("Id".into())));
}
