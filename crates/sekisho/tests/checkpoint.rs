//! Checkpoints and witnesses through the program: shown, cosigned, refused,
//! added; and what a case says of itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, reason = "it is a test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Ran, program, watch};
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
    refused(&ground.run("owner", &add), 2, &["does not fit the published checkpoint"]);
    ground.request("case", "3", "request");
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
    refused(&ground.cosign("rollback", &[]), 3, &["not cosigned"]);
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
