//! Zeek logs as JSON, and the name of a log as the name of its file tells it.

use super::roles::{Meaning, Role, in_table};

const NAMES: &str = include_str!("../../../data/zeek_logs.txt");

/// A field of a Zeek record.
pub(super) fn meaning(path: &str) -> Meaning {
    const ROLES: &[(Role, &[&str])] = &[
        (Role::Time, &["ts", "_write_ts", "@timestamp"]),
        (Role::Host, &["_system_name", "@system", "peer"]),
        (Role::Channel, &["_path", "@stream"]),
    ];
    // Some exporters may not write dots in names.
    let field = match path {
        "id_orig_h" => Meaning::field("id.orig_h").also(path),
        "id_orig_p" => Meaning::field("id.orig_p").also(path),
        "id_resp_h" => Meaning::field("id.resp_h").also(path),
        "id_resp_p" => Meaning::field("id.resp_p").also(path),
        _ => Meaning::field(path),
    };
    match in_table(ROLES, path) {
        Some((role, rank)) => field.with(role, rank),
        None => field,
    }
}

/// The log of a file of this name: `conn` of `conn.2024-10-16.log`,
/// `NASHUA_conn.log` or `conn_log.raw`; the longest that fits.
pub(crate) fn path_of_name(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let known = NAMES.lines().filter(|l| !l.starts_with('#')).flat_map(str::split_whitespace);
    known.filter(|log| stands_in(&name, log)).max_by_key(|log| log.len())
}

/// Whether a word stands in a name, with no letter or digit beside it.
fn stands_in(name: &str, word: &str) -> bool {
    let letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    name.match_indices(word).any(|(at, _)| {
        let bytes = name.as_bytes();
        !letter(at.checked_sub(1).and_then(|n| bytes.get(n))) && !letter(bytes.get(at + word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_tells_the_log() {
        for (name, log) in [
            ("conn.log", Some("conn")),
            ("NASHUA_smb_files.log", Some("smb_files")),
            ("conn_long.2024-10-16-04-00-00.log", Some("conn_long")),
            ("x509_log.raw", Some("x509")),
            ("disconnected.log", None),
            ("combined_zeek.log", None),
            ("", None),
        ] {
            assert_eq!(path_of_name(name), log, "{name}");
        }
    }
}
