//! Records that were lost or are no longer made, and the host's clock.

use sekisho_event::TIME_UNKNOWN;
use sekisho_event::time::{self, Stamp};

use super::event::Event;
use crate::activity::{Actor, Loss, LossKind, What};
use crate::evidence::reckoned;
use crate::names::Name;

/// The security log: 1100 to 1108 are its service's, the rest its own.
pub(super) fn security(e: &mut Event<'_, '_, '_>) {
    match e.id {
        1100 => everything(e, LossKind::Stopped, "event log service"),
        1101 | 1108 | 4612 => own(e, LossKind::Dropped, None),
        1102 => cleared(e),
        1104 => own(e, LossKind::Dropped, Some("log full")),
        4608 => everything(e, LossKind::Started, "event log service"),
        4616 => clock(e),
        4719 | 4912 => policy(e),
        4907 => object_auditing(e),
        _ => {}
    }
}

/// The system log, by provider (in lower case).
pub(super) fn system(e: &mut Event<'_, '_, '_>, provider: &str) {
    match (provider, e.id) {
        ("eventlog" | "microsoft-windows-eventlog", 104) => cleared(e),
        // The service is stopped when the host goes down, but can be stopped
        // otherwise: that the host was down is said by 13.
        ("eventlog", 6005) => everything(e, LossKind::Started, "event log service"),
        ("eventlog", 6006) => everything(e, LossKind::Stopped, "event log service"),
        ("eventlog", 6008) => everything(e, LossKind::Up, "after an unexpected end"),
        ("microsoft-windows-kernel-general", 12) => everything(e, LossKind::Up, "system start"),
        ("microsoft-windows-kernel-general", 13) => everything(e, LossKind::Down, "system end"),
        ("microsoft-windows-kernel-general", 1) => clock(e),
        ("microsoft-windows-kernel-power", 41) => {
            everything(e, LossKind::Up, "after an unexpected end");
        }
        _ => {}
    }
}

/// Sysmon: 4 it was started or stopped, 16 its configuration was changed, 255
/// an error.
pub(super) fn sysmon(e: &mut Event<'_, '_, '_>) {
    match e.id {
        4 => {
            let stopped = e.text("State").is_some_and(|s| s.eq_ignore_ascii_case("stopped"));
            let kind = if stopped { LossKind::Stopped } else { LossKind::Started };
            own(e, kind, Some("service"));
        }
        16 => own(e, LossKind::Narrowed, Some("configuration")),
        255 => {
            let text = e.text("Description").unwrap_or_default();
            if e.text("ID").is_some_and(|id| id == "QUEUE") || text.contains("Dropped") {
                own(e, LossKind::Dropped, None);
            }
        }
        _ => {}
    }
}

/// Windows Defender: 5001, 5010 and 5012 protection is off, 5000, 5009 and
/// 5011 on.
pub(super) fn defender(e: &mut Event<'_, '_, '_>) {
    let kind = match e.id {
        5001 | 5010 | 5012 => LossKind::Stopped,
        5000 | 5009 | 5011 => LossKind::Started,
        _ => return,
    };
    own(e, kind, Some("protection"));
}

fn push(e: &mut Event<'_, '_, '_>, kind: LossKind, channel: Option<Name>, what: Option<&str>) {
    let mut actor = e.subject();
    if actor.account.is_none() {
        actor.account = e.head_account();
    }
    let actor = Actor { process: e.process("", "ClientProcessId"), ..actor };
    let what = what.map(|what| e.of(what));
    let loss = Loss { kind, channel, what, amount: None, share: None };
    e.push(actor, What::Loss(loss));
}

/// Of the log that the record is in.
fn own(e: &mut Event<'_, '_, '_>, kind: LossKind, what: Option<&str>) {
    let channel = e.channel();
    let channel = (!channel.is_empty()).then(|| e.of(channel));
    push(e, kind, channel, what);
}

/// Of all logs of the host.
fn everything(e: &mut Event<'_, '_, '_>, kind: LossKind, what: &str) {
    push(e, kind, None, Some(what));
}

/// 1102: the security log; 104: the one that it names.
fn cleared(e: &mut Event<'_, '_, '_>) {
    if e.id == 1102 {
        return own(e, LossKind::Cleared, None);
    }
    let own_channel = e.channel();
    let named = e.any(&["LogFileCleared.Channel"]).or_else(|| {
        // Beside the record's own channel; of two that are equal, the second.
        let other = |name: &&str| !name.eq_ignore_ascii_case(own_channel);
        e.values("Channel").find(other).or_else(|| e.values("Channel").nth(1))
    });
    let channel = named.map(|name| e.of(name));
    push(e, LossKind::Cleared, channel, None);
}

/// What is audited was changed: `%%8448` and `%%8450` take something away,
/// `%%8449` and `%%8451` add.
fn policy(e: &mut Event<'_, '_, '_>) {
    let changes = e.text("AuditPolicyChanges").unwrap_or_default();
    let has = |codes: [&str; 2]| codes.iter().any(|code| changes.contains(code));
    let (less, more) = (has(["%%8448", "%%8450"]), has(["%%8449", "%%8451"]));
    let what = e.any(&["SubcategoryGuid", "SubcategoryId", "CategoryId"]);
    if less || !more {
        own(e, LossKind::Narrowed, what);
    }
    if more {
        own(e, LossKind::Widened, what);
    }
}

/// The audit rules of one object were changed.
fn object_auditing(e: &mut Event<'_, '_, '_>) {
    let count = |field: &str| e.text(field).map_or(0, |text| text.matches("(AU;").count());
    let kind = match count("NewSd").cmp(&count("OldSd")) {
        std::cmp::Ordering::Less => LossKind::Narrowed,
        std::cmp::Ordering::Greater => LossKind::Widened,
        std::cmp::Ordering::Equal => return,
    };
    own(e, kind, e.text("ObjectName"));
}

/// The clock was set. The times are the record's own, in UTC; where they are
/// written without a zone they are in the host's, and only their difference
/// counts.
fn clock(e: &mut Event<'_, '_, '_>) {
    let at = |text: Option<&str>| match time::parse(text?)? {
        Stamp::Utc(at) | Stamp::Zoneless(at) => Some(reckoned(at)).filter(|at| *at != TIME_UNKNOWN),
        Stamp::Yearless(_) => None,
    };
    let from = at(e.any(&["PreviousTime", "OldTime"]));
    let to = at(e.text("NewTime"));
    let (Some(from), Some(to)) = (from, to) else { return };
    everything(e, LossKind::ClockSet { from, to }, "clock");
}
