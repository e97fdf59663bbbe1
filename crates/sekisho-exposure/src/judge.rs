//! The method, whole: what was extracted and what is asked, to an answer.

use crate::answer::{ANSWER_VERSION, Answer};
use crate::extract::Extraction;
use crate::question::Question;

/// Answers a question. Equal input gives an equal answer, in whatever order
/// activities were read.
#[must_use]
pub fn judge(_extraction: &mut Extraction, _question: &Question) -> Answer {
    Answer { version: ANSWER_VERSION, ..Answer::default() }
}
