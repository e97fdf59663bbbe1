//! The records of a case: one JSON object each, the entries of its log.
//!
//! A record is sealed as the bytes that it was written with, so it is read
//! strictly: no white space, no name twice, `type` first, every member that
//! this version knows. What a later version adds is passed over and counted.

mod body;
mod population;

pub use body::{
    Case, Cell, Cells, Counted, Empty, Endpoint, EvidenceLeaf, Examination, ExaminationKind,
    Exposure, FileSum, Gap, Parties, Party, Release, Results, Role, Seal, SealKind, Segment,
    Source, Span, Verdict, VerdictGrade, VerdictWord, Verdicts, owner, owner_name,
};
pub use population::{
    Accounted, CLOCK_JUMP_DAYS, Complaint, Examined, Exposed, Population, SealedCell, Unseen,
    days_unseen,
};

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use thiserror::Error;

use crate::hash::shown;
use crate::json::{JsonError, members};
use crate::key::{NoRandomness, random};
use crate::limits::ENTRY_BYTES_MAX;
use crate::time::from_text;
use crate::{Hash, Malformed, merkle};

/// Sixteen random bytes: what makes a record impossible to guess from its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nonce(pub [u8; 16]);

impl Nonce {
    /// A new one.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        random().map(Self)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for Nonce {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        let wrong =
            || Malformed::new(format!("{} is no nonce", shown(text)), "16 bytes, base64url");
        bytes.map(Self).ok_or_else(wrong)
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}

/// Why bytes are no record, or a record cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// Longer than an entry can be.
    #[error("a record of {0} bytes; an entry has at most {ENTRY_BYTES_MAX}")]
    Long(usize),
    /// Not text.
    #[error("the record is not UTF-8")]
    Utf8,
    /// Not strict JSON.
    #[error("the record is not JSON without white space, each name once: {0}")]
    Json(#[from] JsonError),
    /// `type` is not there, not first, or no string.
    #[error("the record does not begin with its `type`")]
    Type,
    /// A member is missing or of another form.
    #[error("the {kind} record is not well formed: {why}")]
    Member {
        /// Type of the record.
        kind: &'static str,
        /// What is wrong.
        why: String,
    },
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is named as its content")]
pub enum Body {
    Case(Case),
    Parties(Parties),
    Source(Source),
    Cell(Cell),
    Empty(Empty),
    Gap(Gap),
    Segment(Segment),
    Results(Results),
    Examination(Box<Examination>),
    Release(Release),
    Verdict(Box<Verdict>),
    Exposure(Box<Exposure>),
    /// Of a type that this version does not know.
    Unknown {
        name: String,
        bytes: Vec<u8>,
    },
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// `None` only in records of unknown types.
    pub nonce: Option<Nonce>,
    /// What it says.
    pub body: Body,
    /// Members, also of members, that this version does not know.
    pub not_understood: usize,
}

#[derive(Serialize)]
struct Written<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    nonce: Option<Nonce>,
    #[serde(flatten)]
    body: &'a T,
}

#[derive(Deserialize)]
struct Nonced<T> {
    nonce: Nonce,
    #[serde(flatten)]
    body: T,
}

impl Record {
    /// A record to be written.
    #[must_use]
    pub fn new(nonce: Nonce, body: Body) -> Self {
        Self { nonce: Some(nonce), body, not_understood: 0 }
    }

    /// The name of its type.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match &self.body {
            Body::Case(_) => "case",
            Body::Parties(_) => "parties",
            Body::Source(_) => "source",
            Body::Cell(_) => "cell",
            Body::Empty(_) => "empty",
            Body::Gap(_) => "gap",
            Body::Segment(_) => "segment",
            Body::Results(_) => "results",
            Body::Examination(_) => "examination",
            Body::Release(_) => "release",
            Body::Verdict(_) => "verdict",
            Body::Exposure(_) => "exposure",
            Body::Unknown { name, .. } => name,
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    ///
    /// If it is no strict JSON, too long, or a member that its type must have
    /// is missing or wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(RecordError::Long(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RecordError::Utf8)?;
        let members = members(text)?;
        let name = match members.first() {
            Some((first, value)) if first == "type" => {
                serde_json::from_str::<String>(value).map_err(|_| RecordError::Type)?
            }
            _ => return Err(RecordError::Type),
        };
        match name.as_str() {
            "case" => read("case", text, Body::Case),
            "parties" => read("parties", text, Body::Parties),
            "source" => read("source", text, Body::Source),
            "cell" => read("cell", text, Body::Cell),
            "empty" => read("empty", text, Body::Empty),
            "gap" => read("gap", text, Body::Gap),
            "segment" => read("segment", text, Body::Segment),
            "results" => read("results", text, Body::Results),
            "examination" => read("examination", text, |body| Body::Examination(Box::new(body))),
            "release" => read("release", text, Body::Release),
            "verdict" => read("verdict", text, |body| Body::Verdict(Box::new(body))),
            "exposure" => read("exposure", text, |body| Body::Exposure(Box::new(body))),
            _ => {
                let body = Body::Unknown { name, bytes: bytes.to_vec() };
                Ok(Self { nonce: None, body, not_understood: 1 })
            }
        }
    }

    /// The bytes of the entry: members always in the same order.
    ///
    /// # Errors
    ///
    /// If they are more than an entry can have.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RecordError> {
        let nonce = self.nonce;
        let bytes = match &self.body {
            Body::Case(body) => write("case", nonce, body),
            Body::Parties(body) => write("parties", nonce, body),
            Body::Source(body) => write("source", nonce, body),
            Body::Cell(body) => write("cell", nonce, body),
            Body::Empty(body) => write("empty", nonce, body),
            Body::Gap(body) => write("gap", nonce, body),
            Body::Segment(body) => write("segment", nonce, body),
            Body::Results(body) => write("results", nonce, body),
            Body::Examination(body) => write("examination", nonce, &**body),
            Body::Release(body) => write("release", nonce, body),
            Body::Verdict(body) => write("verdict", nonce, &**body),
            Body::Exposure(body) => write("exposure", nonce, &**body),
            Body::Unknown { bytes, .. } => Ok(bytes.clone()),
        }?;
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(RecordError::Long(bytes.len()));
        }
        Ok(bytes)
    }

    /// The hash of the entry in the log, from its bytes.
    ///
    /// # Errors
    ///
    /// As [`to_bytes`](Self::to_bytes).
    pub fn leaf_hash(&self) -> Result<Hash, RecordError> {
        Ok(merkle::leaf_hash(&self.to_bytes()?))
    }
}

fn write<T: Serialize>(
    kind: &'static str,
    nonce: Option<Nonce>,
    body: &T,
) -> Result<Vec<u8>, RecordError> {
    serde_json::to_vec(&Written { kind, nonce, body })
        .map_err(|e| RecordError::Member { kind, why: e.to_string() })
}

/// What a record must hold beyond the form of its members.
trait Checked: Serialize + DeserializeOwned {
    /// What is wrong with it.
    fn wrong(&self) -> Option<String> {
        None
    }
}

fn read<T: Checked>(
    kind: &'static str,
    text: &str,
    wrap: impl FnOnce(T) -> Body,
) -> Result<Record, RecordError> {
    let member = |why: String| RecordError::Member { kind, why };
    let Nonced { nonce, body } =
        serde_json::from_str::<Nonced<T>>(text).map_err(|e| member(e.to_string()))?;
    if let Some(why) = body.wrong() {
        return Err(member(why));
    }
    let not_understood = {
        let written = Written { kind, nonce: Some(nonce), body: &body };
        let same = serde_json::to_vec(&written).is_ok_and(|bytes| bytes == text.as_bytes());
        if same { 0 } else { compared(text, &written).map_err(member)? }
    };
    Ok(Record { nonce: Some(nonce), body: wrap(body), not_understood })
}

/// How many members a JSON text has beyond those of what was read from it. That
/// is more than what serde asks: members that may be null are there also when
/// they are, and nothing is written in another way.
///
/// # Errors
///
/// What a known member lacks.
pub(crate) fn compared(text: &str, read: &impl Serialize) -> Result<usize, String> {
    let there: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let known = serde_json::to_value(read).map_err(|e| e.to_string())?;
    beyond(&there, &known)
}

/// How many members there are beyond those known; or what is wrong with a known
/// one.
fn beyond(there: &Value, known: &Value) -> Result<usize, String> {
    match (there, known) {
        (Value::Object(there), Value::Object(known)) => {
            let mut unknown = 0;
            for (name, value) in there {
                unknown += known.get(name).map_or(Ok(1), |known| beyond(value, known))?;
            }
            match known.keys().find(|name| !there.contains_key(*name)) {
                Some(name) => Err(format!("no `{name}`")),
                None => Ok(unknown),
            }
        }
        (Value::Array(there), Value::Array(known)) if there.len() == known.len() => {
            there.iter().zip(known).map(|(there, known)| beyond(there, known)).sum()
        }
        (there, known) if there == known => Ok(0),
        (there, known) => {
            Err(format!("{}; expected {}", shown(&there.to_string()), shown(&known.to_string())))
        }
    }
}

#[cfg(test)]
mod tests;
