//! YAML as a tree that knows its lines. Rules come from strangers, so size,
//! depth and what aliases may copy are bounded before anything is built.
//!
//! A file is cut at its `---` lines first (YAML allows them nowhere else), so
//! that a broken document costs no other one.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};
use memchr::memmem;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use crate::limits::{ALIAS_BYTES_MAX, DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX};

/// Why a document is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Line in the file, from 1.
    pub(crate) line: u32,
    /// What is wrong and what was expected, in lower case, one line.
    pub(crate) reason: String,
}

impl Fault {
    pub(crate) fn new(line: u32, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

/// A node and the line on which it starts.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    pub(crate) line: u32,
    pub(crate) kind: NodeKind<'a>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind<'a> {
    Map(Vec<Entry<'a>>),
    List(Vec<Node<'a>>),
    /// `plain`: without quotes, so that its text decides its type.
    Scalar {
        text: Cow<'a, str>,
        plain: bool,
    },
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) line: u32,
    pub(crate) key: Cow<'a, str>,
    pub(crate) value: Node<'a>,
}

impl<'a> Node<'a> {
    /// The value of a key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries().iter().find(|e| e.key == key)
    }

    /// The entries of a map; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry<'a>] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it is a plain scalar that stands for "no value".
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, plain: true } if is_null(text))
    }

    /// For messages.
    pub(crate) fn what(&self) -> &'static str {
        match &self.kind {
            NodeKind::Map(_) => "a map",
            NodeKind::List(_) => "a list",
            NodeKind::Scalar { .. } if self.is_null() => "nothing",
            NodeKind::Scalar { .. } => "a single value",
        }
    }

    /// How many nodes it is made of, and how many bytes of text.
    pub(crate) fn weight(&self) -> (usize, usize) {
        let children = |sum: (usize, usize), (n, b): (usize, usize)| (sum.0 + n, sum.1 + b);
        match &self.kind {
            NodeKind::Map(entries) => entries.iter().fold((1, 0), |sum, e| {
                let (n, b) = e.value.weight();
                children(sum, (n + 1, b + e.key.len()))
            }),
            NodeKind::List(nodes) => nodes.iter().map(Node::weight).fold((1, 0), children),
            NodeKind::Scalar { text, .. } => (1, text.len()),
        }
    }
}

/// `null`, `~` or nothing, as YAML's core schema has it.
pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Part of a file that is one YAML document, as a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk<'a> {
    /// Line of its first byte, from 1.
    pub(crate) line: u32,
    pub(crate) bytes: &'a [u8],
}

/// Cuts a file at its `---` lines.
pub(crate) fn chunks(bytes: &[u8]) -> Vec<Chunk<'_>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let ends_marker =
        |at: usize| matches!(bytes.get(at), None | Some(b' ' | b'\t' | b'\r' | b'\n'));
    let mut out = Vec::new();
    let (mut from, mut line) = (0, 1);
    for at in memmem::find_iter(bytes, b"\n---").filter(|&at| ends_marker(at + 4)) {
        let chunk = bytes.get(from..=at).unwrap_or_default();
        out.push(Chunk { line, bytes: chunk });
        line = line.saturating_add(lines(chunk));
        from = at + 1;
    }
    out.push(Chunk { line, bytes: bytes.get(from..).unwrap_or_default() });
    out.retain(|chunk| !chunk.is_hollow());
    out
}

fn lines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

impl<'a> Chunk<'a> {
    /// Nothing but blank lines, comments and directives.
    fn is_hollow(&self) -> bool {
        self.bytes.split(|&b| b == b'\n').all(|line| {
            let line = line.trim_ascii();
            line.is_empty() || line == b"---" || line.starts_with(b"#") || line.starts_with(b"%")
        })
    }

    /// The documents of the chunk, until the first one that is broken.
    pub(crate) fn documents(&self) -> (Vec<Node<'a>>, Option<Fault>) {
        if self.bytes.len() > DOCUMENT_BYTES_MAX {
            let reason = format!(
                "document of {} bytes, expected at most {DOCUMENT_BYTES_MAX}",
                self.bytes.len()
            );
            return (Vec::new(), Some(Fault::new(self.line, reason)));
        }
        let text = match std::str::from_utf8(self.bytes) {
            Ok(text) => text,
            Err(e) => {
                let before = self.bytes.get(..e.valid_up_to()).unwrap_or_default();
                let line = self.line.saturating_add(lines(before));
                return (Vec::new(), Some(Fault::new(line, "not UTF-8, expected UTF-8 text")));
            }
        };
        let mut builder = Builder {
            parser: Parser::new_from_str(text),
            first_line: self.line,
            anchors: HashMap::new(),
            nodes: 0,
            copied: 0,
        };
        let mut out = Vec::new();
        let fault = builder.documents(&mut out).err();
        (out, fault)
    }
}

struct Builder<'a> {
    parser: Parser<'a, StrInput<'a>>,
    first_line: u32,
    anchors: HashMap<usize, Node<'a>>,
    nodes: usize,
    copied: usize,
}

impl<'a> Builder<'a> {
    fn documents(&mut self, out: &mut Vec<Node<'a>>) -> Result<(), Fault> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(_), _) => {
                    (self.nodes, self.copied) = (0, 0);
                    self.anchors.clear();
                    let (event, span) = self.next()?;
                    let node = self.node(event, span, 0)?;
                    if !node.is_null() {
                        out.push(node);
                    }
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(e)) => {
                let line = self.line_at(e.marker().line());
                Err(Fault::new(line, format!("not valid YAML: {}", one_line(e.info()))))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn line(&self, span: Span) -> u32 {
        self.line_at(span.start.line())
    }

    fn line_at(&self, line: usize) -> u32 {
        let within = u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first_line.saturating_add(within)
    }

    fn count(&mut self, nodes: usize, line: u32) -> Result<(), Fault> {
        self.nodes += nodes;
        if self.nodes > DOCUMENT_NODES_MAX {
            let reason = format!("document has more than {DOCUMENT_NODES_MAX} nodes");
            return Err(Fault::new(line, reason));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node<'a>, Fault> {
        let line = self.line(span);
        self.count(1, line)?;
        if depth > DOCUMENT_DEPTH_MAX {
            let reason = format!("nested deeper than {DOCUMENT_DEPTH_MAX} levels");
            return Err(Fault::new(line, reason));
        }
        let (anchor, kind) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !says_text(tag.as_deref());
                (anchor, NodeKind::Scalar { text, plain })
            }
            Event::SequenceStart(anchor, _) => (anchor, self.list(depth)?),
            Event::MappingStart(anchor, _) => (anchor, self.map(depth)?),
            Event::Alias(id) => return self.alias(id, line, depth),
            _ => return Err(Fault::new(line, "not valid YAML: expected a value")),
        };
        let node = Node { line, kind };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<NodeKind<'a>, Fault> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(NodeKind::List(nodes)),
                (event, span) => nodes.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<NodeKind<'a>, Fault> {
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let line = self.line(span);
            let key = self.node(event, span, depth + 1)?;
            let NodeKind::Scalar { text: key, .. } = key.kind else {
                return Err(Fault::new(line, format!("{} as a key, expected text", key.what())));
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            entries.push(Entry { line, key, value });
        }
        if let Some(again) = duplicate(&entries) {
            let reason = format!("key `{}` is there twice, expected once", again.key);
            return Err(Fault::new(again.line, reason));
        }
        if entries.iter().any(|e| e.key == "<<") {
            entries = merge_key(entries)?;
        }
        Ok(NodeKind::Map(entries))
    }

    fn alias(&mut self, id: usize, line: u32, depth: usize) -> Result<Node<'a>, Fault> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(Fault::new(line, "alias of an anchor that is not complete at this place"));
        };
        let (nodes, bytes) = node.weight();
        self.copied += bytes;
        if self.copied > ALIAS_BYTES_MAX {
            let reason = format!("aliases copy more than {ALIAS_BYTES_MAX} bytes");
            return Err(Fault::new(line, reason));
        }
        if depth + height(node) > DOCUMENT_DEPTH_MAX {
            let reason = format!("nested deeper than {DOCUMENT_DEPTH_MAX} levels");
            return Err(Fault::new(line, reason));
        }
        let copy = Node { line, kind: node.kind.clone() };
        self.count(nodes, line)?;
        Ok(copy)
    }
}

fn height(node: &Node<'_>) -> usize {
    match &node.kind {
        NodeKind::Map(entries) => {
            1 + entries.iter().map(|e| height(&e.value)).max().unwrap_or_default()
        }
        NodeKind::List(nodes) => 1 + nodes.iter().map(height).max().unwrap_or_default(),
        NodeKind::Scalar { .. } => 1,
    }
}

/// `!!str` and `!` make a plain scalar text.
fn says_text(tag: Option<&Tag>) -> bool {
    tag.is_some_and(|t| {
        t.suffix == "str" && t.is_yaml_core_schema() || t.handle == "!" && t.suffix.is_empty()
    })
}

fn duplicate<'n, 'a>(entries: &'n [Entry<'a>]) -> Option<&'n Entry<'a>> {
    const FEW: usize = 16;
    if entries.len() <= FEW {
        let mut numbered = entries.iter().enumerate();
        return numbered
            .find(|(i, e)| entries.iter().take(*i).any(|before| before.key == e.key))
            .map(|(_, e)| e);
    }
    let mut seen = HashSet::with_capacity(entries.len());
    entries.iter().find(|e| !seen.insert(e.key.as_ref()))
}

/// YAML's merge key: `<<: *defaults` gives the entries that are not there.
fn merge_key(entries: Vec<Entry<'_>>) -> Result<Vec<Entry<'_>>, Fault> {
    let (merges, mut entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(|e| e.key == "<<");
    let mut seen: HashSet<String> = entries.iter().map(|e| e.key.to_string()).collect();
    for merge in merges {
        let line = merge.line;
        let sources = match merge.value.kind {
            NodeKind::List(nodes) => nodes,
            _ => vec![merge.value],
        };
        for source in sources {
            let NodeKind::Map(more) = source.kind else {
                let reason = format!("`<<` with {}, expected a map", source.what());
                return Err(Fault::new(line, reason));
            };
            entries.extend(more.into_iter().filter(|e| seen.insert(e.key.to_string())));
        }
    }
    Ok(entries)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> (Vec<Node<'_>>, Vec<Fault>) {
        let (mut nodes, mut faults) = (Vec::new(), Vec::new());
        for chunk in chunks(text.as_bytes()) {
            let (more, fault) = chunk.documents();
            nodes.extend(more);
            faults.extend(fault);
        }
        (nodes, faults)
    }

    #[test]
    fn documents_keep_their_lines() {
        let (nodes, faults) = all("# top\na: 1\n---\n\nb:\n  - 'x'\n  - y\n---\n--- \nc: d\n");
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(nodes.len(), 3);
        assert_eq!(nodes[0].get("a").unwrap().line, 2);
        let b = nodes[1].get("b").unwrap();
        let NodeKind::List(items) = &b.value.kind else { panic!() };
        assert_eq!((b.line, items[0].line, items[1].line), (5, 6, 7));
        assert!(matches!(&items[0].kind, NodeKind::Scalar { plain: false, .. }));
        assert_eq!(nodes[2].get("c").unwrap().line, 10);
    }

    #[test]
    fn a_broken_document_costs_no_other() {
        let (nodes, faults) = all("a: 1\n---\nb: [1,\n---\nc: 3\n");
        assert_eq!(nodes.len(), 2);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].line >= 3, "{faults:?}");
    }

    #[test]
    fn duplicate_keys_are_named() {
        let (_, faults) = all("a: 1\nb: 2\na: 3\n");
        assert_eq!(faults[0].line, 3);
        let many: String = (0..40).map(|i| format!("k{}: 1\n", i % 39)).collect();
        assert_eq!(all(&many).1[0].line, 40);
    }

    #[test]
    fn anchors_and_merge_keys_are_resolved() {
        let (nodes, faults) = all("x: &a {p: 1, q: 2}\ny:\n  <<: *a\n  q: 3\nz: *a\n");
        assert!(faults.is_empty(), "{faults:?}");
        let y = &nodes[0].get("y").unwrap().value;
        assert_eq!(y.get("p").unwrap().value.text(), Some("1"));
        assert_eq!(y.get("q").unwrap().value.text(), Some("3"));
        assert_eq!(nodes[0].get("z").unwrap().value.entries().len(), 2);
    }

    #[test]
    fn a_directive_alone_is_no_document() {
        let (nodes, faults) = all("%YAML 1.2\n---\na: 1\n");
        assert_eq!((nodes.len(), faults.len()), (1, 0), "{faults:?}");
    }
}
