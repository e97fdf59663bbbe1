//! The parts of a line: what stands before its identity, the identity itself,
//! and its fields.

use memchr::{memchr, memchr2, memchr3, memmem, memrchr};

use super::names;
use crate::formats::lines::lines;
use crate::limits::AUDIT_HEAD_BYTES_MAX;
use crate::time::{self, Civil, Stamp, number};

/// How many lines are looked at to recognise the format.
const SAMPLE_LINES: usize = 40;

/// Stands between what the kernel says and what an enriched record adds.
const ENRICHED: u8 = 0x1d;

/// Lines with the same machine, time and serial number are of one event.
pub(super) type Key<'a> = (&'a [u8], &'a [u8]);

/// What says of which event a line is, and of which type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// The machine, where the line names it; before it may stand what a
    /// collector wrote.
    pub(super) node: &'a [u8],
    /// Record type as it is written: `SYSCALL`, `1400`, `UNKNOWN[1334]`.
    pub(super) kind: &'a [u8],
    /// `time:serial`, as it is written.
    pub(super) id: &'a [u8],
    /// Where the fields begin.
    pub(super) fields: usize,
    /// Names stand for numbers, and nothing is quoted (`ausearch -i`).
    pub(super) interpreted: bool,
}

impl<'a> Head<'a> {
    /// The head of a line; nothing beyond its first bytes is looked at, so
    /// that it can be told before the line is read to its end.
    pub(super) fn of(line: &'a [u8]) -> Option<Self> {
        let start = line.get(..AUDIT_HEAD_BYTES_MAX).unwrap_or(line);
        let open = memmem::find(start, b"audit(")?;
        let inner = start.get(open + 6..)?;
        let close = memchr(b')', inner)?;
        let id = inner.get(..close)?;
        let serial = id.get(memrchr(b':', id)? + 1..)?;
        let numbered = !serial.is_empty() && serial.iter().all(u8::is_ascii_digit);
        if !numbered || !id.first()?.is_ascii_digit() {
            return None;
        }
        let before = start.get(..open)?;
        let before = before.strip_suffix(b"msg=").unwrap_or(before);
        let at =
            if before.starts_with(b"type=") { 0 } else { memmem::rfind(before, b" type=")? + 1 };
        let kind = before.get(at + 5..)?.trim_ascii();
        if kind.is_empty() || kind.contains(&b' ') {
            return None;
        }
        let after = open + 6 + close + 1;
        let tail = start.get(after..).unwrap_or_default();
        let interpreted = tail.starts_with(b" :");
        let skip = if interpreted { 2 } else { usize::from(tail.first() == Some(&b':')) };
        let node = node(before.get(..at)?);
        Some(Self { node, kind, id, fields: after + skip, interpreted })
    }

    /// Which event it is of.
    pub(super) fn key(&self) -> Key<'a> {
        (self.node, self.id)
    }

    /// The number of the event on its machine.
    pub(super) fn serial(&self) -> Option<u64> {
        let at = memrchr(b':', self.id)?;
        std::str::from_utf8(self.id.get(at + 1..)?).ok()?.parse().ok()
    }

    /// When the event happened.
    pub(super) fn time(&self) -> Option<Stamp> {
        let at = memrchr(b':', self.id)?;
        let text = std::str::from_utf8(self.id.get(..at)?).ok()?;
        if let Some(time) = time::epoch(text) {
            return Some(Stamp::Utc(time));
        }
        civil(text).or_else(|| time::parse(text))
    }
}

/// The machine, in what stands before the type: `node=…`, or the host of a
/// syslog line, which is the word before the program's.
fn node(before: &[u8]) -> &[u8] {
    let words = || before.split(|&b| b == b' ').filter(|w| !w.is_empty());
    if let Some(node) = words().find_map(|word| word.strip_prefix(b"node=")) {
        return node;
    }
    let tag = words().position(|word| word.ends_with(b":"));
    let host = tag.and_then(|tag| words().nth(tag.checked_sub(1)?));
    host.unwrap_or_default()
}

/// A date as `ausearch -i` prints it, by the locale of who ran it. Without
/// further sign the month stands first, as in the C locale.
fn civil(text: &str) -> Option<Stamp> {
    let (date, clock) = text.split_once(' ')?;
    let mut parts = date.split(['/', '.', '-']);
    let mut part = || parts.next()?.parse::<i64>().ok();
    let (a, b, c) = (part()?, part()?, part()?);
    let (year, month, day) = match date.split(['/', '.', '-']).next()?.len() {
        4 => (a, b, c),
        _ if date.contains('.') || a > 12 => (c, b, a),
        _ => (c, a, b),
    };
    let year = if year < 100 { 2_000 + year } else { year };
    let c = clock.as_bytes();
    let (hour, minute, second) = (number(c, 0, 2)?, number(c, 3, 2)?, number(c, 6, 2)?);
    let (nanos, _) = time::fraction_of(c.get(9..).unwrap_or_default());
    Civil { year: Some(year), month, day, hour, minute, second, nanos, ahead: None }.stamp()
}

/// What a line says beside its fields.
pub(super) fn is_talk(line: &[u8]) -> bool {
    line == b"----"
        || line.starts_with(b"time->")
        || line == b"<no matches>"
        || line.iter().all(u8::is_ascii_whitespace)
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Between double quotes.
    Quoted,
    /// Between single quotes: fields of its own.
    Nested,
    /// Between braces.
    Braced,
    Bare,
    /// A word that is no field.
    Word,
}

/// A field as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raw<'a> {
    pub(super) name: &'a str,
    pub(super) form: Form,
    pub(super) value: &'a str,
}

/// Walks through the fields of a line.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a str,
    /// Values of several words are not quoted.
    interpreted: bool,
    /// Of an `EXECVE` record.
    arguments: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn new(rest: &'a str, interpreted: bool, arguments: bool) -> Self {
        Self { rest, interpreted, arguments }
    }

    fn take(&mut self, len: usize, skip: usize) -> &'a str {
        let taken = self.rest.get(..len).unwrap_or(self.rest);
        self.rest = self.rest.get(len + skip..).unwrap_or_default();
        taken
    }

    /// A value between marks of which the first was seen.
    fn marked(&mut self, end: Option<usize>) -> &'a str {
        self.take(1, 0);
        match end {
            Some(end) => self.take(end, 1),
            None => self.take(self.rest.len(), 0),
        }
    }

    fn value(&mut self, name: &str) -> (Form, &'a str) {
        let bytes = self.rest.as_bytes();
        match bytes.first() {
            Some(b'"') if !self.interpreted => {
                let end = memchr(b'"', bytes.get(1..).unwrap_or_default());
                (Form::Quoted, self.marked(end))
            }
            Some(b'\'') if name == "msg" => {
                let own = memchr(ENRICHED, bytes).and_then(|end| bytes.get(..end)).unwrap_or(bytes);
                let end = memrchr(b'\'', own).filter(|&at| at > 0).map(|at| at - 1);
                (Form::Nested, self.marked(end))
            }
            Some(b'{') => {
                let end = memchr(b'}', bytes).map(|at| at - 1);
                (Form::Braced, self.marked(end).trim())
            }
            _ => (Form::Bare, self.bare(name)),
        }
    }

    fn bare(&mut self, name: &str) -> &'a str {
        // Where copying dropped the mark before what was added.
        if self.rest.starts_with("(null)") {
            return self.take(6, 0);
        }
        let several = self.interpreted || matches!(name, "op" | "subj" | "reason");
        if several && name == "proctitle" {
            return self.take(self.rest.len(), 0).trim_end();
        }
        let mut end = 0;
        loop {
            let tail = self.rest.get(end..).unwrap_or_default();
            end += memchr2(b' ', ENRICHED, tail.as_bytes()).unwrap_or(tail.len());
            let next = self.rest.get(end..).unwrap_or_default();
            if !several || !next.starts_with(' ') {
                break;
            }
            let word = next.trim_start_matches(' ');
            if self.ends(name, word) {
                break;
            }
            end += next.len() - word.len();
        }
        if name == "saddr" {
            let glued = self.rest.get(..end).and_then(|value| value.find("SADDR="));
            end = glued.unwrap_or(end);
        }
        let value = self.take(end, 0).trim_end_matches(',');
        if value.contains('(') { value } else { value.trim_end_matches(')') }
    }

    /// Whether a value of several words ends before this.
    fn ends(&self, name: &str, tail: &str) -> bool {
        let len = memchr3(b' ', b'=', ENRICHED, tail.as_bytes()).unwrap_or(tail.len());
        if tail.is_empty() || tail.get(len..).is_none_or(|rest| !rest.starts_with('=')) {
            return tail.is_empty();
        }
        let next = tail.get(..len).unwrap_or_default();
        match name {
            "cmd" => matches!(next, "exe" | "terminal" | "res" | "hostname" | "addr" | "tty"),
            _ if self.arguments => names::is_argument(next),
            _ => is_name(next),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'[' | b']'))
}

impl<'a> Iterator for Fields<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        let skipped =
            self.rest.trim_start_matches([' ', ',', '(', char::from(ENRICHED), '\t', '\'']);
        self.rest = skipped.strip_prefix("#035").unwrap_or(skipped);
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let end = bytes.iter().position(|b| matches!(b, b'=' | b' ')).unwrap_or(bytes.len());
        let name = self.rest.get(..end).unwrap_or_default();
        if bytes.get(end) != Some(&b'=') || !is_name(name) {
            // Also what has a `=` but no name before it.
            let len = memchr(b' ', bytes).unwrap_or(bytes.len());
            let value = self.take(len, 0);
            return Some(Raw { name: "", form: Form::Word, value });
        }
        self.take(end, 1);
        let (form, value) = self.value(name);
        Some(Raw { name, form, value })
    }
}

/// Whether a source that begins so holds audit records: nearly all of its
/// first lines are.
pub(super) fn plausible(start: &[u8], whole: bool) -> bool {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    // The last line may be cut off.
    let end = memrchr(b'\n', start).filter(|_| !whole).unwrap_or(start.len());
    let (mut seen, mut told) = (0_usize, 0_usize);
    let all = lines(start.get(..end).unwrap_or_default());
    for (_, line) in all.filter(|(_, line)| !is_talk(line) && line.first() != Some(&b'#')) {
        if line.first() == Some(&b'{') {
            return false;
        }
        let is_told = Head::of(line).is_some();
        // A damaged line of an audit log speaks neither for nor against it.
        if !is_told && (line.starts_with(b"type=") || line.starts_with(b"msg=audit(")) {
            continue;
        }
        told += usize::from(is_told);
        seen += 1;
        if seen == SAMPLE_LINES {
            break;
        }
    }
    told > 0 && told * 8 >= seen * 7 || (told == 1 && seen <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(line: &str) -> Option<(String, String, String, bool)> {
        let head = Head::of(line.as_bytes())?;
        let text = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
        let rest = line.get(head.fields..).unwrap_or_default();
        Some((text(head.node), text(head.kind), rest.to_owned(), head.interpreted))
    }

    #[test]
    fn heads() {
        let id = "msg=audit(1364481363.243:24287)";
        for (line, expected) in [
            (format!("type=SYSCALL {id}: a=1"), Some(("", "SYSCALL", " a=1", false))),
            (format!("node=web1 type=CWD {id}: a=1"), Some(("web1", "CWD", " a=1", false))),
            (format!("type=EOE {id}: "), Some(("", "EOE", " ", false))),
            (format!("type=EOE {id}"), Some(("", "EOE", "", false))),
            (
                format!("Mar 28 14:36:03 web2 audispd: node=web1 type=CWD {id}: a"),
                Some(("web1", "CWD", " a", false)),
            ),
            (
                format!("Mar 28 14:36:03 web2 audispd[12]: type=CWD {id}: a"),
                Some(("web2", "CWD", " a", false)),
            ),
            (
                "Mar 28 14:36:03 web2 kernel: [ 7.5] audit: type=1400 audit(1364481363.243:2): a"
                    .to_owned(),
                Some(("web2", "1400", " a", false)),
            ),
            (
                "audit: type=1400 audit(1364481363.243:2): a".to_owned(),
                Some(("", "1400", " a", false)),
            ),
            (
                "type=PATH msg=audit(03/28/2013 14:36:03.243:24287) : item=0".to_owned(),
                Some(("", "PATH", " item=0", true)),
            ),
            ("type=PATH msg=audit(x:1): a".to_owned(), None),
            ("type=PATH msg=audit(1.0:): a".to_owned(), None),
            ("type= msg=audit(1.0:5): a".to_owned(), None),
            (
                format!("2024-03-04T05:06:07+00:00 web2 tag_audit_log: type=CWD {id}: a"),
                Some(("web2", "CWD", " a", false)),
            ),
            ("----".to_owned(), None),
        ] {
            let expected =
                expected.map(|(n, k, r, i)| (n.to_owned(), k.to_owned(), r.to_owned(), i));
            assert_eq!(head(&line), expected, "{line}");
        }
    }

    #[test]
    fn times() {
        let of = |id: &str| {
            let line = format!("type=A msg=audit({id}): b");
            Head::of(line.as_bytes()).and_then(|h| h.time())
        };
        let utc = 1_364_481_363_243_000_000;
        assert_eq!(of("1364481363.243:7"), Some(Stamp::Utc(utc)));
        for text in [
            "03/28/2013 14:36:03.243:7",
            "03/28/13 14:36:03.243:7",
            "28.03.2013 14:36:03.243:7",
            "28/03/13 14:36:03.243:7",
            "2013-03-28 14:36:03.243:7",
        ] {
            assert_eq!(of(text), Some(Stamp::Zoneless(utc)), "{text}");
        }
        assert_eq!(of("1.2:3"), None);
        assert_eq!(of("13/13/13 1:3"), None);
    }

    fn pairs(text: &str, interpreted: bool, arguments: bool) -> String {
        let all = Fields::new(text, interpreted, arguments);
        let said: Vec<String> =
            all.map(|f| format!("{}:{:?}:{}", f.name, f.form, f.value)).collect();
        said.join("|")
    }

    #[test]
    fn fields() {
        for (text, interpreted, arguments, expected) in [
            (
                " arch=c000003e exit=-2 comm=\"a b\" key=(null)",
                false,
                false,
                "arch:Bare:c000003e|exit:Bare:-2|comm:Quoted:a b|key:Bare:(null)",
            ),
            (
                " pid=1 msg='op=adding user acct=\"x\" res=success'\u{1d}UID=\"root\" ID=\"x\"",
                false,
                false,
                "pid:Bare:1|msg:Nested:op=adding user acct=\"x\" res=success|UID:Quoted:root|ID:Quoted:x",
            ),
            ("op=adding user acct=\"x\"", false, false, "op:Bare:adding user|acct:Quoted:x"),
            (
                " key=(null)ARCH=x86_64 SYSCALL=open",
                false,
                false,
                "key:Bare:(null)|ARCH:Bare:x86_64|SYSCALL:Bare:open",
            ),
            (
                " saddr=0200AA\u{1d}SADDR={ saddr_fam=inet laddr=1.2.3.4 lport=5 }",
                false,
                false,
                "saddr:Bare:0200AA|SADDR:Braced:saddr_fam=inet laddr=1.2.3.4 lport=5",
            ),
            (
                "PAM: x acct=\"r\" : exe=\"/bin/su\" (hostname=?, addr=?, terminal=pts/0 res=success)",
                false,
                false,
                ":Word:PAM:|:Word:x|acct:Quoted:r|:Word::|exe:Quoted:/bin/su|hostname:Bare:?|addr:Bare:?|terminal:Bare:pts/0|res:Bare:success",
            ),
            (
                " argc=3 a0=sh a1=-c a2=echo x=1 y ",
                true,
                true,
                "argc:Bare:3|a0:Bare:sh|a1:Bare:-c|a2:Bare:echo x=1 y",
            ),
            (
                " exit=EACCES(Permission denied) a0=0x7 key=a",
                true,
                false,
                "exit:Bare:EACCES(Permission denied)|a0:Bare:0x7|key:Bare:a",
            ),
            (" proctitle=sh -c a=1 b", true, false, "proctitle:Bare:sh -c a=1 b"),
            (
                "cwd=/root cmd=env A=1 ls exe=/usr/bin/sudo res=success",
                true,
                false,
                "cwd:Bare:/root|cmd:Bare:env A=1 ls|exe:Bare:/usr/bin/sudo|res:Bare:success",
            ),
            (
                " avc:  denied  { read write } for  pid=1 comm=\"x\"",
                false,
                false,
                ":Word:avc:|:Word:denied|:Word:{|:Word:read|:Word:write|:Word:}|:Word:for|pid:Bare:1|comm:Quoted:x",
            ),
            (" a=\"open", false, false, "a:Quoted:open"),
            (" =x a==b c=", false, false, ":Word:=x|a:Bare:=b|c:Bare:"),
        ] {
            assert_eq!(pairs(text, interpreted, arguments), expected, "{text}");
        }
        let lost = pairs("saddr=0200AASADDR={ saddr_fam=inet lport=5 }", false, false);
        assert!(
            lost.starts_with("saddr:Bare:0200AA|SADDR:Braced:saddr_fam=inet lport=5"),
            "{lost}"
        );
    }

    #[test]
    fn what_is_recognised() {
        let line = "type=CWD msg=audit(1364481363.243:2): cwd=\"/\"\n";
        assert!(plausible(line.as_bytes(), true));
        assert!(plausible(
            format!("----\ntime->Thu Mar 28 14:36:03 2013\n{line}").as_bytes(),
            true
        ));
        assert!(plausible(format!("\u{feff}\r\n{line}{line}type=C").as_bytes(), false));
        let damaged = "type=A msg=audit(1): x\ntype= msg=audit(1.2:3): x\n";
        assert!(plausible(format!("{line}{damaged}").as_bytes(), true));
        assert!(!plausible(damaged.as_bytes(), true));
        assert!(!plausible(b"Mar 28 14:36:03 web2 sshd[1]: type=x audit\n", true));
        assert!(!plausible(format!("{{\"a\":\"{line}\"}}").as_bytes(), true));
        assert!(!plausible(b"", true));
        let mixed = format!("{line}Mar 28 14:36:03 web2 sshd[1]: x\n").repeat(20);
        assert!(!plausible(mixed.as_bytes(), true));
    }
}
