//! The parts of a line: its tag, and what some tags are followed by.

use memchr::{memchr, memchr_iter};

use super::head::{self, Head};
use crate::dictionary::Kind;
use crate::formats::lines::lines;

/// How many lines are looked at to recognise the format.
const SAMPLE_LINES: usize = 20;

/// How many lines of its own `show logging` may print first.
const PROLOGUE_LINES_MAX: usize = 100;

/// Longest tag, in bytes.
const TAG_BYTES_MAX: usize = 128;

/// The fields of a line, in the order in which they are written.
pub(super) const FIELDS: [&str; 7] =
    ["message", "facility", "severity", "mnemonic", "user", "command", "host"];

/// `%FACILITY-SEVERITY-MNEMONIC:` in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tag<'a> {
    before: &'a str,
    facility: &'a str,
    severity: &'a str,
    mnemonic: &'a str,
    after: &'a str,
}

impl<'a> Tag<'a> {
    /// The first tag of a line.
    fn of(line: &'a str) -> Option<Self> {
        memchr_iter(b'%', line.as_bytes()).find_map(|at| Self::at(line, at))
    }

    fn at(line: &'a str, at: usize) -> Option<Self> {
        let (before, rest) = (line.get(..at)?, line.get(at + 1..)?);
        let within = rest.as_bytes().get(..TAG_BYTES_MAX).unwrap_or(rest.as_bytes());
        let end = memchr(b':', within)?;
        // IOS XR and some switches leave a space before the colon.
        let tag = rest.get(..end)?.trim_end_matches(' ');
        let (tag, mnemonic) = tag.rsplit_once('-')?;
        let (facility, severity) = tag.rsplit_once('-')?;
        let fits = facility.starts_with(|c: char| c.is_ascii_alphabetic())
            && facility.split('-').all(is_name)
            && matches!(severity.as_bytes(), [b'0'..=b'7'])
            && is_name(mnemonic);
        fits.then_some(Self { before, facility, severity, mnemonic, after: rest.get(end + 1..)? })
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A line with a tag, or any other.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// By the numbers of [`FIELDS`].
    values: [Option<&'a str>; FIELDS.len()],
    head: Head<'a>,
}

impl<'a> Line<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let Some(tag) = Tag::of(text) else {
            let values = [Some(text), None, None, None, None, None, None];
            return Self { values, head: Head::default() };
        };
        let head = head::read(tag.before);
        let (user, command) = tag.command().unzip();
        let (facility, severity) = (Some(tag.facility), Some(tag.severity));
        let mnemonic = Some(tag.mnemonic);
        let values = [Some(text), facility, severity, mnemonic, user, command, head.host];
        Self { values, head }
    }

    /// What stands before the tag.
    pub(super) fn head(&self) -> Head<'a> {
        self.head
    }

    /// Each field that is there, and its value.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, Kind, &'a str)> {
        FIELDS.iter().zip(&self.values).filter_map(|(&name, value)| {
            let number = name == "severity";
            Some((name, if number { Kind::Number } else { Kind::String }, (*value)?))
        })
    }
}

impl<'a> Tag<'a> {
    /// The user and the command of a logged command.
    fn command(&self) -> Option<(&'a str, &'a str)> {
        if self.mnemonic != "CFGLOG_LOGGEDCMD" {
            return None;
        }
        let said = self.after.trim_start().strip_prefix("User:")?;
        let (user, command) = said.split_once("logged command:")?;
        Some((user.trim(), command.trim()))
    }
}

/// Whether a source that begins so holds lines of Cisco devices: at least half
/// of its first lines have a tag, and nothing before the tag is of JSON or of
/// a list of names and values.
pub(super) fn plausible(start: &[u8], whole: bool) -> bool {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let first = start.iter().find(|b| !b.is_ascii_whitespace());
    if matches!(first, None | Some(b'{' | b'[' | b'#')) || memchr(0, start).is_some() {
        return false;
    }
    // The last line may be cut off, and its tag with it.
    let end = memchr::memrchr(b'\n', start).filter(|_| !whole).unwrap_or(start.len());
    let (mut seen, mut tagged) = (0_usize, 0_usize);
    for (_, line) in lines(start.get(..end).unwrap_or_default()) {
        if tagged == 0 && line.starts_with(b"Log Buffer (") {
            // What `show logging` says of itself stands before this.
            seen = 0;
            continue;
        }
        seen += 1;
        tagged += usize::from(is_tagged(line));
        let limit = if tagged == 0 { PROLOGUE_LINES_MAX } else { SAMPLE_LINES };
        if seen >= limit {
            break;
        }
    }
    tagged > 0 && tagged * 2 >= seen
}

fn is_tagged(line: &[u8]) -> bool {
    let tag = std::str::from_utf8(line).ok().and_then(Tag::of);
    tag.is_some_and(|tag| !tag.before.contains(['"', '{', '}', '=', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(line: &str) -> Option<[&str; 3]> {
        Tag::of(line).map(|t| [t.facility, t.severity, t.mnemonic])
    }

    #[test]
    fn tags() {
        for (line, expected) in [
            ("1: %SYS-5-CONFIG_I: x", Some(["SYS", "5", "CONFIG_I"])),
            ("50% %SYS-SP-3-LOGGER: x %A-1-B:", Some(["SYS-SP", "3", "LOGGER"])),
            ("%ASA-6-302013: Built", Some(["ASA", "6", "302013"])),
            ("c[6]: %MGBL-CONFIG-6-DB_COMMIT : x", Some(["MGBL-CONFIG", "6", "DB_COMMIT"])),
            ("%$ VDC-1 %$ %daemon-3-SYSTEM_MSG: x", Some(["daemon", "3", "SYSTEM_MSG"])),
            ("%SYS-9-CONFIG_I: x", None),
            ("%SYS-5-CONFIG_I x", None),
            ("%-5-A:", None),
            ("%20-5-A:", None),
            ("%A--5-B:", None),
            ("%A-5-:", None),
            ("%A-5-ü: %", None),
            ("%é-5-A:", None),
        ] {
            assert_eq!(tag(line), expected, "{line}");
        }
    }

    #[test]
    fn recognised_by_content() {
        let dump = "Syslog logging: enabled (0 messages dropped)\n\n".to_owned()
            + &"    Console logging: level debugging\n".repeat(30)
            + "\nLog Buffer (8192 bytes):\n\n*Mar  1 00:00:46: %SYS-5-RESTART: System restarted\n";
        let half = "%SYS-5-A: x\r\n\r\nno tag\r\n".repeat(10);
        for yes in ["\u{feff}%SYS-5-A: x", "\n\n1: %SYS-5-A: x\n", &dump, &half] {
            assert!(plausible(yes.as_bytes(), true), "{yes}");
        }
        let fewer = format!("no tag\nno tag\n{half}");
        let json = "{\"message\":\"1: %SYS-5-A: x\"}\n";
        let inside = "\"message\": \"1: %SYS-5-A: x\",\n";
        for no in ["", "\n", "no tag\n", &fewer, json, inside, "#fields\tx\n%SYS-5-A: x\n"] {
            assert!(!plausible(no.as_bytes(), true), "{no}");
        }
        assert!(plausible(b"%SYS-5-A: x\n%SYS-5-B: x\nx\n%SYS", false));
        assert!(plausible(b"%SYS-5-A: x", false));
        assert!(!plausible(b"%SYS-5-A: x\0", true));
        assert!(plausible(b"%SYS-5-A: x\n\xff", true));
    }
}
