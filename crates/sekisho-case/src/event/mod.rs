//! An event in a case: a leaf of digests, and the disclosures that open it.

mod disclosure;
mod leaf;
mod name;
mod sealer;
mod texts;

#[cfg(test)]
mod reference;

pub use disclosure::{CheckError, Disclosed, Disclosure, DisclosureError, check};
pub use leaf::{EventHead, HEAD_BYTES, Kind, Leaf, LeafError};
pub use name::{EVENT_NAME, NAMES_NAME, PreparedName, plain_name, written_name};
pub use sealer::{EventSealer, Kept, OpenEvent, SealError, SealedEvent};
