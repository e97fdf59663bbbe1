//! Places as `assets.toml` declares them.

use toml::de::{DeTable, DeValue};

use super::fit::drive_share;
use super::location::{Host, Place};
use super::path::{self, Parsed, Root};
use super::reading::{Reading, Section, Value, meant, near};
use super::{
    Account, BucketPattern, Folder, Glob, Mailbox, Message, PathPattern, Resource, SitePattern,
};
use crate::limits::PATTERN_BYTES_MAX;
use crate::names::{Names, host_label};

/// Keys of a place. The first of each row says its kind.
const KEYS: &[&str] = &[
    "host",
    "path",
    "share",
    "mailbox",
    "folder",
    "message",
    "bucket",
    "prefix",
    "key",
    "site",
    "secret",
    "snapshot",
    "credential",
];

/// What a place says, by key.
#[derive(Debug, Default)]
struct Said {
    host: Option<String>,
    path: Option<String>,
    share: Option<String>,
    mailbox: Option<String>,
    folder: Option<String>,
    message: Option<String>,
    bucket: Option<String>,
    prefix: Option<String>,
    key: Option<String>,
    site: Option<String>,
    secret: Option<String>,
    snapshot: Option<String>,
    credential: Option<String>,
}

/// A place, or `None` (and a notice) where it cannot be used.
pub(super) fn place(
    value: Value<'_, '_>,
    whose: &str,
    names: &mut Names,
    to: &mut Reading,
) -> Option<Place> {
    let line = value.line;
    let said = match value.value {
        DeValue::Table(table) => said(table, line, whose, to)?,
        DeValue::String(text) => Said { path: Some(text.trim().to_owned()), ..Said::default() },
        other => {
            let is = other.type_str();
            to.say(
                line,
                &format!("a place of {whose} is of type {is}, expected `{{ host = …, path = … }}`"),
            );
            return None;
        }
    };
    let made = made(said, names, &mut |text| to.say(line, &format!("a place of {whose}: {text}")));
    made.map_err(|why| to.say(line, &format!("a place of {whose} cannot be used: {why}"))).ok()
}

/// How a place is shown: its values, in the order of its keys.
pub(super) fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Table(table) => {
            let mut parts: Vec<(&str, &str)> = table
                .iter()
                .filter_map(|(key, value)| {
                    Some((key.get_ref().as_ref(), value.get_ref().as_str()?))
                })
                .collect();
            parts.sort_by_key(|(key, _)| KEYS.iter().position(|known| known == key));
            parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
        }
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

fn said(table: &DeTable<'_>, line: usize, whose: &str, to: &mut Reading) -> Option<Said> {
    let mut section = to.section(table);
    if section.is_empty() {
        to.say(line, &format!("a place of {whose} is empty"));
        return None;
    }
    let mut bad = false;
    let mut text = |section: &mut Section<'_, '_>, keys: &[&str]| {
        let found = section.text(keys, to);
        bad |= found.is_err();
        found.ok().flatten()
    };
    let said = Said {
        host: text(&mut section, &["host"]),
        path: text(&mut section, &["path", "paths"]),
        share: text(&mut section, &["share"]),
        mailbox: text(&mut section, &["mailbox"]),
        folder: text(&mut section, &["folder"]),
        message: text(&mut section, &["message", "message_id"]),
        bucket: text(&mut section, &["bucket"]),
        prefix: text(&mut section, &["prefix"]),
        key: text(&mut section, &["key"]),
        site: text(&mut section, &["site", "url"]),
        secret: text(&mut section, &["secret", "parameter"]),
        snapshot: text(&mut section, &["snapshot", "image"]),
        credential: text(&mut section, &["credential", "account"]),
    };
    let host_alone = said.path.is_none() && said.share.is_none();
    for (key, line) in section.rest() {
        // A key that is nearly one of ours was meant to say less than the whole.
        let narrows = host_alone || KEYS.iter().any(|known| near(&key, known));
        bad |= narrows;
        let used = if narrows { "the place was not used" } else { "it was not used" };
        let hint = meant(&key, KEYS);
        to.say(line, &format!("`{key}` of a place of {whose} is not known; {used}{hint}"));
    }
    (!bad).then_some(said)
}

/// A place of what is said. Exactly one kind, with its own keys.
fn made(said: Said, names: &mut Names, doubt: &mut dyn FnMut(&str)) -> Result<Place, String> {
    let all = said.texts();
    if let Some((key, _)) = all.iter().find(|(_, text)| text.len() > PATTERN_BYTES_MAX) {
        return Err(format!("`{key}` has more than {PATTERN_BYTES_MAX} bytes"));
    }
    if let Some((key, _)) = all.iter().find(|(_, text)| text.contains('\0')) {
        return Err(format!("`{key}` has a character that no name has"));
    }
    let kinds: &[(&str, &[&str])] = &[
        ("mailbox", &["folder", "message"]),
        ("bucket", &["prefix", "key"]),
        ("site", &["path"]),
        ("secret", &[]),
        ("snapshot", &[]),
        ("credential", &[]),
        ("share", &["host", "path"]),
        ("host", &["path"]),
        ("path", &[]),
    ];
    let has = |key: &str| all.iter().any(|(own, _)| *own == key);
    let Some((kind, with)) = kinds.iter().find(|(kind, _)| has(kind)) else {
        return Err(format!("expected one of {}", kinds.map_names()));
    };
    if let Some((other, _)) = all.iter().find(|(key, _)| key != kind && !with.contains(key)) {
        return Err(format!("`{other}` does not go with `{kind}`"));
    }
    match *kind {
        "mailbox" => mail(&said),
        "bucket" => bucket(&said),
        "site" => {
            let path = said.path.as_deref().unwrap_or_default();
            Ok(Place::Site(SitePattern::of(said.site.as_deref().unwrap_or_default(), path)?))
        }
        "secret" => Ok(Place::Secret(Resource::of(said.secret.as_deref().unwrap_or_default())?)),
        "snapshot" => {
            Ok(Place::Snapshot(Resource::of(said.snapshot.as_deref().unwrap_or_default())?))
        }
        "credential" => Account::of(said.credential.as_deref().unwrap_or_default(), names)
            .map(Place::Credential)
            .ok_or_else(|| "`credential` names no account".to_owned()),
        "share" => share(&said, names),
        "host" => on_host(&said, names, doubt),
        _ => alone(said.path.as_deref().unwrap_or_default(), names),
    }
}

trait KindNames {
    fn map_names(&self) -> String;
}

impl KindNames for [(&str, &[&str])] {
    fn map_names(&self) -> String {
        self.iter().map(|(kind, _)| format!("`{kind}`")).collect::<Vec<_>>().join(", ")
    }
}

impl Said {
    fn texts(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("host", &self.host),
            ("path", &self.path),
            ("share", &self.share),
            ("mailbox", &self.mailbox),
            ("folder", &self.folder),
            ("message", &self.message),
            ("bucket", &self.bucket),
            ("prefix", &self.prefix),
            ("key", &self.key),
            ("site", &self.site),
            ("secret", &self.secret),
            ("snapshot", &self.snapshot),
            ("credential", &self.credential),
        ];
        all.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?))).collect()
    }
}

fn mail(said: &Said) -> Result<Place, String> {
    let mailbox = Mailbox::of(said.mailbox.as_deref().unwrap_or_default())?;
    let folder = said.folder.as_deref().map(Folder::of).transpose()?;
    let message = said.message.as_deref().map(Message::of).transpose()?;
    Ok(Place::Mail { mailbox, folder, message })
}

fn bucket(said: &Said) -> Result<Place, String> {
    if said.prefix.is_some() && said.key.is_some() {
        return Err("`prefix` and `key` do not go together".to_owned());
    }
    let address = said.bucket.as_deref().unwrap_or_default();
    if let Some((bucket, key)) = store_address(address) {
        let below = said.prefix.as_deref().or(said.key.as_deref());
        if !key.is_empty() && below.is_some() {
            return Err("the bucket's address has a key already".to_owned());
        }
        let prefix = said.prefix.as_deref().unwrap_or(key);
        let objects = BucketPattern::of(bucket, prefix, said.key.as_deref())?;
        return Ok(Place::Bucket(objects.at(address)));
    }
    let prefix = said.prefix.as_deref().unwrap_or_default();
    Ok(Place::Bucket(BucketPattern::of(address, prefix, said.key.as_deref())?))
}

/// Bucket and key of `s3://bucket/key`.
fn store_address(text: &str) -> Option<(&str, &str)> {
    let schemes = ["s3://", "gs://", "S3://", "GS://"];
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme))?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}

/// A place that is one text: which kind it is, its beginning says.
fn alone(text: &str, names: &mut Names) -> Result<Place, String> {
    if let Some((bucket, key)) = store_address(text) {
        return Ok(Place::Bucket(BucketPattern::of(bucket, key, None)?.at(text)));
    }
    let lower = text.to_lowercase();
    if lower.starts_with("https://") || lower.starts_with("http://") {
        return Ok(Place::Site(SitePattern::of(text, "")?));
    }
    if lower.starts_with("arn:") && (lower.contains(":secretsmanager:") || lower.contains(":ssm:"))
    {
        return Ok(Place::Secret(Resource::of(text)?));
    }
    match path::parse(text) {
        Parsed { unc: Some((host, share)), parts, .. } => shared(host, share, &parts, names),
        _ => Err("a path needs the `host` that it is on".to_owned()),
    }
}

fn host_of(text: &str, names: &mut Names) -> Result<Host, String> {
    let label = host_label(text).ok_or("a host without a name")?;
    if label.contains(['*', '?', '[']) {
        return Ok(Host::Like(Glob::new(label)?));
    }
    Ok(Host::One(names.of(label)))
}

fn on_host(said: &Said, names: &mut Names, doubt: &mut dyn FnMut(&str)) -> Result<Place, String> {
    let named = said.host.as_deref().unwrap_or_default();
    let host = host_of(named, names)?;
    let Some(text) = said.path.as_deref() else { return Ok(Place::Host(host)) };
    let parsed = path::parse(text);
    if let Some((other, share)) = parsed.unc {
        if host_label(other).map(str::to_lowercase) != host_label(named).map(str::to_lowercase) {
            return Err(format!("its path is on `{other}`, its host is `{named}`"));
        }
        return shared(other, share, &parsed.parts, names);
    }
    let open = parsed.root == Root::Unknown && !text.starts_with('*') && !text.starts_with('?');
    if open {
        doubt(&format!("`{text}` has no drive or root; it is taken to be anywhere on the host"));
    }
    if parsed.parts.is_empty() && parsed.root == Root::Unknown {
        return Err(format!("`{text}` names no path"));
    }
    let path = PathPattern::rooted(&parsed)?;
    Ok(if path.is_all() { Place::Host(host) } else { Place::Path { host, path } })
}

fn share(said: &Said, names: &mut Names) -> Result<Place, String> {
    let text = said.share.as_deref().unwrap_or_default();
    let below = said.path.as_deref().map(path::components_of).unwrap_or_default();
    let parsed = path::parse(text);
    let (host, share, parts) = match (parsed.unc, said.host.as_deref()) {
        (Some((host, share)), None) => (host, share, parsed.parts),
        (Some((host, share)), Some(named)) => {
            if host_label(host).map(str::to_lowercase) != host_label(named).map(str::to_lowercase) {
                return Err(format!("its share is on `{host}`, its host is `{named}`"));
            }
            (host, share, parsed.parts)
        }
        (None, Some(host)) => {
            let mut parts = path::components_of(text);
            if parts.is_empty() {
                return Err("`share` names no share".to_owned());
            }
            let share = parts.remove(0);
            (host, share, parts)
        }
        (None, None) => return Err(r"expected \\HOST\share".to_owned()),
    };
    let parts: Vec<&str> = parts.into_iter().chain(below).collect();
    shared(host, share, &parts, names)
}

fn shared(host: &str, share: &str, parts: &[&str], names: &mut Names) -> Result<Place, String> {
    if share.is_empty() {
        return Err(format!(r"expected \\{host}\share, there is no share"));
    }
    let host = host_of(host, names)?;
    if let Some(letter) = drive_share(share) {
        let drive = format!("{letter}:");
        let path = PathPattern::of(std::iter::once(drive.as_str()).chain(parts.iter().copied()))?;
        return Ok(Place::Path { host, path });
    }
    let path = PathPattern::of(parts.iter().copied())?;
    Ok(Place::Share { host, share: Glob::new(share)?, path })
}
