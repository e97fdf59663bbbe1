//! A case outlives whoever writes it: killed at any moment, or without room on
//! the disk, a writer leaves the state that was published last, or the one
//! that it was just publishing; and the next writer goes on from there.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{
    Ground, Ran, copy_folder, forget_signed, owner_key, program, said, slow, valid, watch,
};
use sekisho_case::log::Log;

/// How many writers are killed.
const KILLS: u32 = 42;

/// How many if there is time.
const KILLS_SLOW: u32 = 1_000;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

/// A case with one examination, and the last state of it that was known.
struct Written {
    ground: Ground,
    key: String,
    /// All entries that were ever seen published.
    entries: Vec<Vec<u8>>,
    /// Whether a checkpoint was signed that is not published yet.
    signed: bool,
    /// Numbers the files of releases.
    releases: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Examine,
    Hunt,
    Disclose,
}

const WRITERS: [Writer; 3] = [Writer::Examine, Writer::Hunt, Writer::Disclose];

impl Written {
    fn new() -> Self {
        let ground = Ground::of_a_case();
        ground.seal("out", &[]).ok();
        let mut written =
            Self { ground, key: owner_key(), entries: Vec::new(), signed: false, releases: 0 };
        assert!(written.check("at first"));
        written
    }

    fn out(&self) -> PathBuf {
        self.ground.path("out")
    }

    fn case(&self) -> PathBuf {
        self.ground.path("out/case")
    }

    /// Back to a case that was kept.
    fn restore(&mut self, kept: &Path, entries: usize) {
        fs::remove_dir_all(self.case()).unwrap();
        copy_folder(kept, &self.case());
        forget_signed(&self.case());
        self.entries.truncate(entries);
        self.signed = false;
        fs::copy(self.case().join("checkpoint"), self.ground.path("seen")).unwrap();
    }

    fn command(&mut self, writer: Writer) -> Command {
        let mut command = program();
        let (out, rules) = (self.out(), self.ground.path("rules"));
        match writer {
            Writer::Examine => {
                command.arg("examine").arg(self.ground.logs()).arg("--out").arg(&out);
                command.arg("--rules").arg(rules);
            }
            Writer::Hunt => {
                command.arg("hunt").arg(&out).arg("--rules").arg(rules);
            }
            Writer::Disclose => {
                self.releases += 1;
                let file = self.ground.path(&format!("{}.zip", self.releases));
                command.arg("disclose").arg(&out).args(["--events", "0.0,1.0", "--fields", "all"]);
                command.arg("--yes").arg("--out").arg(file);
            }
        }
        command
    }

    /// Every writer comes to its end again, and what others have left behind is gone.
    fn goes_on(&mut self) {
        for writer in WRITERS {
            watch(&mut self.command(writer)).ok();
            assert!(self.check("afterwards"), "{writer:?}");
        }
        let claimed = said(&valid(&self.case(), &["--key", &self.key]), "claimed");
        let left: Vec<_> = claimed.iter().filter(|s| s.contains("does not name it")).collect();
        assert!(left.is_empty(), "{left:#?}");
        assert!(!self.case().join("checkpoint.next").exists());
    }

    /// Asserts that all that was ever published is there, and that the case is
    /// valid; whether it grew.
    fn check(&mut self, what: &str) -> bool {
        let (case, seen) = (self.case(), self.ground.path("seen"));
        let log = Log::open(&case).unwrap();
        let now: Vec<Vec<u8>> = log.entries(0..log.size()).map(|entry| entry.unwrap().1).collect();
        assert!(now.starts_with(&self.entries), "{what}: entries are gone");
        let mut args = vec!["--key", &self.key];
        if !self.entries.is_empty() {
            args.extend(["--seen", seen.to_str().unwrap()]);
        }
        let answer = valid(&case, &args);
        assert_eq!(answer["log"]["size"], now.len(), "{what}");
        let proven = said(&answer, "proven");
        assert!(proven.iter().any(|s| s.contains("field by field")), "{what}: {proven:#?}");
        fs::copy(case.join("checkpoint"), &seen).unwrap();
        // At most one writer's work more than before, and that in full.
        let more: Vec<&[u8]> = now.iter().skip(self.entries.len()).map(Vec::as_slice).collect();
        let ends = |entry: &&[u8]| -> bool {
            [&br#"{"type":"examination""#[..], br#"{"type":"release""#]
                .iter()
                .any(|start| entry.starts_with(start))
        };
        let grew = !more.is_empty();
        let count = more.iter().filter(|entry| ends(entry)).count();
        // What was signed and not published yet is published by the next writer.
        let signed = std::mem::replace(&mut self.signed, case.join("checkpoint.next").exists());
        assert!(count == usize::from(grew) || (signed && count == 2), "{what}: {count}");
        assert!(more.last().is_none_or(ends), "{what}");
        self.entries = now;
        grew
    }
}

/// Runs and kills after so long; whether it was killed before its end.
fn killed(command: &mut Command, after: Duration) -> bool {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while start.elapsed() < after {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return false;
        }
        thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

#[test]
fn a_case_outlives_writers_that_are_killed() {
    let mut written = Written::new();
    let kept = written.ground.path("kept");
    copy_folder(&written.case(), &kept);
    let entries = written.entries.len();
    // How long each takes, undisturbed.
    let whole = WRITERS.map(|writer| {
        let took = watch(&mut written.command(writer));
        took.ok();
        assert!(written.check("undisturbed"));
        took.took
    });
    let mut dice = Dice(4);
    let (mut killed_so_far, mut grew, mut rounds) = (0, 0, 0);
    let kills = if slow() { KILLS_SLOW } else { KILLS };
    while killed_so_far < kills {
        if rounds % 12 == 0 {
            // Small again, so that each round stays short.
            written.restore(&kept, entries);
        }
        let at = rounds as usize % WRITERS.len();
        let (writer, whole) = (WRITERS[at], whole[at]);
        // Publishing is at the end: more often there.
        let from = if dice.below(3) == 0 { 0 } else { 500 };
        let share = from + dice.below(1_050 - from);
        let after = whole.mul_f64(share as f64 / 1_000.0);
        let was_killed = killed(&mut written.command(writer), after);
        let what = format!("round {rounds}: {writer:?} after {after:?} of {whole:?}");
        let more = written.check(&what);
        assert!(was_killed || more, "{what}: it came to its end and left nothing");
        killed_so_far += u32::from(was_killed);
        grew += u32::from(was_killed && more);
        rounds += 1;
        assert!(rounds < kills * 8, "hardly any of {rounds} writers was killed in time");
    }
    eprintln!("{kills} writers killed of {rounds}, {grew} of them after publishing");
    written.goes_on();
}

#[test]
fn a_first_writer_that_is_killed_leaves_a_case_or_none() {
    let ground = Ground::of_a_case();
    let whole = ground.seal("out", &[]);
    whole.ok();
    let mut dice = Dice(9);
    for round in 0..12 {
        let _ = fs::remove_dir_all(ground.path("out"));
        let mut command = program();
        command.arg("examine").arg(ground.logs()).arg("--rules").arg(ground.path("rules"));
        command.arg("--out").arg(ground.path("out"));
        let after = whole.took.mul_f64(dice.below(1_100) as f64 / 1_000.0);
        killed(&mut command, after);
        if ground.path("out/case/checkpoint").exists() {
            valid(&ground.path("out"), &["--key", &owner_key()]);
        }
        ground.seal("out", &[]).ok();
        valid(&ground.path("out"), &["--key", &owner_key()]);
        let left = said(&valid(&ground.path("out"), &[]), "claimed").join("\n");
        assert!(!left.contains("does not name it"), "round {round}: {left}");
    }
}

// ---- no room ----

/// What a writer without room may do: come to its end, say what failed, or be
/// ended by the system.
fn check_end(ran: &Ran, what: &str) -> bool {
    match ran.code {
        Some(0) => return true,
        Some(2) => {
            let last = ran.stderr.lines().last().unwrap_or_default();
            assert!(last.starts_with("sekisho: "), "{what}: {}", ran.stderr);
            // Said once, with the file that it was about.
            let told = ["File too large", "No space left on device"];
            let times: usize = told.iter().map(|part| last.matches(part).count()).sum();
            assert!(times == 1 && last.contains('/'), "{what}: {last}");
        }
        // By the signal that is sent for files that grow too large.
        None => {}
        Some(code) => panic!("{what}: exit code {code}: {}\n{}", ran.stdout, ran.stderr),
    }
    false
}

/// The command, run by a shell that lets files have so many blocks of 512
/// bytes (or of 1,024, as the shell has it). Whoever writes more is told so or
/// ended by a signal.
fn limited(command: &Command, blocks: u32, told: bool) -> Command {
    let mut shell = Command::new("sh");
    let trap = if told { "trap '' XFSZ; " } else { "" };
    shell.arg("-c").arg(format!("{trap}ulimit -f {blocks}; exec \"$@\"")).arg("sh");
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::null());
    shell
}

#[test]
fn a_case_outlives_files_that_cannot_grow() {
    let mut written = Written::new();
    let kept = written.ground.path("kept");
    copy_folder(&written.case(), &kept);
    let entries = written.entries.len();
    let (mut done, mut refused) = (0, 0);
    let limits = (1..=16).chain([20, 26, 34, 44, 60, 80, 120, 200, 1_000]);
    for (round, blocks) in limits.enumerate() {
        if round % 6 == 0 {
            written.restore(&kept, entries);
        }
        let writer = WRITERS[round % WRITERS.len()];
        let told = round % 4 != 0;
        let what = format!("{writer:?} with {blocks} blocks");
        let command = written.command(writer);
        let ran = watch(&mut limited(&command, blocks, told));
        let ended_well = check_end(&ran, &what);
        assert!(ran.code.is_some() || !told, "{what}: ended by a signal");
        let grew = written.check(&what);
        assert!(grew || !ended_well, "{what}");
        done += u32::from(ended_well);
        refused += u32::from(!ended_well);
    }
    assert!(done > 2 && refused > 6, "{done} done, {refused} refused");
    written.goes_on();
}

/// A file system of its own, as long as this lives.
struct Mounted(PathBuf);

impl Mounted {
    fn new(folder: &Path, kib: u32) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let size = format!("size={kib}k");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "sekisho-test"]).arg(folder);
        let done = mount.stdout(Stdio::null()).stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_case_outlives_a_disk_that_is_full() {
    let mut written = Written::new();
    let kept = written.ground.path("kept");
    fs::rename(written.out(), &kept).unwrap();
    let Some(mounted) = Mounted::new(&written.out(), 64 << 10) else {
        eprintln!("skipped: no file system of its own can be mounted here");
        return;
    };
    let (entries, filler) = (written.entries.len(), mounted.0.join("filler"));
    copy_folder(&kept.join("case"), &written.case());
    let (mut done, mut refused) = (0, 0);
    for round in 0..24_u32 {
        if round % 6 == 0 {
            written.restore(&kept.join("case"), entries);
        }
        // All but some KiB are taken.
        let room = u64::from(round * round) * 2;
        fill(&filler, &mounted.0, room);
        let writer = WRITERS[round as usize % WRITERS.len()];
        let what = format!("{writer:?} with {room} KiB");
        let ran = watch(&mut written.command(writer));
        let ended_well = check_end(&ran, &what);
        fs::remove_file(&filler).unwrap();
        let grew = written.check(&what);
        assert!(grew || !ended_well, "{what}");
        done += u32::from(ended_well);
        refused += u32::from(!ended_well);
    }
    assert!(done > 2 && refused > 4, "{done} done, {refused} refused");
    written.goes_on();
}

/// Writes a file until only so many KiB are left.
fn fill(filler: &Path, folder: &Path, room_kib: u64) {
    let df = Command::new("df").args(["-Pk"]).arg(folder).output().unwrap();
    let text = String::from_utf8(df.stdout).unwrap();
    let free: u64 =
        text.lines().last().unwrap().split_whitespace().nth(3).unwrap().parse().unwrap();
    let bytes = free.saturating_sub(room_kib) << 10;
    fs::write(filler, vec![0; usize::try_from(bytes).unwrap()]).unwrap();
}
