//! Who takes part in a case and whose cosignature it needs, through the
//! program: named, asked for, given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, reason = "it is a test")]

mod common;

use std::path::Path;

use common::{Ground, Ran, owner_key, program, run, verify, watch};

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
    run(&["case", "policy", &case_text, &file_text]).ok();
    assert_eq!(verify(&case, &[]).0, Some(4));
    std::fs::write(&file, "quorum none\n").unwrap();
    run(&["case", "policy", &case_text, &file_text]).ok();
    assert_eq!(verify(&case, &[]).0, Some(0));
    let owner = owner_key();
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
