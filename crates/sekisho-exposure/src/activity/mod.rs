//! The small typed layer over events that is all the method reads: sessions,
//! executions, touches, transfers, tickets and losses.
//!
//! An activity says who did what to which thing, where and when, as far as one
//! record shows it. What a record does not show stays `None`; nothing is
//! guessed here.

mod actor;
mod exec;
mod loss;
mod object;
mod session;
mod ticket;
mod touch;
mod transfer;

pub use actor::{Actor, Peer, ProcessRef};
pub use exec::{Exec, ExecStep};
pub use loss::{Loss, LossKind};
pub use object::Object;
pub use session::{LogonKind, Session, SessionStep};
pub use ticket::{Ticket, TicketKind, TicketStep};
pub use touch::{Touch, TouchKind, Via};
pub use transfer::{Ended, FileSent, Transfer};

use crate::evidence::RecordId;
use crate::names::Name;

/// One thing that happened, as one record shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// The record that shows it.
    pub record: RecordId,
    /// When: nanoseconds since 1970 in UTC, or
    /// [`sekisho_event::TIME_UNKNOWN`].
    pub time: i64,
    /// Where: the host it happened on, or the realm of a service
    /// (`aws:123456789012`, `m365:tenant`). `None` where the record names none
    /// (a sensor sees hosts by their addresses: these are in the actor and the
    /// peers).
    pub place: Option<Name>,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub what: What,
}

/// What was done.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Somebody came, went, or was refused.
    Session(Session),
    /// Something was run, or was set up to run.
    Exec(Box<Exec>),
    /// A thing was read, written, listed, removed.
    Touch(Box<Touch>),
    /// Bytes moved between two ends of a connection.
    Transfer(Box<Transfer>),
    /// A credential was made, used, taken, changed.
    Ticket(Box<Ticket>),
    /// Records were lost, or will not be made.
    Loss(Loss),
}
