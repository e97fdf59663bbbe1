//! Keys at rest: the home folder, private keys under a passphrase, and the key
//! that a case is signed with when nobody has set up anything. The environment
//! is read here and nowhere deeper. `docs/keys.md` describes the files.

mod age_file;
pub(crate) mod guarded;
mod home;
pub mod limits;
mod name;
mod passphrase;
mod private_line;
mod public;
mod ring;

pub use home::{HOME_VARIABLE, Home};
pub use name::{KeyName, NotAKeyName};
pub use passphrase::{NEW_PASSPHRASE_VARIABLE, Origin, PASSPHRASE_VARIABLE, Passphrase, Sources};
pub use public::PublicKey;
pub use ring::{Keys, Listed, Made, Place, Protection};
use sekisho_case::key::{Algorithm, SigningKey, VerifyingKey, random};
