//! Reads the XML of one event. Of XML it knows what events are made of:
//! elements, attributes, comments, `CDATA`, the five named entities and
//! numeric ones. There are no declarations, so nothing expands.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

use crate::dictionary::Kind;
use crate::formats::evtx::names::{self, Section};
use crate::formats::text::{Fault, Sink};
use crate::limits::NESTING_DEPTH_MAX;
use crate::time;

fn damaged(what: &'static str, expected: &'static str) -> Fault {
    Fault { what: Cow::Borrowed(what), expected, kept: true }
}

/// Says an event.
pub(super) fn say(text: &str, sink: &mut dyn Sink) -> Result<(), Fault> {
    let system = system(text);
    let channel = unescaped(content(system, "<Channel").unwrap_or_default());
    let event_id = content(system, "<EventID").and_then(|id| id.trim().parse().ok());
    let linux = channel.starts_with("Linux-Sysmon")
        || (channel.is_empty() && memmem::find(system.as_bytes(), b"Linux-Sysmon").is_some());
    sink.shape(if linux { "linux" } else { "windows" }, channel.trim(), event_id);
    let mut walk = Walk { rest: text, stack: Vec::new(), sink };
    walk.event()
}

/// The part of an event that says what it is.
fn system(text: &str) -> &str {
    let end = memmem::find(text.as_bytes(), b"</System>").unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

/// The text of the first element that begins so.
fn content<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let at = memmem::find(text.as_bytes(), tag.as_bytes())?;
    let rest = text.get(at + tag.len()..)?;
    let open = memchr(b'>', rest.as_bytes())?;
    if rest.get(..open)?.ends_with('/') {
        return None;
    }
    let inner = rest.get(open + 1..)?;
    inner.get(..memchr(b'<', inner.as_bytes())?)
}

/// An element that is open.
struct Open<'a> {
    name: &'a str,
    /// The name that a `Data` element gives its text.
    data: Option<Cow<'a, str>>,
    /// It holds other elements.
    holds: bool,
    /// Its text, where that came in one piece.
    text: Cow<'a, str>,
}

struct Walk<'a, 's> {
    rest: &'a str,
    stack: Vec<Open<'a>>,
    sink: &'s mut dyn Sink,
}

impl<'a> Walk<'a, '_> {
    fn take(&mut self, len: usize) -> &'a str {
        let taken = self.rest.get(..len).unwrap_or(self.rest);
        self.rest = self.rest.get(len..).unwrap_or_default();
        taken
    }

    /// Takes up to a mark and the mark itself; what stood before it.
    fn until(&mut self, mark: &str) -> Result<&'a str, Fault> {
        let at = memmem::find(self.rest.as_bytes(), mark.as_bytes())
            .ok_or(damaged("event without its end", "`</Event>`"))?;
        let taken = self.take(at);
        self.take(mark.len());
        Ok(taken)
    }

    fn event(&mut self) -> Result<(), Fault> {
        loop {
            let Some(at) = memchr(b'<', self.rest.as_bytes()) else {
                return Err(damaged("event without its end", "`</Event>`"));
            };
            let text = self.take(at);
            if !text.is_empty() {
                self.text(unescaped(text));
            }
            if self.rest.starts_with("<!--") {
                self.until("-->")?;
            } else if self.rest.starts_with("<![CDATA[") {
                self.take(9);
                let text = self.until("]]>")?;
                self.text(Cow::Borrowed(text));
            } else if self.rest.starts_with("<?") {
                self.until("?>")?;
            } else if self.rest.starts_with("<!") {
                return Err(damaged("declaration within an event", "elements"));
            } else if self.rest.starts_with("</") {
                self.take(2);
                let name = self.until(">")?.trim_end();
                self.close(name)?;
            } else {
                self.open()?;
            }
            if self.stack.is_empty() {
                return Ok(());
            }
        }
    }

    fn text(&mut self, text: Cow<'a, str>) {
        let Some(open) = self.stack.last_mut() else { return };
        if open.text.is_empty() {
            open.text = text;
        } else {
            open.text.to_mut().push_str(&text);
        }
    }

    fn path(&self) -> Vec<&'a str> {
        self.stack.iter().map(|open| open.name).collect()
    }

    fn open(&mut self) -> Result<(), Fault> {
        self.take(1);
        let end = self.rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'));
        let end = end.filter(|&n| n > 0).ok_or(damaged("element without a name", "a name"))?;
        let name = self.take(end);
        if self.stack.len() >= NESTING_DEPTH_MAX {
            return Err(damaged("event nested too deeply", "at most 64 levels"));
        }
        if let Some(above) = self.stack.last_mut() {
            above.holds = true;
        }
        self.stack.push(Open { name, data: None, holds: false, text: Cow::Borrowed("") });
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with('>') {
                self.take(1);
                return Ok(());
            }
            if self.rest.starts_with("/>") {
                self.take(2);
                return self.close(name);
            }
            self.attribute()?;
        }
    }

    fn attribute(&mut self) -> Result<(), Fault> {
        let fault = || damaged("damaged attribute of an element", "`name=\"value\"`");
        let stop = memchr2(b'=', b'>', self.rest.as_bytes()).ok_or_else(fault)?;
        let name = self.take(stop).trim_end();
        let mut marks = self.rest.get(1..).ok_or_else(fault)?.trim_start().chars();
        let mark = marks.next().filter(|c| self.rest.starts_with('=') && matches!(c, '"' | '\''));
        let quote = match mark.ok_or_else(fault)? {
            '"' => "\"",
            _ => "'",
        };
        self.until(quote)?;
        let value = unescaped(self.until(quote)?);
        self.said(name, value);
        Ok(())
    }

    /// An attribute of the element that was opened last.
    fn said(&mut self, name: &'a str, value: Cow<'a, str>) {
        let path = self.path();
        let above = path.get(..path.len().saturating_sub(1)).unwrap_or_default();
        if path.last() == Some(&"Data") && names::is_container(above) {
            if name == "Name"
                && let Some(open) = self.stack.last_mut()
            {
                open.data = Some(value);
            }
            return;
        }
        if value.is_empty() && names::section(&path) != Section::Data {
            return;
        }
        // Sysmon for Linux spells it so.
        let name = if name == "UserId" { "UserID" } else { name };
        if path.ends_with(&["TimeCreated"])
            && let Some(stamp) = time::parse(&value)
        {
            self.sink.time(stamp);
        }
        names::of_attribute(&path, name, |field| self.sink.value(field, &value));
    }

    fn close(&mut self, name: &str) -> Result<(), Fault> {
        let path = self.path();
        let Some(open) = self.stack.pop() else { return Ok(()) };
        if open.name != name {
            return Err(damaged("elements that end in another order", "an end for each element"));
        }
        let above = path.get(..path.len().saturating_sub(1)).unwrap_or_default();
        if name == "Data" && names::is_container(above) && !open.holds {
            match open.data {
                Some(name) => self.sink.value(&name, &open.text),
                None if open.text.is_empty() => {}
                None => self.sink.value("Data", &open.text),
            }
            return Ok(());
        }
        if open.holds {
            return Ok(());
        }
        if open.text.trim().is_empty() {
            if names::keeps_nulls(&path) && names::section(&path) == Section::Data {
                names::of_element(&path, |field| self.sink.field(field, Kind::Null, ""));
            }
            return Ok(());
        }
        self.system(&path, open.text.trim());
        names::of_element(&path, |field| self.sink.value(field, &open.text));
        Ok(())
    }

    /// What an element says of the record itself.
    fn system(&mut self, path: &[&str], text: &str) {
        match path {
            ["Event", "System", "Computer"] => self.sink.host(text),
            ["Event", "System", "EventRecordID"] => {
                if let Ok(id) = text.parse() {
                    self.sink.record_id(id);
                }
            }
            _ => {}
        }
    }
}

/// A text with its entities in place; those that are not known stay.
fn unescaped(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(text.get(..first).unwrap_or_default());
    let mut rest = text.get(first..).unwrap_or_default();
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let within = rest.as_bytes().get(..12).unwrap_or(rest.as_bytes());
        let entity = memchr(b';', within).and_then(|end| Some((rest.get(1..end)?, end + 1)));
        let known = entity.and_then(|(name, len)| Some((meaning(name)?, len)));
        let (c, len) = known.unwrap_or(('&', 1));
        out.push(c);
        rest = rest.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn meaning(entity: &str) -> Option<char> {
    match entity {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities() {
        for (text, expected) in [
            ("a", "a"),
            ("&lt;&gt;&amp;&quot;&apos;&#65;&#x42;", "<>&\"'AB"),
            ("&amp;lt; & &x; &#xD800; &#; &é;", "&lt; & &x; &#xD800; &#; &é;"),
            ("&", "&"),
        ] {
            assert_eq!(unescaped(text), expected);
        }
    }
}
