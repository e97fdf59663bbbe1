//! Tests of messages; most are in `cases.txt`.

use super::tables::{IDS, LANGUAGES, Tables};
use super::*;

const CASES: &str = include_str!("cases.txt");

const SECURITY: &str = "Microsoft-Windows-Security-Auditing";

/// The fields that a message gives, and how much of it is not known.
fn read(provider: &str, id: u32, message: &str) -> (Vec<(String, String)>, usize) {
    let mut found = Vec::new();
    let unknown = fields(provider, id, message, &mut Memory::default(), &mut |name, value| {
        found.push((name.to_owned(), value.to_owned()));
    });
    (found, unknown)
}

/// A message from the lines of a case.
fn message(text: &str) -> String {
    let lines: Vec<_> = text
        .trim_matches('\n')
        .lines()
        .map(|line| line.strip_prefix('.').map_or(line.to_owned(), |rest| format!("\t{rest}")))
        .collect();
    let text = lines.join("\r\n").replace("::", ":\t\t").replace('§', "::");
    text.replace('→', "\t").replace('~', "\u{a0}")
}

#[test]
fn messages_give_their_fields() {
    let mut languages = 0;
    for case in CASES.split("\n== ").skip(1) {
        let mut parts = case.split("\n-- ");
        let mut rows = parts.next().unwrap().lines();
        let (id, provider) = rows.next().unwrap().split_once(' ').unwrap();
        let expected: Vec<_> = rows
            .map(|row| row.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.replace('¶', "\r\n").replace('→', "\t")))
            .collect();
        for part in parts {
            let (language, text) = part.split_once('\n').unwrap();
            let found = read(provider, id.parse().unwrap(), &message(text));
            assert_eq!(found, (expected.clone(), 0), "{id} {language}");
            languages += 1;
        }
    }
    assert!(languages > 40, "{languages}");
}

#[test]
fn every_line_of_the_tables_is_read() {
    let tables = Tables::of(IDS, LANGUAGES.iter().map(|&(_, text)| text));
    assert_eq!(tables.bad, Vec::<String>::new());
    // A key of a language that the table does not use is a slip of the pen.
    for (language, text) in LANGUAGES {
        for line in text.lines().filter(|l| l.starts_with("label\t")) {
            let key = line.split('\t').nth(1).unwrap();
            assert!(IDS.contains(&format!("\t{key}\t")), "{language}: {key}");
        }
    }
    for line in IDS.lines().filter(|l| l.starts_with("*\t") && !l.contains("\t=")) {
        let key = line.split('\t').nth(1).unwrap();
        assert!(LANGUAGES[0].1.contains(&format!("label\t{key}\t")), "en: {key}");
    }
}

#[test]
fn sysmon_is_the_same_in_every_language() {
    let text = "Process Create:\r\nRuleName: -\r\nUtcTime: 2026-01-02 03:04:05.678\r\n\
        ProcessGuid: {5770385f-c22a-43e0-bf4c-06f5698ffbd9}\r\nProcessId: 42\r\n\
        Image: C:\\Windows\\System32\\cmd.exe\r\nCommandLine: cmd /c \"a\r\n\r\nb: c\"\r\n\
        User: CORP\\anna\r\nHashes: SHA256=0A,IMPHASH=0B\r\nParentCommandLine: \r\n\
        ParentUser: CORP\\anna";
    let (found, unknown) = read("Microsoft-Windows-Sysmon", 1, text);
    let names: Vec<_> = found.iter().map(|(n, v)| format!("{n}={v}")).collect();
    assert_eq!(unknown, 0);
    assert_eq!(
        names,
        [
            "RuleName=-",
            "UtcTime=2026-01-02 03:04:05.678",
            "ProcessGuid={5770385f-c22a-43e0-bf4c-06f5698ffbd9}",
            "ProcessId=42",
            "Image=C:\\Windows\\System32\\cmd.exe",
            "CommandLine=cmd /c \"a\r\n\r\nb: c\"",
            "User=CORP\\anna",
            "Hashes=SHA256=0A,IMPHASH=0B",
            "ParentCommandLine=",
            "ParentUser=CORP\\anna",
        ]
    );
    let access = "Process accessed:\nSourceProcessGUID: {1}\nTargetImage: C:\\lsass.exe";
    let (found, _) = read("Sysmon", 10, access);
    assert_eq!(found[0], ("SourceProcessGUID".to_owned(), "{1}".to_owned()));
}

#[test]
fn scripts() {
    let id = "0e3b5f6c-1d3a-4b64-8f0c-aaaaaaaaaaaa";
    let script = "Write-Host 'Path: no label'\r\nScriptBlock ID: 1\r\n\r\n$x";
    for (title, id_label, path_label) in [
        ("Creating Scriptblock text (1 of 2):", "ScriptBlock ID: ", "Path: "),
        ("Scriptblocktext (1 von 2) wird erstellt:", "ScriptBlock-ID: ", "Pfad: "),
        ("Création du texte Scriptblock (1 sur 2) :", "ID de ScriptBlock : ", "Chemin : "),
        ("Scriptblock テキストを作成しています (2 個中 1 個目):", "ScriptBlock ID: ", "パス: "),
    ] {
        let text = format!("{title}\r\n{script}\r\n\r\n{id_label}{id}\r\n{path_label}C:\\a.ps1");
        let (mut found, unknown) = read("Microsoft-Windows-PowerShell", 4104, &text);
        found.sort();
        let expected = [
            ("MessageNumber", "1"),
            ("MessageTotal", "2"),
            ("Path", "C:\\a.ps1"),
            ("ScriptBlockId", id),
            ("ScriptBlockText", script),
        ];
        let expected = expected.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        assert_eq!((found, unknown), (expected, 0), "{title}");
    }
    let (found, unknown) = read("PowerShell", 4104, "no title\r\nand no end");
    assert_eq!((found[0].1.as_str(), unknown), ("no title\r\nand no end", 2));
    let module = "CommandInvocation(Get-Item): \"Get-Item\"\r\nContext:\r\n\r\nKontext:\r\n        \
        Host Application = powershell.exe -enc AA\r\n\r\n\r\nBenutzerdaten:\r\n\r\n";
    let (found, unknown) = read("Microsoft-Windows-PowerShell", 4103, module);
    assert_eq!(unknown, 0);
    assert_eq!(found[0].1, "CommandInvocation(Get-Item): \"Get-Item\"\r\nContext:");
    assert_eq!(found[1].1, "Host Application = powershell.exe -enc AA");
    assert_eq!(found[2], ("UserData".to_owned(), String::new()));
    let classic = "Engine state is changed.\n\nDetails: \n\tHostApplication=powershell -c x";
    let found = read("PowerShell", 400, classic);
    assert_eq!(found, (vec![("Data".to_owned(), classic.to_owned())], 0));
}

#[test]
fn what_is_not_known_stays_text() {
    // Labels below a heading that is not known are not those of the heading before.
    let text = message(
        "x\n\nSubject:\n.Account Name::anna\n\nNeznámý:\n.Account Name::eve\n\
         .Neznámé slovo::1\n.Logon Type::3\n\nProse goes on: in a sentence.",
    );
    let (found, unknown) = read(SECURITY, 4624, &text);
    let found: Vec<_> = found.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(found, [("SubjectUserName", "anna"), ("LogonType", "3")]);
    assert_eq!(unknown, 3);
    assert_eq!(read("Some-Provider", 1, &text), (vec![], 1));
    assert_eq!(read("Service Control Manager", 7036, "Usługa X weszła w stan.").1, 1);
}

/// Pieces of messages, and what may break them.
const PIECES: &[&str] = &[
    "Subject:",
    "\n",
    "\r\n",
    "\t",
    ":",
    "：",
    "::",
    "Account Name:",
    "Privileges:",
    "</Task>",
    "Task Content:",
    "ScriptBlock ID: 0e3b5f6c-1d3a-4b64-8f0c-aaaaaaaaaaaa",
    "\"",
    "\\",
    "{",
    "サブジェクト:",
    "コンテキスト:",
    "\u{a0}",
    "ー",
    "İ",
    "Context:",
    "x",
    "",
    " ",
    "Accesses:",
    "The {param1} service entered the ",
    " state.",
    "CommandLine: ",
    "User: ",
    "%%1",
    "\0",
];

#[test]
fn no_text_panics_and_long_ones_take_no_longer() {
    let mut memory = Memory::default();
    let mut seed: u64 = 11;
    let mut dice = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let events = [
        (SECURITY, 4624),
        (SECURITY, 4698),
        (SECURITY, 4672),
        (SECURITY, 1),
        ("Sysmon", 1),
        ("PowerShell", 4104),
        ("PowerShell", 4103),
        ("PowerShell", 400),
        ("Eventlog", 104),
        ("Service Control Manager", 7036),
        ("TaskScheduler", 200),
        ("Application Error", 1000),
    ];
    for round in 0..4_000 {
        let text: String = (0..dice(40)).map(|_| PIECES[dice(PIECES.len())]).collect();
        let (provider, id) = events[round % events.len()];
        let fresh = read(provider, id, &text);
        for (_, value) in &fresh.0 {
            assert_eq!(value, value.trim_end_matches(['\r', '\n']), "{text:?}");
        }
        // What was read before changes nothing.
        let mut found = Vec::new();
        let unknown = fields(provider, id, &text, &mut memory, &mut |name, value| {
            found.push((name.to_owned(), value.to_owned()));
        });
        assert_eq!((found, unknown), fresh, "{text:?}");
        lines_are_taken_apart_as_they_should_be(&text);
    }
    for piece in PIECES {
        let text = format!("{piece}\n").repeat(40_000);
        for (provider, id) in events {
            read(provider, id, &text);
        }
    }
}

/// Compares with the plain ways to do it.
fn lines_are_taken_apart_as_they_should_be(text: &str) {
    let mut at = 0;
    let plain_lines = text.split_inclusive('\n').map(|line| {
        at += line.len();
        (at - line.len(), line.trim_end_matches(['\r', '\n']))
    });
    assert!(lines(text).eq(plain_lines), "{text:?}");
    let joined = text.replace(['\n', '\r'], "");
    for line in lines(text).map(|(_, line)| line).chain([joined.as_str(), text]) {
        let plain = line
            .char_indices()
            .take_while(|&(at, _)| at < LABEL_BYTES_MAX)
            .find(|&(_, c)| c == ':' || c == '：');
        assert_eq!(colon(line), plain.map(|(at, c)| (at, c.len_utf8())), "{line:?}");
        assert_eq!((trim(line), trim_start(line)), (line.trim(), line.trim_start()), "{line:?}");
    }
}

/// Recorded events that carry their message beside their fields.
#[test]
fn recorded_messages_give_the_fields_of_their_events() {
    let beside = std::path::PathBuf::from("../../../shared/data");
    let data = std::env::var_os("SEKISHO_TEST_DATA").map_or(beside, Into::into);
    let mut events = 0;
    for case in ["psexec-3host", "smb-copy-3host"] {
        let Ok(files) = std::fs::read_dir(data.join("cases").join(case).join("logs")) else {
            println!("skipped: no test data");
            return;
        };
        for file in files {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for line in text.lines() {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                events += usize::from(as_recorded(&event));
            }
        }
    }
    assert!(events > 500, "{events}");
}

/// Whether an event has fields in its message; if so, wants those it has.
fn as_recorded(event: &serde_json::Value) -> bool {
    let text = |name: &str| event.get(name).and_then(serde_json::Value::as_str);
    let (Some(provider), Some(message)) = (text("SourceName"), text("Message")) else {
        return false;
    };
    let id = event["EventID"].as_u64().and_then(|id| u32::try_from(id).ok()).unwrap();
    // The record's own fields of these names are others', or it has none.
    if !provider.contains("Security-Auditing") && id != 7045 && id != 4104 && id != 129 {
        return false;
    }
    let (found, unknown) = read(provider, id, message);
    for (name, value) in &found {
        // The recorder took this name for the account that wrote the record.
        if id == 7045 && name == "AccountName" {
            continue;
        }
        // It also writes some names in another case.
        let mut fields = event.as_object().unwrap().iter();
        let field = fields.find(|(n, _)| n.eq_ignore_ascii_case(name));
        let recorded = field.and_then(|(_, value)| value.as_str());
        let same = recorded.is_some_and(|recorded| match recorded.contains("%%") {
            true => !value.starts_with("%%") || recorded.contains(value),
            false => recorded.trim().eq_ignore_ascii_case(value),
        });
        assert!(
            same || recorded.is_none() && value.is_empty(),
            "{id} {name} {value:?} {recorded:?}"
        );
    }
    // A line of numbers, and a filter that has no field.
    assert!(unknown <= usize::from(id == 4627), "{id} {unknown} {message}");
    !found.is_empty()
}
