//! Who takes part in a case and whose cosignature it needs, through the
//! program: named, asked for, given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, reason = "it is a test")]

mod common;

use std::path::Path;

use common::{Ground, Ran, owner_key, program, run, verify, watch};
use sekisho_case::key::VerifyingKey;
use sekisho_case::log::Log;

/// Runs the program with keys of somebody else.
fn as_other(home: &Path, args: &[&str]) -> Ran {
    watch(program().env("SEKISHO_HOME", home).args(args))
}

/// Makes a key in clear; its public half as a witness.
fn new_key(home: &Path, name: &str) -> String {
    as_other(home, &["key", "new", name, "--store-in-clear"]).ok();
    let shown = as_other(home, &["key", "show", name]);
    let line = shown.ok().lines().find(|line| line.starts_with("cosigner key")).unwrap().to_owned();
    line.split_whitespace().last().unwrap().to_owned()
}

#[test]
fn a_partner_is_named_and_its_cosignature_is_needed_until_it_is_there() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let (case_text, home) = (case.to_str().unwrap().to_owned(), ground.path("partner"));
    let partner = new_key(&home, "partner.example");
    let owner = owner_key();
    assert_eq!(verify(&case, &["--key", &owner]).0, Some(0));

    let name =
        ["case", "party", &case_text, "--role", "partner", "--name", "Ally", "--key", &partner];
    run(&[&name[..], &["--cosigns"]].concat()).ok();
    let shown = run(&["case", "show", &case_text]);
    assert!(shown.ok().contains("partner      Ally"), "{}", shown.stdout);
    let (code, answer) = verify(&case, &["--key", &owner]);
    assert_eq!(code, Some(4), "a cosignature is asked for: {answer}");
    run(&name).refused(2, &["already a party"]);

    let (request, answer) = (ground.path("request"), ground.path("answer"));
    let (request, answer) = (request.to_str().unwrap(), answer.to_str().unwrap());
    run(&["checkpoint", "show", &case_text, "--since", "0", "--out", request]).ok();
    let cosign = ["checkpoint", "cosign", request, "--log-key", &owner, "--out", answer];
    as_other(&home, &cosign).ok();
    run(&["checkpoint", "add", &case_text, answer]).ok();
    let (code, said) = verify(&case, &["--key", &owner, "--key", &partner]);
    assert_eq!(code, Some(0), "{said}");
}

/// The owner's key under the name of the log.
fn log_key(case: &Path) -> String {
    let owner: VerifyingKey = owner_key().parse().unwrap();
    owner.with_name(Log::open(case).unwrap().origin()).unwrap().to_string()
}

#[test]
fn a_policy_is_put_on_record_and_must_be_one() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let case_text = case.to_str().unwrap().to_owned();
    let witness = new_key(&ground.path("witness"), "witness.example");
    let file = ground.path("policy");
    let file_text = file.to_str().unwrap().to_owned();
    std::fs::write(&file, "no policy\n").unwrap();
    run(&["case", "policy", &case_text, &file_text]).refused(2, &["policy"]);
    std::fs::write(&file, format!("witness w {witness}\nquorum w\n")).unwrap();
    let needed = run(&["case", "policy", &case_text, &file_text]);
    needed.ok();
    assert!(needed.stderr.contains("valid once it is cosigned by: w."), "{}", needed.stderr);
    assert_eq!(verify(&case, &[]).0, Some(4));
    std::fs::write(&file, "quorum none\n").unwrap();
    let nobody = run(&["case", "policy", &case_text, &file_text]);
    nobody.ok();
    assert!(nobody.stderr.contains("needs no cosignature"), "{}", nobody.stderr);
    assert_eq!(verify(&case, &[]).0, Some(0));

    // A log that is not the case's would make the case invalid at once.
    let (owner, log) = (owner_key(), log_key(&case));
    let before = Log::open(&case).unwrap().size();
    std::fs::write(&file, format!("log {owner}\nquorum none\n")).unwrap();
    let refused = run(&["case", "policy", &case_text, &file_text]);
    refused.refused(2, &["not that of this case", &format!("`log {log}`")]);
    assert_eq!(Log::open(&case).unwrap().size(), before);
    std::fs::write(&file, format!("log {owner}\nlog {log}\nquorum none\n")).unwrap();
    run(&["case", "policy", &case_text, &file_text]).refused(2, &["same log"]);
    std::fs::write(&file, format!("log {log}\nquorum none\n")).unwrap();
    run(&["case", "policy", &case_text, &file_text]).ok();
    assert_eq!(verify(&case, &["--key", &owner]).0, Some(0));
    let second = ["case", "party", &case_text, "--role", "witness", "--name", "x", "--key", &owner];
    run(&second).refused(2, &["already a party"]);
}

#[test]
fn a_private_key_in_the_place_of_a_public_one_is_never_said() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let case = case.to_str().unwrap();
    let home = ground.path("other");
    let public = new_key(&home, "other");
    let key = home.join("keys/other.key");
    let line = std::fs::read_to_string(&key).unwrap();
    let (key, line) = (key.to_str().unwrap(), line.trim_end());
    let secret = line.rsplit('+').next().unwrap();
    let request = ground.path("request");
    let request = request.to_str().unwrap();
    run(&["checkpoint", "show", case, "--since", "0", "--out", request]).ok();
    let policy = ground.path("policy");
    std::fs::write(&policy, format!("# {line}\nquorum none\n")).unwrap();
    let party = ["case", "party", case, "--role", "witness"];
    let told = [
        &["verify", case, "--key", key][..],
        &["verify", case, "--key", line],
        &["verify", case, "--policy", key],
        &["checkpoint", "add", case, key],
        &["checkpoint", "add", case, request, "--cosigner-key", line],
        &["checkpoint", "cosign", request, "--log-key", line],
        &["case", "policy", case, key],
        &["case", "policy", case, policy.to_str().unwrap()],
        &[&party[..], &["--name", "x", "--key", line]].concat(),
        &[&party[..], &["--name", line, "--key", &public]].concat(),
        &["disclose", case, "--events", "0.0", "--to", line, "--out", "none"],
    ];
    let silent = [
        &["verify", case, "--seen", key][..],
        &["verify", key],
        &["checkpoint", "cosign", key],
        &["checkpoint", "show", case, "--since", key],
        &["checkpoint", "show", case, "--since", line],
        &["case", "show", line],
        &["case", "party", case, "--role", line, "--name", "x", "--key", &public],
        &["disclose", case, "--events", line, "--out", "none"],
        &["disclose", case, "--events", key, "--out", "none"],
        &["disclose", case, "--events", "0.0", "--key", line, "--out", "none"],
        &["hunt", case, "--rules", key],
        &["hunt", case, "--indicators", key],
        &["exposure", case, "--assets", key],
        &["rules", "check", key],
        &["key", "new", line],
        &["key", "show", line],
    ];
    for args in told.into_iter().chain(silent) {
        let ran = run(args);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.code.is_some_and(|code| code > 0), "{args:?}: {all}");
        assert!(!all.contains(secret), "{args:?}: {all}");
        assert!(!told.contains(&args) || all.contains("private key"), "{args:?}: {all}");
    }
}

#[test]
fn a_party_gets_another_key_or_role() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let case_text = case.to_str().unwrap();
    let (old, new) = (new_key(&ground.path("old"), "wit"), new_key(&ground.path("new"), "wit2"));
    let party = |role: &str, name: &str, key: &str, more: &[&str]| {
        let args = ["case", "party", case_text, "--role", role, "--name", name, "--key", key];
        run(&[&args[..], more].concat())
    };
    party("witness", "W", &old, &["--replace"]).refused(2, &["no party", "\"W\"", "none"]);
    party("witness", "W", &old, &[]).ok();
    party("witness", "W", &new, &[]).refused(2, &["already a party", "--replace"]);
    party("witness", "V", &old, &["--replace"]).refused(2, &["already a party", "name it \"W\""]);
    let owner = owner_key();
    let owner_name = owner.split('+').next().unwrap();
    party("witness", owner_name, &new, &["--replace"]).refused(2, &["its owner"]);

    // Another role, and its cosignature is wanted now.
    let asked = party("partner", "W", &old, &["--cosigns", "--replace"]);
    asked.ok();
    assert!(asked.stderr.contains("cosigned by: wit."), "{}", asked.stderr);
    let shown = run(&["case", "show", case_text]);
    assert!(shown.ok().contains(&format!("partner      W  {old}")), "{}", shown.stdout);
    assert_eq!(verify(&case, &["--key", &owner]).0, Some(4));

    // A new key takes the place of the old one, and is asked for in its place.
    let asked = party("partner", "W", &new, &["--replace"]);
    asked.ok();
    assert!(asked.stderr.contains("asks for a cosignature with this key"), "{}", asked.stderr);
    let shown = run(&["case", "show", case_text]);
    assert!(!shown.ok().contains(&old), "{}", shown.stdout);
    assert_eq!(shown.stdout.matches(&new).count(), 2, "{}", shown.stdout);
    for (home, exit) in [("old", 2), ("new", 0)] {
        let (request, answer) = (ground.path(&format!("r-{home}")), ground.path(home).join("a"));
        let (request, answer) = (request.to_str().unwrap(), answer.to_str().unwrap());
        run(&["checkpoint", "show", case_text, "--since", "0", "--out", request]).ok();
        let cosign = ["checkpoint", "cosign", request, "--log-key", &owner, "--out", answer];
        as_other(&ground.path(home), &cosign).ok();
        assert_eq!(run(&["checkpoint", "add", case_text, answer]).code, Some(exit), "{home}");
    }
    assert_eq!(verify(&case, &["--key", &owner]).0, Some(0));
}

#[test]
fn names_that_steer_a_terminal_are_refused() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let case = case.to_str().unwrap();
    let key = new_key(&ground.path("other"), "other");
    for name in ["a\u{1b}[31mb", "a\nb", "a\u{9b}1m"] {
        let party = ["case", "party", case, "--role", "witness", "--name", name, "--key", &key];
        run(&party).refused(2, &["--name", "in one line"]);
        let out = ground.path("r.zip");
        let release = ["disclose", case, "--events", "0.0", "--to", name, "--out"];
        run(&[&release[..], &[out.to_str().unwrap()]].concat())
            .refused(2, &["--to", "in one line"]);
    }
    // What others may have put there is escaped, and that once.
    let out = ground.path("r.zip");
    let to = ["disclose", case, "--events", "0.0", "--to", "a\u{202e}\"b", "--out"];
    let told = run(&[&to[..], &[out.to_str().unwrap()]].concat());
    told.ok();
    assert!(told.stderr.contains("To a\\u202e\"b."), "{}", told.stderr);
    let shown = run(&["case", "show", case]);
    assert!(shown.ok().contains(r#"to "a\u{202e}\"b": 1 event"#), "{}", shown.stdout);
}
