//! A record in full, as one line of JSON, in the form that `evtx_dump` made
//! common. What is out of the ordinary is left to the `evtx` crate; a test
//! compares the two byte by byte.

use super::chunk::Span;
use super::layout::{Layout, NO_SLOT, Node, Source};
use super::open::{self, Filled, Odd, Opened, Opener, Slot};
use super::value::{self, Fit};
use crate::dictionary::Kind;
use crate::limits::RECORD_BYTES_MAX;

/// Appends a record. What was appended is void if it fails.
pub(super) fn write(
    opener: &mut Opener,
    data: &[u8],
    span: &Span,
    out: &mut Vec<u8>,
) -> Result<(), Odd> {
    let Opened { outer, inner, added } = opener.record(data, span.body, span.end)?;
    let Opener { store, slots } = opener;
    let place = |filled: Filled| store.get(filled.layout).map(|layout| Scope { layout, filled });
    let outer = place(outer).ok_or(Odd)?;
    let inner = inner.and_then(place);
    let added = added.as_ref().map(|layout| Scope { layout, filled: Filled::NONE });
    let limit = out.len() + RECORD_BYTES_MAX;
    let text = String::new();
    let mut writer = Writer { data, slots, inner, added, out, limit, text };
    let root = outer.layout.root.as_ref().ok_or(Odd)?;
    writer.out.push(b'{');
    writer.member(root, outer, false)?;
    writer.out.push(b'}');
    Ok(())
}

/// A template and the values that fill it.
#[derive(Clone, Copy)]
struct Scope<'a> {
    layout: &'a Layout,
    filled: Filled,
}

struct Writer<'a> {
    data: &'a [u8],
    slots: &'a [Slot],
    inner: Option<Scope<'a>>,
    added: Option<Scope<'a>>,
    /// How long the output may become.
    limit: usize,
    out: &'a mut Vec<u8>,
    text: String,
}

impl<'a> Writer<'a> {
    fn raw(&self, source: Source, scope: Scope<'a>) -> (u8, &'a [u8]) {
        match source {
            Source::Nothing => (value::NULL, &[]),
            Source::Slot(slot) => open::slot(self.data, self.slots, scope.filled, slot),
            Source::Literal(a, b) => {
                let literals = &scope.layout.literals;
                (value::STRING, literals.get(a as usize..b as usize).unwrap_or_default())
            }
        }
    }

    /// Whether there is something.
    fn filled(&self, source: Source, scope: Scope<'a>) -> Result<bool, Odd> {
        let (form, raw) = self.raw(source, scope);
        match value::fit(form, raw) {
            Fit::Empty => Ok(false),
            Fit::Plain => Ok(true),
            Fit::Strings | Fit::Odd => Err(Odd),
        }
    }

    fn left_out(&self, node: &Node, scope: Scope<'a>) -> bool {
        let (form, raw) = open::slot(self.data, self.slots, scope.filled, node.depends);
        node.depends != NO_SLOT
            && usize::from(node.depends) < scope.filled.count
            && value::is_null(form, raw)
    }

    /// `"name":value`, after a comma where it is not the first.
    fn member(&mut self, node: &'a Node, scope: Scope<'a>, comma: bool) -> Result<(), Odd> {
        if self.out.len() > self.limit {
            return Err(Odd);
        }
        self.key(&node.name, comma);
        let container = matches!(&*node.name, "EventData" | "UserData");
        let children = self.children(node, scope);
        let text = self.filled(node.content, scope)?;
        let mut attributes = Vec::new();
        for (name, source) in &node.attributes {
            if self.filled(*source, scope)? {
                attributes.push((name, *source));
            }
        }
        if children.is_empty() && attributes.is_empty() {
            if !text {
                self.out.extend_from_slice(b"null");
                return Ok(());
            }
            return self.value(node.content, scope);
        }
        self.out.push(b'{');
        let mut comma = false;
        if !attributes.is_empty() {
            self.out.extend_from_slice(b"\"#attributes\":{");
            for (i, (name, source)) in attributes.into_iter().enumerate() {
                self.key(name, i > 0);
                self.value(source, scope)?;
            }
            self.out.push(b'}');
            comma = true;
        }
        if text {
            self.key("#text", comma);
            self.value(node.content, scope)?;
            comma = true;
        }
        self.members(&children, container, comma)?;
        self.out.push(b'}');
        Ok(())
    }

    /// The child elements of a record's element.
    fn children(&self, node: &'a Node, scope: Scope<'a>) -> Vec<(&'a Node, Scope<'a>)> {
        let mut children = Vec::with_capacity(node.children.len());
        for child in &node.children {
            if child.is_gap {
                let roots = self.inner.into_iter().chain(self.added);
                children.extend(roots.filter_map(|s| s.layout.root.as_ref().map(|root| (root, s))));
            } else if !self.left_out(child, scope) {
                children.push((child, scope));
            }
        }
        children
    }

    fn members(
        &mut self,
        children: &[(&'a Node, Scope<'a>)],
        container: bool,
        mut comma: bool,
    ) -> Result<(), Odd> {
        let is_data = |node: &Node| container && node.name == "Data";
        let mut positional = false;
        for &(child, scope) in children {
            match &child.label {
                _ if !is_data(child) => self.member(child, scope, comma)?,
                Some(label) => {
                    if comma {
                        self.out.push(b',');
                    }
                    self.quote(label);
                    self.out.push(b':');
                    self.data(&[(child, scope)])?;
                }
                None if positional => continue,
                None => {
                    positional = true;
                    let all: Vec<_> = children.iter().copied().filter(|c| is_data(c.0)).collect();
                    self.key("Data", comma);
                    self.out.extend_from_slice(b"{\"#text\":");
                    self.data(&all)?;
                    self.out.push(b'}');
                }
            }
            comma = true;
        }
        Ok(())
    }

    /// The value of one or more `Data`: an array where there are several.
    fn data(&mut self, all: &[(&'a Node, Scope<'a>)]) -> Result<(), Odd> {
        let start = self.out.len();
        let mut count = 0;
        for &(node, scope) in all {
            let (form, raw) = self.raw(node.content, scope);
            if value::fit(form, raw) == Fit::Strings {
                for item in value::strings(raw) {
                    self.out.push(b',');
                    self.text(value::STRING, item);
                    count += 1;
                }
                continue;
            }
            self.out.push(b',');
            count += 1;
            if self.filled(node.content, scope)? {
                self.value(node.content, scope)?;
            } else {
                self.quote("");
            }
        }
        // The first comma was one too many, or the place of a bracket.
        if count == 1 {
            self.out.remove(start);
        } else if let Some(first) = self.out.get_mut(start) {
            *first = b'[';
            self.out.push(b']');
        }
        Ok(())
    }

    fn key(&mut self, name: &str, comma: bool) {
        if comma {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn value(&mut self, source: Source, scope: Scope<'a>) -> Result<(), Odd> {
        let (form, raw) = self.raw(source, scope);
        if value::fit(form, raw) != Fit::Plain {
            return Err(Odd);
        }
        self.text(form, raw);
        Ok(())
    }

    fn text(&mut self, form: u8, raw: &[u8]) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        match value::decode(form, raw, &mut text) {
            Kind::String => self.quote(&text),
            _ => self.out.extend_from_slice(text.as_bytes()),
        }
        self.text = text;
    }

    fn quote(&mut self, text: &str) {
        self.out.push(b'"');
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|&b| b < 0x20 || b == b'"' || b == b'\\') {
            let (plain, special) = rest.split_at(at);
            self.out.extend_from_slice(plain);
            let Some((&byte, after)) = special.split_first() else { break };
            match byte {
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\\' => self.out.extend_from_slice(b"\\\\"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                0x08 => self.out.extend_from_slice(b"\\b"),
                0x0c => self.out.extend_from_slice(b"\\f"),
                _ => self.out.extend_from_slice(format!("\\u{byte:04X}").as_bytes()),
            }
            rest = after;
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
    }
}
