//! Any bytes as a log of any format, or as records of any shape with any
//! fields and values: each record is counted once, what is read out of them
//! does not depend on their order, and a question is answered.
#![no_main]

#[allow(dead_code, reason = "other targets need the rest")]
mod edits;

use std::sync::{Arc, LazyLock};

use edits::Bytes;
use libfuzzer_sys::fuzz_target;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{
    BatchBuilder, EventBatch, Kind, Projection, RowHead, Shape, SourceHints, ValueId, Vocabulary,
    formats,
};
use sekisho_exposure::activity::What;
use sekisho_exposure::assets::Assets;
use sekisho_exposure::estate::Declared;
use sekisho_exposure::extract::{Extraction, Leaf};
use sekisho_exposure::judge::judge;
use sekisho_exposure::names::Name;
use sekisho_exposure::question::{Question, SaidSeed, Seed};

/// Most records of one run that are made of bytes.
const RECORDS_MAX: usize = 12;

/// Most activities of which a question is asked.
const JUDGED_MAX: usize = 2_000;

/// Shapes that somebody reads: product, channel, event ids.
const SHAPES: &[(&str, &str, &[u32])] = &[
    ("windows", "Security", &[4624, 4625, 4634, 4648, 4656, 4663, 4672, 4688, 4689, 4720, 4732]),
    ("windows", "Security", &[1100, 1102, 4662, 4697, 4698, 4768, 4769, 4776, 5136, 5140, 5145]),
    ("windows", "Microsoft-Windows-Sysmon/Operational", &[1, 2, 3, 7, 8, 10, 11, 13, 15, 22, 23]),
    ("windows", "Microsoft-Windows-PowerShell/Operational", &[400, 4103, 4104]),
    ("windows", "System", &[104, 1074, 6005, 6006, 7036, 7045, 8003]),
    ("windows", "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", &[21, 24]),
    ("linux", "auditd", &[0]),
    ("linux", "sshd", &[0]),
    ("linux", "sudo", &[0]),
    ("linux", "auth", &[0]),
    ("linux", "cron", &[0]),
    ("aws", "cloudtrail", &[0]),
    ("aws", "vpcflow", &[0]),
    ("m365", "audit", &[0]),
    ("azure", "signinlogs", &[0]),
    ("azure", "auditlogs", &[0]),
    ("azure", "activitylogs", &[0]),
    ("gcp", "gcp.audit", &[0]),
    ("gcp", "google_workspace.login", &[0]),
    ("zeek", "conn", &[0]),
    ("zeek", "http", &[0]),
    ("zeek", "smb_files", &[0]),
    ("zeek", "files", &[0]),
    ("zeek", "kerberos", &[0]),
    ("zeek", "dhcp", &[0]),
    ("zeek", "capture_loss", &[0]),
    ("suricata", "", &[0]),
    ("proxy", "", &[0]),
    ("cisco", "asa", &[0]),
    ("windows", "firewall", &[0]),
];

/// Values that readers look at.
const VALUES: &[&str] = &[
    "-",
    "0x3e7",
    "3",
    "10",
    "10.0.0.5",
    "203.0.113.7",
    "fe80::1%4",
    "::ffff:10.0.0.5",
    "445",
    "FS01",
    "WS01$",
    "EXAMPLE",
    "EXAMPLE\\ann",
    "ann@example.org",
    "S-1-5-18",
    "S-1-5-21-1-2-3-500",
    r"C:\Windows\System32\cmd.exe",
    r"D:\Plans\a.docx",
    r"\\FS01\Plans",
    r"\\*\Plans",
    r"\??\D:\Plans",
    "cmd /c copy D:\\Plans\\a.docx \\\\203.0.113.7\\x",
    "powershell -enc YQBiAA==",
    "0x1F01FF",
    "%%4416 %%4417",
    "krbtgt/EXAMPLE",
    "0x17",
    "GetObject",
    "PutObject",
    "AssumeRole",
    "FileDownloaded",
    "MailItemsAccessed",
    "UserLoggedIn",
    "arn:aws:iam::123456789012:role/x",
    "123456789012",
    "https://example.sharepoint.com/sites/plans/a.docx",
    "plans",
    "staff@example.org",
    "true",
    "false",
    "SF",
    "tcp",
    "1000000",
    "18446744073709551615",
    "-1",
    "1e400",
    "PUT",
    "SMB::FILE_OPEN",
    "0.5",
    "99.9%",
    "2024-03-15T00:00:00Z",
    "AKIAIOSFODNN7EXAMPLE",
    "EXECVE",
    "SYSCALL",
    "sshd[7]",
];

static FIELDS: LazyLock<Vec<Box<str>>> = LazyLock::new(|| {
    let mut fields: Vec<Box<str>> = Extraction::fields().into_iter().collect();
    fields.sort();
    fields
});

/// A record: its shape, when, and what is in it.
struct Made<'a> {
    shape: Shape,
    host: Option<&'a str>,
    time: i64,
    cells: Vec<(&'a str, &'a str)>,
}

fn value<'a>(bytes: &mut Bytes<'a>) -> Option<&'a str> {
    let which = usize::from(bytes.byte()?);
    match VALUES.get(which) {
        Some(value) => Some(value),
        None => Some(std::str::from_utf8(bytes.some()?).unwrap_or_default()),
    }
}

fn made<'a>(bytes: &mut Bytes<'a>) -> Option<Made<'a>> {
    let (product, channel, ids) = SHAPES[bytes.below(SHAPES.len())?];
    let id = ids[usize::from(bytes.byte()?) % ids.len()];
    let shape = Shape {
        product: product.into(),
        channel: channel.into(),
        event_id: (id != 0).then_some(id),
    };
    let time = match bytes.byte()? {
        0 => sekisho_event::TIME_UNKNOWN,
        1 => i64::MAX,
        2 => i64::MIN + 1,
        n => 1_710_460_800_000_000_000 + i64::from(n) * 600_000_000_000,
    };
    let host = ["FS01", "WS01", "10.0.0.5"].get(usize::from(bytes.byte()? % 4)).copied();
    let mut cells = Vec::new();
    for _ in 0..bytes.byte()? % 32 {
        let field = bytes.below(FIELDS.len()).and_then(|at| FIELDS.get(at));
        let (Some(field), Some(value)) = (field, value(bytes)) else { break };
        cells.push((&**field, value));
    }
    Some(Made { shape, host, time, cells })
}

fn add(extraction: &mut Extraction, made: &Made<'_>, index: u64) {
    let mut vocabulary = Vocabulary::new(Projection::All);
    let mut builder = BatchBuilder::default();
    let shape = builder.shape(&made.shape);
    let host = made.host.map_or(ValueId::ABSENT, |h| vocabulary.hosts.intern_str(Kind::String, h));
    let head = RowHead { time: made.time, host, record_id: index, record: 0 };
    let mut cells = Vec::new();
    for (field, value) in &made.cells {
        let field = vocabulary.field(field).expect("few fields");
        let values = vocabulary.dictionary_mut(field).expect("of a field that is there");
        cells.push((field, values.intern_str(Kind::String, value)));
    }
    builder.push(shape, head, &cells);
    for batch in &builder.finish() {
        extraction.batch(batch, &vocabulary, &|_| Some(Leaf { cell: 0, index }));
    }
}

/// Reads a log of whatever format; how many events there were.
fn read(extraction: &mut Extraction, bytes: &[u8]) -> Option<u64> {
    let format = formats::recognise(bytes, true)?;
    let hints = SourceHints { name: "conn.log".into(), ..SourceHints::default() };
    let mut cutter = format.cutter(Arc::new(hints), BLOCK_BYTES);
    let mut reader = format.reader();
    let mut vocabulary = Vocabulary::new(Projection::Only(Extraction::fields()));
    let (mut input, mut rows) = (bytes, 0);
    while let Some(block) = cutter.next(&mut input).expect("reading from memory") {
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            for batch in parsed.batches {
                let leaf = |row: usize| Some(Leaf { cell: 0, index: batch.records[row].into() });
                extraction.batch(batch, vocabulary, &leaf);
            }
            rows += parsed.batches.iter().map(EventBatch::rows).sum::<usize>() as u64;
        });
    }
    Some(rows)
}

/// Each record is heard once, or comes again, or has no time.
fn count(e: &Extraction, records: u64) {
    let hours = e.heard.hours.values().flat_map(|hours| hours.values());
    let heard: u64 = hours.map(|hour| u64::from(hour.events)).sum();
    let timeless: u64 = e.heard.timeless.values().sum();
    assert_eq!(heard + e.seen.repeated + timeless, records, "records are lost, or twice");
    for activity in &e.activities {
        if let What::Loss(loss) = &activity.what {
            assert!(loss.share.is_none_or(|share| (0.0..=1.0).contains(&share)));
        }
        assert!(e.evidence.get(activity.record).is_some(), "an activity without its record");
    }
}

/// Everything that was read, with names as text, in an order of its own.
fn said(e: &Extraction) -> Vec<String> {
    let named = |text: String| {
        let mut parts = text.split("Name(");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (number, rest) = part.split_once(')').expect("a name");
            let name = Name(number.parse().expect("a number"));
            out.push_str(&format!("{:?}{rest}", e.names.folded(name)));
        }
        out
    };
    let of = |a: &sekisho_exposure::activity::Activity| {
        named(format!("{} {:?} {:?} {:?}", a.time, a.place, a.actor, a.what))
    };
    let mut all: Vec<String> = e.activities.iter().map(of).collect();
    all.extend(e.known.all().into_iter().map(|known| named(format!("{known:?}"))));
    all.sort();
    all
}

const ASSETS: &str = "[[asset]]\nid = 'plans'\nsize_bytes = 1000\nlocations = [{ host = 'FS01', path = 'D:\\Plans\\**' },
 { share = '\\\\FS01\\Plans\\**' }, { bucket = 'plans' }, { mailbox = 'staff@example.org' },
 { site = 'https://example.sharepoint.com/sites/plans' }, { credential = 'krbtgt@example.org' }]\n
[[asset]]\nid = 'host'\nlocations = [{ host = 'WS01' }]\n";
const ESTATE: &str = "[[host]]\nnames = ['FS01']\naddresses = ['10.0.0.5']\n[[network]]\ncidr = '10.0.0.0/8'\ninternal = true\n";
const SEED: &str = "host=WS01 process=cmd.exe";

/// Asks what was exposed; the same each time.
fn ask(mut extraction: Extraction) {
    if extraction.activities.len() > JUDGED_MAX {
        return;
    }
    let (assets, _) = Assets::parse(ASSETS, &mut extraction.names).expect("TOML");
    let (estate, _) = Declared::parse(ESTATE, &mut extraction.names).expect("TOML");
    let seeds = [SEED, "account='EXAMPLE\\ann'", "address=203.0.113.7"];
    let seeds = seeds.map(|text| Seed::Said(Box::new(SaidSeed::parse(text).expect("a seed"))));
    let seeds = seeds.into();
    let answer =
        judge(&mut extraction, &Question { assets, estate, seeds, clear: Vec::new(), now: None });
    assert_eq!(answer.verdicts.len(), 2);
}

fuzz_target!(|bytes: &[u8]| {
    let mut extraction = Extraction::default();
    if let Some(records) = read(&mut extraction, bytes) {
        count(&extraction, records);
        return ask(extraction);
    }
    let mut rest = Bytes(bytes);
    let records: Vec<Made<'_>> = std::iter::from_fn(|| made(&mut rest)).take(RECORDS_MAX).collect();
    let mut back = Extraction::default();
    let numbered = || (0..).zip(&records);
    numbered().for_each(|(index, record)| add(&mut extraction, record, index));
    let mut numbers: Vec<_> = numbered().collect();
    numbers.reverse();
    numbers.iter().for_each(|(index, record)| add(&mut back, record, *index));
    count(&extraction, records.len() as u64);
    extraction.join();
    back.join();
    assert_eq!(said(&extraction), said(&back), "it depends on the order of records");
    ask(extraction);
});
