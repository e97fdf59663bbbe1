//! Lines of Cisco devices (IOS, IOS XE, IOS XR, NX-OS, ASA, FTD). What they
//! have in common is a tag, `%FACILITY-SEVERITY-MNEMONIC:`; what stands before
//! it differs from device to device and from collector to collector.

use memchr::memchr_iter;

use super::cisco_head::{self, Head};
use super::endpoints;
use super::pairs::Pairs;
use crate::formats::text::Sink;

/// Longest tag, in bytes.
const TAG_BYTES_MAX: usize = 128;

/// Most bytes before a tag.
const BEFORE_BYTES_MAX: usize = 1_024;

/// `%FACILITY-SEVERITY-MNEMONIC:` in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    before: &'a str,
    facility: &'a str,
    severity: &'a str,
    mnemonic: &'a str,
    after: &'a str,
}

impl<'a> Tag<'a> {
    /// The first tag of a line.
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let start = line.as_bytes().get(..BEFORE_BYTES_MAX).unwrap_or(line.as_bytes());
        let mut loose = None;
        let closed = memchr_iter(b'%', start).find_map(|at| {
            let (tag, closed) = Self::at(line, at)?;
            loose = loose.or(Some(tag));
            closed.then_some(tag)
        });
        closed.or(loose)
    }

    /// Whether what stands before it is a header, and not of JSON or of a list
    /// of names and values.
    pub(super) fn plain(&self) -> bool {
        let before = self.before.split_once("Original Address=").map_or(self.before, |b| b.1);
        !before.contains(['"', '{', '}', '=', ','])
    }

    /// Of a firewall: ASA, FTD and what came before them.
    fn of_firewall(&self) -> bool {
        let kind = self.facility.split('-').next().unwrap_or_default();
        matches!(kind, "ASA" | "FTD" | "PIX" | "FWSM" | "NGIPS")
    }

    /// A tag at a place, and whether a colon ends it.
    fn at(line: &'a str, at: usize) -> Option<(Self, bool)> {
        let (before, rest) = (line.get(..at)?, line.get(at + 1..)?);
        let within = rest.as_bytes().get(..TAG_BYTES_MAX).unwrap_or(rest.as_bytes());
        let in_tag = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let end = within.iter().position(|b| !in_tag(b))?;
        let (tag, mnemonic) = rest.get(..end)?.rsplit_once('-')?;
        let (facility, severity) = tag.rsplit_once('-')?;
        let severity = severity_of(severity, before)?;
        let fits = facility.starts_with(|c: char| c.is_ascii_alphabetic())
            && facility.split('-').all(is_name)
            && is_name(mnemonic);
        // IOS XR and some switches leave a space before the colon.
        let after = rest.get(end..)?.trim_start_matches(' ');
        let closed = after.strip_prefix(':');
        let tag = Self { before, facility, severity, mnemonic, after: closed.unwrap_or(after) };
        // ACI writes brackets instead; so do some of FTD without anything.
        let numbered = tag.of_firewall() && mnemonic.bytes().all(|b| b.is_ascii_digit());
        let ends = closed.is_some() || after.starts_with('[') || numbered;
        (fits && ends).then_some((tag, closed.is_some()))
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The severity in a tag, a number. Small switches write letters instead, but
/// so do systems that are none of Cisco's, without a header.
fn severity_of<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    const LETTERS: [(&str, &str); 7] =
        [("A", "1"), ("C", "2"), ("E", "3"), ("W", "4"), ("N", "5"), ("I", "6"), ("D", "7")];
    if matches!(text.as_bytes(), [b'0'..=b'7']) {
        return Some(text);
    }
    let letter = LETTERS.iter().find(|(letter, _)| *letter == text)?;
    before.contains(['>', ':']).then_some(letter.1)
}

/// Says what a line with a tag says.
pub(super) fn say(text: &str, tag: &Tag<'_>, sink: &mut dyn Sink) {
    let Head { host, time } = cisco_head::read(tag.before);
    sink.shape("cisco", if tag.of_firewall() { "asa" } else { "ios" }, None);
    sink.text("message", text);
    sink.text("facility", tag.facility);
    sink.value("severity", tag.severity);
    sink.text("mnemonic", tag.mnemonic);
    if let Some((user, command)) = tag.command() {
        sink.text("user", user);
        sink.text("command", command);
    } else {
        tag.say_more(sink);
    }
    if let Some(host) = host {
        sink.text("host", host);
        sink.host(host);
    }
    if let Some(time) = time {
        sink.time(time);
    }
}

impl<'a> Tag<'a> {
    /// The user and the command of a logged command.
    fn command(&self) -> Option<(&'a str, &'a str)> {
        let after = self.after.trim_start();
        if self.mnemonic == "CFGLOG_LOGGEDCMD" {
            let said = after.strip_prefix("User:")?;
            let (user, command) = said.split_once("logged command:")?;
            return Some((user.trim(), command.trim()));
        }
        if !self.of_firewall() {
            return None;
        }
        // User 'x' executed the 'clear logging' command.
        // User 'x', running 'CLI' from IP 1.2.3.4, executed 'clear logging'
        let (user, rest) = after.strip_prefix("User '")?.split_once('\'')?;
        let (_, command) = rest.split_once("executed ")?;
        let command = command.trim_start_matches("cmd: ").trim_start_matches("the ");
        let command = command.trim().trim_end_matches('.').trim_end_matches(" command");
        Some((user, command.strip_prefix('\'')?.trim_end_matches('\'')))
    }

    /// Who speaks to whom and what became of it; names and values.
    fn say_more(&self, sink: &mut dyn Sink) {
        let after = self.after.trim_start();
        if self.facility == "FTD"
            && after.contains(": ")
            && matches!(self.mnemonic.as_bytes(), [b'4', b'3', b'0', ..])
        {
            return say_connection(after, sink);
        }
        if let Some((from, to)) = endpoints::pair(after) {
            // What goes out is told from the side that answers.
            let outward = after.starts_with("Built outbound");
            let (from, to) = if outward { (to, from) } else { (from, to) };
            endpoints::say(from, to, sink);
        } else {
            // [user: admin] [Source: 10.0.0.1] [localport: 22]
            for part in after.split('[').skip(1).take(16) {
                if let Some((name, value)) = part.split(']').next().and_then(|p| p.split_once(':'))
                {
                    say_word(name.trim(), value.trim(), sink);
                }
            }
            // Group <x> User <bob> IP <1.2.3.4>
            let mut rest = if self.of_firewall() { after } else { "" };
            while let Some((before, (value, more))) =
                rest.split_once('<').and_then(|(b, a)| Some((b, a.split_once('>')?)))
            {
                say_word(before.trim().rsplit(' ').next().unwrap_or_default(), value, sink);
                rest = more;
            }
            // Group = x : user = bob : IP = 1.2.3.4
            let listed = self.of_firewall() && after.contains(" = ");
            for part in after.split([':', ',']).take(if listed { 32 } else { 0 }) {
                if let Some((name, value)) = part.split_once(" = ") {
                    let name = name.trim().rsplit(". ").next().unwrap_or_default();
                    say_word(name, value.trim(), sink);
                }
            }
        }
        let verdicts = [
            ("Built ", "accept"),
            ("permitted", "accept"),
            ("denied", "deny"),
            ("Deny ", "deny"),
            ("Drop", "deny"),
            ("discarded", "deny"),
            ("Teardown ", "teardown"),
        ];
        if let Some((_, action)) = verdicts.iter().find(|(word, _)| after.contains(word)) {
            sink.text("action", action);
            if *action != "teardown" {
                super::firewall::say_blocked(*action == "deny", sink);
            }
        }
    }
}

/// A name and a value out of prose.
fn say_word(name: &str, value: &str, sink: &mut dyn Sink) {
    let name = match name.to_ascii_lowercase().as_str() {
        "user" | "username" | "uname" => "user",
        "source" | "user ip" | "ip" | "peer ip" => "src_ip",
        "localport" => "dst_port",
        "reason" => "reason",
        "group" | "tunnelgroup" => "group",
        "server" => "server",
        _ => return,
    };
    if !value.is_empty() {
        sink.value(name, value.trim_matches('\''));
    }
}

/// `SrcIP: 1.2.3.4, DstIP: 5.6.7.8, AccessControlRuleAction: Allow`.
fn say_connection(after: &str, sink: &mut dyn Sink) {
    let pairs = Pairs::read_to(after, b':', Some(b','));
    pairs.say(sink);
    if let Some(action) = pairs.get("AccessControlRuleAction") {
        super::firewall::say_blocked(action.starts_with("Block"), sink);
    }
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
            ("<13>Jan  2 03:04:05 l1 %LOG-6-MSG [E1][info] x", Some(["LOG", "6", "MSG"])),
            ("l1 %LOG-6-MSG [E1][info] %ACL-5-DENY: x", Some(["ACL", "5", "DENY"])),
            ("%FTD-3-430005 SrcIP: 1.2.3.4", Some(["FTD", "3", "430005"])),
            ("<13>%SNMP-W-AUTHFAIL: x", Some(["SNMP", "4", "AUTHFAIL"])),
            ("%SNMP-W-AUTHFAIL: x", None),
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
}
