//! Names of fields as disclosures write them.
//!
//! Names of our own begin with `~`, and RFC 9901 keeps `_sd` and `...` for
//! itself; a field that is called so gets a `~` in front, and no two fields
//! ever share a written name.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::value::write_string;

/// The name under which the names of all fields of an event are sealed.
pub const NAMES_NAME: &str = "~names";

/// The name under which a whole event is sealed.
pub const EVENT_NAME: &str = "~event";

/// What comes before the salt in the text of a disclosure.
pub(super) const SALT_OPENING: &[u8; 2] = b"[\"";

/// Characters of a salt of 16 bytes in base64url.
pub(super) const SALT_CHARS: usize = 22;

/// What comes between the salt and the name.
const NAME_OPENING: &[u8; 3] = b"\",\"";

/// A field's name as it is written in disclosures.
#[must_use]
pub fn written_name(plain: &str) -> Cow<'_, str> {
    if plain.starts_with('~') || plain == "_sd" || plain == "..." {
        Cow::Owned(format!("~{plain}"))
    } else {
        Cow::Borrowed(plain)
    }
}

/// A field's name from what is written, or `None` if no field is written so.
#[must_use]
pub fn plain_name(written: &str) -> Option<&str> {
    let plain = match written.strip_prefix('~') {
        Some(rest) if rest.starts_with('~') || rest == "_sd" || rest == "..." => rest,
        Some(_) => return None,
        None => written,
    };
    (written != "_sd" && written != "...").then_some(plain)
}

/// A field's name, made ready for sealing once: escaped, quoted, and with all
/// that stands before a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedName {
    written: Box<str>,
    /// The first eight bytes: most names differ there.
    order: u64,
    /// `","name",`: what comes between the salt and the value.
    pub(super) opening: Box<[u8]>,
    /// `"name":`
    pub(super) member: Box<[u8]>,
    /// `"name",`
    pub(super) element: Box<[u8]>,
}

impl PreparedName {
    /// Prepares a field's name (as the event has it, not as written).
    #[must_use]
    pub fn new(plain: &str) -> Self {
        Self::of_written(&written_name(plain))
    }

    pub(super) fn of_written(written: &str) -> Self {
        let mut quoted = Vec::with_capacity(written.len() + 3);
        write_string(&mut quoted, written);
        let opening = [NAME_OPENING.as_slice(), quoted.get(1..).unwrap_or_default(), b","].concat();
        let mut first = [0u8; 8];
        for (to, &from) in first.iter_mut().zip(written.as_bytes()) {
            *to = from;
        }
        Self {
            written: written.into(),
            order: u64::from_be_bytes(first),
            opening: opening.into(),
            member: [quoted.as_slice(), b":"].concat().into(),
            element: [quoted.as_slice(), b","].concat().into(),
        }
    }

    /// The name as it is written; an event's fields are sealed in the bytewise
    /// order of these.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }
}

/// In the bytewise order of what is written.
impl Ord for PreparedName {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.cmp(&other.order).then_with(|| self.written.cmp(&other.written))
    }
}

impl PartialOrd for PreparedName {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_are_written_alike_and_each_comes_back() {
        let names = ["a", "~a", "~~a", "_sd", "~_sd", "...", "~...", "~names", "~event", "", "~"];
        let written: std::collections::BTreeSet<_> =
            names.iter().map(|n| written_name(n).into_owned()).collect();
        assert_eq!(written.len(), names.len());
        for name in names {
            assert_eq!(plain_name(&written_name(name)), Some(name));
        }
        for reserved in ["~names", "~event", "~a", "~", "_sd", "..."] {
            assert_eq!(plain_name(reserved), None, "{reserved}");
        }
    }
}
