//! Disclosures (RFC 9901): what opens a digest of a leaf, and the check that it
//! does.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use super::leaf::{Kind, Leaf};
use super::name::{EVENT_NAME, NAMES_NAME, plain_name};
use crate::Hash;
use crate::json::{JsonError, Scanner, members};
use crate::limits::{DISCLOSURE_BYTES_MAX, SALT_BYTES_MAX, SALT_BYTES_MIN};

/// Why a text is no disclosure.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DisclosureError {
    /// Longer than allowed.
    #[error("a disclosure of {0} bytes; at most {DISCLOSURE_BYTES_MAX} are read")]
    Long(usize),
    /// Not what an encoder writes.
    #[error("the disclosure is not canonical base64url without padding")]
    Base64,
    /// Not text.
    #[error("the disclosure is not UTF-8")]
    Utf8,
    /// Not an array of salt, name and value.
    #[error("the disclosure is not the JSON [\"salt\",\"name\",value]: {0}")]
    Json(#[from] JsonError),
    /// Too short, too long or not base64url.
    #[error(
        "the salt is not base64url of {SALT_BYTES_MIN} to {SALT_BYTES_MAX} bytes; a shorter one \
         could be guessed"
    )]
    Salt,
    /// Reserved, or from a newer version.
    #[error("no field is written as {0:?}")]
    Name(String),
}

/// A disclosure that was read and found to be well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    text: String,
    name: String,
    value: String,
    digest: Hash,
}

impl Disclosure {
    /// Reads a disclosure.
    ///
    /// # Errors
    ///
    /// If it is anything but canonical base64url of a strict JSON array of
    /// salt, name and value.
    pub fn parse(text: &str) -> Result<Self, DisclosureError> {
        if text.len() > DISCLOSURE_BYTES_MAX {
            return Err(DisclosureError::Long(text.len()));
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| DisclosureError::Base64)?;
        let json = std::str::from_utf8(&bytes).map_err(|_| DisclosureError::Utf8)?;
        let mut scanner = Scanner::new(json);
        scanner.expect(b'[', "an array")?;
        let salt = scanner.string()?;
        scanner.expect(b',', "`,`")?;
        let name = scanner.string()?;
        scanner.expect(b',', "`,`")?;
        let value = scanner.value()?.to_owned();
        scanner.expect(b']', "`]`")?;
        scanner.end()?;
        let salt = URL_SAFE_NO_PAD.decode(salt).map_err(|_| DisclosureError::Salt)?;
        if !(SALT_BYTES_MIN..=SALT_BYTES_MAX).contains(&salt.len()) {
            return Err(DisclosureError::Salt);
        }
        if name != NAMES_NAME && name != EVENT_NAME && plain_name(&name).is_none() {
            return Err(DisclosureError::Name(name));
        }
        let digest = Hash::of(text.as_bytes());
        Ok(Self { text: text.to_owned(), name, value, digest })
    }

    /// The exact text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name as written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value: JSON, as written.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What a leaf holds of it.
    #[must_use]
    pub fn digest(&self) -> Hash {
        self.digest
    }
}

/// Why disclosures do not go with a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckError {
    /// Changed, or of another event.
    #[error("the disclosure of {0:?} is not in the leaf: it was changed or is of another event")]
    NotInLeaf(String),
    /// Two disclosures of one name.
    #[error("{0:?} is disclosed twice")]
    Twice(String),
    /// `~event` in a leaf of fields, or fields in a leaf of a whole event.
    #[error("{0:?} does not belong into a leaf of this kind")]
    Kind(String),
    /// What `~names` says cannot be.
    #[error("~names is no array of names, each once, in bytewise order")]
    Names,
    /// `~names` says something else than the leaf.
    #[error("~names has {names} names; the leaf has room for {expected}")]
    NamesCount {
        /// How many it has.
        names: usize,
        /// How many fields the leaf has.
        expected: usize,
    },
    /// A disclosed field that is not among the names.
    #[error("{0:?} is disclosed and not among ~names")]
    NotNamed(String),
    /// A value that no field has.
    #[error(
        "the value of {0:?} is no text, number, true, false, null, or array of none or several \
         of these"
    )]
    Value(String),
    /// The value of `~event` is not one object of fields.
    #[error("~event is no object of fields")]
    Event,
}

/// What a leaf and disclosures that go with it say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosed {
    /// Name (the event's own, not as written) and value (JSON) of each field
    /// that is disclosed, in the order given.
    pub fields: Vec<(String, String)>,
    /// Digests which nothing opens. Where names are not proven, one of them is
    /// that of the names.
    pub withheld: usize,
    /// The names of the fields that are withheld, if that is proven.
    pub withheld_names: Option<Vec<String>>,
}

/// Checks disclosures against a leaf.
///
/// # Errors
///
/// If one of them is not in the leaf or comes twice, or `~names` does not agree
/// with the rest.
pub fn check(leaf: &Leaf, disclosures: &[Disclosure]) -> Result<Disclosed, CheckError> {
    let mut seen = BTreeSet::new();
    for disclosure in disclosures {
        let name = disclosure.name();
        if leaf.digests().binary_search(&disclosure.digest).is_err() {
            return Err(CheckError::NotInLeaf(name.into()));
        }
        if !seen.insert(name) {
            return Err(CheckError::Twice(name.into()));
        }
        if (name == EVENT_NAME) != (leaf.kind == Kind::Whole) {
            return Err(CheckError::Kind(name.into()));
        }
        if plain_name(name).is_some() && !is_field_value(&disclosure.value) {
            return Err(CheckError::Value(name.into()));
        }
    }
    let withheld = leaf.digests().len() - seen.len();
    if leaf.kind == Kind::Whole {
        return whole(disclosures.first(), withheld);
    }
    let names = disclosures.iter().find(|disclosure| disclosure.name == NAMES_NAME);
    let withheld_names =
        names.map(|names| withheld_names(leaf.digests().len() - 1, names, seen)).transpose()?;
    let fields = disclosures.iter().filter_map(|disclosure| {
        Some((plain_name(&disclosure.name)?.to_owned(), disclosure.value.clone()))
    });
    Ok(Disclosed { fields: fields.collect(), withheld, withheld_names })
}

fn whole(event: Option<&Disclosure>, withheld: usize) -> Result<Disclosed, CheckError> {
    let Some(event) = event else {
        return Ok(Disclosed { fields: Vec::new(), withheld, withheld_names: None });
    };
    let mut fields = Vec::new();
    for (name, value) in members(&event.value).map_err(|_| CheckError::Event)? {
        let name = plain_name(&name).ok_or(CheckError::Event)?.to_owned();
        if !is_field_value(value) {
            return Err(CheckError::Value(name));
        }
        fields.push((name, value.to_owned()));
    }
    Ok(Disclosed { fields, withheld, withheld_names: Some(Vec::new()) })
}

/// Whether a JSON text is the value of a field: one value, or an array of none
/// or several.
fn is_field_value(json: &str) -> bool {
    if !json.starts_with('[') {
        return !json.starts_with('{');
    }
    let (mut count, mut plain) = (0u64, true);
    let read = Scanner::new(json).array(|scanner| {
        count += 1;
        plain &= !scanner.value()?.starts_with(['[', '{']);
        Ok(())
    });
    read.is_ok() && plain && count != 1
}

/// The names that are not disclosed, if all names go with the leaf.
fn withheld_names(
    expected: usize,
    names: &Disclosure,
    mut seen: BTreeSet<&str>,
) -> Result<Vec<String>, CheckError> {
    let mut all = Vec::new();
    let mut scanner = Scanner::new(&names.value);
    let read = scanner.array(|scanner| {
        all.push(scanner.string()?);
        Ok(())
    });
    let ascending = all.windows(2).all(|pair| pair.first() < pair.last());
    if read.is_err() || !ascending || all.iter().any(|name| plain_name(name).is_none()) {
        return Err(CheckError::Names);
    }
    if all.len() != expected {
        return Err(CheckError::NamesCount { names: all.len(), expected });
    }
    seen.remove(NAMES_NAME);
    let mut withheld = Vec::new();
    for name in &all {
        if !seen.remove(name.as_str()) {
            withheld.push(plain_name(name).unwrap_or(name).to_owned());
        }
    }
    match seen.first() {
        Some(name) => Err(CheckError::NotNamed((*name).into())),
        None => Ok(withheld),
    }
}
