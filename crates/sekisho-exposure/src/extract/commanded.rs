//! What a command line or a script asked for, as activities.

use super::Out;
use crate::activity::Actor;

/// Says what a command line asks for. `actor` is the process that runs it.
pub(super) fn say(_out: &mut Out<'_>, _actor: Actor, _command: &str) {}

/// The same of the text of a script.
pub(super) fn say_script(_out: &mut Out<'_>, _actor: Actor, _text: &str) {}
