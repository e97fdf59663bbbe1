//! An event as a form to be filled in: what stays, and what changes from event
//! to event. What a value is, its key and its looks say.

use super::random::Chance;

/// A piece of an event's line.
#[derive(Debug)]
pub(super) enum Part {
    /// As it stands.
    Text(Box<str>),
    /// The time of the event, in the form of this text.
    Time(Box<str>),
    /// Seconds since 1970 with six digits behind the point.
    Seconds,
    /// The record's number.
    Record,
    /// A number from 4 up to this, in steps of 4.
    Number(u32),
    Host,
    User,
    /// Text of which there are more and more variants.
    Varied {
        exponent: f64,
        key: Box<str>,
        tokens: Vec<Token>,
    },
}

/// A piece of a varied text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Text(Box<str>),
    /// Digits, as many as here.
    Digits(Box<str>),
    /// Hexadecimal digits, as many as here; upper case where these are.
    Hex(Box<str>),
    /// An IPv4 address.
    Address(Box<str>),
    /// The name of a user's folder.
    User(Box<str>),
    /// What tells a variant from the others, where nothing else in it does.
    Mark,
}

/// Keys whose values never change.
const CONSTANT: &[&str] = &[
    "eventid",
    "version",
    "level",
    "task",
    "opcode",
    "opcodevalue",
    "keywords",
    "qualifiers",
    "status",
    "substatus",
    "logontype",
    "eventtype",
    "severityvalue",
    "severity",
    "channel",
    "provider",
    "name",
    "guid",
    "providerguid",
    "sourcename",
    "category",
    "tags",
    "@version",
    "sourcemoduletype",
    "sourcemodulename",
    "fileversion",
    "product",
    "company",
    "description",
    "originalfilename",
    "signature",
    "grantedaccess",
    "rulename",
    "accesslist",
    "accessmask",
    "privilegelist",
    "enabledprivilegelist",
    "userid",
    "xmlns",
    "eventsource",
    "eventname",
    "eventversion",
    "awsregion",
    "useragent",
    "_path",
    "@stream",
    "@proc",
    "proto",
    "conn_state",
    "history",
    "#attributes",
    "security",
    "port",
    "integritylevel",
    "authenticationpackagename",
    "signaturestatus",
];

/// Keys by what they hold, and how quickly the number of values grows.
const GROWING: &[(&[&str], f64)] = &[
    (
        &[
            "message",
            "contextinfo",
            "activityid",
            "requestid",
            "uid",
            "sequencenumber",
            "community_id",
            "fuid",
        ],
        1.0,
    ),
    (
        &[
            "processguid",
            "parentprocessguid",
            "sourceprocessguid",
            "targetprocessguid",
            "logonguid",
        ],
        0.8,
    ),
    (&["subjectlogonid", "targetlogonid", "logonid"], 0.75),
    (
        &[
            "payload",
            "scriptblocktext",
            "data",
            "commandline",
            "parentcommandline",
            "processcommandline",
        ],
        0.65,
    ),
    (
        &[
            "targetfilename",
            "queryname",
            "query",
            "destinationhostname",
            "uri",
            "relativetargetname",
        ],
        0.65,
    ),
    (&["targetobject", "details", "objectname", "queryresults", "arn", "keyname"], 0.55),
    (&["calltrace", "imageloaded", "hashes", "pipename", "subject", "issuer"], 0.45),
    (
        &["image", "parentimage", "sourceimage", "targetimage", "newprocessname", "application"],
        0.35,
    ),
];

/// Of all other texts.
const OTHER_EXPONENT: f64 = 0.4;

/// Shorter texts stay as they are, unless their key says otherwise.
const OTHER_CHARS_MIN: usize = 12;

/// Keys whose texts are made different even where they hold no number.
const MARKED: &[&str] = &[
    "commandline",
    "parentcommandline",
    "targetfilename",
    "targetobject",
    "queryname",
    "query",
    "objectname",
    "imageloaded",
    "scriptblocktext",
    "payload",
    "message",
    "uri",
];

const TIMES: &[&str] = &[
    "systemtime",
    "eventtime",
    "eventreceivedtime",
    "@timestamp",
    "utctime",
    "creationutctime",
    "_write_ts",
    "creationdate",
];

const HOSTS: &[&str] = &["computer", "hostname", "workstationname", "workstation", "host"];

const USERS: &[&str] = &["subjectusername", "targetusername", "accountname", "username"];

const NUMBERS: &[(&[&str], u32)] = &[
    (
        &[
            "processid",
            "executionprocessid",
            "parentprocessid",
            "sourceprocessid",
            "targetprocessid",
        ],
        40_000,
    ),
    (&["newprocessid", "newthreadid"], 40_000),
    (&["threadid", "sourcethreadid"], 60_000),
    (&["sourceport", "ipport", "id_orig_p", "id.orig_p"], 65_000),
    (
        &["orig_bytes", "resp_bytes", "orig_ip_bytes", "resp_ip_bytes", "bytestransferredout"],
        4_000_000,
    ),
];

/// An encoded command this long is of the recorded attack, where it stands in
/// every event of the process.
const ENCODED_CHARS_MIN: usize = 200;

/// What stands in its place.
const SCRIPT: &str = r"-File C:\\Program Files\\Agent\\inventory-1042.ps1";

/// The line with encoded commands replaced by a script's path.
fn without_encoded(line: &str) -> String {
    let encoded = |b: &u8| b.is_ascii_alphanumeric() || b"+/=".contains(b);
    let (mut out, mut rest) = (String::with_capacity(line.len()), line);
    while let Some(at) = rest.bytes().position(|b| encoded(&b)) {
        let (before, run) = rest.split_at(at);
        let len = run.bytes().take_while(|b| encoded(b)).count();
        let (run, after) = run.split_at(len);
        out.push_str(before);
        out.push_str(if len >= ENCODED_CHARS_MIN { SCRIPT } else { run });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Cuts a line of JSON into what stays and what changes.
pub(super) fn cut(line: &str) -> Vec<Part> {
    let line = &without_encoded(line);
    let (mut parts, mut kept, mut key, mut at) = (Vec::new(), 0, String::new(), 0);
    let bytes = line.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let end = match byte {
            b'"' => end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                at + bytes.iter().skip(at).take_while(|b| b"+-.eE0123456789".contains(b)).count()
            }
            _ => {
                at += 1;
                continue;
            }
        };
        at = end;
        let quoted = byte == b'"';
        let token = line.get(start..end).unwrap_or_default();
        let inner = if quoted { token.get(1..token.len() - 1).unwrap_or_default() } else { token };
        if quoted && bytes.get(end) == Some(&b':') {
            key = inner.to_ascii_lowercase();
            continue;
        }
        if let Some(part) = part_of(&key, inner, quoted) {
            let inner_start = start + usize::from(quoted);
            parts.push(Part::Text(line.get(kept..inner_start).unwrap_or_default().into()));
            parts.push(part);
            kept = end - usize::from(quoted);
        }
    }
    parts.push(Part::Text(line.get(kept..).unwrap_or_default().into()));
    parts
}

fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(&byte) = bytes.get(end) {
        match byte {
            b'"' => return end + 1,
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    bytes.len()
}

/// What becomes of a value; `None` where it stays.
fn part_of(key: &str, value: &str, quoted: bool) -> Option<Part> {
    let is = |list: &[&str]| list.contains(&key);
    if is(CONSTANT) && !(key == "host" && quoted) {
        return None;
    }
    if is(TIMES) {
        return looks_like_time(value).then(|| Part::Time(value.into()));
    }
    if key == "ts" && !quoted {
        return Some(Part::Seconds);
    }
    if key == "recordnumber" || key == "eventrecordid" {
        return Some(Part::Record);
    }
    if is(HOSTS) {
        return (quoted && value.len() > 1).then_some(Part::Host);
    }
    if is(USERS) {
        let person = quoted
            && value.len() > 3
            && !value.ends_with('$')
            && value.contains(|c: char| c.is_ascii_lowercase());
        return person.then_some(Part::User);
    }
    if let Some((_, most)) = NUMBERS.iter().find(|(keys, _)| keys.contains(&key)) {
        let plain = value.len() > 2 && value.bytes().all(|b| b.is_ascii_digit());
        if plain || !value.starts_with("0x") {
            return plain.then_some(Part::Number(*most));
        }
    }
    if !quoted {
        return None;
    }
    let growing = GROWING.iter().find(|(keys, _)| keys.contains(&key)).map(|g| g.1);
    if growing.is_none() && value.len() < OTHER_CHARS_MIN {
        return None;
    }
    let mut tokens = tokens(value);
    if !tokens.iter().any(|token| !matches!(token, Token::Text(_))) {
        if !is(MARKED) || value.len() < 4 {
            return None;
        }
        tokens.push(Token::Mark);
    }
    Some(Part::Varied { exponent: growing.unwrap_or(OTHER_EXPONENT), key: key.into(), tokens })
}

/// `2020-09-20 12:16:06`, and more.
fn looks_like_time(text: &str) -> bool {
    let form = "0000-00-00_00:00:00";
    text.len() >= form.len()
        && text.bytes().zip(form.bytes()).all(|(b, f)| match f {
            b'0' => b.is_ascii_digit(),
            b'_' => b == b' ' || b == b'T',
            f => b == f,
        })
}

/// Runs of digits that are at least so long are changed; of hexadecimal ones
/// with letters, so long.
const DIGITS_MIN: usize = 3;
const HEX_MIN: usize = 8;

fn tokens(text: &str) -> Vec<Token> {
    let (mut out, mut kept, mut at) = (Vec::new(), 0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        if bytes.get(at) == Some(&b'\\') {
            // Escapes of JSON stay whole.
            at += if bytes.get(at + 1) == Some(&b'u') { 6 } else { 2 };
            continue;
        }
        let before = bytes.get(..at).unwrap_or_default();
        let begins = kept == at
            || before.ends_with(b"0x")
            || before.last().is_none_or(|b| !b.is_ascii_alphanumeric());
        let Some((token, len)) = text.get(at..).filter(|_| begins).and_then(token_at) else {
            at += 1;
            continue;
        };
        // What is before a user's name belongs to the token that finds it.
        let lead = if matches!(token, Token::User(_)) { USERS_FOLDER.len() } else { 0 };
        out.push(Token::Text(text.get(kept..at + lead).unwrap_or_default().into()));
        out.push(token);
        at += len;
        kept = at;
    }
    out.push(Token::Text(text.get(kept..).unwrap_or_default().into()));
    out
}

const USERS_FOLDER: &str = r"Users\\";

/// What changes at the beginning of a text, and how much of it that is.
fn token_at(text: &str) -> Option<(Token, usize)> {
    let run = |of: fn(&u8) -> bool| text.bytes().take_while(of).count();
    let head = |len: usize| Box::<str>::from(text.get(..len).unwrap_or_default());
    if let Some(rest) = text.strip_prefix(USERS_FOLDER) {
        let len =
            rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"._-".contains(b)).count();
        let name = rest.get(..len).unwrap_or_default();
        return (len > 1 && name != "Public")
            .then(|| (Token::User(name.into()), USERS_FOLDER.len() + len));
    }
    let dotted = run(|b| b.is_ascii_digit() || *b == b'.');
    let address = head(dotted);
    if address.split('.').count() == 4 && address.split('.').all(|n| n.parse::<u8>().is_ok()) {
        return Some((Token::Address(address), dotted));
    }
    let (digits, hex) = (run(u8::is_ascii_digit), run(u8::is_ascii_hexdigit));
    if hex >= HEX_MIN || (hex > digits && hex >= 4 && digits > 0) {
        return Some((Token::Hex(head(hex)), hex));
    }
    (digits >= DIGITS_MIN && digits == hex).then(|| (Token::Digits(head(digits)), digits))
}

/// Writes one variant of a text; number 0 is the text as it was.
pub(super) fn write_variant(tokens: &[Token], site: u64, variant: u32, out: &mut String) {
    let mut chance = Chance::new(site.wrapping_mul(0x0100_0000_01b3) ^ u64::from(variant));
    for token in tokens {
        match token {
            Token::Text(text) => out.push_str(text),
            Token::Mark if variant == 0 => {}
            Token::Mark => {
                out.push_str(" ~");
                out.push_str(&variant.to_string());
            }
            Token::Digits(text) | Token::Hex(text) | Token::Address(text) | Token::User(text)
                if variant == 0 =>
            {
                out.push_str(text);
            }
            Token::Digits(text) => digits(text, b"0123456789", &mut chance, out),
            Token::Hex(text) if text.bytes().any(|b| b.is_ascii_uppercase()) => {
                digits(text, b"0123456789ABCDEF", &mut chance, out);
            }
            Token::Hex(text) => digits(text, b"0123456789abcdef", &mut chance, out),
            Token::Address(text) => address(text, &mut chance, out),
            Token::User(_) => user(usize::try_from(chance.below(400)).unwrap_or(0), out),
        }
    }
}

fn digits(text: &str, set: &[u8], chance: &mut Chance, out: &mut String) {
    let (mut left, base) = (0u64, set.len() as u64);
    for at in 0..text.len() {
        if at % 12 == 0 {
            left = chance.next();
        }
        let least = u64::from(at == 0);
        let digit = least + left % (base - least);
        left /= base;
        out.push(char::from(set.get(usize::try_from(digit).unwrap_or(0)).copied().unwrap_or(b'1')));
    }
}

/// Addresses within the network stay within it.
fn address(text: &str, chance: &mut Chance, out: &mut String) {
    let n = chance.next();
    let keep =
        if text.starts_with("10.") || text.starts_with("192.168.") || text.starts_with("172.") {
            2
        } else {
            0
        };
    if text.starts_with("127.") || text.starts_with("0.") || text.starts_with("255.") {
        out.push_str(text);
        return;
    }
    for (at, old) in text.split('.').enumerate() {
        if at > 0 {
            out.push('.');
        }
        if at < keep {
            out.push_str(old);
        } else {
            out.push_str(&(1 + (n >> (8 * at)) % 223).to_string());
        }
    }
}

/// The name of a user by number.
pub(super) fn user(number: usize, out: &mut String) {
    const FIRST: &[&str] = &["a", "b", "d", "e", "h", "j", "k", "m", "n", "p", "r", "s", "t", "y"];
    const LAST: &[&str] = &[
        "abe", "baker", "costa", "doi", "endo", "fuji", "gomez", "hara", "ito", "jones", "kato",
        "lee",
    ];
    out.push_str(FIRST.get(number % FIRST.len()).copied().unwrap_or("x"));
    out.push_str(LAST.get(number / FIRST.len() % LAST.len()).copied().unwrap_or("x"));
    if number >= FIRST.len() * LAST.len() {
        out.push_str(&(number / (FIRST.len() * LAST.len()) + 1).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_change_and_all_else_stays() {
        let line = r#"{"EventID":10,"EventTime":"2020-09-20 12:16:06","RecordNumber":7,"Image":"C:\\Users\\bob\\a-1234.exe","n":"\u00e9-x"}"#;
        let parts = cut(line);
        let kinds: Vec<String> =
            parts.iter().map(|p| format!("{p:?}").chars().take(4).collect()).collect();
        assert_eq!(kinds, ["Text", "Time", "Text", "Reco", "Text", "Vari", "Text"]);
        let Part::Varied { tokens, .. } = &parts[5] else { panic!() };
        let (mut same, mut other) = (String::new(), String::new());
        write_variant(tokens, 1, 0, &mut same);
        write_variant(tokens, 1, 1, &mut other);
        assert_eq!(same, r"C:\\Users\\bob\\a-1234.exe");
        assert_ne!(same, other);
        assert!(other.starts_with(r"C:\\Users\\") && other.ends_with(".exe"), "{other}");
    }
}
