//! What the text of a cell says about a property, in one spelling: logs and
//! indicators write the same address, hash or key in many ways.

use std::net::IpAddr;

use sekisho_sigma::compare::{address, fold_into};

use super::command;
use super::limits::CELL_PARTS_MAX;
use super::mapping::How;
use super::registry;
use super::web::{domain_key, mail_key, url_key};

/// A kind of hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
    Imphash,
    Ssdeep,
}

impl Algorithm {
    pub(super) const ALL: [Self; 6] =
        [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512, Self::Imphash, Self::Ssdeep];

    /// As STIX calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
            Self::Imphash => "IMPHASH",
            Self::Ssdeep => "SSDEEP",
        }
    }

    /// Any spelling of its name: `SHA-256`, `sha256`, `SHA_256`.
    pub(super) fn of(name: &str) -> Option<Self> {
        let plain = |text: &str| {
            let kept = text.bytes().filter(|b| b.is_ascii_alphanumeric());
            kept.map(|b| b.to_ascii_uppercase()).collect::<Vec<u8>>()
        };
        let name = plain(name);
        Self::ALL.into_iter().find(|a| plain(a.name()) == name)
    }

    /// How many hexadecimal digits.
    fn digits(self) -> Option<usize> {
        match self {
            Self::Md5 | Self::Imphash => Some(32),
            Self::Sha1 => Some(40),
            Self::Sha256 => Some(64),
            Self::Sha512 => Some(128),
            Self::Ssdeep => None,
        }
    }
}

/// How values of a property are written and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// Text, every character counts.
    Exact,
    /// Text without regard to case.
    Folded,
    /// Name of a file; logs have its path.
    Name,
    /// A folder; logs mostly have the path of a file in it.
    Folder,
    Hash(Algorithm),
    Ssdeep,
    Ipv4,
    Ipv6,
    /// An address or a name of a machine.
    Host,
    /// `ipv4-addr`, `ipv6-addr` or `domain-name`: what a host is.
    Kind,
    Domain,
    Url,
    Mac,
    Registry,
    /// Name of a value of the registry; logs have it behind the key.
    ValueName,
    Integer,
    Mail,
    User,
    /// Serial number of a certificate, hexadecimal.
    Serial,
}

impl Form {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "exact" => Self::Exact,
            "folded" => Self::Folded,
            "name" => Self::Name,
            "folder" => Self::Folder,
            "hash" => Self::Hash(Algorithm::Imphash),
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "host" => Self::Host,
            "kind" => Self::Kind,
            "domain" => Self::Domain,
            "url" => Self::Url,
            "mac" => Self::Mac,
            "registry" => Self::Registry,
            "value-name" => Self::ValueName,
            "integer" => Self::Integer,
            "mail" => Self::Mail,
            "user" => Self::User,
            "serial" => Self::Serial,
            _ => return None,
        })
    }

    /// Whether values that differ in case only are the same.
    pub(super) fn folded(self) -> bool {
        !matches!(self, Self::Exact | Self::Ssdeep | Self::Url)
    }
}

/// One value of a property.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// As the log writes it.
    pub(super) raw: String,
    /// In the one spelling in which values are compared.
    pub(super) key: String,
    /// Another way to say the value beside it (the full path for a name). It
    /// may speak for an indicator, but not against one: a negated comparison
    /// does not look at it.
    pub(super) alias: bool,
}

/// Values of a property, in buffers that are used again.
#[derive(Debug, Default)]
pub(super) struct Parts {
    parts: Vec<Part>,
    used: usize,
    /// Whether there were more than are kept.
    cut: bool,
}

impl Parts {
    pub(super) fn clear(&mut self) {
        self.used = 0;
        self.cut = false;
    }

    /// Whether there are more values than [`CELL_PARTS_MAX`].
    pub(super) fn cut(&self) -> bool {
        self.cut
    }

    pub(super) fn get(&self) -> &[Part] {
        self.parts.get(..self.used).unwrap_or_default()
    }

    /// Adds a value; `key` writes its spelling into an empty buffer and says
    /// whether it is one of the form.
    pub(super) fn push(
        &mut self,
        raw: &str,
        alias: bool,
        key: impl FnOnce(&str, &mut String) -> bool,
    ) -> bool {
        if self.used >= CELL_PARTS_MAX {
            self.cut = self.cut || key(raw, &mut String::new());
            return false;
        }
        if self.used == self.parts.len() {
            self.parts.push(Part::default());
        }
        let Some(part) = self.parts.get_mut(self.used) else { return false };
        part.raw.clear();
        part.key.clear();
        part.alias = alias;
        part.raw.push_str(raw);
        let valid = key(raw, &mut part.key);
        self.used += usize::from(valid);
        valid
    }
}

/// Appends the values of a property that the text of a cell states.
pub(super) fn extract(form: Form, how: How, text: &str, out: &mut Parts) {
    match form {
        Form::Exact | Form::Ssdeep if text.is_empty() => {}
        Form::Ssdeep => hashes(Algorithm::Ssdeep, text, out),
        Form::Hash(algorithm) => hashes(algorithm, text, out),
        Form::Name if how == How::Command => name_in_command(text, out),
        Form::Name => {
            let name = base_name(text);
            out.push(name, false, fold_key);
            if name.len() != text.len() {
                out.push(text, true, fold_key);
            }
        }
        Form::Folder if how == How::Command => folder_in_command(text, out),
        Form::Folder => {
            let folder = if how == How::Folder { Some(text) } else { folder_of(text) };
            if let Some(folder) = folder {
                out.push(folder, false, |t, key| canonical(Form::Folder, t, key));
            }
        }
        Form::Registry => registry::keys(how, text, out),
        Form::ValueName => registry::value_names(text, out),
        Form::User => user(text, out),
        Form::Mail | Form::Ipv4 | Form::Ipv6 | Form::Host | Form::Kind | Form::Domain => {
            list(form, text, out);
        }
        _ => {
            out.push(text, false, |t, key| canonical(form, t, key));
        }
    }
}

/// Writes the one spelling of a value; `false` where it is none of the form.
pub(super) fn canonical(form: Form, text: &str, key: &mut String) -> bool {
    match form {
        Form::Exact => {
            key.push_str(text);
            !text.is_empty()
        }
        Form::Folded | Form::Name | Form::ValueName | Form::User => fold_key(text, key),
        Form::Folder => {
            let trimmed = text.trim_end_matches(['\\', '/']);
            fold_key(if trimmed.is_empty() { text } else { trimmed }, key)
        }
        Form::Hash(algorithm) => hash_key(algorithm, text, key),
        Form::Ssdeep => {
            key.push_str(text);
            text.split(':').count() == 3
        }
        Form::Ipv4 | Form::Ipv6 => {
            let wanted = |a: &IpAddr| a.is_ipv4() == (form == Form::Ipv4);
            host_address(text).filter(wanted).is_some_and(|a| write_address(a, key))
        }
        Form::Host => match host_address(text) {
            Some(address) => write_address(address, key),
            None => domain_key(text, key),
        },
        Form::Kind => {
            let kind = match host_address(text) {
                Some(IpAddr::V4(_)) => "ipv4-addr",
                Some(IpAddr::V6(_)) => "ipv6-addr",
                None if domain_key(text, &mut String::new()) => "domain-name",
                None => return false,
            };
            key.push_str(kind);
            true
        }
        Form::Domain => domain_key(text, key),
        Form::Url => url_key(text, key),
        Form::Mac => mac_key(text, key),
        Form::Registry => {
            registry::key(text, key);
            !text.is_empty()
        }
        Form::Integer => integer(text).is_some_and(|n| {
            key.push_str(&n.to_string());
            true
        }),
        Form::Mail => mail_key(text, key),
        Form::Serial => serial_key(text, key),
    }
}

/// A whole number, decimal or `0x`.
pub(super) fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
        return if plain { i64::from_str_radix(digits, 16).ok() } else { None };
    }
    text.parse().ok()
}

pub(super) fn fold_key(text: &str, key: &mut String) -> bool {
    fold_into(text, key);
    !text.is_empty()
}

fn base_name(path: &str) -> &str {
    let path = path.trim_matches('"');
    path.rfind(['\\', '/']).map_or(path, |at| path.get(at + 1..).unwrap_or_default())
}

fn folder_of(path: &str) -> Option<&str> {
    let path = path.trim_matches('"');
    let at = path.rfind(['\\', '/'])?;
    path.get(..at.max(1))
}

/// The name of the program that a command runs; besides, its path and the whole
/// of it.
fn name_in_command(text: &str, out: &mut Parts) {
    let path = command::program(text);
    let name = base_name(path);
    out.push(name, false, fold_key);
    let whole = command::may_be_a_path(text, path);
    let others = [whole.then(|| base_name(text)), Some(path), Some(text)];
    let mut before = name;
    for other in others.into_iter().flatten() {
        if other.len() != before.len() {
            out.push(other, true, fold_key);
            before = other;
        }
    }
    if let Some(path) = command::written_out(path) {
        out.push(&path, true, fold_key);
    }
}

fn folder_in_command(text: &str, out: &mut Parts) {
    let path = command::program(text);
    let key = |t: &str, key: &mut String| canonical(Form::Folder, t, key);
    if let Some(folder) = folder_of(path) {
        out.push(folder, false, key);
    }
    if command::may_be_a_path(text, path)
        && let Some(folder) = folder_of(text)
    {
        out.push(folder, true, key);
    }
    if let Some(path) = command::written_out(path)
        && let Some(folder) = folder_of(&path)
    {
        out.push(folder, true, key);
    }
}

/// `SHA1=…,MD5=…`, or the hash alone.
fn hashes(algorithm: Algorithm, text: &str, out: &mut Parts) {
    if !text.contains('=') {
        for one in text.split([',', ';', ' ']).filter(|t| !t.is_empty()) {
            out.push(one, false, |t, key| hash_form(algorithm, t, key));
        }
        return;
    }
    for pair in text.split([',', ';', ' ']) {
        let Some((name, value)) = pair.split_once('=') else { continue };
        if Algorithm::of(name) == Some(algorithm) {
            out.push(value, false, |t, key| hash_form(algorithm, t, key));
        }
    }
}

fn hash_form(algorithm: Algorithm, text: &str, key: &mut String) -> bool {
    match algorithm {
        Algorithm::Ssdeep => canonical(Form::Ssdeep, text, key),
        _ => hash_key(algorithm, text, key),
    }
}

fn hash_key(algorithm: Algorithm, text: &str, key: &mut String) -> bool {
    let text = text.strip_prefix("0x").unwrap_or(text);
    if text.contains(':') {
        key.extend(text.split(':'));
    } else {
        key.push_str(text);
    }
    key.make_ascii_lowercase();
    Some(key.len()) == algorithm.digits() && key.bytes().all(|b| b.is_ascii_hexdigit())
}

/// An address, perhaps in brackets, with a port, a zone or a prefix of full
/// length.
pub(super) fn host_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    // Most values are names: what has no digits at its end is no address.
    let plausible = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b']' | b'.');
    if !text.contains('%') && !text.as_bytes().last().is_some_and(plausible) {
        return None;
    }
    if let Some(found) = address(text) {
        return Some(found);
    }
    if let Some(inside) = text.strip_prefix('[') {
        let (inside, after) = inside.split_once(']')?;
        let port = after.is_empty() || after.starts_with(':');
        return address(inside).filter(|_| port);
    }
    let (host, port) = text.split_once(':')?;
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    address(host).filter(|a| digits && a.is_ipv4())
}

fn write_address(address: IpAddr, key: &mut String) -> bool {
    use std::fmt::Write as _;
    write!(key, "{address}").is_ok()
}

fn mac_key(text: &str, key: &mut String) -> bool {
    let digits = text.bytes().filter(|b| !b":-.".contains(b));
    for (n, digit) in digits.enumerate() {
        if n > 0 && n % 2 == 0 {
            key.push(':');
        }
        key.push(char::from(digit.to_ascii_lowercase()));
    }
    key.len() == 17 && key.bytes().all(|b| b == b':' || b.is_ascii_hexdigit())
}

fn serial_key(text: &str, key: &mut String) -> bool {
    let text = text.strip_prefix("0x").unwrap_or(text);
    key.extend(text.chars().filter(|c| !matches!(c, ':' | ' ' | '-')));
    key.make_ascii_lowercase();
    let zeros = key.bytes().take_while(|&b| b == b'0').count();
    let zeros = zeros.min(key.len().saturating_sub(1));
    key.drain(..zeros);
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_hexdigit())
}

/// One value, or several with signs between.
fn list(form: Form, text: &str, out: &mut Parts) {
    if out.push(text, false, |t, key| canonical(form, t, key)) || !text.contains([',', ';', ' ']) {
        return;
    }
    let ends: &[char] = if form == Form::Mail { &[',', ';'] } else { &[',', ';', ' '] };
    for one in text.split(ends).map(str::trim).filter(|t| !t.is_empty()) {
        // Sysmon writes `type:  5 name;` for the records that are no addresses.
        if form != Form::Mail && one == "type:" {
            continue;
        }
        let number = one.bytes().all(|b| b.is_ascii_digit());
        if !(number && matches!(form, Form::Domain | Form::Host | Form::Kind)) {
            out.push(one, false, |t, key| canonical(form, t, key));
        }
    }
}

/// `DOMAIN\name`, `name@domain`, `name`.
fn user(text: &str, out: &mut Parts) {
    match text.rsplit_once('\\') {
        Some((_, name)) => {
            out.push(name, false, fold_key);
            out.push(text, true, fold_key);
        }
        None => {
            out.push(text, false, fold_key);
        }
    }
}
