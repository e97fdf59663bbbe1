//! Whatever stands in the fields, nothing fails, and records that come in
//! another order say the same.

use proptest::prelude::*;
use sekisho_exposure::activity::What;
use sekisho_exposure::extract::Extraction;

use super::reading::read_into;

const LOGS: [&str; 22] = [
    "conn",
    "conn_long",
    "http",
    "dns",
    "ssl",
    "x509",
    "smb_files",
    "smb_mapping",
    "files",
    "kerberos",
    "ntlm",
    "rdp",
    "ssh",
    "dce_rpc",
    "ftp",
    "smtp",
    "dhcp",
    "notice",
    "weird",
    "capture_loss",
    "stats",
    "packet_filter",
];

/// Values that fields may have, of one kind or another.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let words = prop::sample::select(vec![
        "",
        "-",
        "10.0.1.4",
        "fe80::1%4",
        "192.0.2.9",
        "\\\\FS01\\Plans",
        "\\\\",
        "\\\\10.0.0.9\\c$",
        "a/b\\c.docx",
        "<share_root>",
        "SMB::FILE_OPEN",
        "SMB::FILE_RENAME",
        "PUT",
        "GET",
        "POST",
        "STOR",
        "/wsman",
        "http://h.example/%e3%81%82%f",
        "AS",
        "TGS",
        "ann/CORP.EXAMPLE",
        "WS01$/CORP",
        "/",
        "SF",
        "S0",
        "RSTRH",
        "svcctl",
        "CreateServiceW",
        "drsuapi",
        "DRSGetNCChanges",
        "CaptureLoss::Too_Much_Loss",
        "99.9%",
        "SMB",
        "18446744073709551615",
        "1e400",
    ]);
    prop_oneof![
        words.prop_map(|word| serde_json::json!(word)),
        any::<String>().prop_map(|text| serde_json::json!(text)),
        any::<u64>().prop_map(|number| serde_json::json!(number)),
        any::<f64>().prop_map(|number| serde_json::json!(number)),
        any::<bool>().prop_map(|truth| serde_json::json!(truth)),
        prop::collection::vec(any::<String>(), 0..4).prop_map(|texts| serde_json::json!(texts)),
    ]
}

/// A record of a log with some of the fields that are read.
fn record() -> impl Strategy<Value = serde_json::Value> {
    let mut names: Vec<String> = Extraction::fields().into_iter().map(Into::into).collect();
    names.sort();
    let fields = prop::collection::btree_map(prop::sample::select(names), value(), 0..40);
    let kind = prop::sample::select(LOGS.to_vec());
    (kind, 0_u32..7200, fields).prop_map(|(log, time, fields)| {
        let mut record: serde_json::Map<String, serde_json::Value> = fields.into_iter().collect();
        record.insert("_path".into(), log.into());
        record.insert("ts".into(), (1_600_600_000 + i64::from(time)).into());
        record.into()
    })
}

fn extracted(records: &[serde_json::Value]) -> Extraction {
    let mut extraction = Extraction::default();
    for record in records {
        read_into(&mut extraction, "", format!("{record}\n").as_bytes());
    }
    extraction.join();
    extraction
}

/// Everything that was read, with names as text, in an order of its own.
fn said(e: &Extraction) -> Vec<String> {
    let named = |text: String| {
        let mut parts = text.split("Name(");
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            let (number, rest) = part.split_once(')').unwrap();
            let name = sekisho_exposure::names::Name(number.parse().unwrap());
            out.push_str(&format!("{:?}{rest}", e.names.folded(name)));
        }
        out
    };
    let activities = e
        .activities
        .iter()
        .map(|a| named(format!("{} {:?} {:?} {:?}", a.time, a.place, a.actor, a.what)));
    let known = e.known.all().into_iter().map(|known| named(format!("{known:?}")));
    let mut all: Vec<String> = activities.chain(known).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_record_is_read(records in prop::collection::vec(record(), 1..12)) {
        let e = extracted(&records);
        for activity in &e.activities {
            if let What::Loss(loss) = &activity.what {
                prop_assert!(loss.share.is_none_or(|share| (0.0..=1.0).contains(&share)));
            }
        }
        let heard: u32 =
            e.heard.hours.values().flat_map(|hours| hours.values()).map(|hour| hour.events).sum();
        let timeless: u64 = e.heard.timeless.values().sum();
        prop_assert_eq!(u64::from(heard) + e.seen.repeated + timeless, records.len() as u64);
    }

    #[test]
    fn order_and_repetition_change_nothing(
        records in prop::collection::vec(record(), 1..12),
        seed in any::<usize>(),
    ) {
        let mut others = records.clone();
        others.extend(records.iter().take(seed % records.len()).cloned());
        others.reverse();
        let middle = seed % others.len();
        others.rotate_left(middle);
        prop_assert_eq!(said(&extracted(&records)), said(&extracted(&others)));
    }
}
