//! What a line is, and who reads it: each line is told for itself, since one
//! collector's file holds what many kinds of devices said.

use memchr::{memchr, memmem};

use super::cisco::Tag;
use super::firewall::Maker;
use super::head::{FACILITIES, Head, SEVERITIES};
use super::{audit, cef, cisco, device, firewall, json_body, leef, paloalto, programs};
use crate::formats::event_xml;
use crate::formats::text::Sink;
use crate::time::{self, Stamp};

/// How far into a line another format may begin, in bytes.
const MARKER_BYTES_MAX: usize = 512;

/// A line and what stands before its message.
pub(super) struct Message<'a> {
    pub(super) text: &'a str,
    pub(super) head: Head<'a>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What<'a> {
    /// It begins there.
    Cef(usize),
    /// It begins there.
    Leef(usize),
    Cisco(Tag<'a>),
    Firewall(Maker),
    /// Linux's audit, of which one line came to syslog.
    Audit,
    /// The firewall of Linux's kernel.
    Netfilter,
    Json,
    /// An event as XML: Sysmon for Linux.
    Xml,
    /// Of a program, or of a device that is not known.
    Other,
}

impl<'a> Message<'a> {
    pub(super) fn read(text: &'a str) -> (Self, What<'a>) {
        let other = |head| Self { text, head };
        if let Some(at) = cef::start(text) {
            return (other(Head::read(text.get(..at).unwrap_or_default())), What::Cef(at));
        }
        if let Some(at) = leef::start(text) {
            return (other(Head::read(text.get(..at).unwrap_or_default())), What::Leef(at));
        }
        if let Some(tag) = Tag::of(text).filter(Tag::plain) {
            return (other(Head::default()), What::Cisco(tag));
        }
        let message = other(Head::read(text));
        let what = message.what();
        (message, what)
    }

    fn what(&self) -> What<'a> {
        let (program, body) = (self.head.program.unwrap_or_default(), self.head.body);
        if let Some(maker) = Maker::of(&self.head, self.text) {
            return What::Firewall(maker);
        }
        if audit::is(program, body) {
            return What::Audit;
        }
        if device::is_netfilter(body) {
            return What::Netfilter;
        }
        if self.head.sure && json_body::of(body).is_some() {
            return What::Json;
        }
        if body.starts_with("<Event>") || body.starts_with("<Event ") {
            return What::Xml;
        }
        What::Other
    }

    /// Says what kind of record it is, and what its header says.
    pub(super) fn open(&self, product: &str, channel: &str, sink: &mut dyn Sink) {
        sink.shape(product, channel, None);
        sink.text("message", self.text);
        let head = &self.head;
        if let Some(host) = head.host {
            sink.text("host", host);
            sink.host(host);
        }
        let more = [("program", head.program), ("pid", head.pid), ("msgid", head.message_id)];
        for (name, value) in more {
            if let Some(value) = value {
                sink.value(name, value);
            }
        }
        if let Some(time) = head.time {
            sink.time(time);
        }
    }

    /// Likewise; also the priority, of which makers have words of their own.
    pub(super) fn open_with_priority(&self, product: &str, channel: &str, sink: &mut dyn Sink) {
        self.open(product, channel, sink);
        let Some(priority) = self.head.priority.map(usize::from) else { return };
        if let Some(facility) = FACILITIES.get(priority / 8) {
            sink.text("facility", facility);
        }
        if let Some(severity) = SEVERITIES.get(priority % 8) {
            sink.text("severity", severity);
        }
    }

    /// Says the parameters of structured data.
    pub(super) fn say_data(&self, sink: &mut dyn Sink) {
        if !self.head.data.is_empty() {
            super::pairs::Pairs::read(self.head.data, b'=').say(sink);
        }
    }
}

/// Says what a line says; `stray` is the shape of one that tells nothing of
/// where it is from.
pub(super) fn say(text: &str, stray: (&str, &str), sink: &mut dyn Sink) {
    let (message, what) = Message::read(text);
    match what {
        What::Cef(at) => cef::say(&message, at, sink),
        What::Leef(at) => leef::say(&message, at, sink),
        What::Cisco(tag) => cisco::say(text, &tag, sink),
        What::Firewall(Maker::PaloAlto) => paloalto::say(&message, sink),
        What::Firewall(maker) => firewall::say(&message, maker, sink),
        What::Audit => audit::say(&message, sink),
        What::Netfilter => device::say_netfilter(&message, sink),
        What::Json => json_body::say(&message, sink),
        What::Xml if event_xml::event(message.head.body, sink) => {}
        What::Xml => message.open(stray.0, stray.1, sink),
        What::Other if message.head.sure || message.head.program.is_some() => {
            programs::say(&message, sink);
        }
        What::Other => message.open(stray.0, stray.1, sink),
    }
}

/// Where a word that begins another format stands, in the first bytes of a
/// line, if `check` agrees with what follows it.
pub(super) fn marker(text: &str, word: &[u8], check: impl Fn(&str) -> bool) -> Option<usize> {
    let start = text.as_bytes().get(..MARKER_BYTES_MAX).unwrap_or(text.as_bytes());
    memchr(b'|', start)?;
    let at = memmem::find(start, word)?;
    let before = at.checked_sub(1).and_then(|n| start.get(n));
    let apart =
        before.is_none_or(|b| b.is_ascii_whitespace() || b":>\"'-]".contains(b) || *b >= 0x80);
    (apart && check(text.get(at + word.len()..)?)).then_some(at)
}

/// A time as extensions and lists write it.
pub(super) fn stamp(text: &str) -> Option<Stamp> {
    time::parse(text).or_else(|| super::clock::read(text.trim())?.stamp)
}
