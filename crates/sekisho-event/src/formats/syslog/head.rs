//! What stands before a message: priority, time, host and program, as RFC
//! 3164 and RFC 5424 have them and as they are in the field, where half of it
//! may be missing and a collector puts its own header before the device's.

use super::clock::{self, Clock};
use crate::time::{self, Stamp};

/// Most headers that stand before each other.
const HEADERS_MAX: usize = 4;

/// Longest name of a host or program, in bytes.
const NAME_BYTES_MAX: usize = 255;

/// The names of facilities, by number.
pub(super) const FACILITIES: [&str; 24] = [
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "security",
    "console",
    "solaris-cron",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
];

/// The names of severities, by number.
pub(super) const SEVERITIES: [&str; 8] =
    ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// Who wrote a message, when, and what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// Facility × 8 + severity.
    pub(super) priority: Option<u8>,
    /// The best of its times.
    pub(super) time: Option<Stamp>,
    /// The last of its hosts: the device, not the collector.
    pub(super) host: Option<&'a str>,
    pub(super) program: Option<&'a str>,
    pub(super) pid: Option<&'a str>,
    pub(super) message_id: Option<&'a str>,
    /// Structured data of RFC 5424, with its brackets.
    pub(super) data: &'a str,
    /// What follows.
    pub(super) body: &'a str,
    /// No other kind of log begins so.
    pub(super) sure: bool,
}

impl<'a> Head<'a> {
    /// Reads what stands before a message.
    pub(super) fn read(text: &'a str) -> Self {
        let mut head = Self::default();
        let mut rest = text.trim_start();
        if let Some((digits, _)) = octets(rest.as_bytes()) {
            rest = rest.get(digits..).unwrap_or_default();
        }
        for _ in 0..HEADERS_MAX {
            let Some(after) = head.header(rest) else { break };
            rest = after;
            if head.program.is_some() && !rest.starts_with('<') {
                break;
            }
        }
        head.body = rest.strip_prefix('\u{feff}').unwrap_or(rest).trim_start_matches(' ');
        head
    }

    /// Reads one header; what follows it. `None` where there is none.
    fn header(&mut self, text: &'a str) -> Option<&'a str> {
        let priority = priority(text);
        let mut rest = text;
        if let Some((number, after)) = priority {
            self.priority = Some(number);
            self.sure = true;
            rest = after.trim_start_matches([' ', ':']);
            // Kiwi names the device so.
            if let Some(after) = rest.strip_prefix("Original Address=") {
                let (host, after) = word(after);
                self.host = Some(host);
                return Some(after.trim_start());
            }
        }
        if let Some(after) = rest.strip_prefix("1 ")
            && let Some(after) = self.rfc5424(after)
        {
            return Some(after);
        }
        if let Some(clock) = clock::read(rest) {
            let after = rest.get(clock.len..)?;
            if after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-') {
                return priority.map(|_| rest);
            }
            self.keep(&clock);
            // A device that was named before its time goes on with what it says.
            if self.host.is_some() && rest.get(..clock.len)?.ends_with(':') {
                return Some(after.trim_start_matches([' ', '\t']));
            }
            return Some(self.after_time(after.trim_start_matches([' ', '\t']), &clock));
        }
        if priority.is_none() {
            return self.unix_time(rest).or_else(|| self.labelled(rest));
        }
        if let Some(after) = self.numbered(rest) {
            return Some(after);
        }
        if let Some(tag) = Tag::of(rest, true) {
            return Some(self.tagged(tag));
        }
        Some(rest)
    }

    /// `1704164645.123456 host program[1]: …`, of `journalctl -o short-unix`.
    fn unix_time(&mut self, text: &'a str) -> Option<&'a str> {
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (first, after) = word(text);
        let (_, fraction) = first.split_once('.').filter(|(_, f)| f.len() == 6)?;
        let time = time::epoch(first).filter(|_| fraction.bytes().all(|b| b.is_ascii_digit()))?;
        let (host, after) = host(after.trim_start())?;
        let tag = Tag::of(after.trim_start(), true)?;
        (self.time, self.host, self.sure) = (Some(Stamp::Utc(time)), Some(host), true);
        Some(self.tagged(tag))
    }

    /// `- 1704164645 2024.01.02 host `, with a word for what went wrong or a
    /// dash, which archives of clusters put before each line.
    fn labelled(&mut self, text: &'a str) -> Option<&'a str> {
        let (label, rest) = word(text);
        let (seconds, rest) = word(rest.strip_prefix(' ')?);
        let (date, rest) = word(rest.strip_prefix(' ')?);
        let (host, rest) = word(rest.strip_prefix(' ')?);
        let named = label.len() <= 32
            && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        let dated = matches!(date.as_bytes(), [_, _, _, _, b'.', _, _, b'.', _, _])
            && date.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let fits = (label == "-" || named) && dated && seconds.len() == 10 && !host.is_empty();
        let time = time::epoch(seconds).filter(|_| fits)?;
        (self.time, self.host, self.sure) = (Some(Stamp::Utc(time)), Some(host), true);
        Some(rest.trim_start())
    }

    /// `6705: r1: Jan  2 03:04:05.678 CET: `, of a device of Cisco that writes
    /// no tag after it.
    fn numbered(&mut self, text: &'a str) -> Option<&'a str> {
        let (mut rest, mut name) = (text, None);
        for _ in 0..3 {
            let (first, after) = word(rest);
            let closed = first.strip_suffix(':')?;
            if !closed.bytes().all(|b| b.is_ascii_digit()) {
                name = name.or(Some(host(closed)?.0));
            }
            rest = after.trim_start();
            let Some(clock) = clock::read(rest) else { continue };
            let after = rest.get(clock.len..)?;
            let ends = rest.get(..clock.len)?.ends_with(':') || after.starts_with(':');
            if clock.stamp.is_none() || !ends {
                return None;
            }
            self.keep(&clock);
            self.host = name.or(self.host);
            return Some(after.trim_start_matches([' ', ':']));
        }
        None
    }

    /// A time with a zone is better than one without, one with a year better
    /// than one without, and the device's better than a collector's.
    fn keep(&mut self, clock: &Clock) {
        let rank = |stamp: Option<Stamp>| match stamp {
            None => 0,
            Some(Stamp::Yearless(_)) => 1,
            Some(Stamp::Zoneless(_)) => 2,
            Some(Stamp::Utc(_)) => 3,
        };
        let never_set = !clock.set && self.time.is_some();
        if !never_set && rank(clock.stamp) >= rank(self.time) {
            self.time = clock.stamp;
        }
    }

    /// Host and program, after a time.
    fn after_time(&mut self, text: &'a str, clock: &Clock) -> &'a str {
        let yearless = matches!(clock.stamp, Some(Stamp::Yearless(_)));
        let text = without_zone(text).unwrap_or(text);
        let mut rest = self.without_facility(text);
        let plain = rest.len() < text.len();
        self.sure |= plain;
        if let Some(after) = self.own_way(rest) {
            return after;
        }
        if nested(rest) || self.repeated(rest) {
            return rest;
        }
        if let Some(tag) = Tag::of(rest, true) {
            self.sure |= yearless || plain || tag.pid.is_some() || self.certain(clock, tag.name);
            return self.tagged(tag);
        }
        if let Some(forwarded) = rest.strip_prefix("Message forwarded from ") {
            rest = forwarded;
        }
        let found = self.again(rest).or_else(|| bracketed(rest)).or_else(|| host(rest));
        let Some((host, after)) = found else { return rest };
        let host = originator(host);
        let after = after.trim_start();
        let after = self.without_facility(after.strip_prefix(": ").unwrap_or(after));
        let after = sequence(after).or_else(|| without_address(after)).unwrap_or(after);
        // A body without a program may begin with anything.
        if nested(after) || self.repeated(after) {
            self.host = Some(host);
            return after;
        }
        let Some(tag) = Tag::of(after, false) else {
            self.host = Some(host);
            self.sure |= yearless;
            return if clock.iso { self.parts_of_5424(after).unwrap_or(after) } else { after };
        };
        let named = self.certain(clock, host) && self.certain(clock, tag.name);
        self.sure |= yearless || tag.pid.is_some() || named || tag.name == "kernel";
        if !is_level(host) {
            self.host = Some(host);
        }
        self.tagged(tag)
    }

    /// Programs whose own logs have a way of their own: the kernel of ESXi, and
    /// fail2ban.
    fn own_way(&mut self, text: &'a str) -> Option<&'a str> {
        if let Some(after) = text.strip_prefix("cpu") {
            let end = after.bytes().take(24).position(|b| !b.is_ascii_digit() && b != b':')?;
            let after = after.get(end..)?.strip_prefix(')')?;
            (self.program, self.sure) = (Some("vmkernel"), true);
            return Some(after);
        }
        if !text.starts_with("fail2ban") {
            return None;
        }
        let (name, after) = word(text);
        let (pid, after) = after.trim_start().strip_prefix('[')?.split_once("]: ")?;
        self.sure = true;
        Some(self.tagged(Tag { name, pid: Some(pid), after: after.trim_start() }))
    }

    /// The host that is known, where a line names it again: `h1/h1`, `src@h1`.
    fn again(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        let (name, after) = word(text);
        let known = self.host.filter(|known| name.contains(known))?;
        name.contains(['/', '@']).then_some((known, after))
    }

    /// `app 12 ID - message`, of RFC 5424 without priority and version.
    fn parts_of_5424(&mut self, text: &'a str) -> Option<&'a str> {
        let (program, rest) = word(text);
        let (pid, rest) = word(rest.strip_prefix(' ')?);
        let (id, rest) = word(rest.strip_prefix(' ')?);
        let rest = rest.strip_prefix(' ')?;
        let numbered = pid == "-" || pid.bytes().all(|b| b.is_ascii_digit()) && !pid.is_empty();
        let dashed = pid == "-" || id == "-";
        let (data, after) = structured(rest);
        if !numbered || !dashed || after.len() == rest.len() || program.contains('"') {
            return None;
        }
        let known = |token: &'a str| Some(token).filter(|token| *token != "-");
        (self.program, self.pid, self.message_id) = (known(program), known(pid), known(id));
        (self.data, self.sure) = (data, true);
        Some(after.trim_start())
    }

    /// Whether a word is a host or program rather than the level of a program's
    /// own log, whose lines look much like syslog with ISO times.
    fn certain(&self, clock: &Clock, word: &str) -> bool {
        let zoned = !clock.iso || matches!(clock.stamp, Some(Stamp::Utc(_)));
        self.sure || zoned && !is_level(word)
    }

    fn repeated(&mut self, text: &str) -> bool {
        let text = text.trim_start_matches('-').trim_start();
        let is =
            text.starts_with("last message repeated ") || text.starts_with("message repeated ");
        self.sure |= is;
        is
    }

    fn tagged(&mut self, tag: Tag<'a>) -> &'a str {
        (self.program, self.pid) = (Some(tag.name), tag.pid);
        tag.after
    }

    /// `auth.info`, `auth|security:info` or `Local7.Notice`, which some put
    /// beside the host.
    fn without_facility(&mut self, text: &'a str) -> &'a str {
        let (word, after) = word(text);
        // ESXi: `In(182)`.
        if let [b'A'..=b'Z', b'a'..=b'z', b'(', ..] = word.as_bytes()
            && let Some(number) = word.get(3..).and_then(|w| w.strip_suffix(')'))
            && let Ok(number) = number.parse::<u8>()
        {
            self.priority = self.priority.or(Some(number).filter(|n| *n < 192));
            return after.trim_start();
        }
        let name = word.trim_start_matches('<').trim_end_matches('>');
        let Some((facility, severity)) = name.rsplit_once(['.', ':']) else { return text };
        let facility = facility.split('|').next().unwrap_or_default();
        let (Some(facility), Some(severity)) =
            (facility_number(facility), severity_number(severity))
        else {
            return text;
        };
        self.priority = self.priority.or(Some(facility * 8 + severity));
        after.trim_start()
    }

    /// What follows the version of RFC 5424.
    fn rfc5424(&mut self, text: &'a str) -> Option<&'a str> {
        let mut rest = match clock::read(text) {
            Some(clock) => {
                self.keep(&clock);
                text.get(clock.len..)?.strip_prefix(' ')?
            }
            None => {
                let (first, after) = word(text);
                if let Some(epoch) = time::epoch(first) {
                    // Meraki: no process id, no message id.
                    self.time = Some(Stamp::Utc(epoch));
                    let (host, after) = word(after.trim_start());
                    let (program, after) = word(after.trim_start());
                    (self.host, self.program) = (Some(host), Some(program));
                    return Some(after.trim_start());
                }
                (first == "-").then(|| after.trim_start())?
            }
        };
        let mut next = || {
            let (token, after) = word(rest);
            rest = after.strip_prefix(' ').unwrap_or(after);
            Some(token).filter(|t| !matches!(*t, "-" | "") && t.len() <= NAME_BYTES_MAX)
        };
        let host = next();
        self.host = host.or(self.host);
        self.program = next();
        self.pid = next();
        self.message_id = next();
        let (data, after) = structured(rest);
        self.data = data;
        Some(after.trim_start())
    }
}

/// The first of a chain of hosts, as syslog-ng writes it: `src@h1`, `h1/relay`.
fn originator(host: &str) -> &str {
    let name = host.split_once('@').map_or(host, |parts| parts.1);
    let first = name.split('/').next().unwrap_or_default();
    if first.is_empty() { host } else { first }
}

/// What follows the name of a zone between a time and a host. What it is ahead
/// of UTC is whatever somebody set up, so it is only passed by. A host may be
/// called so too: then a program follows it.
fn without_zone(text: &str) -> Option<&str> {
    const ZONES: &str = "ACDT ACST ADT AEDT AEST AKDT AKST ART AST AWST BRT BST CDT CEST CET CST \
                         EAT EDT EEST EET EST GST HDT HKT HST IDT IRST IST JST KST MDT MSK MST \
                         NDT NST NZDT NZST PDT PHT PKT PST SAST SGT TRT WAT WEST WET WIB";
    if !text.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let (zone, after) = word(text);
    let after = after.strip_prefix(' ').filter(|_| (3..=4).contains(&zone.len()))?;
    if Tag::of(after, true).is_some() || !ZONES.split(' ').any(|known| known == zone) {
        return None;
    }
    let (_, rest) = host(after)?;
    Tag::of(rest.trim_start(), true).map(|_| after)
}

/// `[192.0.2.1]` as a host, of Zscaler.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (inside, after) = text.strip_prefix('[')?.split_once("] ")?;
    inside.parse::<std::net::IpAddr>().ok().map(|_| (inside, after))
}

/// What follows the address that some write between the host and the program.
fn without_address(text: &str) -> Option<&str> {
    let (address, after) = word(text);
    address.parse::<std::net::IpAddr>().ok()?;
    let after = after.trim_start();
    Tag::of(after, true).map(|_| after)
}

/// What follows a number that a device of Cisco puts before its time.
fn sequence(text: &str) -> Option<&str> {
    let (number, after) = word(text);
    let digits = number.strip_suffix(':').filter(|n| n.bytes().all(|b| b.is_ascii_digit()))?;
    let after = after.trim_start();
    (!digits.is_empty() && clock::read(after).is_some()).then_some(after)
}

fn is_level(word: &str) -> bool {
    const LEVELS: [&str; 14] = [
        "trace", "debug", "info", "notice", "warn", "warning", "err", "error", "crit", "critical",
        "alert", "emerg", "fatal", "verbose",
    ];
    LEVELS.iter().any(|level| word.eq_ignore_ascii_case(level))
}

/// Whether another header follows.
fn nested(text: &str) -> bool {
    priority(text).is_some()
        || clock::read(text).is_some_and(|c| c.stamp.is_some())
        || text.strip_prefix("1 ").is_some_and(|t| clock::read(t).is_some_and(|c| c.iso))
}

/// Whether an indented line is a record of its own.
pub(super) fn begins(text: &[u8]) -> bool {
    let mut end = text.len().min(160);
    let start = loop {
        match std::str::from_utf8(text.get(..end).unwrap_or_default()) {
            Ok(start) => break start,
            Err(e) => end = e.valid_up_to(),
        }
    };
    nested(start)
        || octets(text).is_some()
        || ["CEF:", "LEEF:", "date=", "%", "--", "Log Buffer"].iter().any(|p| start.starts_with(p))
}

/// `<134>`: the number, and what follows.
pub(super) fn priority(text: &str) -> Option<(u8, &str)> {
    let rest = text.strip_prefix('<')?;
    let digits = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let number = rest.get(..digits)?.parse().ok().filter(|n| *n < 192)?;
    Some((number, rest.get(digits..)?.strip_prefix('>')?))
}

/// How many bytes `123 ` takes before a priority, and how many octets it says
/// follow.
pub(super) fn octets(line: &[u8]) -> Option<(usize, usize)> {
    let digits = line.iter().take(7).take_while(|b| b.is_ascii_digit()).count();
    let follows = (1..=6).contains(&digits)
        && line.get(digits) == Some(&b' ')
        && line.get(digits + 1) == Some(&b'<')
        && line.get(digits + 2).is_some_and(u8::is_ascii_digit);
    let number = follows.then(|| time::number(line, 0, digits))??;
    Some((digits + 1, usize::try_from(number).ok()?))
}

/// The first word, and what follows it.
pub(super) fn word(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|b| b.is_ascii_whitespace()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// A host at the start of some text.
fn host(text: &str) -> Option<(&str, &str)> {
    let (name, after) = word(text);
    let bare = name.trim_end_matches(':');
    let odd = |b: u8| !(b.is_ascii_alphanumeric() || b >= 0x80 || b"-_.:/@%#+~()[]".contains(&b));
    let fits = !bare.is_empty()
        && bare.len() <= NAME_BYTES_MAX
        && !bare.bytes().any(odd)
        && bare.bytes().any(|b| b.is_ascii_alphanumeric() || b >= 0x80)
        && !bare.starts_with(['[', '(', '%', '#', '/', '-', '+'])
        && !bare.contains("-PPE-")
        && !matches!(bare, "CEF" | "LEEF");
    fits.then_some((bare, after))
}

/// The program and its process.
struct Tag<'a> {
    name: &'a str,
    pid: Option<&'a str>,
    after: &'a str,
}

impl<'a> Tag<'a> {
    /// `sshd[123]: ` or `kernel: `. Where a host could stand as well (`first`),
    /// a colon without a space is none of a tag.
    fn of(text: &'a str, first: bool) -> Option<Self> {
        let end = text
            .bytes()
            .take(NAME_BYTES_MAX)
            .position(|b| b.is_ascii_whitespace() || matches!(b, b'[' | b':'))?;
        let name = text.get(..end)?;
        let rest = text.get(end..)?;
        let (pid, after) = match rest.strip_prefix('[') {
            Some(inside) => {
                let close = inside.bytes().take(64).position(|b| b == b']' || b == b'[')?;
                let pid = inside.get(..close).filter(|pid| !pid.contains(['=', '"']))?;
                (Some(pid), inside.get(close..)?.strip_prefix(']')?)
            }
            None => (None, rest),
        };
        let closed = after.strip_prefix(':');
        let spaced = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']);
        let after = match (closed, pid) {
            (Some(after), _) if spaced(after) => after,
            (Some(after), _) if !first && !after.starts_with([':', '/']) => after,
            (None, Some(_)) if spaced(after) => after,
            _ => return None,
        };
        let usual =
            |b: u8| b.is_ascii_alphanumeric() || b >= 0x80 || b"-_./()@+\\$#~!*".contains(&b);
        let named = name.bytes().all(usual) && name.bytes().any(|b| b.is_ascii_alphabetic());
        let message = after.trim_start_matches([' ', '\t']);
        let named = named && !name.starts_with('(');
        (named && name != "CEF" && name != "LEEF").then_some(Self { name, pid, after: message })
    }
}

/// Structured data at the start of some text, and what follows it.
fn structured(text: &str) -> (&str, &str) {
    if let Some(after) = text.strip_prefix('-')
        && (after.is_empty() || after.starts_with([' ', '\n']))
    {
        return ("", after);
    }
    let b = text.as_bytes();
    let (mut at, mut quoted, mut open, mut end) = (0, false, false, 0);
    while let Some(byte) = b.get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'[' if !quoted && !open => open = true,
            b']' if !quoted => (open, end) = (false, at + 1),
            _ if !open => break,
            _ => {}
        }
        at += 1;
    }
    text.split_at_checked(end).unwrap_or(("", text))
}

fn facility_number(name: &str) -> Option<u8> {
    let known = FACILITIES.iter().position(|f| f.eq_ignore_ascii_case(name));
    u8::try_from(known.or_else(|| name.eq_ignore_ascii_case("kernel").then_some(0))?).ok()
}

fn severity_number(name: &str) -> Option<u8> {
    let known = SEVERITIES.iter().position(|s| s.eq_ignore_ascii_case(name));
    let alias = || match name.to_ascii_lowercase().as_str() {
        "emergency" | "panic" => Some(0),
        "critical" => Some(2),
        "error" => Some(3),
        "warn" => Some(4),
        "informational" => Some(6),
        _ => None,
    };
    u8::try_from(known.or_else(alias)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Host, program, pid, body.
    fn parts(text: &str) -> [&str; 4] {
        let head = Head::read(text);
        [head.host, head.program, head.pid, Some(head.body)].map(Option::unwrap_or_default)
    }

    /// A line; its host, program, process id and body.
    const HEADERS: &[(&str, [&str; 4])] = &[
        (
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
            ["mymachine", "su", "", "'su root' failed"],
        ),
        ("Jan  2 03:04:05 web1 sshd[123]: Accepted x", ["web1", "sshd", "123", "Accepted x"]),
        ("Jan  2 03:04:05 sshd[123]: Accepted x", ["", "sshd", "123", "Accepted x"]),
        ("Jan  2 03:04:05 web1 kernel:[1.2] x", ["web1", "kernel", "", "[1.2] x"]),
        ("Jan  2 03:04:05 web1 sudo:    alice : TTY=a", ["web1", "sudo", "", "alice : TTY=a"]),
        (
            "Jan  2 03:04:05 web1 last message repeated 3 times",
            ["web1", "", "", "last message repeated 3 times"],
        ),
        (
            "Jan  2 03:04:05 last message repeated 3 times",
            ["", "", "", "last message repeated 3 times"],
        ),
        (
            "Jan  2 03:04:05 mac --- last message repeated 1 time ---",
            ["mac", "", "", "--- last message repeated 1 time ---"],
        ),
        (
            "2024-01-02T03:04:05.678901+01:00 web1 CRON[9]: (root) CMD (x)",
            ["web1", "CRON", "9", "(root) CMD (x)"],
        ),
        (
            "2024-01-02T03:04:05+0100 web1 systemd[1]: Started x.",
            ["web1", "systemd", "1", "Started x."],
        ),
        (
            "2024-01-02T03:04:05.678Z info hostd[12] [Originator@6876 sub=x] y",
            ["", "hostd", "12", "[Originator@6876 sub=x] y"],
        ),
        ("Tue 2024-01-02 03:04:05 CET web1 ssh.service[12]: x", ["web1", "ssh.service", "12", "x"]),
        ("Tue Jan  2 03:04:05 2024 daemon.info dnsmasq[7]: x", ["", "dnsmasq", "7", "x"]),
        ("Jan  2 03:04:05 web1 auth.info sshd[7]: x", ["web1", "sshd", "7", "x"]),
        ("Jan  2 03:04:05 aix1 auth|security:info sshd[7]: x", ["aix1", "sshd", "7", "x"]),
        ("Jan  2 03:04:05 Message forwarded from aix1: sshd[7]: x", ["aix1", "sshd", "7", "x"]),
        ("Jan  2 03:04:05 <auth.info> bsd sshd[7]: x", ["bsd", "sshd", "7", "x"]),
        (
            "2024-01-02 03:04:05\tLocal7.Debug\t10.0.0.1\tid=firewall",
            ["10.0.0.1", "", "", "id=firewall"],
        ),
        ("2024-01-02T03:04:05.678Z In(182) vmkernel: cpu1:2)x", ["", "vmkernel", "", "cpu1:2)x"]),
        (
            "2024-01-02T03:04:05.678Z cpu1:2097)ScsiDeviceIO: 3: x",
            ["", "vmkernel", "", "ScsiDeviceIO: 3: x"],
        ),
        (
            "2024-01-02 03:04:05,123 fail2ban.actions        [77]: NOTICE  [sshd] Ban 1.2.3.4",
            ["", "fail2ban.actions", "77", "NOTICE  [sshd] Ban 1.2.3.4"],
        ),
        ("1704164645.123456 web1 sshd[7]: x", ["web1", "sshd", "7", "x"]),
        // A zone by name, and hosts that are called like one.
        ("Jan  2 03:04:05 EST web1 sshd[7]: x", ["web1", "sshd", "7", "x"]),
        ("Jan  2 03:04:05 CEST web1 su: x", ["web1", "su", "", "x"]),
        ("Jan  2 03:04:05 UTC web1 su: x", ["web1", "su", "", "x"]),
        ("Jan  2 03:04:05 EST sshd[7]: x: y", ["EST", "sshd", "7", "x: y"]),
        ("Jan  2 03:04:05 EST last message", ["EST", "", "", "last message"]),
        ("Jan  2 03:04:05 GATE web1 su: x", ["GATE", "", "", "web1 su: x"]),
        ("Jan  2 03:04:05 fe80::1 su: x", ["fe80::1", "su", "", "x"]),
        ("<13>su: x", ["", "su", "", "x"]),
        ("<13>date=2024-01-02 x", ["", "", "", "date=2024-01-02 x"]),
        (
            "<34>1 2003-10-11T22:14:15.003Z m.example.com su - ID47 - \u{feff}'su' x",
            ["m.example.com", "su", "", "'su' x"],
        ),
        (
            "97 <34>1 2003-10-11T22:14:15.003Z m su 12 ID47 [a@1 b=\"c \\\"]\"][d@2 e=\"\"] x",
            ["m", "su", "12", "x"],
        ),
        ("<34>1 - - - - - -", ["", "", "", ""]),
        (
            "<134>1 1563249630.774247467 MX84 urls src=1.2.3.4:5",
            ["MX84", "urls", "", "src=1.2.3.4:5"],
        ),
        // Headers that are stacked.
        ("Jan  2 03:04:05 relay <189>Jan  2 03:04:04 dev su: x", ["dev", "su", "", "x"]),
        ("2024-01-02T03:04:05Z relay Jan  2 03:04:04 dev su[1]: x", ["dev", "su", "1", "x"]),
        ("Jan  2 03:04:05 10.0.0.1 1 2024-01-02T03:04:05Z dev su - - - x", ["dev", "su", "", "x"]),
        (
            "Jan  2 03:04:05 dev app[1]: 2024-01-02 03:04:05 INFO a: b",
            ["dev", "app", "1", "2024-01-02 03:04:05 INFO a: b"],
        ),
        ("Jan  2 03:04:05 fw1 id=firewall sn=1", ["fw1", "", "", "id=firewall sn=1"]),
        ("Jan  2 03:04:05 fw1 CEF:0|a|b|", ["fw1", "", "", "CEF:0|a|b|"]),
        // Of clusters, and chains of hosts.
        (
            "- 1704164645 2024.01.02 n1 Jan 2 03:04:05 n1/n1 crond(pam_unix)[2]: x",
            ["n1", "crond(pam_unix)", "2", "x"],
        ),
        ("- 1704164645 2024.01.02 #8# Jan 2 03:04:05 #8#/#8# su: x", ["#8#", "su", "", "x"]),
        (
            "KERNTERM 1704164645 2024.01.02 R1-M0:J1 2024-01-02-03.04.05.6 R1-M0:J1 RAS KERNEL x",
            ["R1-M0:J1", "", "", "2024-01-02-03.04.05.6 R1-M0:J1 RAS KERNEL x"],
        ),
        ("<14>Jan  2 03:04:05 [192.0.2.1] nss: x", ["192.0.2.1", "nss", "", "x"]),
        ("<29>Jan  2 03:04:05 h1 192.0.2.1 httpd: x", ["h1", "httpd", "", "x"]),
        // Of Chrome OS: a level instead of the host.
        ("2024-01-02T03:04:05.678901-07:00 ERR kernel: x", ["", "kernel", "", "x"]),
        ("Jan  2 03:04:05 src@web1 su: x", ["web1", "su", "", "x"]),
        ("Jan  2 03:04:05 web1/relay su: x", ["web1", "su", "", "x"]),
        // Devices of Cisco that write no tag.
        ("<191>67: r1: Jan  2 03:04:05.678 CET: NTP Core: x", ["r1", "", "", "NTP Core: x"]),
        ("<187>r1: 2024 Jan  2 03:04:05 UTC: last message", ["r1", "", "", "last message"]),
        ("<187>Jan  2 03:04:05 r1 : 2024 Jan  2 03:04:05 UTC: x", ["r1", "", "", "x"]),
        ("<187>Jan  2 03:04:05 r1 67: Jan  2 03:04:05.678 AEST: x", ["r1", "", "", "x"]),
        ("<13>app: Jan  2 03:04:05 x", ["", "app", "", "Jan  2 03:04:05 x"]),
        // RFC 5424 without its first part, and with a zone that is mistyped.
        ("2024-01-02T03:04:05-05:00 h1 app 12 - - x", ["h1", "app", "12", "x"]),
        ("<166> 2024-01-02T03:04:05+10:00 h1 - - - - x y", ["h1", "", "", "x y"]),
        ("<85>1 2024-01-02T03:04:05--5:00 h1 gw - Log [a b=\"c\"]", ["h1", "gw", "", ""]),
        ("<13>Original Address=10.0.0.1 Jan  2 03:04:05 h su: x", ["h", "su", "", "x"]),
        ("<134> 2024/01/02:03:04:05 GMT ns 0-PPE-1 : x", ["ns", "", "", "0-PPE-1 : x"]),
        ("no header: at all", ["", "", "", "no header: at all"]),
        ("", ["", "", "", ""]),
        ("<", ["", "", "", "<"]),
        ("<999>x", ["", "", "", "<999>x"]),
    ];

    #[test]
    fn headers_of_all_kinds() {
        for &(text, expected) in HEADERS {
            assert_eq!(parts(text), expected, "{text}");
        }
        let head = Head::read("<34>1 - h a p m [a@1 b=\"c\"] x");
        assert_eq!(
            (head.priority, head.data, head.message_id),
            (Some(34), "[a@1 b=\"c\"]", Some("m"))
        );
        let relayed = Head::read("2024-01-02T03:04:05Z relay Jan  2 03:04:04 dev su[1]: x");
        assert_eq!(relayed.time, Some(Stamp::Utc(1_704_164_645_000_000_000)));
    }

    #[test]
    fn what_is_surely_syslog() {
        for (text, sure) in [
            ("Jan  2 03:04:05 web1 su: x", true),
            ("Jan  2 03:04:05 web1 some device says this", true),
            ("<13>anything", true),
            ("2024-01-02T03:04:05+01:00 web1 su: x", true),
            ("2024-01-02 03:04:05 web1 su[1]: x", true),
            ("Jan  2 2024 03:04:05 web1 su: x", true),
            ("2024-01-02 03:04:05\tLocal7.Debug\t10.0.0.1\tx", true),
            ("2024-01-02T03:04:05.678901-07:00 ERR kernel: x", true),
            ("- 1704164645 2024.01.02 n1 Jan 2 03:04:05 n1/n1 su: x", true),
            ("- 1704164645 20240102 n1 x", false),
            ("2024-01-02 03:04:05 INFO main: x", false),
            ("2024-01-02 03:04:05.123 UTC [7] LOG:  statement", false),
            ("2024-01-02T03:04:05.123456Z 0 [System] [MY-1] [Server] x", false),
            ("Tue Jan  2 03:04:05 2024 1 192.0.2.5 1024 /a b _ o r x ftp 0 * c", false),
            ("2024-01-02 03:04:05,123 INFO [main] a.B: x", false),
            ("2024-01-02T03:04:05Z INFO main: x", false),
            ("2024-01-02T03:04:05Z stdout F level: x", false),
            ("2024/01/02 03:04:05 [error] 1#1: *1 open()", false),
            ("2024-01-02 03:04:05 10.0.0.1 GET / - 80 - 10.0.0.2 curl 200", false),
            ("1704164645.123    456 10.0.0.1 TCP_MISS/200 1 GET", false),
            ("10.0.0.1 - - [02/Jan/2024:03:04:05 +0000] \"GET / HTTP/1.1\" 200 1", false),
            ("type=SYSCALL msg=audit(1.2:3): x", false),
        ] {
            assert_eq!(Head::read(text).sure, sure, "{text}");
        }
    }
}
