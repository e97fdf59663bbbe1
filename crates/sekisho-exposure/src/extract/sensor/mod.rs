//! What sensors on the network, proxies and firewalls saw. They know hosts by
//! addresses only, and see what was said between two of them, never who at
//! the client said it.
//!
//! Bytes of a connection are counted once, by the record of the connection;
//! records of what was inside (requests, files) carry the sizes of files only.

mod ends;
mod flow;
mod join;
mod proxy;
mod suricata;
mod web;
mod zeek;

pub(super) use flow::Firewall;
pub(super) use join::join;
pub(super) use proxy::Proxy;
pub(super) use suricata::Suricata;
pub(super) use zeek::Zeek;
