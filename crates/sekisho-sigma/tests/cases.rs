//! What Sigma means, case by case: lines of a detection section, an event,
//! whether it matches.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]

mod common;

use std::sync::Arc;

use common::{Field, batch, one_rule, rule_text, view};
use sekisho_sigma::{Matcher, ParseOptions, Program, reference, same_name};

type Case<'a> = (&'a [Field<'a>], bool);

fn options() -> ParseOptions {
    let mut options = ParseOptions::default();
    let mut set = |name: &str, values: &[&str]| {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        options.placeholders.insert(name.to_owned(), values);
    };
    set("servers", &["srv*", "db.example"]);
    set("nets", &["10.0.0.0/8", "fd00::/8"]);
    set("tool", &["a.b"]);
    options
}

fn check(detection: &str, cases: &[Case<'_>]) {
    let rule = one_rule(&rule_text(detection), &options())
        .unwrap_or_else(|reason| panic!("{detection}\n{reason}"));
    let events: Vec<&[Field<'_>]> = cases.iter().map(|(event, _)| *event).collect();
    let (batch, vocabulary) = batch(&events);
    for (row, (event, want)) in cases.iter().enumerate() {
        let event_view = view(&batch, row, &vocabulary, &same_name);
        let explained = reference::explain(&rule, &event_view);
        assert_eq!(
            reference::matches(&rule, &event_view),
            *want,
            "{detection}\n{event:?}\n{explained}"
        );
        assert_eq!(explained.held, *want);
    }
}

fn refused(detection: &str, why: &str) {
    let reason = one_rule(&rule_text(detection), &options()).expect_err(detection);
    assert!(reason.contains(why), "{detection}\n{reason}");
}

#[test]
fn plain_values() {
    check(
        "sel: {A: foo}",
        &[
            (&[("A", "foo")], true),
            (&[("A", "FOO")], true),
            (&[("A", "foobar")], false),
            (&[("a", "foo")], false),
            (&[("B", "foo")], false),
            (&[], false),
            (&[("A", "x"), ("A", "Foo")], true),
            (&[("A", "0")], false),
        ],
    );
    check("sel: {A: [foo, bar]}", &[(&[("A", "bar")], true), (&[("A", "baz")], false)]);
    check(
        "sel: {A: foo, B: bar}",
        &[(&[("A", "foo"), ("B", "bar")], true), (&[("A", "foo")], false)],
    );
    check("sel: {A: ÄÖÜ}", &[(&[("A", "äöü")], true), (&[("A", "aou")], false)]);
    check("sel: {id.orig_h: '::1'}", &[(&[("id.orig_h", "::1")], true)]);
}

#[test]
fn wildcards_and_escapes() {
    check(
        r"sel: {A: 'a*c?'}",
        &[
            (&[("A", "abbcd")], true),
            (&[("A", "ACX")], true),
            (&[("A", "ac")], false),
            (&[("A", "acxx")], false),
        ],
    );
    check(r"sel: {A: 'a\*c'}", &[(&[("A", "a*c")], true), (&[("A", "abc")], false)]);
    check(r"sel: {A: 'a\?c'}", &[(&[("A", "a?c")], true), (&[("A", "abc")], false)]);
    check(r"sel: {A: 'C:\Windows\x'}", &[(&[("A", r"c:\windows\X")], true)]);
    check(r"sel: {A: 'C:\\Windows\\x'}", &[(&[("A", r"c:\windows\X")], true)]);
    check(
        r"sel: {A: '\\\\host\x'}",
        &[(&[("A", r"\\host\x")], true), (&[("A", r"\host\x")], false)],
    );
    check(r"sel: {A: 'C:\\*'}", &[(&[("A", r"C:\anything")], true), (&[("A", r"C:*")], false)]);
    check(r"sel: {A: 'C:\*'}", &[(&[("A", "C:*")], true), (&[("A", r"C:\x")], false)]);
    check(r"sel: {A: 'C:\\\*'}", &[(&[("A", r"C:\*")], true), (&[("A", r"C:\x")], false)]);
    check(r"sel: {A|endswith: '\'}", &[(&[("A", r"C:\")], true), (&[("A", "C:")], false)]);
    check(r"sel: {A|contains: '*'}", &[(&[("A", "")], true), (&[("A", "0")], false), (&[], false)]);
    check("sel: {A: \"a\\tb\"}", &[(&[("A", "a\tb")], true)]);
    check("sel: {A: '?'}", &[(&[("A", "ß")], true), (&[("A", "ab")], false)]);
}

#[test]
fn contains_startswith_endswith() {
    check("sel: {A|contains: oo}", &[(&[("A", "fOOd")], true), (&[("A", "fod")], false)]);
    check("sel: {A|startswith: fo}", &[(&[("A", "FOod")], true), (&[("A", "afo")], false)]);
    check("sel: {A|endswith: od}", &[(&[("A", "foOD")], true), (&[("A", "odx")], false)]);
    check("sel: {A|contains: 'a*b'}", &[(&[("A", "xxaxxbxx")], true), (&[("A", "ba")], false)]);
    check("sel: {A|contains: 24}", &[(&[("A", "#4624")], true), (&[("A", "x24")], true)]);
    check("sel: {A|contains: ''}", &[(&[("A", "")], true), (&[("A", "x")], true), (&[], false)]);
    check("sel: {A|startswith: '*x'}", &[(&[("A", "axb")], true), (&[("A", "ab")], false)]);
}

#[test]
fn all_of_the_values() {
    check(
        "sel: {A|contains|all: [a, b]}",
        &[(&[("A", "ab")], true), (&[("A", "a")], false), (&[("A", "xa"), ("A", "xb")], true)],
    );
    check("sel: {A|all|contains: [a, b]}", &[(&[("A", "ba")], true), (&[("A", "b")], false)]);
    check("sel: {A|all: [a]}", &[(&[("A", "a")], true), (&[("A", "b")], false)]);
    check(
        "sel: {A|contains|all|windash: [' -a', ' -b']}",
        &[(&[("A", "x /a -b")], true), (&[("A", "x /a /c")], false), (&[("A", "x -a /a")], false)],
    );
    check("sel: {A|re|all: ['a+', 'b+']}", &[(&[("A", "ab")], true), (&[("A", "a")], false)]);
}

#[test]
fn negated_items() {
    check(
        "sel: {A|neq: foo}",
        &[
            (&[("A", "FOO")], false),
            (&[("A", "bar")], true),
            (&[], true),
            (&[("A", "bar"), ("A", "foo")], false),
        ],
    );
    check("sel: {A|neq: [1, 2]}", &[(&[("A", "#2")], false), (&[("A", "#3")], true)]);
    check("sel: {A|contains|neq: oo}", &[(&[("A", "food")], false), (&[("A", "bar")], true)]);
    check("sel: {A|contains|all|neq: [a, b]}", &[(&[("A", "ab")], false), (&[("A", "a")], true)]);
    check(
        "sel: {A|windash|contains|all|neq: [' -a', ' -b']}",
        &[(&[("A", " /a /b")], false), (&[("A", " /a")], true)],
    );
    check("sel: {A|neq: null}", &[(&[("A", "x")], true), (&[("A", "0")], false), (&[], false)]);
    check("sel: {A|lt|neq: 5}", &[(&[("A", "#4")], false), (&[("A", "#5")], true)]);
}

#[test]
fn cased_values() {
    check("sel: {A|cased: Foo}", &[(&[("A", "Foo")], true), (&[("A", "foo")], false)]);
    check("sel: {A|contains|cased: oO}", &[(&[("A", "FoO")], true), (&[("A", "foo")], false)]);
    check("sel: {A|cased|startswith: F}", &[(&[("A", "Fo")], true), (&[("A", "fo")], false)]);
}

#[test]
fn null_and_empty() {
    check(
        "sel: {A: null}",
        &[
            (&[], true),
            (&[("A", "0")], true),
            (&[("A", "")], false),
            (&[("A", "x")], false),
            (&[("A", "0"), ("A", "x")], false),
        ],
    );
    check("sel: {A: }", &[(&[], true), (&[("A", "x")], false)]);
    check("sel: {A: ~}", &[(&[], true)]);
    check("sel: {A: 'null'}", &[(&[], false), (&[("A", "null")], true)]);
    check(
        "sel: {A: ''}",
        &[(&[("A", "")], true), (&[], false), (&[("A", "0")], false), (&[("A", "x")], false)],
    );
    check(
        "sel: {A: [null, '', x]}",
        &[(&[], true), (&[("A", "")], true), (&[("A", "X")], true), (&[("A", "y")], false)],
    );
    check(
        "sel: {A: x}\nf: {B: null}\ncondition: sel and not f",
        &[(&[("A", "x")], false), (&[("A", "x"), ("B", "1")], true)],
    );
}

#[test]
fn existing_fields() {
    check(
        "sel: {A|exists: true}",
        &[
            (&[("A", "x")], true),
            (&[("A", "")], true),
            (&[("A", "0")], true),
            (&[("B", "x")], false),
        ],
    );
    check("sel: {A|exists: false}", &[(&[("A", "0")], false), (&[("B", "x")], true)]);
    refused("sel: {A|exists: 'yes'}", "expected true or false");
}

#[test]
fn numbers_and_booleans() {
    check(
        "sel: {A: 4624}",
        &[
            (&[("A", "#4624")], true),
            (&[("A", "4624")], true),
            (&[("A", "#4624.0")], true),
            (&[("A", "4624.0")], false),
            (&[("A", "#46240")], false),
        ],
    );
    check("sel: {A: '4624'}", &[(&[("A", "#4624")], true), (&[("A", "4624")], true)]);
    check("sel: {A: -1}", &[(&[("A", "#-1")], true), (&[("A", "-1")], true)]);
    check("sel: {A: 1.5}", &[(&[("A", "#1.50")], true), (&[("A", "1.5")], true)]);
    check(
        "sel: {A: 0x17}",
        &[
            (&[("A", "0x17")], true),
            (&[("A", "0X17")], true),
            (&[("A", "#23")], true),
            (&[("A", "23")], false),
        ],
    );
    check(
        "sel: {A: 18446744073709551615}",
        &[(&[("A", "#18446744073709551615")], true), (&[("A", "#18446744073709551614")], false)],
    );
    check(
        "sel: {A: true}",
        &[
            (&[("A", "!true")], true),
            (&[("A", "True")], true),
            (&[("A", "!false")], false),
            (&[("A", "#1")], false),
        ],
    );
    check("sel: {A: yes}", &[(&[("A", "YES")], true), (&[("A", "!true")], false)]);
}

#[test]
fn comparisons() {
    check(
        "sel: {A|gt: 5}",
        &[
            (&[("A", "#6")], true),
            (&[("A", "6")], true),
            (&[("A", "0x6")], true),
            (&[("A", "#5")], false),
            (&[("A", "six")], false),
            (&[], false),
        ],
    );
    check("sel: {A|gte: 5}", &[(&[("A", "#5.0")], true), (&[("A", "#4.99")], false)]);
    check("sel: {A|lt: '0x10'}", &[(&[("A", "#15")], true), (&[("A", "#16")], false)]);
    check("sel: {A|lte: -5}", &[(&[("A", "#-5")], true), (&[("A", "#-4")], false)]);
    refused("sel: {A|lt: five}", "expected a number");
    refused("sel: {A|lt: null}", "expected a number");
}

#[test]
fn regular_expressions() {
    check(r"sel: {A|re: 'b+'}", &[(&[("A", "abbc")], true), (&[("A", "aBc")], false)]);
    check(r"sel: {A|re: '^b+$'}", &[(&[("A", "bb")], true), (&[("A", "abb")], false)]);
    check(r"sel: {A|re|i: 'B+'}", &[(&[("A", "abb")], true)]);
    check(r"sel: {A|re|m: '^b$'}", &[(&[("A", "a\nb\nc")], true)]);
    check(r"sel: {A|re: '^b$'}", &[(&[("A", "a\nb\nc")], false)]);
    check(r"sel: {A|re|s: 'a.b'}", &[(&[("A", "a\nb")], true)]);
    check(r"sel: {A|re: 'a.b'}", &[(&[("A", "a\nb")], false)]);
    check(r"sel: {A|re|i|s: 'A.B'}", &[(&[("A", "a\nb")], true)]);
    check(r"sel: {A|re: 'C:\\\\*x'}", &[(&[("A", r"C:\\\x")], true), (&[("A", "C:x")], false)]);
    check(r"sel: {A|re: '(?<!no )go'}", &[(&[("A", "let go")], true), (&[("A", "no go")], false)]);
    check(r"sel: {A|re: '(a)\1'}", &[(&[("A", "xaa")], true), (&[("A", "xa")], false)]);
    check(r"sel: {A|re: '\d{4}'}", &[(&[("A", "#4624")], true)]);
    check(r"sel: {A|re|startswith: 'a|b'}", &[(&[("A", "bx")], true), (&[("A", "xb")], false)]);
    check(r"sel: {A|re|endswith: 'a|b'}", &[(&[("A", "xa")], true), (&[("A", "ax")], false)]);
    check(r"sel: {A|re|contains: 'a|b'}", &[(&[("A", "xax")], true)]);
    check(r"sel: {A|re|neq: 'a'}", &[(&[("A", "b")], true), (&[("A", "a")], false)]);
    refused(r"sel: {A|re: '(a'}", "not a regular expression");
    refused(r"sel: {A|re: null}", "expected text");
}

#[test]
fn base64_values() {
    // "foobar" stands in the Base64 of "xfoobar", "xxfoobar", "xxxfoobar".
    check(
        "sel: {A|base64offset|contains: foobar}",
        &[
            (&[("A", "eGZvb2Jhcg==")], true),
            (&[("A", "eHhmb29iYXI=")], true),
            (&[("A", "eHh4Zm9vYmFy")], true),
            (&[("A", "foobar")], false),
        ],
    );
    check(
        "sel: {A|base64: foobar}",
        &[(&[("A", "Zm9vYmFy")], true), (&[("A", "eHh4Zm9vYmFy")], false)],
    );
    check("sel: {A|base64|contains: foobar}", &[(&[("A", "eHh4Zm9vYmFy")], true)]);
    // "IEX" in UTF-16LE is 49 00 45 00 58 00.
    for modifier in ["wide", "utf16le"] {
        check(&format!("sel: {{A|{modifier}|base64: IEX}}"), &[(&[("A", "SQBFAFgA")], true)]);
    }
    check("sel: {A|utf16be|base64: IEX}", &[(&[("A", "AEkARQBY")], true)]);
    check("sel: {A|utf16|base64: IEX}", &[(&[("A", "//5JAEUAWAA=")], true)]);
    check(
        "sel: {A|wide|base64offset|contains: IEX}",
        &[(&[("A", "xxSQBFAFgAxx")], true), (&[("A", "kARQBYA")], true)],
    );
    check("sel: {A|wide|base64: 'ä'}", &[(&[("A", "5AA=")], true)]);
    check("sel: {A|wide: ab}", &[(&[("A", "a\0b\0")], true), (&[("A", "ab")], false)]);
    check("sel: {A|wide|contains: 'a*b'}", &[(&[("A", "xa\0zzb\0")], true)]);
    check(
        "sel: {A|base64offset|contains|all: [foobar, quux]}",
        &[(&[("A", "Zm9vYmFy cXV1eA==")], true), (&[("A", "Zm9vYmFy")], false)],
    );
    check(r"sel: {A|base64: 'a\*'}", &[(&[("A", "YSo=")], true)]);
    refused("sel: {A|base64: 'a*b'}", "wildcards in a value for base64");
    refused("sel: {A|wide: 'ä'}", "beyond ASCII");
}

#[test]
fn dashes() {
    check(
        "sel: {A|windash|contains: ' -enc '}",
        &[
            (&[("A", "x -enc y")], true),
            (&[("A", "x /enc y")], true),
            (&[("A", "x \u{2013}enc y")], true),
            (&[("A", "x \u{2014}ENC y")], true),
            (&[("A", "x \u{2015}enc y")], true),
            (&[("A", "x +enc y")], false),
        ],
    );
    check(
        "sel: {A|contains|windash: ' /a -b'}",
        &[(&[("A", "x -a /b")], true), (&[("A", "x /a /b")], true)],
    );
    check(
        "sel: {A|windash: '-param-name'}",
        &[(&[("A", "/param-name")], true), (&[("A", "/param/name")], false)],
    );
    check("sel: {A|windash: '\u{2014}x'}", &[(&[("A", "-x")], true)]);
    check("sel: {A|windash|endswith: '*-x'}", &[(&[("A", "a/x")], true)]);
    check("sel: {A|windash: 'a -'}", &[(&[("A", "a -")], true), (&[("A", "a /")], false)]);
    refused("sel: {A|windash: '-a -b -c -d -e -f'}", "too many dashes");
}

#[test]
fn networks() {
    check(
        "sel: {A|cidr: 10.0.0.0/8}",
        &[
            (&[("A", "10.1.2.3")], true),
            (&[("A", "11.1.2.3")], false),
            (&[("A", "::ffff:10.1.2.3")], true),
            (&[("A", "10.x")], false),
            (&[], false),
        ],
    );
    check(
        "sel: {A|cidr: ['fe80::/10', '::1/128']}",
        &[
            (&[("A", "fe80::1")], true),
            (&[("A", "0:0:0:0:0:0:0:1")], true),
            (&[("A", "fec0::1")], false),
        ],
    );
    check(
        "sel: {A|cidr|neq: 10.0.0.0/8}",
        &[(&[("A", "8.8.8.8")], true), (&[("A", "10.0.0.1")], false)],
    );
    check(
        "sel: {A|cidr|expand: '%nets%'}",
        &[(&[("A", "fd00::1")], true), (&[("A", "fe80::1")], false)],
    );
    check("sel: {'|cidr': 10.0.0.0/8}", &[(&[("X", "10.0.0.1")], true), (&[("X", "a")], false)]);
    refused("sel: {A|cidr: 10.0.0.0/40}", "expected a network");
    refused("sel: {A|cidr: '10.*'}", "expected a network");
}

#[test]
fn field_references() {
    check(
        "sel: {A|fieldref: B}",
        &[
            (&[("A", "x"), ("B", "X")], true),
            (&[("A", "x"), ("B", "y")], false),
            (&[("A", "x")], false),
            (&[("A", "0"), ("B", "0")], false),
            (&[("A", "x"), ("A", "y"), ("B", "z"), ("B", "y")], true),
        ],
    );
    check(
        "sel: {A|fieldref|startswith: B}",
        &[(&[("A", "xyz"), ("B", "XY")], true), (&[("A", "xyz"), ("B", "yz")], false)],
    );
    check("sel: {A|endswith|fieldref: B}", &[(&[("A", "xyz"), ("B", "yz")], true)]);
    check("sel: {A|fieldref|contains: B}", &[(&[("A", "xyz"), ("B", "y")], true)]);
    check(
        "sel: {A|fieldref|neq: B}",
        &[(&[("A", "x"), ("B", "x")], false), (&[("A", "x"), ("B", "y")], true)],
    );
    check("sel: {A|fieldref|cased: B}", &[(&[("A", "x"), ("B", "X")], false)]);
    refused("sel: {A|fieldref: 'B*'}", "expected the name of a field");
}

#[test]
fn placeholders() {
    check(
        "sel: {A|expand: '%servers%'}",
        &[
            (&[("A", "srv01")], true),
            (&[("A", "DB.example")], true),
            (&[("A", "%servers%")], false),
        ],
    );
    check("sel: {A: '%servers%'}", &[(&[("A", "%servers%")], true), (&[("A", "srv01")], false)]);
    check(r"sel: {A|expand: '\%servers%'}", &[(&[("A", "%servers%")], true)]);
    check(r"sel: {A|expand: '\%plain%tool%'}", &[(&[("A", "%plaina.b")], true)]);
    check("sel: {A|contains|expand: 'x%tool%y'}", &[(&[("A", "-xa.by-")], true)]);
    check("sel: {A|expand: '100% of %tool%'}", &[(&[("A", "100% of a.b")], true)]);
    check("sel: {A|re|expand: '^%tool%$'}", &[(&[("A", "a.b")], true), (&[("A", "axb")], false)]);
    check(
        "sel: {A|expand: '%nothing%'}",
        &[(&[("A", "x")], false), (&[("A", "%nothing%")], false)],
    );
    check("sel: {A|expand: ['%nothing%', x]}", &[(&[("A", "x")], true)]);
    check("sel: {A|expand|all|contains: ['%nothing%', x]}", &[(&[("A", "x")], false)]);
    check(
        "sel: {A: x}\nf: {B|expand: '%nothing%'}\ncondition: sel and not f",
        &[(&[("A", "x"), ("B", "y")], true)],
    );
    check("sel: {A|expand|neq: '%nothing%'}", &[(&[("A", "x")], true)]);
}

#[test]
fn parts_of_time() {
    let event: &[Field<'_>] = &[("A", "2024-05-06T22:17:00Z")];
    for (item, want) in [
        ("A|hour: 22", true),
        ("A|hour: 21", false),
        ("A|hour|gte: 22", true),
        ("A|gt|hour: 22", false),
        ("A|minute: 17", true),
        ("A|day: 6", true),
        ("A|week: 19", true),
        ("A|month: [4, 5]", true),
        ("A|year|lt: 2024", false),
        ("A|hour|neq: 22", false),
        ("B|hour: 22", false),
    ] {
        check(&format!("sel: {{{item}}}"), &[(event, want)]);
    }
    refused("sel: {A|hour: noon}", "expected a number");
}

#[test]
fn keywords() {
    check(
        "sel: [foo, 'b*r']",
        &[
            (&[("X", "a FOO b")], true),
            (&[("X", "n"), ("Y", "xbaarx")], true),
            (&[("foo", "x")], false),
            (&[], false),
        ],
    );
    check("sel: foo", &[(&[("X", "afoob")], true), (&[("X", "fo")], false)]);
    check(
        "sel:\n  '|all': [foo, bar]",
        &[(&[("X", "foo"), ("Y", "bar")], true), (&[("X", "foo")], false)],
    );
    check(
        "sel:\n  - '|all': [foo, bar]\n  - baz",
        &[(&[("X", "foobar")], true), (&[("X", "baz")], true), (&[("X", "bar")], false)],
    );
    check("sel: [4624]", &[(&[("X", "#4624")], true), (&[("X", "id 4624.")], true)]);
    check("sel:\n  '|re': 'b[ao]r'", &[(&[("X", "xborx")], true), (&[("X", "ber")], false)]);
    check("sel:\n  '|startswith': fo", &[(&[("X", "foo")], true), (&[("X", "afo")], false)]);
    check("sel:\n  '|contains|cased': Fo", &[(&[("X", "aFo")], true), (&[("X", "afo")], false)]);
    check(
        "sel:\n  - foo\n  - A: bar",
        &[(&[("X", "foo")], true), (&[("A", "bar")], true), (&[("B", "bar")], false)],
    );
    refused("sel: [null, x]", "needs a field");
    refused("sel: {'|exists': true}", "needs a field");
    refused("sel: {'|gt': 5}", "needs a field");
}

#[test]
fn lists_of_maps() {
    check(
        "sel:\n  - A: x\n    B: y\n  - C: z",
        &[(&[("A", "x"), ("B", "y")], true), (&[("A", "x")], false), (&[("C", "z")], true)],
    );
    check("sel:\n  - [a, b]\n  - C: z", &[(&[("X", "b")], true), (&[("C", "z")], true)]);
}

#[test]
fn conditions() {
    let sels = "a: {A: x}\nb: {B: x}\nc: {C: x}\n_d: {D: x}\n";
    let a: &[Field<'_>] = &[("A", "x")];
    let ab: &[Field<'_>] = &[("A", "x"), ("B", "x")];
    let abc: &[Field<'_>] = &[("A", "x"), ("B", "x"), ("C", "x")];
    let d: &[Field<'_>] = &[("D", "x")];
    for (condition, on_a, on_ab, on_abc, on_d) in [
        ("a", true, true, true, false),
        ("a and b", false, true, true, false),
        ("a or b and c", true, true, true, false),
        ("(a or b) and c", false, false, true, false),
        ("a and not b", true, false, false, false),
        ("not a", false, false, false, true),
        ("not (a and b)", true, false, false, true),
        ("1 of them", true, true, true, false),
        ("any of them", true, true, true, false),
        ("all of them", false, false, true, false),
        ("2 of them", false, true, true, false),
        ("not 2 of them", true, false, false, true),
        ("1 of _*", false, false, false, true),
        ("a AND NOT c", true, true, false, false),
        ("1 of nothing*", false, false, false, false),
        ("a and not 1 of nothing*", true, true, true, false),
    ] {
        check(
            &format!("{sels}condition: {condition}"),
            &[(a, on_a), (ab, on_ab), (abc, on_abc), (d, on_d)],
        );
    }
    check(&format!("{sels}condition: [a and b, c]"), &[(a, false), (ab, true), (abc, true)]);
    check(&format!("{sels}timeframe: 5m\ncondition: a"), &[(a, true)]);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (detection, line, why) in [
        ("sel: {A: x}\ncondition: selection", 6, "unknown `selection`"),
        ("sel: {A: x}\ncondition: sel | count() > 5", 6, "correlation rule"),
        ("sel: {A: x}\ncondition: sel and", 6, "expected a search identifier"),
        ("sel: {A: x}\ncondition: {}", 6, "expected text"),
        ("sel: {A: x}\ncondition: []", 6, "empty list"),
        ("condition: sel", 4, "no search identifier"),
        ("sel:\n  A|foo: x", 6, "unknown modifier `foo`"),
        ("sel:\n  A: []", 6, "an empty list"),
        ("sel: []", 5, "an empty list"),
        ("sel: {}", 5, "an empty map"),
        ("sel:\n  A:\n    B: x", 6, "a map, expected a value"),
        ("sel:\n  A:\n  - x\n  - [y]", 8, "a list among values"),
        ("sel:\n  A: x\n  A: y", 7, "is there twice"),
        ("sel:\n  A|contains: null", 6, "null with a modifier"),
        ("sel:\n  A|exists: 5", 6, "expected true or false"),
    ] {
        let reason = one_rule(&rule_text(detection), &options()).expect_err(detection);
        assert!(reason.starts_with(&format!("{line}: ")), "{detection}\n{reason}");
        assert!(reason.contains(why), "{detection}\n{reason}");
    }
}

#[test]
fn fields_may_have_other_names() {
    let rule = one_rule(&rule_text("sel: {Image: x, Gone: null}"), &options()).unwrap();
    let (batch, vocabulary) = batch(&[
        &[("NewProcessName", "x")],
        &[("Image", "y"), ("NewProcessName", "x")],
        &[("Image", "y")],
    ]);
    let mapping = |name: &str| match name {
        "Image" => vec!["Image".to_owned(), "NewProcessName".to_owned()],
        other => vec![other.to_owned()],
    };
    let on = |row| reference::matches(&rule, &view(&batch, row, &vocabulary, &mapping));
    assert_eq!([on(0), on(1), on(2)], [true, true, false]);
}

#[test]
fn explanations_are_for_people_and_machines() {
    let rule = one_rule(
        &rule_text("sel:\n  Image|endswith: ['\\a.exe', '\\b.exe']\n  Level|gte: 5\nf: {U: null}\ncondition: sel and not f"),
        &options(),
    )
    .unwrap();
    let (batch, vocabulary) = batch(&[&[("Image", r"C:\b.exe"), ("Level", "#3"), ("U", "\"q\"")]]);
    let explained = reference::explain(&rule, &view(&batch, 0, &vocabulary, &same_name));
    let want = "\
✗ t
  ✗ condition: sel and not f
  ✗ sel
    ✓ Image any of   [event: `C:\\b.exe`]
      ✗ like `*\\a.exe`
      ✓ like `*\\b.exe`
    ✗ Level   [event: `3`]
      ✗ ≥ 5
  ✗ f
    ✗ U   [event: `\"q\"`]
      ✗ has no value
";
    assert_eq!(explained.to_string(), want);
    let mut json = String::new();
    explained.write_json(&mut json);
    assert!(json.starts_with(r#"{"part":"rule","held":false,"what":"t","line":1,"#), "{json}");
    assert!(json.contains(r#""values":["`\"q\"`"]"#), "{json}");
}

#[test]
fn a_rule_that_a_limit_on_look_around_cuts_short_is_named() {
    let found = |pattern: &str, value: &str| {
        let rule = one_rule(&rule_text(&format!("sel: {{v|re: '{pattern}'}}")), &options());
        let program = Arc::new(Program::new(vec![Arc::new(rule.unwrap())]));
        let (batch, vocabulary) = batch(&[&[("v", value)]]);
        let mut matches = Vec::new();
        Matcher::new(Arc::clone(&program)).run(&batch, &vocabulary, &mut matches);
        (matches.len(), program.cut_short())
    };
    let (none, named) = (Vec::new(), vec![0]);
    let y = "y".repeat(140_000);
    assert_eq!(found("(?=y)y+x", "yyyx"), (1, none.clone()));
    assert_eq!(found("(?=y)y+x", &y[..100]), (0, none.clone()));
    let medium = format!("{}x", &y[..20_000]);
    assert_eq!(found("(?=y)y+x", &medium), (1, none.clone()));
    // Too long; too many steps; an expression that needs no such limit.
    assert_eq!(found("(?=y)y+x", &y), (0, named.clone()));
    assert_eq!(found("^((?=y)y|(?=y)y)+x", &y[..100]), (0, named));
    assert_eq!(found("y+x", &format!("{y}x")), (1, none));
}
