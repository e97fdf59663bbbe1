//! Who did something, as precisely as a record says.

use crate::names::Name;

/// A process, by whatever the record has. Numbers are used again by the
/// system; which process is meant follows from host and time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProcessRef {
    /// Globally unique id (Sysmon).
    pub guid: Option<Name>,
    /// Number on its host.
    pub pid: Option<u32>,
}

impl ProcessRef {
    /// Whether it says anything.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.guid.is_some() || self.pid.is_some()
    }
}

/// Who did it. Each part is there only where the record names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Actor {
    /// The host it ran on ([`Names::host`](crate::names::Names::host)); for
    /// what came over a network, the client's.
    pub host: Option<Name>,
    /// Under which account ([`Names::account`](crate::names::Names::account));
    /// for clouds the user's address or the ARN.
    pub account: Option<Name>,
    /// In which session *of the place*: the key of a [`Session`](super::Session)
    /// (`host|0x3e7`, an access key, a token's id).
    pub session: Option<Name>,
    /// Which process, on [`Actor::host`].
    pub process: ProcessRef,
    /// Its program (path or file name).
    pub image: Option<Name>,
    /// From which address it came.
    pub address: Option<Name>,
    /// Over which connection: the sensor's id of it, as in
    /// [`Transfer::uid`](super::Transfer::uid).
    pub connection: Option<Name>,
    /// With what client: a user agent, a client's info string.
    pub agent: Option<Name>,
    /// As which application (a cloud's application id or name).
    pub app: Option<Name>,
}

/// The other end of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Name of the host, where the record has it.
    pub host: Option<Name>,
    /// Its address.
    pub address: Option<Name>,
    /// Its port.
    pub port: Option<u16>,
}
