//! What the text of a cell says about a property, in one spelling: logs and
//! indicators write the same address, hash or key in many ways.

use std::net::IpAddr;

use sekisho_sigma::compare::{address, fold_into};

use super::limits::CELL_PARTS_MAX;
use super::mapping::How;

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
    fn push(
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
        Form::Name => {
            let name = base_name(text);
            out.push(name, false, fold_key);
            if name.len() != text.len() {
                out.push(text, true, fold_key);
            }
        }
        Form::Folder => {
            let folder = if how == How::Folder { Some(text) } else { folder_of(text) };
            if let Some(folder) = folder {
                out.push(folder, false, |t, key| canonical(Form::Folder, t, key));
            }
        }
        Form::Registry => registry(how, text, out),
        Form::ValueName => {
            let name = text.rsplit_once('\\').map_or(text, |(_, name)| name);
            out.push(name, false, fold_key);
        }
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
            registry_key(text, key);
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

fn fold_key(text: &str, key: &mut String) -> bool {
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
fn host_address(text: &str) -> Option<IpAddr> {
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

/// The name of a machine, out of `name`, `name:port` or an address of the web.
fn domain_key(text: &str, key: &mut String) -> bool {
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = if host.len() == text.len() { host } else { authority(host).0 };
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let host = host.trim_end_matches('.');
    let sound = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '*');
    if host.is_empty() || host.len() > 253 || !host.chars().all(sound) || host.starts_with('.') {
        return false;
    }
    fold_into(host, key);
    host_address(host).is_none()
}

/// Splits what follows `//` into the authority without user and the rest.
fn authority(rest: &str) -> (&str, &str) {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    (authority.rsplit_once('@').map_or(authority, |(_, host)| host), path)
}

/// Scheme and host in lower case, no port that goes without saying, a path.
fn url_key(text: &str, key: &mut String) -> bool {
    let text = text.trim();
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let sound = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    if scheme.is_empty() || !scheme.bytes().all(sound) {
        return false;
    }
    fold_into(scheme, key);
    let port = match key.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    key.push_str("://");
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let (user, host) = host.rsplit_once('@').map_or(("", host), |(user, host)| (user, host));
    if !user.is_empty() {
        key.push_str(user);
        key.push('@');
    }
    let bare = if port.is_empty() { host } else { host.strip_suffix(port).unwrap_or(host) };
    fold_into(bare.trim_end_matches('.'), key);
    if !path.starts_with('/') {
        key.push('/');
    }
    key.push_str(path);
    !host.is_empty()
}

/// An address of the web of the host and the path that a log has apart.
pub(super) fn joined_url(host: &str, path: &str, out: &mut String) -> bool {
    if path.contains("://") {
        out.push_str(path);
        return true;
    }
    if host.is_empty() || !(path.starts_with('/') || path.is_empty()) {
        return false;
    }
    out.push_str("http://");
    out.push_str(host);
    out.push_str(path);
    true
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

/// `a@b` or `Name <a@b>`, `smtp:a@b`.
fn mail_key(text: &str, key: &mut String) -> bool {
    let inside = match (text.rfind('<'), text.rfind('>')) {
        (Some(start), Some(end)) if start < end => text.get(start + 1..end).unwrap_or_default(),
        _ => text,
    };
    let inside = inside.trim().trim_matches(['"', '\'']);
    let scheme = |prefix: &str| {
        inside.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let skipped = ["smtp:", "mailto:"].into_iter().find(|p| scheme(p)).map_or(0, str::len);
    let inside = inside.get(skipped..).unwrap_or_default();
    fold_into(inside.trim_end_matches('.'), key);
    let (name, host) = inside.rsplit_once('@').unwrap_or_default();
    let apart = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    !name.is_empty() && !host.is_empty() && !inside.contains(apart)
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

/// Names of the parts of the registry, as they are written and as we do.
const HIVES: [(&str, &str); 14] = [
    ("hkey_local_machine", "hkey_local_machine"),
    ("hklm", "hkey_local_machine"),
    ("hklm:", "hkey_local_machine"),
    ("\\registry\\machine", "hkey_local_machine"),
    ("hkey_current_user", "hkey_current_user"),
    ("hkcu", "hkey_current_user"),
    ("hkcu:", "hkey_current_user"),
    ("hkey_users", "hkey_users"),
    ("hku", "hkey_users"),
    ("\\registry\\user", "hkey_users"),
    ("hkey_classes_root", "hkey_local_machine\\software\\classes"),
    ("hkcr", "hkey_local_machine\\software\\classes"),
    ("hkey_current_config", "hkey_current_config"),
    ("hkcc", "hkey_current_config"),
];

/// A key with its hive written out, in lower case, with the control set that
/// is current.
pub(super) fn registry_key(text: &str, key: &mut String) {
    fold_into(text.trim_end_matches('\\'), key);
    for start in ["computer\\", "registry::"] {
        if key.starts_with(start) {
            key.drain(..start.len());
        }
    }
    let hive = HIVES.iter().find(|(written, _)| {
        key.strip_prefix(written).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'))
    });
    if let Some((written, ours)) = hive {
        key.replace_range(..written.len(), ours);
    }
    const SETS: &str = "hkey_local_machine\\system\\controlset";
    if let Some(rest) = key.strip_prefix(SETS) {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = rest.as_bytes().get(digits);
        if digits == 3 && (after.is_none() || after == Some(&b'\\')) {
            let at = SETS.len() - "controlset".len();
            key.replace_range(at..SETS.len() + digits, "currentcontrolset");
        }
    }
}

/// The key as such; besides, without the name of a value behind it, and as the
/// user's own view where the log names a user's part of the registry.
fn registry(how: How, text: &str, out: &mut Parts) {
    if text.is_empty() {
        return;
    }
    let views = |text: &str, alias: bool, out: &mut Parts| {
        out.push(text, alias, |t, key| {
            registry_key(t, key);
            true
        });
        out.push(text, true, own_view);
    };
    views(text, false, out);
    if how != How::Key
        && let Some((parent, _)) = text.rsplit_once('\\')
    {
        views(parent, true, out);
    }
}

/// `HKU\S-1-5-21-…\Software` is that user's `HKCU\Software`.
fn own_view(text: &str, key: &mut String) -> bool {
    let mut whole = String::new();
    registry_key(text, &mut whole);
    let Some(rest) = whole.strip_prefix("hkey_users\\s-1-5-21-") else { return false };
    let (sid, path) = rest.split_once('\\').unwrap_or((rest, ""));
    key.push_str("hkey_current_user");
    if sid.ends_with("_classes") {
        key.push_str("\\software\\classes");
    }
    if !path.is_empty() {
        key.push('\\');
        key.push_str(path);
    }
    true
}
