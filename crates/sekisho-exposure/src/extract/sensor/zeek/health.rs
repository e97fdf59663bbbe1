//! What the sensor says of itself: packets that it lost, and what it does not
//! look at.

use super::super::ends::{cut, ratio};
use crate::activity::{Actor, Loss, LossKind, What};
use crate::extract::{Out, Row};

/// Filters under which Zeek looks at everything.
const WHOLE_FILTERS: [&str; 3] = ["ip or not ip", "(empty)", "(ip or not ip)"];

/// Oddities which mean that a part of the traffic does not come to the sensor
/// at all. Gaps within one connection are in its own record.
const BLIND: [&str; 2] = ["possible_split_routing", "one_sided_traffic"];

/// An estimate of the share of packets that never came to the sensor, by gaps
/// in what was acknowledged.
pub(super) fn capture_loss(row: &Row<'_>, out: &mut Out<'_>) {
    let percent = row.text("percent_lost").and_then(|text| text.parse::<f64>().ok());
    let gaps = row.number("gaps");
    let share = percent.and_then(share_of_percent);
    if share.unwrap_or(0.0) > 0.0 || gaps.unwrap_or(0) > 0 {
        dropped(gaps, share, None, out);
    }
}

/// Packets that the system dropped before the sensor got them.
pub(super) fn stats(row: &Row<'_>, out: &mut Out<'_>) {
    let lost = row.number("pkts_dropped").unwrap_or(0);
    if lost == 0 {
        return;
    }
    let seen =
        row.number("pkts_link").or_else(|| row.number("pkts_proc").map(|n| n.saturating_add(lost)));
    dropped(Some(lost), seen.and_then(|seen| ratio(lost, seen)), None, out);
}

/// The sensor's own notices of loss.
pub(super) fn notice(row: &Row<'_>, out: &mut Out<'_>) {
    let _ = super::ends(row, out);
    let note = row.text("note").unwrap_or_default();
    let lost = note.starts_with("CaptureLoss::") || note == "PacketFilter::Dropped_Packets";
    if lost {
        let share = row.text("msg").and_then(percent_in).and_then(share_of_percent);
        dropped(None, share, Some(note), out);
    }
}

/// Oddities.
pub(super) fn weird(row: &Row<'_>, out: &mut Out<'_>) {
    let _ = super::ends(row, out);
    let name = row.text("name").unwrap_or_default();
    if BLIND.contains(&name) {
        dropped(None, None, Some(name), out);
    }
}

/// A protocol that the sensor gave up on in a connection, for instance because
/// it is encrypted: the logs that it would have written lack records.
pub(super) fn gave_up(row: &Row<'_>, out: &mut Out<'_>) {
    let _ = super::ends(row, out);
    let protocol = row.any(&["analyzer", "analyzer_name"]).unwrap_or_default();
    let logs: &[&str] = match protocol.to_ascii_uppercase().as_str() {
        "SMB" => &["zeek/smb_files", "zeek/smb_mapping", "zeek/files"],
        "HTTP" => &["zeek/http", "zeek/files"],
        "FTP" => &["zeek/ftp", "zeek/files"],
        "SMTP" => &["zeek/smtp", "zeek/files"],
        "DCE_RPC" => &["zeek/dce_rpc"],
        "KRB" | "KRB_TCP" => &["zeek/kerberos"],
        "NTLM" => &["zeek/ntlm"],
        _ => &[],
    };
    for log in logs {
        let channel = Some(out.names().of(log));
        let what = row.text("failure_reason").map(cut).map(|reason| out.names().of(reason));
        let kind = LossKind::Dropped;
        loss(Loss { kind, channel, what, amount: None, share: None }, out);
    }
}

/// What the sensor looks at, said when it starts.
pub(super) fn packet_filter(row: &Row<'_>, out: &mut Out<'_>) {
    let Some(filter) = row.text("filter") else { return };
    if WHOLE_FILTERS.contains(&filter) {
        return;
    }
    let what = Some(out.names().of(filter));
    loss(Loss { kind: LossKind::Narrowed, channel: None, what, amount: None, share: None }, out);
}

fn dropped(amount: Option<u64>, share: Option<f64>, what: Option<&str>, out: &mut Out<'_>) {
    let what = what.map(|what| out.names().of(what));
    loss(Loss { kind: LossKind::Dropped, channel: None, what, amount, share }, out);
}

fn loss(loss: Loss, out: &mut Out<'_>) {
    out.push(Actor::default(), What::Loss(loss));
}

/// `None` for what is no share.
fn share_of_percent(percent: f64) -> Option<f64> {
    (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
}

/// The first number in a text that a percent sign follows.
fn percent_in(text: &str) -> Option<f64> {
    let (before, _) = text.split_once('%')?;
    let number = before.rsplit(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        assert_eq!(percent_in("an estimated loss rate above 12.5%"), Some(12.5));
        assert_eq!(percent_in("none"), None);
        assert_eq!(percent_in("%"), None);
        assert_eq!(ratio(1, 4), Some(0.25));
        assert_eq!(ratio(5, 4), Some(1.0));
        assert_eq!(ratio(0, 0), None);
        assert!(ratio(u64::MAX / 2, u64::MAX).is_some_and(|share| (share - 0.5).abs() < 1e-6));
        assert_eq!(share_of_percent(150.0), None);
        assert_eq!(share_of_percent(f64::NAN), None);
    }
}
