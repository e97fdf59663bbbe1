//! Requests over HTTP, whoever recorded them: their address, and the files
//! that went up and down with them.

use std::borrow::Cow;

use super::ends::cut;
use crate::activity::FileSent;
use crate::extract::Out;
use crate::names::{address, present};

/// What a record says of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// Host that was asked for, without scheme, with or without port.
    pub(super) host: Option<&'a str>,
    /// Address or path as it was asked for.
    pub(super) uri: &'a str,
    /// Status of the answer.
    pub(super) status: Option<u64>,
    /// Bytes of the bodies.
    pub(super) sent: Option<u64>,
    pub(super) received: Option<u64>,
    /// Names of the files that the bodies held, where they were named.
    pub(super) sent_name: Option<&'a str>,
    pub(super) received_name: Option<&'a str>,
    /// The sensor's ids of these files.
    pub(super) sent_id: Option<&'a str>,
    pub(super) received_id: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// `PUT http://host/path`, without query.
    pub(super) fn text(&self) -> Option<String> {
        let method = present(self.method)?;
        let path = self.uri.split(['?', '#']).next().unwrap_or_default();
        let whole = match self.host {
            _ if path.contains("://") => path.to_owned(),
            Some(host) if path.starts_with('/') => format!("http://{host}{path}"),
            Some(host) if path.is_empty() => format!("http://{host}/"),
            _ => path.to_owned(),
        };
        Some(cut(&format!("{method} {whole}")).to_owned())
    }

    /// The host that was asked for, without its port.
    pub(super) fn host_name(&self) -> Option<&'a str> {
        let host = self.host?;
        let bare = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        // An address of IPv6 without brackets has colons of its own.
        let bare = if bare.contains(':') && !bare.ends_with(']') { host } else { bare };
        present(address(bare).unwrap_or(bare))
    }

    /// Whether the server took the request; `None` where that is not said.
    pub(super) fn accepted(&self) -> Option<bool> {
        match self.status? {
            200..=299 => Some(true),
            400..=599 => Some(false),
            _ => None,
        }
    }

    /// The last part of the path, as it was meant.
    fn last_part(&self) -> Option<Cow<'a, str>> {
        let path = self.uri.split(['?', '#']).next()?;
        let path = path.split_once("://").map_or(path, |(_, rest)| rest);
        let (_, last) = path.trim_end_matches('/').rsplit_once('/')?;
        present(last).map(percent_decoded)
    }

    /// The files that went with it.
    pub(super) fn files(&self, out: &mut Out<'_>) -> Vec<FileSent> {
        let is = |method: &str| self.method.eq_ignore_ascii_case(method);
        if is("CONNECT") {
            return Vec::new();
        }
        let mut files = Vec::new();
        let put = is("PUT");
        if put || self.sent.is_some_and(|bytes| bytes > 0) || self.sent_name.is_some() {
            let named = self.sent_name.map(Cow::Borrowed);
            let name = named.or_else(|| self.last_part().filter(|_| put));
            files.push(FileSent {
                name: name.map(|name| out.names().of(&name)),
                id: self.sent_id.map(|id| out.names().of(id)),
                bytes: self.sent,
                missed: 0,
                sha256: None,
                upload: true,
                accepted: self.accepted(),
            });
        }
        let got = self.received.is_some_and(|bytes| bytes > 0) && !is("HEAD");
        if got && self.accepted() != Some(false) {
            let named = self.received_name.map(Cow::Borrowed);
            let name = named.or_else(|| self.last_part().filter(|_| is("GET")));
            files.push(FileSent {
                name: name.map(|name| out.names().of(&name)),
                id: self.received_id.map(|id| out.names().of(id)),
                bytes: self.received,
                missed: 0,
                sha256: None,
                upload: false,
                accepted: self.accepted(),
            });
        }
        files
    }
}

/// A text with its `%NN` resolved, where that gives a text.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = |digits: &[u8]| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        };
        match after.split_at_checked(2) {
            Some((digits, further)) if first == b'%' && code(digits).is_some() => {
                bytes.extend(code(digits));
                rest = further;
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_said_in_one_line_without_their_query() {
        let of = |method, host, uri| Request { method, host, uri, ..Request::default() }.text();
        assert_eq!(
            of("PUT", Some("192.0.2.4"), "/webdav/a.7z?x=1").as_deref(),
            Some("PUT http://192.0.2.4/webdav/a.7z")
        );
        assert_eq!(
            of("GET", Some("h"), "http://other.example/a").as_deref(),
            Some("GET http://other.example/a")
        );
        assert_eq!(of("CONNECT", None, "h:443").as_deref(), Some("CONNECT h:443"));
        assert_eq!(of("-", None, "/"), None);
        assert!(of("GET", None, &"é".repeat(9_999)).unwrap().len() <= 256);
    }

    #[test]
    fn hosts_are_known_without_their_ports() {
        for (host, expected) in [
            ("h.example", Some("h.example")),
            ("h.example:8080", Some("h.example")),
            ("192.0.2.4:80", Some("192.0.2.4")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            (":80", None),
        ] {
            let request = Request { host: Some(host), ..Request::default() };
            assert_eq!(request.host_name(), expected, "{host}");
        }
    }

    #[test]
    fn the_last_part_of_a_path_names_the_file() {
        let last = |uri| Request { uri, ..Request::default() }.last_part().map(Cow::into_owned);
        assert_eq!(last("/webdav/Office%20Supplies.7z").as_deref(), Some("Office Supplies.7z"));
        assert_eq!(last("http://h.example/a/b.zip?c/d").as_deref(), Some("b.zip"));
        assert_eq!(last("http://h.example/"), None);
        assert_eq!(last("/a%zz%4").as_deref(), Some("a%zz%4"));
        assert_eq!(last("/%ff").as_deref(), Some("%ff"));
        assert_eq!(last("/"), None);
    }
}
