//! Documents of a collaboration service, by address.

use super::fit::{Fit, Match};
use super::glob::Glob;
use super::pattern::{PathPattern, SeenPart, SeenPath};
use crate::names::folded;

/// Below these lie sites, each by its name.
const SITES: [&str; 3] = ["sites", "teams", "personal"];

/// Documents below an address.
#[derive(Clone, Debug)]
pub struct SitePattern {
    host: Glob,
    path: PathPattern,
}

impl SitePattern {
    /// The site's address, and a pattern below it.
    pub(super) fn of(site: &str, path: &str) -> Result<Self, String> {
        let address = Address::of(site);
        let host = address.host.ok_or("an address begins with the name of its host")?;
        let below = decoded(&path.replace('\\', "/"));
        let parts = address.parts.iter().map(String::as_str);
        let below = below.split('/').filter(|part| !part.is_empty());
        Ok(Self { host: Glob::new(&host)?, path: PathPattern::of(parts.chain(below))? })
    }

    /// The site's host, where it is no pattern.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.is_plain().then(|| self.host.text())
    }

    pub(super) fn path(&self) -> &PathPattern {
        &self.path
    }

    pub(super) fn file_name(&self) -> Option<&str> {
        self.path.file_name().filter(|name| name.contains('.'))
    }

    /// Whether an address is that of its own site, or of something in that. What
    /// lies at the root of a host is a site of its own.
    pub(super) fn is_in(&self, url: &str) -> bool {
        let mut root = self.path.root();
        let nested = root.next().is_some_and(|first| SITES.contains(&first));
        !nested || Address::of(url).parts.len() > 1
    }

    pub(super) fn matches(&self, url: &str, whole: bool) -> Match {
        if url.trim() == super::mail::SOME {
            return Match::maybe(Fit::Is);
        }
        let address = Address::of(url);
        if address.host().is_some_and(|host| !self.host.matches(host)) {
            return Match::NO;
        }
        let found = self.path.matches(&address.seen(), whole);
        let named = address.file().is_some_and(|file| self.file_name() == Some(file));
        if named && !found.fit.is_touch() { Match::maybe(Fit::NameOnly) } else { found }
    }
}

/// An address taken apart, percent signs decoded, in lower case.
#[derive(Debug, Default)]
pub(super) struct Address {
    /// `None` for a path without one.
    host: Option<String>,
    parts: Vec<String>,
    /// A file that the query names, of an unknown folder.
    file: Option<String>,
}

impl Address {
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    pub(super) fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    pub(super) fn seen(&self) -> SeenPath<'_> {
        let parts = self.parts.iter().map(|part| SeenPart::Text(part)).collect();
        SeenPath { parts, loose: false, exact: self.host.is_some() }
    }

    pub(super) fn of(url: &str) -> Self {
        let url = url.trim();
        if url == super::mail::ALL {
            return Self::default();
        }
        let rest = url.split_once("://").map(|(_, rest)| rest);
        let whole = rest.unwrap_or(url).split('#').next().unwrap_or_default();
        let (place, query) = whole.split_once('?').unwrap_or((whole, ""));
        let (first, path) = place.split_once('/').unwrap_or((place, ""));
        let has_host = rest.is_some() || first.contains('.') && !place.starts_with('/');
        let host = has_host.then(|| {
            let host = first.rsplit('@').next().unwrap_or(first);
            folded(host.trim_end_matches(":443").trim_end_matches(":80"))
        });
        let path = if has_host { path } else { place };
        let mut address = Self { host: host.filter(|h| !h.is_empty()), ..Self::default() };
        address.parts = parts(&decoded(path));
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = decoded(value);
            match key.to_lowercase().as_str() {
                "id" | "sourceurl" | "rootfolder" if value.starts_with('/') => {
                    address.parts = parts(&value);
                }
                "file" => address.file = Some(value),
                _ => {}
            }
        }
        address
    }
}

/// Components; `/:w:/r/` of a link to share is none.
fn parts(path: &str) -> Vec<String> {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    if parts.peek().is_some_and(|part| part.len() == 3 && part.starts_with(':')) {
        parts.next();
        parts.next_if(|part| part.len() == 1);
    }
    parts.map(str::to_owned).collect()
}

/// Percent signs decoded, in lower case.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| byte == b'%');
        let value = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match value.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                bytes.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    folded(&String::from_utf8_lossy(&bytes))
}
