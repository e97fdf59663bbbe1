//! Random patterns over random events: the compiled matcher finds what the
//! plain one does.

use proptest::prelude::*;

use super::*;

/// Columns that carry several properties and objects, with values that touch.
const COLUMNS: [&str; 16] = [
    "Image",
    "ParentImage",
    "CommandLine",
    "TargetFilename",
    "Hashes",
    "SourceIp",
    "DestinationIp",
    "DestinationPort",
    "QueryName",
    "QueryResults",
    "TargetObject",
    "host",
    "uri",
    "User",
    "ImagePath",
    "url",
];

const VALUES: [&str; 39] = [
    r"C:\a.exe",
    r"c:\A.EXE",
    r"C:\x\b.exe",
    "a.exe",
    "b.exe",
    "/tmp/a.exe",
    "192.0.2.1",
    "192.0.2.2",
    "::ffff:192.0.2.1",
    "2001:db8::1",
    "example.com",
    "EXAMPLE.com.",
    "a.example.com:80",
    "a.example.com;192.0.2.1;",
    "fe80::1%12;192.0.2.2;",
    "/x",
    "/x?a.exe",
    "http://example.com/x",
    "443",
    "0x1bb",
    "80",
    r"HKLM\Software\a\b",
    r"HKU\S-1-5-21-1-2-3\Software\a",
    "MD5=d41d8cd98f00b204e9800998ecf8427e,SHA1=x",
    "d41d8cd98f00b204e9800998ecf8427e",
    r"CORP\eve",
    "",
    r"C:\x\a.exe -k b.exe",
    r#""C:\a.exe" /b.exe"#,
    r"\??\C:\a.exe",
    r"\SystemRoot\a.exe",
    r"C:\x y\a",
    r"HKLM\System\ControlSet001\a\b",
    r"HKU\S-1-12-1-1_Classes\a\b",
    r"HKLM\Software\a\C:\x\b",
    "http://EXAMPLE.com:80/x/../x#y",
    "http://münchen.example/x",
    "xn--mnchen-3ya.example",
    "MÜNCHEN.example",
];

const COMPARISONS: [&str; 60] = [
    "file:name = 'a.exe'",
    "file:name != 'a.exe'",
    "file:name LIKE '%a%'",
    "file:name LIKE 'a.ex_'",
    "file:name NOT LIKE 'c:%'",
    "file:name MATCHES 'a\\\\.exe$'",
    "file:name IN ('a.exe', 'b.exe')",
    "file:name NOT IN ('a.exe')",
    "file:name >= 'b'",
    "file:parent_directory_ref.path = 'C:'",
    "file:parent_directory_ref.path = '/tmp/'",
    "file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e'",
    "process:name = 'b.exe'",
    "process:name = 'A.exe'",
    "process:command_line = 'a.exe'",
    "process:command_line LIKE '%exe'",
    "process:parent_ref.name = 'a.exe'",
    "process:creator_user_ref.account_login = 'eve'",
    "ipv4-addr:value = '192.0.2.1'",
    "ipv4-addr:value != '192.0.2.1'",
    "ipv4-addr:value ISSUBSET '192.0.2.0/31'",
    "ipv4-addr:value NOT ISSUBSET '192.0.2.0/31'",
    "ipv4-addr:value ISSUPERSET '192.0.2.2'",
    "ipv6-addr:value = '2001:db8::/32'",
    "network-traffic:src_ref.value = '192.0.2.1'",
    "network-traffic:dst_ref.value = 'example.com'",
    "network-traffic:dst_ref.type = 'ipv4-addr'",
    "network-traffic:dst_port = 443",
    "network-traffic:dst_port != 443",
    "network-traffic:dst_port < 443",
    "network-traffic:dst_port > 79.5",
    "domain-name:value = 'example.com'",
    "domain-name:value LIKE '%.example.com'",
    "domain-name:value NOT LIKE '%.example.com'",
    "domain-name:resolves_to_refs[*].value = '192.0.2.1'",
    "url:value = 'http://example.com/x'",
    "url:value LIKE '%example.com/x%'",
    "url:value != 'http://example.com/x'",
    "windows-registry-key:key = 'HKLM\\\\software\\\\a'",
    "windows-registry-key:key LIKE 'HKCU\\\\%'",
    "windows-registry-key:key != 'HKLM\\\\software\\\\a'",
    "windows-registry-key:values[*].name = 'b'",
    "EXISTS url:value",
    "user-account:account_login = 'eve'",
    "file:name = 'c:\\\\windows\\\\a.exe'",
    "file:name LIKE '% /b.exe'",
    "file:parent_directory_ref.path = 'C:\\\\x'",
    "file:parent_directory_ref.path LIKE 'c:%'",
    "directory:path = 'C:\\\\x'",
    "url:value LIKE 'HTTP://EXAMPLE.com:80/%'",
    "url:value NOT LIKE 'HTTP://EXAMPLE.com/%'",
    "url:value = 'http://münchen.example/x'",
    "domain-name:value = 'München.example'",
    "domain-name:value LIKE '%.münchen.example'",
    "domain-name:value != 'xn--mnchen-3ya.example'",
    "windows-registry-key:key LIKE 'HKLM\\\\System\\\\ControlSet___\\\\%'",
    "windows-registry-key:key = 'HKCR\\\\a'",
    "windows-registry-key:key != 'HKCR\\\\a'",
    "windows-registry-key:key MATCHES '^hkey_classes_root'",
    "windows-registry-key:values[*].name = 'C:\\\\x\\\\b'",
];

const PLACES: [&str; 7] = [
    "",
    "windows|Microsoft-Windows-Sysmon/Operational|1",
    "windows|Microsoft-Windows-Sysmon/Operational|22",
    "windows|Microsoft-Windows-Sysmon/Operational|13",
    "zeek|http",
    "proxy|squid",
    "windows|System|7045",
];

fn condition() -> impl Strategy<Value = String> {
    let leaf = (0..COMPARISONS.len()).prop_map(|n| COMPARISONS[n].to_owned());
    leaf.prop_recursive(3, 8, 3, |inner| {
        let list = || proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            list().prop_map(|parts| format!("({})", parts.join(" AND "))),
            list().prop_map(|parts| format!("({})", parts.join(" OR "))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_compiled_matcher_finds_what_the_plain_one_does(
        conditions in proptest::collection::vec(condition(), 1..6),
        pairs in proptest::collection::vec(any::<bool>(), 6),
        events in proptest::collection::vec(
            proptest::collection::vec((0..COLUMNS.len(), 0..VALUES.len()), 0..6),
            1..6,
        ),
        place in 0..PLACES.len(),
    ) {
        let patterns: Vec<String> = conditions
            .iter()
            .zip(&pairs)
            .map(|(c, &pair)| if pair { format!("[{c}] OR [{}]", COMPARISONS[0]) } else { format!("[{c}]") })
            .collect();
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let events: Vec<Vec<(&str, &str)>> = events
            .iter()
            .map(|cells| cells.iter().map(|&(c, v)| (COLUMNS[c], VALUES[v])).collect())
            .collect();
        let rows: Vec<Fields<'_>> = events.iter().map(|e| &e[..]).collect();
        let mut vocabulary = Vocabulary::default();
        let batch = batch(&shape(PLACES[place]), &rows, &mut vocabulary);
        run(&indicators(&patterns), &batch, &vocabulary);
    }
}

#[test]
fn a_matcher_remembers_and_forgets() {
    let indicators = indicators(&["[process:name = 'a.exe']", "[url:value = 'http://h/x']"]);
    let (program, _) = IndicatorProgram::new(&indicators);
    let mut matcher = IndicatorMatcher::new(Arc::new(program));
    let mut vocabulary = Vocabulary::default();
    for round in 0..4 {
        let name = format!(r"C:\{round}\a.exe");
        let host = if round == 2 { "h" } else { "i" };
        let other =
            batch(&shape("x"), &[&[("Image", &name)], &[("Image", "b.exe")]], &mut vocabulary);
        let http = batch(&shape("zeek|http"), &[&[("host", host), ("uri", "/x")]], &mut vocabulary);
        let (mut out, mut web) = (Vec::new(), Vec::new());
        matcher.run(&other, &vocabulary, &mut out);
        matcher.run(&http, &vocabulary, &mut web);
        assert_eq!(out.iter().map(|m| (m.row, m.indicator)).collect::<Vec<_>>(), [(0, 0)]);
        assert_eq!(web.len(), usize::from(round == 2));
        check_against_reference(&indicators, &http, &vocabulary, &web);
    }
}
