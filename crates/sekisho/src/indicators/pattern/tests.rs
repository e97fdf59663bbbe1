//! The grammar, by tables of good and bad patterns.

use super::*;

#[test]
fn what_the_grammar_allows_is_read() {
    for pattern in [
        "[file:size = 1280]",
        "[file:size != 1280]",
        "[file:size <> 1280]",
        "[file:size < 1024]",
        "[file:size <= 1024]",
        "[file:size > 1024]",
        "[file:size >= 1024]",
        "[file:size = -5 OR file:size = .5 OR file:size = -0.25]",
        "[file:extensions.'ntfs-ext'.sid = '234']",
        "[file:extensions.windows-pebinary-ext.sections[*].entropy > 7.0]",
        "[file:extensions.'windows-pebinary-ext'.sections[0].name = 'a']",
        r"[email-addr:value MATCHES '.+\\@example\\.com$' OR file:name MATCHES '^Final Report.+\\.exe$']",
        "[ipv4-addr:value ISSUBSET '192.168.0.1/24']",
        "[ipv4-addr:value NOT ISSUBSET '192.168.0.1/24']",
        "[ipv4-addr:value ISSUPERSET '192.168.0.1/24']",
        "[user-account:user_id = 'a'] AND [user-account:user_id != 'b'] AND [user-account:user_id = 'c'] WITHIN 5 SECONDS",
        "[file:name LIKE 'name%']",
        "[file:name NOT LIKE 'name_']",
        "[file:name IN ('test.txt', 'test2.exe', 'README')]",
        "[file:size NOT IN (1024, 2048, 4096)]",
        "[file:size IN ()]",
        "[x_whatever:detected == t'2018-03-22T12:11:14.1Z']",
        "[x-usb-device:usbdrive.serial_number = '575833314133343231313937']",
        "[artifact:payload_bin = b'dGhpcyBpcyBhIHRlc3Q=']",
        "[artifact:payload_bin = b'dGhp\ncyBp']",
        "[file:magic_number_hex = h'ffd8']",
        "[file:magic_number_hex = h'']",
        "[foo:bar=1] REPEATS 9 TIMES",
        "[foo:bar=true AND foo:baz=false]",
        "( [(network-traffic:dst_port IN(443,6443,8443) AND network-traffic:src_packets != 0) ])",
        r"([windows-registry-key:key = 'hkey_local_machine\\foo\\bar']) WITHIN 5 SECONDS",
        r"([windows-registry-key:key = 'hkey_local_machine\\foo\\bar'] WITHIN 5 SECONDS) WITHIN 6.5 SECONDS",
        "([a:b = 1] REPEATS 2 TIMES) REPEATS 2 TIMES",
        "[a:b = 1] START t'2016-06-01T01:30:00.123Z' STOP t'2016-06-01T02:20:00.123Z' OR [a:b = 2]",
        "[domain-name:value = 'e.com'] REPEATS 5 TIMES WITHIN 1800 SECONDS",
        "([a:b = 1] FOLLOWEDBY [a:b = 2]) WITHIN 300 SECONDS",
        "[process:command_line MATCHES'^.+>-add x$'] FOLLOWEDBY [process:command_line MATCHES'y']",
        "[EXISTS windows-registry-key:values]",
        "[NOT EXISTS windows-registry-key:values]",
        "[a:b = 1 /* why */ AND a:c = 2 // so\n]",
        "[a:'a key' = 1]",
        r"[a:b = 'it\'s \\ here']",
        "\u{a0}[a:b\u{2003}=\t1]\r\n",
    ] {
        assert!(parse(pattern).is_ok(), "{pattern}: {:?}", parse(pattern));
    }
}

#[test]
fn what_it_does_not_allow_is_refused_with_the_place() {
    for (pattern, says) in [
        ("", "the pattern ends at 0, where `[` or `(` was expected"),
        ("file:size = 1280", "`file` at 0, where `[` or `(`"),
        ("[]", "`]` at 1, where an object path"),
        ("[file:size = ]", "`]` at 13, where a constant"),
        ("[file:hashes.MD5 = cead3f77f6cda6ec]", "`cead3f77f6cda6ec` at 19"),
        ("[file.size = 1280]", "`.` at 5, where `:`"),
        ("[file:name MATCHES /.*/]", "'/' at 19 is no part of a pattern"),
        ("[a:b = 1] WITHIN ]", "where a number of seconds"),
        ("[a:b = 1] WITHIN 5 HOURS", "`HOURS` at 19, where SECONDS"),
        ("[a:b = 1] WITHIN -5 SECONDS", "above 0"),
        ("[a:b = 1] WITHIN 0 SECONDS", "above 0"),
        ("[a:b = 1] REPEATS 0 TIMES", "1 to"),
        ("[a:b = 1] REPEATS 2.5 TIMES", "how often"),
        ("[a:b = 1] REPEATS 99999999 TIMES", "1 to"),
        ("[a:b ISSUBSET ]", "where a text"),
        ("[a:b ISSUBSET 5]", "where a text"),
        ("[a:b =? 'c']", "'?'"),
        ("[a:b = t'2457-73-22T32:81:84.1Z']", "is not a time"),
        ("[a:b = t'2014-01-13 07:03:17Z']", "is not a time"),
        ("[a:b = b'====']", "is not base64"),
        ("[a:b = b'abc']", "is not base64"),
        ("[a:b = h'abc']", "hexadecimal"),
        ("[a:b = h'zz']", "hexadecimal"),
        ("[a:b = 1] within 2 seconds", "`within` at 10"),
        ("[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS", "twice"),
        ("[a:b = 1] REPEATS 2 TIMES REPEATS 3 TIMES", "twice"),
        (
            "[a:b = 1] START t'2016-06-01T02:30:00Z' STOP t'2016-06-01T02:20:00Z'",
            "STOP is not after START",
        ),
        ("[a:b = 1] START '2016-06-01T02:30:00Z' STOP '2016-06-01T02:20:00Z'", "a time t'"),
        ("[a:b = 'x", "does not end"),
        (r"[a:b = 'x\.y']", "write it twice"),
        (r"[a:b = 'x\", "write it twice"),
        ("[a:b = 1", "the pattern ends at 8, where `]`"),
        ("[a:b = 1]]", "where the end of the pattern"),
        ("[a:b = 1] [a:b = 2]", "where the end of the pattern"),
        ("([a:b = 1]", "where `)`"),
        ("[a:b = 007]", "the number at 7"),
        ("[a:b = 5x]", "the number at 7"),
        ("[a:b = 99999999999999999999]", "the number at 7"),
        ("[a:b < true]", "no order"),
        ("[a:b LIKE 5]", "where a text"),
        ("[a: = 5]", "where the name of a property"),
        ("[a:b[x] = 5]", "where a number or `*`"),
        ("[NOT a:b = 5]", "NOT stands before the operator"),
        ("[a:b IN (1,)]", "where a constant"),
        ("[a:b IN 1]", "where `(`"),
        ("[a:b = 1 FOLLOWEDBY a:b = 2]", "`FOLLOWEDBY`"),
        ("[a:b = 1 AND]", "where an object path"),
        ("[a:b = 1 /* x]", "a comment"),
    ] {
        let found = parse(pattern).expect_err(pattern);
        assert!(found.contains(says), "{pattern}: {found}");
    }
}

fn shown(expression: &Expression) -> String {
    let list = |parts: &[Expression], join: &str| {
        format!("({})", parts.iter().map(shown).collect::<Vec<_>>().join(join))
    };
    match expression {
        Expression::Observation(condition) => format!("[{}]", shown_condition(condition)),
        Expression::All(parts) => list(parts, " & "),
        Expression::Any(parts) => list(parts, " | "),
        Expression::Sequence(parts) => list(parts, " > "),
        Expression::Qualified(inner, qualifier) => format!("{}{qualifier:?}", shown(inner)),
    }
}

fn shown_condition(condition: &Condition) -> String {
    let list = |parts: &[Condition], join: &str| {
        format!("({})", parts.iter().map(shown_condition).collect::<Vec<_>>().join(join))
    };
    match condition {
        Condition::Test(c) => {
            let not = if c.negated { "!" } else { "" };
            format!("{not}{} {} {:?}", c.path, c.operator.name(), c.literals)
        }
        Condition::All(parts) => list(parts, " & "),
        Condition::Any(parts) => list(parts, " | "),
    }
}

#[test]
fn precedence_is_that_of_the_specification() {
    for (pattern, want) in [
        (
            "[a:b = 1 AND a:c = 2 OR a:d = 3]",
            "[((a:b = [Integer(1)] & a:c = [Integer(2)]) | a:d = [Integer(3)])]",
        ),
        (
            "[a:b = 1 AND (a:c = 2 OR a:d != 3)]",
            "[(a:b = [Integer(1)] & (a:c = [Integer(2)] | !a:d = [Integer(3)]))]",
        ),
        (
            "[a:b = 1] FOLLOWEDBY [a:c = 2] OR [a:d = 3] AND [a:e = 4]",
            "([a:b = [Integer(1)]] > ([a:c = [Integer(2)]] | ([a:d = [Integer(3)]] & [a:e = [Integer(4)]])))",
        ),
        (
            "[a:b = 1] FOLLOWEDBY [a:c = 2] REPEATS 5 TIMES",
            "([a:b = [Integer(1)]] > [a:c = [Integer(2)]]Repeats(5))",
        ),
        (
            "([a:b = 1] AND [a:c = 2]) REPEATS 5 TIMES WITHIN 0.5 SECONDS",
            "([a:b = [Integer(1)]] & [a:c = [Integer(2)]])Repeats(5)Within(500000000)",
        ),
        (
            r"[a:'b c'.d[*].e[2] = 'x\'\\y' OR a:b = h'ffc3' OR a:b = b'ABI=']",
            "[(a:b c.d[*].e[2] = [Text(\"x'\\\\y\")] | a:b = [Hex([255, 195])] | a:b = [Binary([0, 18])])]",
        ),
        ("[a:b = t'1970-01-01T00:00:01.5Z']", "[a:b = [Time(1500000000)]]"),
    ] {
        assert_eq!(shown(&parse(pattern).unwrap()), want, "{pattern}");
    }
}

#[test]
fn bombs_are_refused_quickly() {
    use crate::indicators::limits;
    let deep = limits::PATTERN_DEPTH_MAX;
    let at = |n: usize| format!("{}[a:b = 1]{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&at(deep)).is_ok());
    assert!(parse(&at(deep + 1)).unwrap_err().contains("parentheses"));
    let inside = |n: usize| format!("[{}a:b = 1{}]", "(".repeat(n), ")".repeat(n));
    assert!(parse(&inside(deep)).is_ok());
    assert!(parse(&inside(deep + 1)).unwrap_err().contains("parentheses"));
    let many = |n: usize| format!("[{}]", vec!["a:b = 1"; n].join(" OR "));
    assert!(parse(&many(limits::COMPARISONS_MAX)).is_ok());
    assert!(parse(&many(limits::COMPARISONS_MAX + 1)).unwrap_err().contains("comparisons"));
    let set = |n: usize| format!("[a:b IN ({})]", vec!["1"; n].join(","));
    assert!(parse(&set(limits::SET_VALUES_MAX)).is_ok());
    assert!(parse(&set(limits::SET_VALUES_MAX + 1)).unwrap_err().contains("values"));
    let observations = |n: usize| vec!["[a:b = 1]"; n].join(" AND ");
    assert!(parse(&observations(limits::OBSERVATIONS_MAX)).is_ok());
    assert!(parse(&observations(limits::OBSERVATIONS_MAX + 1)).is_err());
    assert!(parse(&" ".repeat(limits::PATTERN_BYTES_MAX + 1)).unwrap_err().contains("longer"));
}
