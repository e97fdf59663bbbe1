//! Checkpoints and witnesses through the program: shown, cosigned, refused,
//! added; and what a case says of itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Ground as Logs, Ran, owner_key, program, run, said, valid, verify, watch};
use sekisho_case::checkpoint::SignedCheckpoint;
use sekisho_case::key::SigningKey;
use sekisho_case::log::{Log, LogError, LogWriter};
use sekisho_case::record::{Body, Case, Nonce, Parties, Party, Record, Release, Role};
use sekisho_case::witness::AddCheckpoint;
use serde_json::Value;
use tempfile::TempDir;

const ORIGIN: &str = "alice/case/0123456789abcdef";

/// A case of alice's, and the homes of witnesses.
struct Ground {
    folder: TempDir,
    owner: SigningKey,
}

impl Ground {
    /// A case with some entries.
    fn new(entries: u64) -> Self {
        let owner = SigningKey::from_seed("alice", [1; 32]).unwrap();
        let ground = Self { folder: tempfile::tempdir().unwrap(), owner };
        ground.begin("case", &ground.owner.clone());
        ground.grow("case", entries - 1, "");
        ground
    }

    fn path(&self, part: &str) -> PathBuf {
        self.folder.path().join(part)
    }

    fn begin(&self, part: &str, owner: &SigningKey) {
        let log = owner.verifying_key().with_name(ORIGIN).unwrap();
        let mut writer = Log::create(&self.path(part), &log).unwrap();
        let party = Party { name: "Alice".into(), role: Role::Owner, key: owner.verifying_key() };
        let case = Case {
            version: 1,
            origin: ORIGIN.into(),
            name: "a case".into(),
            parties: vec![party],
            policy: "quorum none\n".into(),
        };
        writer.append(&record(Body::Case(case))).unwrap();
        writer.publish(owner).unwrap();
    }

    fn writer(&self, part: &str) -> LogWriter {
        let owner = self.owner.verifying_key().with_name(ORIGIN).unwrap();
        // A program that another test starts just now has our lock too, until it is itself.
        loop {
            match Log::open_for_writing(&self.path(part), &owner) {
                Err(LogError::Locked { .. }) => std::thread::yield_now(),
                opened => return opened.unwrap(),
            }
        }
    }

    /// Adds releases, which are marked.
    fn grow(&self, part: &str, entries: u64, mark: &str) {
        let mut writer = self.writer(part);
        for n in 0..entries {
            let content = sekisho_case::Hash::of(mark.as_bytes());
            let number = u32::try_from(n).unwrap();
            let release = Release { number, to: mark.into(), events: n, fields: 1, content };
            let nonce = Nonce([7; 16]);
            writer.append(&Record::new(nonce, Body::Release(release)).to_bytes().unwrap()).unwrap();
        }
        writer.publish(&self.owner).unwrap();
    }

    fn copy(&self, from: &str, to: &str) {
        copy(&self.path(from), &self.path(to));
    }

    fn run(&self, home: &str, args: &[&str]) -> Ran {
        let mut command = program();
        command.env("SEKISHO_HOME", self.path(home)).current_dir(self.folder.path());
        command.env_remove("SEKISHO_PASSPHRASE").env_remove("SEKISHO_NEW_PASSPHRASE");
        watch(command.args(args))
    }

    fn request(&self, part: &str, since: &str, out: &str) {
        let _ = fs::remove_file(self.path(out));
        let ran = self.run("owner", &["checkpoint", "show", part, "--since", since, "--out", out]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    }

    /// Cosigns as bob.
    fn cosign(&self, request: &str, more: &[&str]) -> Ran {
        self.run("bob", &[&["checkpoint", "cosign", request], more].concat())
    }

    fn owner_key(&self) -> String {
        self.owner.vkey()
    }
}

fn record(body: Body) -> Vec<u8> {
    Record::new(Nonce::random().unwrap(), body).to_bytes().unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn done(ran: &Ran) -> &str {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    &ran.stdout
}

fn refused(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}", ran.stderr);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    for part in parts {
        assert!(ran.stderr.contains(part), "{part:?} is not in: {}", ran.stderr);
    }
}

#[test]
fn a_checkpoint_and_the_request_for_it_are_shown() {
    let ground = Ground::new(3);
    let published = fs::read_to_string(ground.path("case/checkpoint")).unwrap();
    // The folder of the case, or the one around it.
    for case in ["case", "."] {
        assert_eq!(done(&ground.run("owner", &["checkpoint", "show", case])), published);
    }
    fs::write(ground.path("before"), &published).unwrap();
    ground.grow("case", 300, "");
    for since in ["3", "before"] {
        let ran = ground.run("owner", &["checkpoint", "show", "case", "--since", since]);
        let request = AddCheckpoint::parse(done(&ran).as_bytes()).unwrap();
        assert_eq!((request.old_size, request.checkpoint.unverified().size), (3, 303));
        assert!(!request.proof.is_empty());
    }
    let show = |since: &str| ground.run("owner", &["checkpoint", "show", "case", "--since", since]);
    refused(&show("304"), 2, &["only 303 entries"]);
    refused(&show("nothing"), 2, &["reading nothing"]);
    let other = published.replace("\n3\n", "\n2\n");
    fs::write(ground.path("other"), other).unwrap();
    refused(&show("other"), 2, &["says something else of this log"]);
    refused(&ground.run("owner", &["checkpoint", "show", "bob"]), 2, &["expected the folder"]);
}

#[test]
fn a_witness_cosigns_and_the_case_takes_it() {
    let ground = Ground::new(3);
    ground.request("case", "0", "request");
    refused(&ground.cosign("request", &[]), 2, &["never seen here", "--log-key", ORIGIN]);
    let first = ground.cosign("request", &["--log-key", &ground.owner_key(), "--out", "answer"]);
    done(&first);
    assert!(first.stderr.contains("one was made") && first.stderr.contains("first time"));
    let line = fs::read_to_string(ground.path("answer")).unwrap();
    assert!(line.starts_with("— owner-") && line.lines().count() == 1, "{line}");

    // Bob is a stranger to the case as yet.
    let add = ["checkpoint", "add", "case", "answer"];
    refused(&ground.run("owner", &add), 2, &["no party of this case", "--cosigner-key"]);
    let key = first.stderr.lines().find_map(|l| l.strip_prefix("Your cosigner key: ")).unwrap();
    let with_key = [&add[..], &["--cosigner-key", key]].concat();
    done(&ground.run("owner", &with_key));
    let signed = fs::read(ground.path("case/checkpoint")).unwrap();
    let signed = SignedCheckpoint::parse(&signed).unwrap();
    assert_eq!(signed.note().signatures().len(), 2);
    assert!(signed.note().verify(&key.parse().unwrap()).unwrap().unwrap() > 1_700_000_000);
    assert!(signed.note().to_string().ends_with(&line));
    // The same once more changes nothing.
    done(&ground.run("owner", &with_key));
    assert_eq!(Log::open(&ground.path("case")).unwrap().checkpoint(), &signed);

    // Bob becomes a party, the log grows, and the key need not be given any more.
    let mut writer = ground.writer("case");
    let party =
        |name: &str, role, key: &str| Party { name: name.into(), role, key: key.parse().unwrap() };
    let parties =
        vec![party("Alice", Role::Owner, &ground.owner_key()), party("Bob", Role::Witness, key)];
    let name = key.split('+').next().unwrap();
    let policy = format!("witness {name} {key}\nquorum {name}\n");
    writer.append(&record(Body::Parties(Parties { parties, policy }))).unwrap();
    writer.publish(&ground.owner).unwrap();
    drop(writer);
    let case = |format: &str| ground.run("owner", &["case", "show", ".", "--format", format]);
    assert!(done(&case("text")).contains(&format!("the policy needs 1 more of: {name}")));
    refused(&ground.run("owner", &add), 2, &["does not fit the checkpoint here"]);
    ground.request("case", "3", "request");
    fs::remove_file(ground.path("answer")).unwrap();
    let second = ground.cosign("request", &["--out", "answer"]);
    done(&second);
    assert!(second.stderr.contains("goes on from size 3 seen before"), "{}", second.stderr);
    done(&ground.run("owner", &add));
    let shown = case("text");
    let text = done(&shown);
    for part in [
        "a case",
        ORIGIN,
        "witness      Bob",
        "signed by the owner",
        "quorum is reached",
        "cosigned by",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let json: Value = serde_json::from_str(done(&case("json"))).unwrap();
    assert_eq!(json["checkpoint"]["quorum"], true);
    assert_eq!(json["records"]["release"], 2);
    assert_eq!((&json["damaged"], &json["checkpoint"]["size"]), (&0.into(), &4.into()));
}

#[test]
fn what_is_not_an_extension_is_denied_and_forks_are_kept() {
    let ground = Ground::new(5);
    let key = ground.owner_key();
    ground.copy("case", "fork");
    ground.copy("case", "old");
    ground.grow("case", 5, "one story");
    ground.grow("fork", 5, "another story");
    ground.request("case", "0", "request");
    done(&ground.cosign("request", &["--log-key", &key]));
    let before = fs::read_dir(ground.path("bob/witness/seen")).unwrap().count();

    // The same size, another root: evidence for everybody.
    ground.request("fork", "5", "forked");
    let ran = ground.cosign("forked", &[]);
    refused(&ran, 3, &["not cosigned", "bob/witness/forks"]);
    let kept: Vec<PathBuf> = fs::read_dir(ground.path("bob/witness/forks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(kept.len(), 2);
    for path in &kept {
        assert!(ran.stderr.contains(path.file_name().unwrap().to_str().unwrap()), "{}", ran.stderr);
    }
    // A larger log with another past.
    ground.grow("fork", 4, "");
    ground.request("fork", "10", "forked");
    refused(&ground.cosign("forked", &[]), 3, &["not cosigned", "only grew"]);
    // An older state.
    ground.request("old", "0", "rollback");
    let rollback = ground.cosign("rollback", &[]);
    refused(&rollback, 3, &["not cosigned: the log had"]);
    // What does not go on from what was seen tells what to ask for.
    ground.grow("case", 1, "");
    ground.request("case", "0", "request");
    refused(&ground.cosign("request", &[]), 3, &["saw the log at size 10", "--since 10"]);
    assert_eq!(fs::read_dir(ground.path("bob/witness/seen")).unwrap().count(), before);
    ground.request("case", "10", "request");
    done(&ground.cosign("request", &[]));
}

#[test]
fn only_the_right_key_speaks_for_a_log() {
    let ground = Ground::new(2);
    let thief = SigningKey::from_seed("alice", [2; 32]).unwrap();
    let bob = SigningKey::from_seed("bob", [1; 32]).unwrap();
    ground.request("case", "0", "request");
    refused(&ground.cosign("request", &["--log-key", &thief.vkey()]), 3, &["no signature by"]);
    refused(&ground.cosign("request", &["--log-key", &bob.vkey()]), 3, &["not one of bob+"]);
    refused(&ground.cosign("request", &["--log-key", "bob"]), 2, &["invalid value"]);
    // What was refused was not remembered.
    refused(&ground.cosign("request", &[]), 2, &["never seen here"]);
    let log = ground.owner.with_name(ORIGIN).unwrap();
    done(&ground.cosign("request", &["--log-key", &log.vkey()]));
    ground.request("case", "2", "request");
    done(&ground.cosign("request", &["--log-key", &ground.owner_key()]));
    refused(&ground.cosign("request", &["--log-key", &thief.vkey()]), 3, &["had before"]);
    // A case that somebody else signs by the same name.
    ground.begin("stolen", &thief);
    ground.request("stolen", "0", "request");
    refused(&ground.cosign("request", &[]), 3, &["no signature by"]);
}

#[test]
fn requests_and_answers_that_are_none_are_refused() {
    let ground = Ground::new(2);
    ground.request("case", "0", "request");
    let request = fs::read_to_string(ground.path("request")).unwrap();
    let key = ground.owner_key();
    for end in 0..request.len() {
        if !request.is_char_boundary(end) || end % 16 != 0 {
            continue;
        }
        fs::write(ground.path("cut"), &request[..end]).unwrap();
        refused(&ground.cosign("cut", &["--log-key", &key]), 2, &["reading cut", "expected"]);
    }
    done(&ground.cosign("request", &["--log-key", &key, "--out", "answer"]));
    for answer in ["", "hello\n", "— bob AAAA\n"] {
        fs::write(ground.path("cut"), answer).unwrap();
        refused(&ground.run("owner", &["checkpoint", "add", "case", "cut"]), 2, &["expected"]);
    }
    let large = vec![b'x'; 3 << 20];
    fs::write(ground.path("large"), large).unwrap();
    refused(&ground.cosign("large", &["--log-key", &key]), 2, &["too large"]);
}

// ---- releases ----

/// A case with a release, and witnesses that live elsewhere.
struct Released {
    logs: Logs,
}

impl Released {
    fn new() -> Self {
        let released = Self { logs: Logs::of_a_case() };
        released.logs.seal("out", &[]).ok();
        released
    }

    fn path(&self, name: &str) -> String {
        self.logs.path(name).to_str().unwrap().to_owned()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.logs.path(name)).unwrap()
    }

    fn disclose(&self, out: &str) {
        let args = ["--events", "0.0", "--fields", "Image", "--yes", "--out", &self.path(out)];
        watch(program().arg("disclose").arg(self.path("out")).args(args)).ok();
    }

    fn request(&self, of: &str, since: &str, out: &str) {
        let _ = fs::remove_file(self.path(out));
        let args = [&self.path(of), "--since", since, "--out", &self.path(out)];
        run(&[&["checkpoint", "show"], &args[..]].concat()).ok();
    }

    /// Cosigns as somebody; the cosigner key.
    fn cosign(&self, who: &str, request: &str, out: &str) -> String {
        let mut command = program();
        command.env("SEKISHO_HOME", self.path(who)).args(["checkpoint", "cosign"]);
        command.arg(self.path(request)).args(["--log-key", &owner_key()]);
        let _ = fs::remove_file(self.path(out));
        let ran = watch(command.args(["--out", &self.path(out)]));
        ran.ok();
        let key = ran.stderr.lines().find_map(|l| l.strip_prefix("Your cosigner key: "));
        key.unwrap().to_owned()
    }

    fn add(&self, to: &str, answer: &str, more: &[&str]) -> Ran {
        let paths = [self.path(to), self.path(answer)];
        watch(program().args(["checkpoint", "add"]).args(paths).args(more))
    }

    /// Adds to a release; the new one is written to `out`.
    fn add_to_release(&self, to: &str, answer: &str, out: &str, more: &[&str]) -> Ran {
        self.add(to, answer, &[&["--out", &self.path(out)], more].concat())
    }

    fn members(&self, release: &str) -> BTreeMap<String, String> {
        let file = fs::File::open(self.logs.path(release)).unwrap();
        let mut zip = zip::ZipArchive::new(file).unwrap();
        let mut members = BTreeMap::new();
        for at in 0..zip.len() {
            let mut member = zip.by_index(at).unwrap();
            let mut text = String::new();
            member.read_to_string(&mut text).unwrap();
            members.insert(member.name().unwrap().into_owned(), text);
        }
        members
    }
}

/// What the second verifier says of a release, if it can be run here.
fn second_verifier(release: &str, policy: Option<&str>) -> Option<i32> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let kept = std::env::var_os("FOREIGN_VENV").map(PathBuf::from);
    let kept = kept.unwrap_or_else(|| home.join(".cache/sekisho-foreign")).join("bin/python");
    let able = |python: &PathBuf| {
        let tried = Command::new(python).args(["-c", "import cryptography"]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let Some(python) = [kept, PathBuf::from("python3")].into_iter().find(able) else {
        eprintln!("skipped: no Python with the package cryptography");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/verify.py");
    let mut command = Command::new(python);
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(script).arg(release);
    command.args(["--key", &owner_key()]);
    let ran = watch(command.args(policy.map(|policy| ["--policy", policy]).iter().flatten()));
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    ran.code
}

#[test]
fn a_release_takes_the_cosignature_of_its_checkpoint() {
    let ground = Released::new();
    ground.disclose("release.zip");
    let before = ground.read("release.zip");
    ground.request("out", "0", "request");
    let key = ground.cosign("bob", "request", "answer");
    let name = key.split('+').next().unwrap();
    let policy = ground.path("policy");
    fs::write(&policy, format!("witness bob {key}\nquorum bob\n")).unwrap();
    let asked = ["--key", &owner_key(), "--policy", &policy];
    assert_eq!(verify(&ground.logs.path("release.zip"), &asked).0, Some(4));

    // Bob is a stranger to this case, and a release is not changed in its place.
    let unknown = ground.add_to_release("release.zip", "answer", "new.zip", &[]);
    unknown.refused(2, &["no party of this case", "--cosigner-key", name]);
    let known = ["--cosigner-key", key.as_str()];
    ground.add("release.zip", "answer", &known).refused(2, &["never changed", "--out"]);
    for there in ["release.zip", "policy"] {
        let ran = ground.add_to_release("release.zip", "answer", there, &known);
        ran.refused(2, &["never written over"]);
    }
    assert!(!ground.logs.path("new.zip").exists());
    let added = ground.add_to_release("release.zip", "answer", "new.zip", &known);
    added.ok();
    assert!(added.stderr.contains(&format!("cosigned by {name}")), "{}", added.stderr);
    assert!(ground.read("release.zip") == before);

    // Nothing is another but the checkpoint, here and at the end of each proof.
    let (old, new) = (ground.members("release.zip"), ground.members("new.zip"));
    let line = String::from_utf8(ground.read("answer")).unwrap();
    assert!(old.keys().eq(new.keys()));
    for (name, old) in &old {
        let is_signed = name == "checkpoint" || name.ends_with(".proof");
        let expected = format!("{old}{}", if is_signed { &line } else { "" });
        assert_eq!(new[name], expected, "{name}");
    }
    let answer = valid(&ground.logs.path("new.zip"), &asked);
    let proven = said(&answer, "proven");
    assert!(proven.iter().any(|s| s.contains(&format!("cosigned by \"{name}\""))), "{proven:#?}");
    assert!(proven.iter().any(|s| s.contains("the given policy is met")), "{proven:#?}");
    if let Some(code) = second_verifier(&ground.path("new.zip"), Some(&policy)) {
        assert_eq!(code, 0);
        assert_eq!(second_verifier(&ground.path("release.zip"), Some(&policy)), Some(4));
    }

    // Once more changes nothing. The checkpoint of the case, cosigned, serves as well.
    ground.add_to_release("new.zip", "answer", "again.zip", &known).ok();
    assert!(ground.read("again.zip") == ground.read("new.zip"));
    ground.add("out", "answer", &[&known[..], &["--out", "x"]].concat()).refused(2, &["--out is"]);
    ground.add("out", "answer", &known).ok();
    ground.add_to_release("release.zip", "out/case/checkpoint", "case.zip", &known).ok();
    assert!(ground.read("case.zip") == ground.read("new.zip"));
    let none = ground.add_to_release("new.zip", "out/case/checkpoint", "x.zip", &known);
    none.refused(2, &["not there already"]);
    // It may lie in the case in the place of the one without.
    fs::copy(ground.path("new.zip"), ground.path("out/case/releases/0001.zip")).unwrap();
    valid(&ground.logs.path("out"), &["--key", &owner_key()]);
}

#[test]
fn a_release_takes_no_other_cosignature() {
    let ground = Released::new();
    ground.disclose("release.zip");
    ground.request("out", "0", "request");
    let key = ground.cosign("bob", "request", "answer");
    let known = ["--cosigner-key", key.as_str()];
    let refused = |answer: &str, code: i32, parts: &[&str]| {
        ground.add_to_release("release.zip", answer, "new.zip", &known).refused(code, parts);
        assert!(!ground.logs.path("new.zip").exists(), "{answer}");
    };
    // One of the next state.
    let size = Log::open(&ground.logs.path("out/case")).unwrap().size();
    ground.disclose("later.zip");
    ground.request("out", &size.to_string(), "request");
    ground.cosign("bob", "request", "later");
    refused("later", 2, &["does not fit the checkpoint here", &format!("size {size} of")]);
    ground.add("out", "later", &known).ok();
    let parts = ["another checkpoint", &format!("expected size {size} of")];
    refused("out/case/checkpoint", 2, &parts);
    // By another key of the same name, and one that says it is by the owner.
    let line = String::from_utf8(ground.read("answer")).unwrap();
    let forged = SigningKey::from_seed(key.split('+').next().unwrap(), [9; 32]).unwrap();
    ground
        .add_to_release(
            "release.zip",
            "answer",
            "new.zip",
            &["--cosigner-key", &forged.cosigner_key().to_string()],
        )
        .refused(2, &["no party of this case"]);
    // What is none.
    let cut = line.trim_end();
    let flipped = line.replace(&line[line.len() - 9..line.len() - 5], "AAAA");
    for (text, part) in [
        ("", "expected the line"),
        ("hello\n", "expected"),
        ("— bob AAAA\n", "expected"),
        (cut, "final newline"),
        (&flipped, "does not fit"),
        ("a\n\nb", "expected"),
        ("\u{1b}[31m\n", "expected"),
    ] {
        fs::write(ground.path("text"), text).unwrap();
        refused("text", 2, &[part]);
    }
    // Releases that are none, or are broken.
    fs::write(ground.path("none.zip"), "PK").unwrap();
    let mut bytes = ground.read("release.zip");
    let at = bytes.len() / 3;
    bytes[at] ^= 1;
    fs::write(ground.path("changed.zip"), bytes).unwrap();
    for release in ["none.zip", "changed.zip"] {
        let ran = ground.add_to_release(release, "answer", "new.zip", &known);
        ran.refused(4, &["nothing was added", "not valid"]);
        assert!(!ground.logs.path("new.zip").exists());
    }
}

#[test]
fn a_release_under_a_policy_becomes_valid_by_its_cosignature() {
    let ground = Released::new();
    // Of carol no more is needed than that she cosigned something once.
    ground.request("out", "0", "request");
    let carol = ground.cosign("carol", "request", "answer");
    let named = ["--role", "witness", "--name", "Carol", "--key", &carol, "--cosigns"];
    watch(program().args(["case", "party"]).arg(ground.path("out")).args(named)).ok();
    ground.disclose("release.zip");
    let key = owner_key();
    let (code, answer) = verify(&ground.logs.path("release.zip"), &["--key", &key]);
    assert_eq!(code, Some(4), "{answer:#}");

    // Dave has the release only, and asks for the cosignatures that it lacks.
    let shown = run(&["checkpoint", "show", &ground.path("release.zip")]);
    assert_eq!(shown.ok(), ground.members("release.zip")["checkpoint"]);
    let since = run(&["checkpoint", "show", &ground.path("release.zip"), "--since", "3"]);
    since.refused(2, &["no proof", "expected 0"]);
    ground.request("release.zip", "0", "of-release");
    let dave = ground.cosign("dave", "of-release", "by-dave");
    // Carol saw the log before: it needs the case to show that it goes on from there.
    let size = AddCheckpoint::parse(&ground.read("request")).unwrap().checkpoint;
    ground.request("out", &size.unverified().size.to_string(), "request");
    ground.cosign("carol", "request", "by-carol");
    ground.add_to_release("release.zip", "by-carol", "one.zip", &[]).ok();
    valid(&ground.logs.path("one.zip"), &["--key", &key]);
    ground.add_to_release("one.zip", "by-dave", "two.zip", &["--cosigner-key", &dave]).ok();
    valid(&ground.logs.path("two.zip"), &["--key", &key]);
    assert_eq!(ground.members("two.zip")["checkpoint"].matches("— ").count(), 3);
    assert_eq!(second_verifier(&ground.path("two.zip"), None).unwrap_or(0), 0);
}
