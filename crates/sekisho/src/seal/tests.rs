//! What is sealed depends on what was read and on nothing else: with the same
//! key and the same nonces a case is the same bytes, however many threads made
//! it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sekisho_case::key::SigningKey;
use sekisho_case::log::Log;
use sekisho_case::record::{Body, Case, Nonce, Party, Record, Role, SealKind};
use sekisho_case::verify::{Trust, verify_case};
use serde_json::json;

use super::SealOptions;
use super::case::Nonces;
use crate::examine::{Options, Progress, examine};

const ORIGIN: &str = "owner/case/0123456789abcdef";
const FILES: usize = 40;

/// Kinds of logs; each line is made of the number of its file and its own.
const KINDS: [fn(usize, usize) -> String; 13] = [
    |file, n| windows(file, n, "Security", 4624 + n % 7),
    |file, n| windows(file, n, "Microsoft-Windows-Sysmon/Operational", 1 + n % 9),
    |file, n| windows(file, n, &format!("Channel-{}", n % 5), 100 + n % 11),
    |file, n| {
        json!({"ts": 1_767_607_200 + n, "uid": format!("C{file}x{n}"), "id.orig_h": "10.0.0.5",
            "id.orig_p": 1024 + n, "id.resp_h": format!("10.0.{file}.9"), "id.resp_p": 53,
            "proto": "udp", "query": format!("n{n}.example.org"), "qtype_name": "A"})
        .to_string()
    },
    |file, n| {
        format!(
            "<38>1 2026-01-05T10:{} host{file} sshd {n} - - Failed password for u{n} from 10.0.0.{} port 22 ssh2",
            clock(n),
            n % 250
        )
    },
    |file, n| {
        format!(
            "type=SYSCALL msg=audit({}.123:{n}): arch=c000003e syscall=59 success=yes exit=0 ppid={file} pid={n} uid=0 comm=\"sh\" exe=\"/bin/sh\"",
            1_767_607_200 + n
        )
    },
    |file, n| {
        format!(
            "CEF:0|Maker|Product{}|1.0|{}|A thing|5|rt=2026-01-05T10:{} src=10.0.0.{} dhost=h{file} msg=number {n}",
            n % 3,
            n % 4,
            clock(n),
            n % 250
        )
    },
    |file, n| {
        format!(
            "10.0.{file}.{} - - [05/Jan/2026:10:{} +0000] \"GET /p{n}?q={file} HTTP/1.1\" 200 {n} \"-\" \"curl/8\"",
            n % 250,
            clock(n)
        )
    },
    |file, n| match n {
        0 => "Time,Host,User,Action,Number".to_owned(),
        _ => format!("2026-01-05T10:{}Z,h{file},u{},\"a, b\",{n}", clock(n), n % 9),
    },
    |file, n| {
        json!({"eventVersion": "1.08", "eventTime": format!("2026-01-05T10:{}Z", clock(n)),
            "eventSource": "s3.amazonaws.com", "eventName": format!("Get{}", n % 4),
            "awsRegion": "eu-west-1", "sourceIPAddress": format!("10.0.{file}.1"),
            "userIdentity": {"type": "IAMUser", "userName": format!("u{n}")},
            "eventID": format!("{file}-{n}"), "recipientAccountId": "123456789012"})
        .to_string()
    },
    |file, n| {
        json!({"timestamp": format!("2026-01-05T10:{}.000000+0000", clock(n)), "event_type": "alert",
            "src_ip": "10.0.0.5", "dest_ip": format!("10.0.{file}.7"), "proto": "TCP",
            "alert": {"signature_id": n, "signature": format!("s{}", n % 5), "severity": 2}})
        .to_string()
    },
    |file, n| match n {
        0 => {
            "#Software: IIS\n#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status"
                .to_owned()
        }
        _ => format!("2026-01-05 10:{} 10.0.{file}.2 GET /x{n} 200", clock(n)),
    },
    |file, n| format!("2026-01-05 10:{} app{file} something happened, number {n}", clock(n)),
];

fn clock(n: usize) -> String {
    format!("{:02}:{:02}", n / 60 % 60, n % 60)
}

fn windows(file: usize, n: usize, channel: &str, id: usize) -> String {
    let mut event = json!({
        "EventTime": format!("2026-01-{:02}T10:{}.5Z", 5 + n % 4, clock(n)), "EventID": id,
        "Hostname": format!("WS{}", file % 6), "Channel": channel, "EventRecordID": n,
        "CommandLine": format!("cmd.exe /c whoami {n}"), "Image": "C:\\Windows\\cmd.exe",
    });
    event[format!("Only{}", n % 4)] = json!(n);
    event.to_string()
}

/// Forty logs of all kinds, some packed, one twice, one of several blocks.
fn write_logs(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for file in 0..FILES {
        let kind = KINDS[file % KINDS.len()];
        // Small and larger ones in turn: who is ready first is another each time.
        let lines = if file == 14 { 22_000 } else { 20 + file * 37 % 400 };
        let text: String = (0..lines).map(|n| kind(file, n) + "\n").collect();
        if file == 14 {
            assert!(text.len() > sekisho_event::limits::BLOCK_BYTES, "{} bytes", text.len());
        }
        let path = folder.join(format!("{file:02}.log"));
        if file % 8 == 3 {
            let packed = fs::File::create(path.with_extension("log.gz")).unwrap();
            let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap();
        } else {
            fs::write(path, text).unwrap();
        }
    }
    fs::copy(folder.join("05.log"), folder.join("again.log")).unwrap();
}

/// A case with its first entry, the same each time.
fn begin(folder: &Path, owner: &SigningKey) {
    let log = owner.verifying_key().with_name(ORIGIN).unwrap();
    let mut writer = Log::create(folder, &log).unwrap();
    let party = Party { name: "Owner".into(), role: Role::Owner, key: owner.verifying_key() };
    let case = Case {
        version: 1,
        origin: ORIGIN.into(),
        name: "a case".into(),
        parties: vec![party],
        policy: "quorum none\n".into(),
    };
    let record = Record::new(Nonce([1; 16]), Body::Case(case));
    writer.append(&record.to_bytes().unwrap()).unwrap();
    writer.publish(&owner.with_name(ORIGIN).unwrap()).unwrap();
}

fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn enter(root: &Path, folder: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                enter(root, &path, out);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                out.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    enter(root, root, &mut out);
    out
}

#[test]
fn a_case_is_the_same_bytes_with_any_number_of_threads() {
    let ground = tempfile::tempdir().unwrap();
    let logs = ground.path().join("logs");
    write_logs(&logs);
    let owner = SigningKey::from_seed("owner", [1; 32]).unwrap();
    for kind in [SealKind::Fields, SealKind::Whole] {
        let sealed = |threads: usize| {
            let out = ground.path().join(format!("{threads}-{kind:?}"));
            let case = out.join("case");
            begin(&case, &owner);
            let mut seal = SealOptions::new(case, owner.clone(), kind);
            seal.nonces = Nonces { counted: Some(1_000) };
            let options = Options {
                paths: vec![logs.clone()],
                out: out.clone(),
                threads,
                seal: Some(Arc::new(seal)),
                ..Options::default()
            };
            let stop = Arc::new(AtomicBool::new(false));
            examine(&options, &stop, &Progress::default()).unwrap();
            out
        };
        let one = sealed(1);
        let expected = files(&one);
        for part in ["case/checkpoint", "case/leaves/0001", "case/examinations/0001/verdicts.tsv"] {
            assert!(expected.contains_key(part), "{part}: {:?}", expected.keys());
        }
        assert!(expected.keys().any(|name| name.starts_with("case/store/0001/")));
        for threads in [2, 3] {
            let found = files(&sealed(threads));
            assert!(expected.keys().eq(found.keys()), "{:?}\n{:?}", expected.keys(), found.keys());
            for (name, bytes) in &expected {
                assert!(found[name] == *bytes, "{name} differs with {threads} threads, {kind:?}");
            }
        }
        as_many_kinds_as_meant(&one.join("case"), &owner);
    }
}

/// The test is worth something only if the logs are read as what they are.
fn as_many_kinds_as_meant(case: &Path, owner: &SigningKey) {
    let log = Log::open(case).unwrap();
    let (mut formats, mut channels, mut duplicates) = (BTreeSet::new(), BTreeSet::new(), 0);
    for entry in log.entries(0..log.size()) {
        match Record::parse(&entry.unwrap().1).unwrap().body {
            Body::Source(source) => {
                formats.extend(source.format);
                duplicates += u32::from(source.duplicate_of.is_some());
            }
            Body::Cell(cell) => drop(channels.insert((cell.product, cell.channel))),
            _ => {}
        }
    }
    assert!(formats.len() >= 7, "{formats:?}");
    assert!(channels.len() >= 12, "{channels:?}");
    assert_eq!(duplicates, 1);
    let trust = Trust { keys: vec![owner.verifying_key()], ..Trust::default() };
    assert!(verify_case(case, &trust, &mut |_| {}).unwrap().is_valid());
}
