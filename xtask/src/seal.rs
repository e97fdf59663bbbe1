//! How fast events are sealed: process creations as Sysmon writes them, with
//! the lengths of life, on one thread.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use sekisho_case::event::{EventHead, EventSealer, Kept, Kind, PreparedName};
use sekisho_case::key::SaltSecret;
use sekisho_case::value::{Value, write_value};

/// How many different events are made.
const EVENTS: u32 = 20_000;

/// How often all of them are sealed, and how often in one measurement: clocks
/// of processor time may only tick every 4 ms.
const TIMES: u32 = 5;
const AT_ONCE: u32 = 10;

/// What must be reached, and what is aimed at, in events a second.
const FIELDS: (f64, f64) = (100_000.0, 300_000.0);
const WHOLE: (f64, f64) = (800_000.0, 800_000.0);

/// The fields, in order. `#` becomes a digit, of those that change from event
/// to event; `@` a hexadecimal one.
const TEMPLATES: &[(&str, &[&str])] = &[
    (
        "CommandLine",
        &[
            r#""C:\Program Files\Google\Chrome\Application\chrome.exe" --type=renderer --lang=en-US --device-scale-factor=1 --renderer-client-id=## --time-ticks-at-unix-epoch=-17000000000000 /prefetch:1"#,
            r"C:\Windows\system32\svchost.exe -k netsvcs -p -s Schedule",
            r"\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1",
            r#""C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -File C:\Tools\check-##.ps1"#,
            r"taskhostw.exe",
        ],
    ),
    ("Company", &["Microsoft Corporation", "Google LLC"]),
    ("CurrentDirectory", &[r"C:\Windows\system32\", r"C:\Users\a.meyer\"]),
    ("Description", &["Host Process for Windows Services", "Google Chrome", "Console Window Host"]),
    ("FileVersion", &["10.0.17763.1 (WinBuild.160101.0800)", "87.0.4280.88"]),
    (
        "Hashes",
        &["SHA1=@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@,MD5=@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@,\
             SHA256=@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@,\
             IMPHASH=@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"],
    ),
    (
        "Image",
        &[
            r"C:\Windows\System32\svchost.exe",
            r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        ],
    ),
    ("IntegrityLevel", &["System", "Medium"]),
    ("LogonGuid", &["{@@@@@@@@-@@@@-@@@@-@@@@-@@@@@@@@@@@@}"]),
    ("LogonId", &["0x3e7", "0x@@@@@"]),
    ("OriginalFileName", &["svchost.exe", "chrome.exe", "CONHOST.EXE"]),
    (
        "ParentCommandLine",
        &[
            r"C:\Windows\system32\services.exe",
            r#""C:\Program Files\Google\Chrome\Application\chrome.exe" --no-startup-window"#,
        ],
    ),
    (
        "ParentImage",
        &[
            r"C:\Windows\System32\services.exe",
            r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        ],
    ),
    ("ParentProcessGuid", &["{@@@@@@@@-@@@@-@@@@-@@@@-@@@@@@@@@@@@}"]),
    ("ParentProcessId", &["####"]),
    ("ProcessGuid", &["{@@@@@@@@-@@@@-@@@@-@@@@-@@@@@@@@@@@@}"]),
    ("ProcessId", &["####"]),
    ("TerminalSessionId", &["0", "1"]),
    ("User", &[r"NT AUTHORITY\SYSTEM", r"CORP\a.meyer"]),
    ("UtcTime", &["2026-02-17 ##:##:##.###"]),
];

/// Values that are numbers in JSON.
const NUMBERS: &[&str] = &["ParentProcessId", "ProcessId", "TerminalSessionId"];

struct Event {
    head: EventHead,
    /// Its values one behind the other, as a record has them.
    text: String,
    /// By field: where in the text its value ends.
    ends: Vec<usize>,
    /// By field: number of the value among those of the field.
    ids: Vec<usize>,
}

impl Event {
    /// The values, in the order of fields.
    fn values(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(from, &to)| self.text.get(from..to).unwrap_or_default())
    }
}

/// A field, and whether its values are numbers in JSON.
struct Field {
    name: PreparedName,
    is_number: bool,
}

/// Measures sealing: with what was made of a value kept for the next event that
/// has it, as `examine` does, and with each value made anew.
pub(crate) fn run() -> Result<()> {
    let mut known: Vec<HashMap<String, usize>> = vec![HashMap::new(); TEMPLATES.len()];
    let events: Vec<Event> = (0..EVENTS).map(|number| event(number, &mut known)).collect();
    let field =
        |name: &str| Field { name: PreparedName::new(name), is_number: NUMBERS.contains(&name) };
    let fields: Vec<Field> = TEMPLATES.iter().map(|(name, _)| field(name)).collect();
    for (kind, what, (must, aim)) in
        [(Kind::Fields, "20 fields", FIELDS), (Kind::Whole, "whole", WHOLE)]
    {
        let mut sealer = EventSealer::new(
            &SaltSecret::from_bytes([7; 32]),
            "bench/case/0123456789abcdef",
            &[9; 16],
            kind,
        );
        let slots: Vec<Vec<Kept>> =
            known.iter().map(|values| vec![Kept::default(); values.len()]).collect();
        let kept = rate(|| {
            sealer.forget();
            let mut slots = slots.clone();
            for event in &events {
                let mut open = sealer.begin(&event.head);
                let cells = event.values().zip(&event.ids);
                for ((field, (value, &id)), slots) in fields.iter().zip(cells).zip(&mut slots) {
                    let slot = slots.get_mut(id).context("a slot")?;
                    open.field_kept(&field.name, slot, |out| write_value(out, field.value(value)));
                }
                open.finish()?;
            }
            Ok(())
        })?;
        let anew = rate(|| {
            for event in &events {
                let mut open = sealer.begin(&event.head);
                for (field, value) in fields.iter().zip(event.values()) {
                    open.field_with(&field.name, |out| write_value(out, field.value(value)));
                }
                open.finish()?;
            }
            Ok(())
        })?;
        let (texts, leaf) = sizes(&mut sealer, &events, &fields)?;
        let verdict = if kept >= aim {
            "as aimed at"
        } else if kept >= must {
            "reached"
        } else {
            "missed"
        };
        writeln!(
            io::stdout(),
            "seal    {what}: {kept:.0} events/s and core ({anew:.0} with each value made \
             anew): {verdict}; {texts:.0} bytes of disclosures and {leaf} of leaf an event"
        )?;
    }
    Ok(())
}

impl Field {
    fn value<'a>(&self, text: &'a str) -> Value<'a> {
        if self.is_number { Value::Number(text) } else { Value::String(text) }
    }
}

/// An event whose values are chosen and filled by its number.
fn event(number: u32, known: &mut [HashMap<String, usize>]) -> Event {
    let mut state = number.wrapping_mul(2_654_435_761) | 1;
    let mut next = move |below: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % below
    };
    let (mut text, mut ends, mut ids) = (String::new(), Vec::new(), Vec::new());
    for ((_, templates), known) in TEMPLATES.iter().zip(known) {
        let chosen = next(u32::try_from(templates.len()).unwrap_or(1));
        let template = templates.get(chosen as usize).copied().unwrap_or_default();
        let filled = template.chars().map(|c| match c {
            '#' => char::from_digit(1 + next(9), 10).unwrap_or(c),
            '@' => char::from_digit(next(16), 16).unwrap_or(c),
            _ => c,
        });
        let value: String = filled.collect();
        let next = known.len();
        text.push_str(&value);
        ends.push(text.len());
        ids.push(*known.entry(value).or_insert(next));
    }
    let head = EventHead {
        time: 1_771_300_000_000_000_000 + i64::from(number) * 1_234_567,
        record_id: u64::from(number),
        source: number % 40,
        offset: u64::from(number) * 1_800,
        ordinal: 0,
    };
    Event { head, text, ends, ids }
}

/// Events a second of processor time.
fn rate(mut all: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::MAX;
    all()?;
    for _ in 0..TIMES {
        let start = cpu()?;
        for _ in 0..AT_ONCE {
            all()?;
        }
        best = best.min(cpu()? - start);
    }
    Ok(f64::from(EVENTS) * f64::from(AT_ONCE) / best)
}

/// Processor time of this thread so far, in seconds.
fn cpu() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split_whitespace().next().unwrap_or_default().parse::<f64>()? / 1e9)
}

/// Mean bytes of all disclosures of an event, and bytes of a leaf.
#[expect(clippy::cast_precision_loss, reason = "a mean of lengths")]
fn sizes(sealer: &mut EventSealer, events: &[Event], fields: &[Field]) -> Result<(f64, usize)> {
    let (mut texts, mut leaf) = (0, 0);
    for event in events {
        let mut open = sealer.begin(&event.head);
        for (field, value) in fields.iter().zip(event.values()) {
            open.field_with(&field.name, |out| write_value(out, field.value(value)));
        }
        let sealed = open.disclose()?;
        texts += sealed.disclosures.iter().map(|(_, text)| text.len()).sum::<usize>();
        leaf = sealed.leaf.len();
    }
    Ok((texts as f64 / f64::from(EVENTS), leaf))
}
