//! What the parts of a Windows event are called as fields: the names that
//! Sigma rules use. Templates and rendered records both ask here, so that a
//! record has the same fields whichever way it is read.

use crate::limits::FIELD_NAME_BYTES_MAX;

/// The elements from the root, `Event`, down to one element.
pub(in crate::formats) type Path<'a> = &'a [&'a str];

/// Which part of a record a path leads into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) enum Section {
    /// The root itself, or nothing known.
    Root,
    System,
    /// `EventData` or `UserData`.
    Data,
    /// Anything else: `RenderingInfo`, `ProcessingErrorData`.
    Other,
}

pub(in crate::formats) fn section(path: Path<'_>) -> Section {
    match path {
        ["Event", "System", ..] => Section::System,
        ["Event", "EventData" | "UserData", ..] => Section::Data,
        ["Event", _, ..] => Section::Other,
        _ => Section::Root,
    }
}

/// Whether the element is `EventData` or `UserData` right below `Event`: its
/// `Data` are called by their names.
pub(in crate::formats) fn is_container(path: Path<'_>) -> bool {
    path.len() == 2 && section(path) == Section::Data
}

/// Whether an element without a value still is a field, of no value.
pub(in crate::formats) fn keeps_nulls(path: Path<'_>) -> bool {
    path.len() > 2 && section(path) == Section::Data
}

/// Calls `add` with each name of an element's value.
pub(in crate::formats) fn of_element(path: Path<'_>, mut add: impl FnMut(&str)) {
    let Some(&leaf) = path.last() else { return };
    match section(path) {
        Section::Root => {}
        Section::System => dotted(path.get(2..), add),
        Section::Data => {
            add(leaf);
            if path.len() > 3 {
                dotted(path.get(2..), add);
            }
        }
        Section::Other => {
            if matches!(path, ["Event", "RenderingInfo", "Message"]) {
                add("Message");
            }
            dotted(path.get(1..), add);
        }
    }
}

/// Calls `add` with the name of an attribute; not at all for name spaces.
pub(in crate::formats) fn of_attribute(path: Path<'_>, attribute: &str, mut add: impl FnMut(&str)) {
    if attribute == "xmlns" || attribute.starts_with("xmlns:") {
        return;
    }
    let Some(&leaf) = path.last() else { return };
    match (section(path), leaf, attribute) {
        (Section::System, "EventID", "Qualifiers")
        | (Section::System, "TimeCreated", "SystemTime")
        | (Section::System, "Security", "UserID") => add(attribute),
        (Section::Other, ..) => {
            dotted(path.get(1..), |name| add(&format!("{name}_{attribute}")));
        }
        _ => add(&format!("{leaf}_{attribute}")),
    }
}

fn dotted(path: Option<&[&str]>, mut add: impl FnMut(&str)) {
    let path = path.unwrap_or_default();
    let bytes: usize = path.iter().map(|p| p.len() + 1).sum();
    match path {
        [] => {}
        [only] => add(only),
        _ if bytes > FIELD_NAME_BYTES_MAX => {}
        _ => add(&path.join(".")),
    }
}
