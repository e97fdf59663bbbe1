//! Fields that are made of others, so that one rule serves every source that
//! tells the same thing in other words: whether an operation succeeded, or a
//! registry value's path in one piece. The record itself is shown as it is.

use std::fmt::Write;

/// What is made for a kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recipe {
    None,
    /// [`OUTCOME`] of the first of some keys that says one.
    Outcome,
    /// [`OUTCOME`], where a key occurs only if the operation failed.
    Fails,
    /// The fields of Sysmon that Defender tells otherwise.
    Defender,
    /// A name that stands in a table of the recipe.
    Unknown,
}

/// `success` or `failure`.
pub(super) const OUTCOME: &str = "event.outcome";

impl Recipe {
    /// The recipe of this name in the table of kinds.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "outcome" => Self::Outcome,
            "fails" => Self::Fails,
            "defender" => Self::Defender,
            _ => Self::Unknown,
        }
    }

    /// Whether its keys stand for the same thing, best first.
    pub(super) fn alternatives(self) -> bool {
        matches!(self, Self::Outcome | Self::Fails)
    }

    /// The fields that it can make.
    pub(super) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Outcome | Self::Fails => &[OUTCOME],
            Self::Defender => &["TargetObject", "Details", "Hashes"],
            Self::None | Self::Unknown => &[],
        }
    }

    /// Makes one of its fields, by number, of what its keys say.
    pub(super) fn make(self, field: usize, said: &[Option<&str>], out: &mut String) -> bool {
        out.clear();
        let said = |n: usize| said.get(n).copied().flatten().filter(|text| !text.is_empty());
        match (self, field) {
            (Self::Outcome, _) => out.push_str(said(0).map_or("", outcome)),
            (Self::Fails, _) => match said(0) {
                None => out.push_str("success"),
                Some(code) if code.eq_ignore_ascii_case("success") => out.push_str("success"),
                Some(_) => out.push_str("failure"),
            },
            (Self::Defender, 0) => target_object(said(0), said(1), out),
            (Self::Defender, 1) => details(said(2), said(3), out),
            (Self::Defender, 2) => {
                hashes([("MD5", said(4)), ("SHA1", said(5)), ("SHA256", said(6))], out)
            }
            _ => {}
        }
        !out.is_empty()
    }
}

/// What a word or code of a result means; empty for neither.
fn outcome(text: &str) -> &'static str {
    const GOOD: &[&str] = &["success", "succeeded", "true", "0", "ok", "allow", "allowed"];
    const BAD: &[&str] = &["failure", "failed", "fail", "false", "error", "deny", "denied"];
    let among = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    let code = text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    if among(GOOD) {
        "success"
    } else if among(BAD) || (code && text.bytes().any(|b| b != b'0')) {
        "failure"
    } else {
        ""
    }
}

/// A registry key and value as Sysmon writes them.
fn target_object(key: Option<&str>, value: Option<&str>, out: &mut String) {
    const HIVES: &[(&str, &str)] = &[
        ("HKEY_LOCAL_MACHINE", "HKLM"),
        ("HKEY_USERS", "HKU"),
        ("HKEY_CURRENT_USER", "HKCU"),
        ("HKEY_CLASSES_ROOT", "HKCR"),
    ];
    let Some(key) = key else { return };
    let (hive, rest) = key.split_once('\\').map_or((key, None), |(hive, rest)| (hive, Some(rest)));
    let short = HIVES.iter().find(|(long, _)| hive.eq_ignore_ascii_case(long));
    out.push_str(short.map_or(hive, |(_, short)| short));
    for part in [rest, value].into_iter().flatten() {
        out.push('\\');
        out.push_str(part);
    }
}

/// A registry value's data as Sysmon writes it.
fn details(data: Option<&str>, kind: Option<&str>, out: &mut String) {
    let Some(data) = data else { return };
    let number: Option<u64> = data.parse().ok();
    // A String takes every text.
    let _: std::fmt::Result = match (kind, number) {
        (Some(kind), Some(number)) if kind.eq_ignore_ascii_case("dword") => {
            write!(out, "DWORD (0x{number:08x})")
        }
        (Some(kind), Some(number)) if kind.eq_ignore_ascii_case("qword") => {
            write!(out, "QWORD (0x{:08x}-0x{:08x})", number >> 32, number & 0xFFFF_FFFF)
        }
        (Some(kind), None) if kind.eq_ignore_ascii_case("binary") => {
            out.push_str("Binary Data");
            Ok(())
        }
        _ => {
            out.push_str(data);
            Ok(())
        }
    };
}

fn hashes(all: [(&str, Option<&str>); 3], out: &mut String) {
    for (name, hash) in all {
        if let Some(hash) = hash {
            let comma = if out.is_empty() { "" } else { "," };
            // A String takes every text.
            let _: std::fmt::Result = write!(out, "{comma}{name}={}", hash.to_ascii_uppercase());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(recipe: Recipe, field: usize, said: &[Option<&str>]) -> String {
        let mut out = String::from("old");
        recipe.make(field, said, &mut out);
        out
    }

    #[test]
    fn an_outcome_is_one_of_two_words() {
        for (text, expected) in [
            ("Succeeded", "success"),
            ("True", "success"),
            ("0", "success"),
            ("50126", "failure"),
            ("FAILURE", "failure"),
            ("PartiallySucceeded", ""),
            ("Started", ""),
            ("00", ""),
            ("", ""),
        ] {
            assert_eq!(made(Recipe::Outcome, 0, &[Some(text)]), expected, "{text}");
        }
        assert_eq!(made(Recipe::Fails, 0, &[None]), "success");
        assert_eq!(made(Recipe::Fails, 0, &[Some("AccessDenied")]), "failure");
    }

    #[test]
    fn a_registry_value_is_written_as_sysmon_does() {
        let said = [
            Some(r"HKEY_LOCAL_MACHINE\SOFTWARE\X"),
            Some("Start"),
            Some("4"),
            Some("Dword"),
            None,
            Some("ab"),
            Some("cd"),
        ];
        assert_eq!(made(Recipe::Defender, 0, &said), r"HKLM\SOFTWARE\X\Start");
        assert_eq!(made(Recipe::Defender, 1, &said), "DWORD (0x00000004)");
        assert_eq!(made(Recipe::Defender, 2, &said), "SHA1=AB,SHA256=CD");
        assert_eq!(made(Recipe::Defender, 0, &[]), "");
        assert_eq!(made(Recipe::Defender, 1, &[None, None, Some("x"), Some("String")]), "x");
    }
}
