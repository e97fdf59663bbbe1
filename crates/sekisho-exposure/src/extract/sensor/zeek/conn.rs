//! Connections: who called whom, how long, and how many bytes went each way.

use super::super::ends::{Ends, seconds};
use crate::activity::{Ended, LogonKind, Session, SessionStep, Transfer, What};
use crate::extract::{Out, Row};
use crate::names::Name;

/// Bytes of headers that every packet has at least: IPv4 and UDP.
const HEADER_BYTES_MIN: u64 = 28;

/// Bytes that a packet holds at most, also where a network card puts several
/// together.
const PACKET_BYTES_MAX: u64 = 65_535;

/// Ports of remote shells of Windows.
const WINRM_PORTS: [u16; 2] = [5985, 5986];

/// A connection that is over, as far as the sensor knows.
pub(super) fn ended(row: &Row<'_>, out: &mut Out<'_>) {
    connection(row, out, false);
}

/// A connection that goes on; a record of its end comes later.
pub(super) fn open(row: &Row<'_>, out: &mut Out<'_>) {
    connection(row, out, true);
}

fn connection(row: &Row<'_>, out: &mut Out<'_>, open: bool) {
    let ends = super::ends(row, out);
    let (sent, sent_doubt) = payload(row, ["orig_bytes", "orig_ip_bytes", "orig_pkts"]);
    let (received, received_doubt) = payload(row, ["resp_bytes", "resp_ip_bytes", "resp_pkts"]);
    let missed = row.number("missed_bytes").unwrap_or(0);
    let any = sent.is_some_and(|n| n > 0) || received.is_some_and(|n| n > 0);
    let ended = if open { Ended::Open } else { how_it_ended(row.text("conn_state"), any) };
    let transfer = Transfer {
        sent,
        received,
        missed: missed.max(sent_doubt.saturating_add(received_doubt)),
        duration: row.text("duration").and_then(seconds),
        ended,
        ..ends.transfer(protocol(row, out))
    };
    out.push_on(None, ends.actor(), What::Transfer(Box::new(transfer)));
    if ends.server.port.is_some_and(|port| WINRM_PORTS.contains(&port)) && ended != Ended::Refused {
        out.push_on(ends.place(), ends.actor(), shell_attempted(&ends));
    }
}

/// What was spoken, or over what.
fn protocol(row: &Row<'_>, out: &mut Out<'_>) -> Name {
    // In the plain format several are one text, in JSON too.
    let spoken = row.text("service").or_else(|| row.text("proto")).unwrap_or("ip");
    out.names().of(spoken)
}

/// The payload of one side, and how many bytes of it are in doubt: counts by
/// sequence numbers go wrong where packets are missing or forged. Bytes of
/// packets as they are counted are of no help, since offloading to the network
/// card makes them too small; but no packet holds more than its length says.
fn payload(row: &Row<'_>, [payload, whole, packets]: [&str; 3]) -> (Option<u64>, u64) {
    let packets = row.number(packets).filter(|&n| n > 0);
    if let Some(counted) = row.number(payload) {
        let most = packets.map(|n| n.saturating_mul(PACKET_BYTES_MAX));
        return (Some(counted), most.map_or(0, |most| counted.saturating_sub(most)));
    }
    // A single packet has no count of its own; only without TCP may it hold
    // anything.
    let headers = packets.unwrap_or(0).saturating_mul(HEADER_BYTES_MIN);
    let carried = row.number(whole).filter(|_| packets.is_some());
    let carried = carried.filter(|_| row.text("proto") != Some("tcp"));
    (carried.map(|n| n.saturating_sub(headers)), 0)
}

/// By Zeek's word for the state. `any`: something was said by either side;
/// then what looks like a refusal is a connection of which one side was not
/// seen.
fn how_it_ended(state: Option<&str>, any: bool) -> Ended {
    match state {
        Some("SF" | "RSTO" | "RSTR") => Ended::Whole,
        Some("S0" | "REJ" | "RSTOS0" | "RSTRH" | "SH" | "SHR") if !any => Ended::Refused,
        Some(_) => Ended::Open,
        None => Ended::Unknown,
    }
}

fn shell_attempted(ends: &Ends) -> What {
    What::Session(Session {
        step: SessionStep::Attempted,
        kind: LogonKind::RemoteShell,
        key: None,
        linked: None,
        guid: None,
        account: None,
        from: ends.client,
        to: ends.server,
        privileged: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_connections() {
        for (state, any, ended) in [
            (Some("SF"), true, Ended::Whole),
            (Some("SF"), false, Ended::Whole),
            (Some("RSTO"), true, Ended::Whole),
            (Some("RSTR"), true, Ended::Whole),
            (Some("S0"), false, Ended::Refused),
            (Some("S0"), true, Ended::Open),
            (Some("REJ"), false, Ended::Refused),
            (Some("RSTRH"), false, Ended::Refused),
            (Some("RSTRH"), true, Ended::Open),
            (Some("S1"), true, Ended::Open),
            (Some("S2"), true, Ended::Open),
            (Some("S3"), true, Ended::Open),
            (Some("OTH"), false, Ended::Open),
            (None, true, Ended::Unknown),
        ] {
            assert_eq!(how_it_ended(state, any), ended, "{state:?} {any}");
        }
    }
}
