//! Documents as a whole: metadata, correlations, filters, collections, and
//! files that mean harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]

mod common;

use std::time::{Duration, Instant};

use common::{one_rule, parse_text, rule_text};
use sekisho_sigma::rule::{
    Correlation, CorrelationKind, Document, Expr, Filter, Level, Ordering, Status,
};
use sekisho_sigma::{ParseOptions, Parsed, parse};

const RULE: &str = "\
title: A title
id: 0e95725d-7320-415d-80f7-004da920fc11
name: a_name
status: stable
level: High
description: About it
tags: [attack.t1059, attack.execution]
fields: [A, B]
logsource:
  category: Process_Creation
  product: windows
  definition: x
detection:
  sel:
    A: x
  condition: sel
";

fn load(text: &str) -> Parsed {
    parse_text(text, &ParseOptions::default())
}

fn reason(text: &str) -> String {
    let parsed = load(text);
    let rejected = parsed.rejected.first().unwrap_or_else(|| panic!("{text}\n{parsed:?}"));
    format!("{}: {}", rejected.line, rejected.reason)
}

#[test]
fn metadata_is_kept() {
    let rule = one_rule(&format!("# licence\n{RULE}"), &ParseOptions::default()).unwrap();
    let header = &rule.header;
    assert_eq!(header.title, "A title");
    assert_eq!(header.id, "0e95725d-7320-415d-80f7-004da920fc11");
    assert_eq!((header.name.as_str(), header.line), ("a_name", 2));
    assert_eq!((header.level, header.level_stated), (Level::High, true));
    assert_eq!(header.status, Status::Stable);
    assert_eq!(header.tags, ["attack.t1059", "attack.execution"]);
    assert_eq!(rule.fields, ["A", "B"]);
    assert_eq!(rule.logsource.category.as_deref(), Some("process_creation"));
    assert_eq!(rule.logsource.service, None);
}

#[test]
fn odd_metadata_is_noted_and_loads() {
    let text = rule_text("sel: {A: x}") + "level: severe\nstatus: new\nid: abc\ntags: {a: b}\n";
    let parsed = load(&text);
    assert_eq!(parsed.documents.len(), 1, "{parsed:?}");
    assert_eq!(parsed.notes.len(), 4, "{:?}", parsed.notes);
    assert_eq!(parsed.notes.iter().map(|n| n.line).min(), Some(7));
}

#[test]
fn what_is_missing_is_named() {
    for (key, why) in [
        ("title: A title\n", "1: `title` is missing"),
        ("detection:\n  sel:\n    A: x\n  condition: sel\n", "1: `detection` is missing"),
        ("  condition: sel\n", "13: `condition` is missing"),
    ] {
        let found = reason(&RULE.replace(key, ""));
        assert!(found.starts_with(why), "{found}");
    }
    assert!(
        reason("title: t\ndetection:\n  a: {b: c}\n  condition: a\n")
            .contains("`logsource` is missing")
    );
    assert!(reason("title: t\nlogsource: {definition: x}\n").contains("states nothing"));
    assert!(reason("- a\n- b\n").contains("a list, expected a map"));
    assert!(reason("title:\n  - x\n").contains("`title` is missing"));
    assert!(load("").documents.is_empty() && load("# only talk\n---\n").rejected.is_empty());
}

#[test]
fn one_bad_document_costs_no_other() {
    let text = format!("{RULE}---\ntitle: [\n---\ntitle: x\n---\n{RULE}");
    let parsed = load(&text);
    assert_eq!(parsed.documents.len(), 2);
    let lines: Vec<u32> = parsed.rejected.iter().map(|r| r.line).collect();
    assert_eq!(lines.len(), 2, "{:?}", parsed.rejected);
    assert_eq!(lines[1], 20);
    let Document::Rule(last) = &parsed.documents[1] else { panic!() };
    assert_eq!(last.header.line, 22);
    let mut bytes = RULE.as_bytes().to_vec();
    bytes.extend_from_slice(b"---\ntitle: \xFF\n---\n");
    bytes.extend_from_slice(RULE.as_bytes());
    let parsed = parse(&"f".into(), &bytes, &ParseOptions::default());
    assert_eq!((parsed.documents.len(), parsed.rejected.len()), (2, 1));
    assert_eq!(parsed.rejected[0].line, 18);
}

fn correlation(lines: &str) -> Result<Correlation, String> {
    let text = format!("title: c\ncorrelation:\n{lines}");
    let mut parsed = load(&text);
    match parsed.documents.pop() {
        Some(Document::Correlation(correlation)) => Ok(correlation),
        other => Err(format!("{other:?} {:?}", parsed.rejected)),
    }
}

#[test]
fn correlations() {
    let c = correlation(
        "  type: event_count\n  rules: [a, b]\n  group-by: [Host, User]\n  timespan: 90m\n  \
         condition:\n    gt: 100\n    lte: 200\n  generate: true\n",
    )
    .unwrap();
    assert_eq!(c.kind, CorrelationKind::EventCount);
    assert_eq!(c.timespan, 90 * 60 * 1_000_000_000);
    assert_eq!(c.conditions, [(Ordering::Greater, 100.0), (Ordering::LessOrEqual, 200.0)]);
    assert_eq!((c.rules.len(), c.group_by.len(), c.generate), (2, 2, true));

    let c = correlation(
        "  type: value_count\n  rules: a\n  group-by: Host\n  timespan: 1d\n  \
         condition: {field: [User, Domain], gte: 3}\n",
    )
    .unwrap();
    assert_eq!(c.field, ["User", "Domain"]);

    for (name, percentile) in [("value_percentile", 50.0), ("value_max", 100.0)] {
        let c = correlation(&format!(
            "  type: {name}\n  rules: [a]\n  timespan: 1h\n  condition: {{field: n, gt: 1.5}}\n"
        ))
        .unwrap();
        assert_eq!((c.kind, c.percentile), (CorrelationKind::ValuePercentile, percentile));
    }

    let c = correlation(
        "  type: temporal\n  rules: [a, b]\n  group-by: [ip]\n  timespan: 10s\n  aliases:\n    \
         ip:\n      a: src\n      b: dst\n",
    )
    .unwrap();
    assert_eq!(c.aliases[0].name, "ip");
    assert_eq!(c.aliases[0].mapping[1], ("b".to_owned(), "dst".to_owned()));
    assert!(c.conditions.is_empty() && c.expression.is_none());

    let c = correlation(
        "  type: temporal_ordered\n  rules: [a, b, c]\n  timespan: 1w\n  \
         condition: a AND (b or not c)\n",
    )
    .unwrap();
    let Some(Expr::And(parts)) = &c.expression else { panic!("{c:?}") };
    assert_eq!(parts[0], Expr::Detection(0));
    let c = correlation("  type: temporal\n  timespan: 1M\n  condition: x and y\n").unwrap();
    assert_eq!(c.rules, ["x", "y"]);
    assert_eq!(c.timespan, 2_629_746 * 1_000_000_000);
}

#[test]
fn broken_correlations_are_named() {
    let good = "  type: value_sum\n  rules: [a]\n  timespan: 1h\n  condition: {field: n, gt: 1}\n";
    assert!(correlation(good).is_ok());
    for (from, to, why) in [
        ("value_sum", "value_mode", "unknown correlation type"),
        ("  type: value_sum\n", "", "`type` is missing"),
        ("  rules: [a]\n", "", "`rules` is missing"),
        ("1h", "1x", "expected a number and one of s, m, h"),
        ("1h", "0s", "timespan"),
        ("1h", "h", "timespan"),
        ("1h", "999999999999999y", "timespan"),
        ("  timespan: 1h\n", "", "`timespan` is missing"),
        ("field: n, ", "", "`field` is missing"),
        (", gt: 1", "", "no gt"),
        ("gt: 1", "neq: 1", "`neq` is not a condition"),
        ("gt: 1", "gt: some", "expected a number"),
        ("gt: 1", "about: 1", "unknown `about`"),
        ("gt: 1", "gt: 1, percentile: 101", "0 to 100"),
        ("{field: n, gt: 1}", "many", "expected a map"),
        ("  condition: {field: n, gt: 1}\n", "", "`condition` is missing"),
    ] {
        let found = correlation(&good.replace(from, to)).unwrap_err();
        assert!(found.contains(why), "{to}: {found}");
    }
    let found =
        correlation("  type: temporal\n  rules: [a]\n  timespan: 1h\n  condition: a and b\n");
    assert!(found.unwrap_err().contains("unknown `b`"));
}

#[test]
fn filters() {
    let filter = |rules: &str| -> Result<Filter, String> {
        let text = format!(
            "title: f\nlogsource: {{product: windows}}\nfilter:\n{rules}  selection:\n    \
             User|startswith: adm_\n  condition: not selection\n"
        );
        let mut parsed = load(&text);
        match parsed.documents.pop() {
            Some(Document::Filter(filter)) => Ok(filter),
            other => Err(format!("{other:?} {:?}", parsed.rejected)),
        }
    };
    let found = filter("  rules: [a, b]\n").unwrap();
    assert_eq!(found.rules, ["a", "b"]);
    assert_eq!(found.detections.len(), 1);
    assert_eq!(found.condition, Expr::Not(Box::new(Expr::Detection(0))));
    assert!(filter("  rules: any\n").unwrap().rules.is_empty());
    assert_eq!(filter("  rules: one\n").unwrap().rules, ["one"]);
    assert!(filter("").unwrap_err().contains("`rules` is missing"));
}

#[test]
fn old_collections() {
    let text = "\
action: global
title: t
level: low
detection:
  condition: sel
---
logsource: {product: a}
detection:
  sel: {A: x}
---
logsource: {product: b}
level: high
detection:
  sel: {B: x}
---
action: repeat
logsource: {service: s}
---
action: reset
---
logsource: {product: c}
detection:
  sel: {B: x}
  condition: sel
---
action: dance
";
    let parsed = load(text);
    let rules: Vec<_> = parsed
        .documents
        .iter()
        .map(|d| match d {
            Document::Rule(rule) => rule,
            _ => panic!(),
        })
        .collect();
    assert_eq!(rules.len(), 3, "{parsed:?}");
    assert_eq!(rules[0].header.level, Level::Low);
    assert_eq!(rules[1].header.level, Level::High);
    assert_eq!(rules[2].logsource.product.as_deref(), Some("b"));
    assert_eq!(rules[2].logsource.service.as_deref(), Some("s"));
    assert_eq!(parsed.rejected.len(), 2, "{:?}", parsed.rejected);
    assert!(parsed.rejected[0].reason.contains("`title` is missing"));
    assert!(parsed.rejected[1].reason.contains("unknown action `dance`"));
}

#[test]
fn line_ends_and_marks_of_windows() {
    let text = format!("\u{feff}{RULE}---\n{RULE}").replace('\n', "\r\n");
    let parsed = load(&text);
    assert_eq!((parsed.documents.len(), parsed.rejected.len()), (2, 0), "{parsed:?}");
    let Document::Rule(second) = &parsed.documents[1] else { panic!() };
    assert_eq!((second.header.line, second.header.title.as_str()), (18, "A title"));
}

#[test]
fn anchors_are_legal() {
    let text = rule_text("a: {A: &list [x, y]}\nb: {B: *list}\ncondition: a or b");
    assert!(one_rule(&text, &ParseOptions::default()).is_ok());
}

/// Takes what means harm: it must be refused, quickly.
fn harmless(name: &str, text: &[u8]) {
    let start = Instant::now();
    let parsed = parse(&"f".into(), text, &ParseOptions::default());
    assert!(parsed.documents.is_empty(), "{name}");
    assert!(!parsed.rejected.is_empty(), "{name}");
    assert!(parsed.rejected.iter().all(|r| r.reason.len() < 600), "{name}");
    assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?}", start.elapsed());
}

#[test]
fn harm_by_yaml() {
    let mut laughs = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for (below, name) in ('a'..='y').zip('b'..='z') {
        let nine = vec![format!("*{below}"); 9].join(", ");
        laughs.push_str(&format!("{name}: &{name} [{nine}]\n"));
    }
    harmless("billion laughs", laughs.as_bytes());
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), "*a,".repeat(10_000));
    harmless("long scalar copied", long.as_bytes());
    harmless("itself", b"a: &a [*a]\n");
    for open in ["[", "{a: ", "- ", "? "] {
        harmless(open, open.repeat(20_000).as_bytes());
        harmless(open, open.repeat(1 << 17).as_bytes());
    }
    let blocks: String = (0..5_000).map(|i| format!("{}a:\n", " ".repeat(i % 200))).collect();
    harmless("blocks", blocks.as_bytes());
    harmless("tabs", b"title: t\n\tlogsource: x\n");
    harmless("nul", b"\0\0\0\0");
    harmless("not UTF-8", b"title: \xFF\xFE\n");
    harmless("UTF-16", &"title: t\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    harmless("10 MB scalar", format!("title: {}\n", "x".repeat(10 << 20)).as_bytes());
    harmless("many keys", (0..60_000).map(|i| format!("k{i}: \n")).collect::<String>().as_bytes());
    harmless("unclosed quote", format!("title: \"{}", "a\n ".repeat(100_000)).as_bytes());
    harmless("many documents", "a: [\n---\n".repeat(20_000).as_bytes());
    harmless("colons", ": ".repeat(200_000).as_bytes());
    harmless("plain words", "a ".repeat(400_000).as_bytes());
    harmless("dashes", "- - - \n".repeat(50_000).as_bytes());
}

#[test]
fn harm_by_rules() {
    let rule = |detection: &str| rule_text(detection).into_bytes();
    harmless("regex", &rule("sel: {A|re: '(a{1000}){1000}'}"));
    harmless("regex nested", &rule(&format!("sel: {{A|re: '{}'}}", "(".repeat(10_000))));
    harmless("regex long", &rule(&format!("sel: {{A|re: '{}'}}", "a".repeat(100_000))));
    let dashes = vec!["' -a -b -c -d -e'"; 10_000].join(", ");
    harmless("dashes", &rule(&format!("sel: {{A|windash: [{dashes}]}}")));
    harmless(
        "deep condition",
        &rule(&format!("sel: {{A: x}}\ncondition: {}sel{}", "(".repeat(9_000), ")".repeat(9_000))),
    );
    let many: String = (0..2_000).map(|i| format!("s{i}: {{A: x}}\n")).collect();
    let of = "1 of s* or ".repeat(2_000);
    harmless("quantifiers", &rule(&format!("{many}condition: {of}s1")));
    harmless("not", &rule(&format!("sel: {{A: x}}\ncondition: {}", "not ".repeat(8_000))));
    let global = format!("action: global\nx: [{}]\n", "a,".repeat(20_000));
    harmless("global", format!("{global}{}", "---\na: b\n".repeat(2_000)).as_bytes());
}

/// A rule with a bit of everything, to be damaged.
const EVERYTHING: &str = "\
title: t
logsource: {product: windows}
detection:
  a:
    - A|contains|windash|all: [' -x', '/y']
      B|wide|base64offset|contains: &z abc
    - C|re|i: '^(a|b)+\\d{2}$'
  b: {D|cidr: [10.0.0.0/8, 'fd00::/8'], E|fieldref: F, G|hour|gte: 5}
  '|all': ['k*', k?]
  c: {H|expand: 'x%p%', I: null, J: '', K|exists: true, L: *z}
  condition: 1 of a* and not (b or c)
---
title: c
correlation: {type: temporal, rules: [a, b], timespan: 5m, condition: a and b}
";

#[test]
fn damaged_rules_never_stop_the_program() {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % n as u64).unwrap()
    };
    let pieces: [&[u8]; 12] = [
        b"\n---\n",
        b"- ",
        b": ",
        b"[",
        b"}",
        b"'",
        b"*z ",
        b"|re",
        b"%p%",
        b"\\",
        b"\xF0\x9F\x98\x80",
        b"<<: *z\n",
    ];
    let mut loaded = 0;
    for _ in 0..20_000 {
        let mut text = EVERYTHING.as_bytes().to_vec();
        for _ in 0..=below(4) {
            let at = below(text.len());
            match below(4) {
                0 => text.truncate(at + 1),
                1 => drop(text.drain(at..text.len().min(at + 9))),
                2 => text[at] = u8::try_from(below(256)).unwrap(),
                _ => drop(text.splice(at..at, pieces[below(pieces.len())].iter().copied())),
            }
            text.push(b'\n');
        }
        loaded += parse(&"f".into(), &text, &ParseOptions::default()).documents.len();
    }
    assert!(loaded > 1_000, "{loaded}");
}
