//! Old collections: `action: global` gives its entries to the documents after
//! it, `action: reset` ends that, `action: repeat` builds upon the document
//! before. Maps are merged key by key, the later document wins.

use hashbrown::HashMap;

use crate::limits::FILE_MERGED_NODES_MAX;
use crate::yaml::{Entry, Fault, Node, NodeKind};

/// What the documents of a file have left for later ones.
#[derive(Default)]
pub(crate) struct Collection<'a> {
    global: Option<Node<'a>>,
    previous: Option<Node<'a>>,
    merged: usize,
}

impl<'a> Collection<'a> {
    /// The document as it is meant; `None` for one that only gives to others.
    pub(crate) fn take(&mut self, node: Node<'a>) -> Result<Option<Node<'a>>, Fault> {
        let Some(entry) = node.get("action") else {
            return self.merged(node).map(Some);
        };
        let (line, action) = (entry.line, entry.value.text().unwrap_or_default().to_owned());
        let node = without_action(node);
        match action.as_str() {
            "global" => {
                self.global = Some(match self.global.take() {
                    Some(global) => self.merge(&global, node)?,
                    None => node,
                });
                Ok(None)
            }
            "reset" => {
                self.global = None;
                if node.get("detection").is_none() && node.get("correlation").is_none() {
                    return Ok(None);
                }
                self.merged(node).map(Some)
            }
            "repeat" => {
                let Some(previous) = self.previous.take() else {
                    return Err(Fault::new(line, "`action: repeat` without a document before it"));
                };
                let node = self.merge(&previous, node)?;
                self.previous = Some(node.clone());
                Ok(Some(node))
            }
            _ => {
                let reason = format!("unknown action `{action}`, expected global, reset or repeat");
                Err(Fault::new(line, reason))
            }
        }
    }

    fn merged(&mut self, node: Node<'a>) -> Result<Node<'a>, Fault> {
        let node = match self.global.take() {
            Some(global) => {
                let merged = self.merge(&global, node);
                self.global = Some(global);
                merged?
            }
            None => node,
        };
        self.previous = Some(node.clone());
        Ok(node)
    }

    fn merge(&mut self, base: &Node<'a>, over: Node<'a>) -> Result<Node<'a>, Fault> {
        self.merged += base.weight().0;
        if self.merged > FILE_MERGED_NODES_MAX {
            let reason = format!("`action` copies more than {FILE_MERGED_NODES_MAX} nodes");
            return Err(Fault::new(over.line, reason));
        }
        Ok(merge(base, over))
    }
}

fn without_action(mut node: Node<'_>) -> Node<'_> {
    if let NodeKind::Map(entries) = &mut node.kind {
        entries.retain(|e| e.key != "action");
    }
    node
}

fn merge<'a>(base: &Node<'a>, over: Node<'a>) -> Node<'a> {
    let (NodeKind::Map(below), NodeKind::Map(above)) = (&base.kind, &over.kind) else {
        return over;
    };
    let mut newer: HashMap<&str, &Entry<'a>> = above.iter().map(|e| (e.key.as_ref(), e)).collect();
    let mut entries = Vec::with_capacity(below.len() + above.len());
    for entry in below {
        entries.push(match newer.remove(entry.key.as_ref()) {
            Some(new) => Entry { value: merge(&entry.value, new.value.clone()), ..new.clone() },
            None => entry.clone(),
        });
    }
    entries.extend(above.iter().filter(|e| newer.contains_key(e.key.as_ref())).cloned());
    Node { line: over.line, kind: NodeKind::Map(entries) }
}
