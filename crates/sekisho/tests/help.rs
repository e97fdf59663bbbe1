//! What the program says about itself. The texts are kept beside this file, so
//! that a change of a flag shows; `INSTA_UPDATE=always` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]

mod common;

use common::run;

/// What is printed for these arguments, which must succeed.
fn help(args: &[&str]) -> String {
    let ran = run(args);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 100), "{}", ran.stdout);
    ran.stdout
}

#[test]
fn the_help_of_every_verb() {
    insta::assert_snapshot!("sekisho", help(&["--help"]));
    for verb in ["inspect", "examine", "exposure", "explain", "demo"] {
        insta::assert_snapshot!(verb, help(&[verb, "--help"]));
    }
    insta::assert_snapshot!("rules_check", help(&["rules", "check", "--help"]));
    insta::assert_snapshot!("key", help(&["key", "--help"]));
    for what in ["new", "show", "list", "passphrase"] {
        insta::assert_snapshot!(format!("key_{what}"), help(&["key", what, "--help"]));
    }
    insta::assert_snapshot!("checkpoint", help(&["checkpoint", "--help"]));
    for what in ["show", "cosign", "add"] {
        insta::assert_snapshot!(
            format!("checkpoint_{what}"),
            help(&["checkpoint", what, "--help"])
        );
    }
    insta::assert_snapshot!("case_show", help(&["case", "show", "--help"]));
}

#[test]
fn every_verb_has_a_help_and_the_version_of_the_package() {
    let version = format!("sekisho {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(help(&["--version"]), version);
    let top = help(&["--help"]);
    for line in top.lines().skip_while(|line| *line != "Commands:").skip(1) {
        let Some(verb) = line.split_whitespace().next() else { break };
        if verb != "help" {
            assert!(!help(&[verb, "--help"]).is_empty(), "{verb}");
        }
    }
}

#[test]
fn mistakes_go_to_stderr_with_a_hint_and_code_2() {
    for args in [&[][..], &["examin"], &["examine"], &["examine", "--nope", "."], &["rules"]] {
        let ran = run(args);
        assert_eq!(ran.code, Some(2), "{args:?}");
        assert!(ran.stdout.is_empty(), "{args:?}");
        assert!(ran.stderr.contains("Usage:"), "{args:?}: {}", ran.stderr);
    }
}
