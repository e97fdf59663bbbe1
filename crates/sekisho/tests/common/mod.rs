//! What the tests of the binary share: a ground of its own for each test, logs
//! with a detection that is known, and a look at what a run left behind.
#![allow(dead_code, reason = "not every test file uses all of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Most memory that the program may ever take, in KiB.
pub(crate) const PEAK_KIB_MAX: u64 = 300 << 10;

/// The built-in rule that every good record here fires.
pub(crate) const GOOD_RULE: &str = "7533049e-9409-4dad-a970-4dfa12490874";

/// The public test data, or `None` after having said so.
pub(crate) fn data(part: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("SEKISHO_TEST_DATA").map_or_else(beside, PathBuf::from);
    let path = root.join(part).canonicalize().ok();
    if path.is_none() {
        eprintln!("skipped: no test data");
    }
    path
}

/// Whether slow tests are asked for; says so if not.
pub(crate) fn slow() -> bool {
    let asked = std::env::var_os("SEKISHO_SLOW_TESTS").is_some();
    if !asked {
        eprintln!("skipped: slow");
    }
    asked
}

/// The program, with nothing of the caller's surroundings that could change
/// what it prints.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.env_remove("COLUMNS").env("NO_COLOR", "1").stdin(Stdio::null());
    command.env("SEKISHO_HOME", home()).env_remove("SEKISHO_PASSPHRASE");
    command
}

/// Where the program keeps its keys: a folder of this test's own.
pub(crate) fn home() -> &'static Path {
    static HOME: std::sync::LazyLock<TempDir> =
        std::sync::LazyLock::new(|| tempfile::tempdir().unwrap());
    HOME.path()
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) peak_kib: u64,
    pub(crate) took: Duration,
}

/// Runs a command to its end and watches its memory.
pub(crate) fn watch(command: &mut Command) -> Ran {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = drain(child.stdout.take().unwrap());
    let err = drain(child.stderr.take().unwrap());
    let mut peak_kib = 0;
    let status = loop {
        peak_kib = peak(&child).max(peak_kib);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let (stdout, stderr) = (out.join().unwrap(), err.join().unwrap());
    Ran { code: status.code(), stdout, stderr, peak_kib, took: start.elapsed() }
}

fn drain(mut from: impl std::io::Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The most memory a child has taken so far, in KiB; 0 where that is not told.
fn peak(child: &Child) -> u64 {
    let mut text = String::new();
    let status = fs::File::open(format!("/proc/{}/status", child.id()));
    let _ = status.and_then(|mut file| file.read_to_string(&mut text));
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Runs the program with these arguments.
pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Ran {
    watch(program().args(args))
}

/// A folder for one test, with logs, rules and results in it.
pub(crate) struct Ground {
    folder: TempDir,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["logs", "rules"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        Self { folder }
    }

    pub(crate) fn path(&self, part: &str) -> PathBuf {
        self.folder.path().join(part)
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.path("logs")
    }

    /// Writes a log; `name` may have folders in it.
    pub(crate) fn log(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        write(&self.logs().join(name), bytes.as_ref())
    }

    pub(crate) fn rule(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        write(&self.path("rules").join(name), text.as_ref())
    }

    /// Examines the logs with further arguments.
    pub(crate) fn examine(&self, args: &[&str]) -> Examined {
        self.examine_paths(&[self.logs()], args)
    }

    /// Examines these paths.
    pub(crate) fn examine_paths(&self, paths: &[PathBuf], args: &[&str]) -> Examined {
        let out = self.path("out");
        let _ = fs::remove_dir_all(&out);
        let ran = watch(program().arg("examine").args(paths).arg("--out").arg(&out).args(args));
        Examined { ran, out }
    }

    /// Examines the logs with the rules of this ground.
    pub(crate) fn examine_with_rules(&self, args: &[&str]) -> Examined {
        let rules = self.path("rules");
        let mut all = vec!["--rules", rules.to_str().unwrap()];
        all.extend_from_slice(args);
        self.examine(&all)
    }
}

fn write(path: &Path, bytes: &[u8]) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    path.to_owned()
}

/// A run of `examine` and what it left behind.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) ran: Ran,
    pub(crate) out: PathBuf,
}

impl Examined {
    /// Asserts that it ran to its end.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.ran.code, Some(0), "{}\n{}", self.ran.stdout, self.ran.stderr);
        assert_eq!(self.run_json()["complete"], true);
        self
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}: {:?}", self.ran))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    pub(crate) fn run_json(&self) -> Value {
        serde_json::from_slice(&self.bytes("run.json")).unwrap()
    }

    pub(crate) fn detections(&self) -> Vec<Value> {
        let text = self.text("detections.jsonl");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Ids of the rules that fired, with repetitions, in order.
    pub(crate) fn rule_ids(&self) -> Vec<String> {
        let id = |d: &Value| d["rule"]["id"].as_str().unwrap().to_owned();
        self.detections().iter().map(id).collect()
    }

    /// Titles of the rules that fired, with repetitions, in order.
    pub(crate) fn titles(&self) -> Vec<String> {
        let title = |d: &Value| d["rule"]["title"].as_str().unwrap().to_owned();
        self.detections().iter().map(title).collect()
    }

    /// Record ids at which the good rule fired in sources whose path ends so.
    pub(crate) fn good(&self, path_end: &str) -> Vec<u64> {
        let detections = self.detections();
        let here = |d: &&Value| {
            d["rule"]["id"] == GOOD_RULE
                && d["source"]["path"].as_str().unwrap().ends_with(path_end)
        };
        detections.iter().filter(here).map(|d| d["record_id"].as_u64().unwrap()).collect()
    }

    /// Problems with sources whose path contains this, as `what; expected`.
    pub(crate) fn problems(&self, path_part: &str) -> Vec<String> {
        let run = self.run_json();
        let all = run["problems"].as_array().unwrap();
        let here = |p: &&Value| p["path"].as_str().unwrap().contains(path_part);
        let text = |p: &Value| {
            let (what, expected) = (p["what"].as_str().unwrap(), p["expected"].as_str().unwrap());
            assert!(!what.is_empty() && !expected.is_empty(), "{p}");
            format!("{what}; {expected}")
        };
        all.iter().filter(here).map(text).collect()
    }
}

/// A Windows event that fires [`GOOD_RULE`], as one line.
pub(crate) fn good_line(host: &str, record_id: u64) -> String {
    let second = record_id % 60;
    format!(
        "{{\"EventTime\":\"2026-01-05T10:00:{second:02}.000Z\",\"Hostname\":\"{host}\",\
         \"Channel\":\"Security\",\"EventID\":1102,\"EventRecordID\":{record_id},\
         \"SubjectUserName\":\"kim\"}}\n"
    )
}

/// Lines with record ids from 1 to `count`.
pub(crate) fn good_lines(host: &str, count: u64) -> String {
    (1..=count).map(|id| good_line(host, id)).collect()
}

/// A process creation by Sysmon, as one line.
pub(crate) fn process_line(host: &str, time: &str, record_id: u64, command: &str) -> String {
    let event = serde_json::json!({
        "EventTime": time, "Hostname": host, "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1, "EventRecordID": record_id, "Image": "C:\\Windows\\System32\\cmd.exe",
        "CommandLine": command, "User": format!("CORP\\{host}-user"),
    });
    format!("{event}\n")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    ruzstd::encoding::compress_to_vec(bytes, level)
}

/// A zip archive with these members.
pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A tar archive with these members, last changed at the end of 2023.
pub(crate) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in members {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[136..148].copy_from_slice(format!("{:011o}\0", 1_703_980_800).as_bytes());
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u64 = header.iter().map(|&b| u64::from(b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(bytes);
        out.resize(out.len().div_ceil(512) * 512, 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

// ---- sealed cases ----

/// Rules for small cases: two that fire and one that puts events together.
pub(crate) const CASE_RULES: &str = "\
title: A command is run
name: run
id: 8a5dbd29-2b7a-4a52-9d55-5b5e0f2a9c01
level: medium
logsource:
  product: windows
  category: process_creation
detection:
  a:
    CommandLine|contains: ' /c '
  condition: a
---
title: The log was cleared
name: cleared
id: 8a5dbd29-2b7a-4a52-9d55-5b5e0f2a9c02
level: high
logsource:
  product: windows
  service: security
detection:
  a:
    EventID: 1102
  condition: a
---
title: Many commands
id: 8a5dbd29-2b7a-4a52-9d55-5b5e0f2a9c03
level: low
correlation:
  type: event_count
  rules: [run]
  group-by: [User]
  timespan: 30m
  generate: true
  condition:
    gte: 3
";

impl Ground {
    /// Logs of two hosts over three days and a Zeek log, and rules for them.
    pub(crate) fn of_a_case() -> Self {
        let ground = Self::new();
        ground.rule("case.yml", CASE_RULES);
        for host in ["WS1", "WS2"] {
            let line = |id: u64| {
                let time = format!("2026-01-0{}T10:{:02}:00.5Z", 5 + id / 40, id % 40);
                let shell = if id.is_multiple_of(7) { " /c whoami" } else { "" };
                process_line(host, &time, id, &format!("cmd.exe{shell} {host} {id}"))
            };
            ground.log(&format!("{host}.jsonl"), (1..=100).map(line).collect::<String>());
        }
        ground.log("cleared.jsonl", good_lines("WS3", 5));
        ground.log(
            "conn.log",
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n\
             #path\tconn\n#fields\tts\tuid\tid.orig_h\tid.resp_h\torig_bytes\n\
             #types\ttime\tstring\taddr\taddr\tcount\n\
             1772440047.409355\tCa\t10.0.0.5\t198.51.100.7\t1000\n\
             1772440048.5\tCb\t10.0.0.5\t203.0.113.9\t900\n",
        );
        ground
    }

    /// Seals the logs into `out/case` with the rules of this ground; what is
    /// there stays.
    pub(crate) fn seal(&self, out: &str, args: &[&str]) -> Ran {
        let mut command = program();
        command.arg("examine").arg(self.logs()).arg("--rules").arg(self.path("rules"));
        watch(command.arg("--out").arg(self.path(out)).args(args))
    }
}

impl Ran {
    /// What it printed, if it ended well.
    #[track_caller]
    pub(crate) fn ok(&self) -> &str {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        &self.stdout
    }

    /// Asserts that it ended with this code and said all of this.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not in: {}", self.stderr);
        }
    }
}

/// Lets the program forget what it signed of a case, as another machine would not know it: a test
/// may then go on from an older copy.
pub(crate) fn forget_signed(case: &Path) {
    let log = sekisho_case::log::Log::open(case).unwrap();
    let name = sekisho_case::Hash::of(log.origin().as_bytes()).to_string();
    // It may have forgotten it already, and signed nothing since.
    let _ = fs::remove_file(home().join("signed").join(name));
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What `verify` says, for programs: its code and its answer.
pub(crate) fn verify(path: &Path, args: &[&str]) -> (Option<i32>, Value) {
    let ran = watch(program().arg("verify").arg(path).args(["--format", "json"]).args(args));
    let said = serde_json::from_str(&ran.stdout);
    (ran.code, said.unwrap_or_else(|e| panic!("{e}: {}\n{}", ran.stdout, ran.stderr)))
}

/// Statements of a standing, each as `place: text`.
pub(crate) fn said(answer: &Value, standing: &str) -> Vec<String> {
    let all = answer["statements"].as_array().unwrap().iter();
    let text =
        |s: &Value| format!("{}: {}", s["place"].as_str().unwrap(), s["text"].as_str().unwrap());
    all.filter(|s| s["standing"] == standing).map(text).collect()
}

/// Asserts that a case is valid; what was said of it.
#[track_caller]
pub(crate) fn valid(path: &Path, args: &[&str]) -> Value {
    let (code, answer) = verify(path, args);
    assert_eq!(code, Some(0), "{:#?}", said(&answer, "broken"));
    assert_eq!(answer["valid"], true);
    answer
}

/// The public key of the owner, as others are told it.
pub(crate) fn owner_key() -> String {
    let shown: Value =
        serde_json::from_str(run(&["key", "show", "--format", "json"]).ok()).unwrap();
    shown["log_key"].as_str().unwrap().to_owned()
}
