//! What is asked: assets, the estate, seeds, and the time of asking.

use crate::activity::Object;
use crate::evidence::RecordId;

/// Where the method begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Seed {
    /// Something was detected in a record.
    Detected {
        /// The record.
        record: RecordId,
        /// By what: title of the rule, name of the indicator.
        by: String,
        /// Level of the rule (`high`, `critical`), or `indicator`.
        level: String,
    },
    /// An analyst's word.
    Said(Box<SaidSeed>),
}

/// An analyst's word: everything that fits all of its parts is the intruder's.
/// Parts are compared without regard to case; `*` stands for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaidSeed {
    /// As it was typed.
    pub text: String,
    /// Host on which it happened.
    pub host: Option<String>,
    /// File name or path of the program, or `pid:N`.
    pub process: Option<String>,
    /// Account: `user`, `domain\user`, `user@domain`, an ARN or a part of it.
    pub account: Option<String>,
    /// Address of the other side.
    pub address: Option<String>,
    /// User agent.
    pub agent: Option<String>,
    /// Application of a cloud.
    pub app: Option<String>,
    /// Session: logon id, access key, token.
    pub session: Option<String>,
    /// Hash of a program or file.
    pub hash: Option<String>,
    /// Name (domain) that was called.
    pub domain: Option<String>,
    /// Not before (nanoseconds since 1970).
    pub from: Option<i64>,
    /// Not after.
    pub until: Option<i64>,
}

/// Everything that is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// What is to be protected.
    pub assets: crate::assets::Assets,
    /// What is known of the estate.
    pub estate: crate::estate::Declared,
    /// Where to begin.
    pub seeds: Vec<Seed>,
    /// When it is asked (nanoseconds since 1970): records from later are from
    /// the future. `None`: no record is.
    pub now: Option<i64>,
}

/// Whether a thing is a file of some kind, wherever it lies.
#[must_use]
pub fn is_file(object: &Object) -> bool {
    matches!(object, Object::File { .. } | Object::Shared { .. })
}
