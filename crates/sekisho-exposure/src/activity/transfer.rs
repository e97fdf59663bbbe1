//! Transfers: bytes between two ends.

use super::Peer;
use crate::names::Name;

/// How a connection ended, as far as its record shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// It was seen to end: its counts are final.
    Whole,
    /// It was still open, or its end was not seen: its counts are lower
    /// bounds.
    Open,
    /// It was refused or never answered.
    Refused,
    /// The record does not say (a record of the beginning alone).
    Unknown,
}

/// A file that was seen in a transfer.
#[derive(Clone, Debug, PartialEq)]
pub struct FileSent {
    /// The sensor's id of the file, by which records of it are joined: one
    /// file is told of by the request that carried it and by a record of its
    /// own.
    pub id: Option<Name>,
    /// Name or path, as the protocol had it.
    pub name: Option<Name>,
    /// Bytes of it that were seen.
    pub bytes: Option<u64>,
    /// Bytes of it that the sensor missed.
    pub missed: u64,
    /// SHA-256 in hex.
    pub sha256: Option<Name>,
    /// From the client to the server; else the other way.
    pub upload: bool,
    /// The server took it (a status of success), where the protocol says.
    pub accepted: Option<bool>,
}

/// Of the activity, `actor` is who opened the connection, as far as known
/// (a host's own records have the process, a sensor only the address).
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// Who opened it.
    pub client: Peer,
    /// Who was called.
    pub server: Peer,
    /// Name that the server was called by (host header, SNI, DNS).
    pub server_name: Option<Name>,
    /// Protocol: `tcp`, `http`, `smb`, `dns`, …
    pub protocol: Name,
    /// The sensor's id of the connection, by which records of it are joined.
    /// Several records may count the bytes of one connection: the largest
    /// count holds, they do not add up.
    pub uid: Option<Name>,
    /// Payload bytes from client to server; `None` where not counted. Sensors
    /// that count by sequence numbers have bytes that they missed in it.
    pub sent: Option<u64>,
    /// Payload bytes from server to client.
    pub received: Option<u64>,
    /// Bytes that the sensor missed, both ways.
    pub missed: u64,
    /// How long, nanoseconds.
    pub duration: Option<i64>,
    /// How it ended.
    pub ended: Ended,
    /// Files seen in it.
    pub files: Vec<FileSent>,
    /// Method and address, where the protocol has them (`PUT http://…`).
    pub request: Option<Name>,
}
