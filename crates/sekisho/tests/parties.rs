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
