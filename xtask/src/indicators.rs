//! How long 100,000 indicators take to load, and to be swept over 10 million
//! events in columns, on one thread.
//!
//! The events are made: of seven kinds, with as many distinct values as such
//! logs have (every second command line, every third file and nearly every
//! path of the web is new; names and addresses grow with the number of
//! events). Making them is not counted, nor is reading them from a store.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use sekisho::indicators::{IndicatorMatcher, IndicatorProgram, read};
use sekisho_event::{BatchBuilder, EventBatch, Kind, RowHead, Shape, ValueId, Vocabulary};

const INDICATORS: u64 = 100_000;
const EVENTS: u64 = 10_000_000;
/// Events of one block, as large as those that a store gives.
const BLOCK: u64 = 100_000;

/// A number that looks like chance, of a number.
fn mixed(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn hash(n: u64, digits: usize) -> String {
    let mut out = String::new();
    for part in 0..8 {
        let _ = write!(out, "{:016x}", mixed(n * 8 + part));
    }
    out.truncate(digits);
    out
}

fn address(n: u64) -> String {
    let [a, b, c, ..] = mixed(n).to_be_bytes();
    format!("{}.{a}.{b}.{c}", 11 + n % 180)
}

fn domain(n: u64) -> String {
    format!("h{:x}.example{}.com", mixed(n) >> 40, n % 5_000)
}

/// The pattern of the indicator with this number. One in 10,000 is of
/// something that the events hold.
fn pattern(n: u64) -> String {
    let of = if n.is_multiple_of(10_000) { n / 10_000 } else { 1 << 40 | n };
    match n % 100 {
        0..40 => format!("[file:hashes.'SHA-256' = '{}']", hash(of, 64)),
        40..50 => format!("[file:hashes.MD5 = '{}' OR file:name = 'x{n}.exe']", hash(of, 32)),
        50..70 => format!("[ipv4-addr:value = '{}']", address(of)),
        70..85 => format!("[domain-name:value = '{}']", domain(of)),
        85..94 => format!("[url:value = 'http://{}/gate/{n}']", domain(of)),
        94 => format!("[ipv4-addr:value ISSUBSET '{}/24']", address(of)),
        95 => format!("[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Bad{n}']"),
        96 => format!("[email-addr:value = 'user{n}@example.net']"),
        97 if n.is_multiple_of(1_000) || n % 1_000 < 500 => {
            format!("[process:command_line LIKE '%evil{n}%']")
        }
        97 => format!("[process:command_line MATCHES 'bad{n}\\\\.(exe|dll)$']"),
        98 => format!(
            "[network-traffic:dst_ref.value = '{}' AND network-traffic:dst_port = 4444]",
            address(of)
        ),
        _ => {
            format!("[file:name = 'bad{n}.exe' AND file:parent_directory_ref.path = 'C:\\\\Temp']")
        }
    }
}

/// The indicators, as a bundle.
pub(crate) fn bundle() -> String {
    let mut out = String::from("{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[");
    for n in 0..INDICATORS {
        let pattern = pattern(n).replace('\\', "\\\\");
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(
            out,
            "{comma}{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--{:08x}-0000-4000-8000-{n:012x}\",\
             \"created\":\"2024-01-01T00:00:00.000Z\",\"modified\":\"2024-01-01T00:00:00.000Z\",\
             \"name\":\"Indicator {n}\",\"description\":\"Made for a measurement.\",\
             \"indicator_types\":[\"malicious-activity\"],\"pattern\":\"{pattern}\",\
             \"pattern_type\":\"stix\",\"valid_from\":\"2024-01-01T00:00:00Z\",\
             \"object_marking_refs\":[\"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9\"]}}",
            mixed(n) >> 32
        );
    }
    out.push_str("]}");
    out
}

/// Fields of the event with this number, of its kind.
fn event(n: u64) -> (usize, Vec<(&'static str, String)>) {
    let r = mixed(n);
    let image = |r: u64| format!(r"C:\Program Files\App{}\bin{}.exe", r % 40, r % 200);
    let port = |r: u64| (49_152 + r % 16_384).to_string();
    let user = || format!(r"CORP\user{}", r >> 8 & 0xff);
    let fields = match n % 7 {
        0 => vec![
            ("Image", image(r)),
            ("ParentImage", image(r >> 8)),
            ("CommandLine", format!("\"{}\" --job {}", image(r), n / 14)),
            ("ParentCommandLine", format!("\"{}\" --svc {}", image(r >> 8), r % 3_000)),
            ("Hashes", format!("MD5={},SHA256={}", hash(r % 200, 32), hash(r % 200, 64))),
            ("User", user()),
            ("ProcessId", (r >> 16 & 0xffff).to_string()),
            ("CurrentDirectory", r"C:\Windows\system32\".to_owned()),
        ],
        1 => vec![
            ("Image", image(r)),
            ("SourceIp", format!("10.0.{}.{}", r >> 8 & 0xf, r & 0xff)),
            ("DestinationIp", address(r % (1_000 + n / 20))),
            ("SourcePort", port(r)),
            (
                "DestinationPort",
                if r & 1 == 0 { "443".into() } else { (r >> 20 & 0x3ff).to_string() },
            ),
            ("DestinationHostname", domain(r % (1_000 + n / 50))),
            ("Protocol", "tcp".to_owned()),
        ],
        2 => vec![
            ("QueryName", domain(r % (1_000 + n / 20))),
            ("QueryResults", format!("::ffff:{};", address(r % (1_000 + n / 20)))),
            ("Image", image(r)),
        ],
        3 => vec![
            (
                "TargetFilename",
                format!(r"C:\Users\u{}\AppData\Local\Temp\f{}.tmp", r & 0xff, n / 21),
            ),
            ("Image", image(r)),
        ],
        4 => vec![
            ("id.orig_h", format!("10.0.{}.{}", r >> 8 & 0xf, r & 0xff)),
            ("id.orig_p", port(r)),
            ("id.resp_h", address(r % (1_000 + n / 10))),
            ("id.resp_p", (r >> 20 & 0xfff).to_string()),
            ("proto", "tcp".to_owned()),
        ],
        5 => vec![
            ("id.orig_h", format!("10.0.{}.{}", r >> 8 & 0xf, r & 0xff)),
            ("host", domain(r % (1_000 + n / 50))),
            ("uri", format!("/p/{}?id={n}", r % 500)),
            ("method", "GET".to_owned()),
            ("user_agent", format!("Mozilla/5.0 ({})", r % 400)),
            ("referrer", format!("http://{}/", domain(r % 2_000))),
        ],
        _ => vec![
            ("TargetUserName", format!("user{}", r & 0xfff)),
            ("TargetUserSid", format!("S-1-5-21-1-2-3-{}", r & 0xfff)),
            ("IpAddress", format!("10.0.{}.{}", r >> 8 & 0xf, r & 0xff)),
            ("IpPort", port(r)),
            ("WorkstationName", format!("WS{}", r % 900)),
            ("ProcessName", image(r)),
        ],
    };
    (usize::try_from(n % 7).unwrap_or(0), fields)
}

fn shapes() -> [Shape; 7] {
    let shape = |product: &str, channel: &str, event_id| Shape {
        product: product.into(),
        channel: channel.into(),
        event_id,
    };
    let sysmon = "Microsoft-Windows-Sysmon/Operational";
    [
        shape("windows", sysmon, Some(1)),
        shape("windows", sysmon, Some(3)),
        shape("windows", sysmon, Some(22)),
        shape("windows", sysmon, Some(11)),
        shape("zeek", "conn", None),
        shape("zeek", "http", None),
        shape("windows", "Security", Some(4624)),
    ]
}

fn block(start: u64, builder: &mut BatchBuilder, vocabulary: &mut Vocabulary) -> Vec<EventBatch> {
    let ids = shapes().map(|shape| builder.shape(&shape));
    for n in start..start + BLOCK {
        let (kind, fields) = event(n);
        let mut cells = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let Some(field) = vocabulary.field(name) else { continue };
            if !vocabulary.wanted(field) {
                continue;
            }
            if let Some(values) = vocabulary.dictionary_mut(field) {
                cells.push((field, values.intern_str(Kind::String, &value)));
            }
        }
        let record = u32::try_from(n - start).unwrap_or(u32::MAX);
        let head = RowHead { time: 0, host: ValueId::ABSENT, record_id: 0, record };
        if let Some(&id) = ids.get(kind) {
            builder.push(id, head, &cells);
        }
    }
    builder.finish()
}

/// Measures; the least time of some rounds counts.
#[expect(clippy::cast_precision_loss, reason = "millions of events are exact")]
pub(crate) fn run(rounds: usize) -> Result<String> {
    let bundle = bundle();
    let (mut loading, mut compiling) = (Duration::MAX, Duration::MAX);
    let mut program = None;
    for _ in 0..rounds.max(1) {
        let start = Instant::now();
        let loaded = read(Path::new("bundle.json"), bundle.as_bytes());
        loading = loading.min(start.elapsed());
        if let Some(refused) = loaded.refused.first() {
            anyhow::bail!("an indicator is refused: {refused:?}");
        }
        let start = Instant::now();
        program = Some(IndicatorProgram::new(&loaded.indicators).0);
        compiling = compiling.min(start.elapsed());
    }
    let Some(program) = program.map(Arc::new) else { anyhow::bail!("nothing was loaded") };
    let mut matcher = IndicatorMatcher::new(Arc::clone(&program));
    let mut vocabulary = Vocabulary::new(program.projection());
    let mut builder = BatchBuilder::default();
    let (mut matching, mut matches) = (Duration::ZERO, 0usize);
    let mut found = Vec::new();
    for start in (0..EVENTS).step_by(usize::try_from(BLOCK)?) {
        let batches = block(start, &mut builder, &mut vocabulary);
        let begun = Instant::now();
        for batch in &batches {
            matcher.run(batch, &vocabulary, &mut found);
        }
        matching += begun.elapsed();
        matches += found.len();
        found.clear();
        vocabulary.trim();
    }
    let seconds = matching.as_secs_f64();
    Ok(format!(
        "stix    {INDICATORS} indicators ({} MB of JSON): load {:.2} s, compile {:.2} s; over \
         {EVENTS} events {seconds:.2} s, {:.3} µs an event, {matches} matches",
        bundle.len() / 1_000_000,
        loading.as_secs_f64(),
        compiling.as_secs_f64(),
        seconds * 1e6 / EVENTS as f64
    ))
}
