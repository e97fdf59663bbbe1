//! Records as an answer cites them, and times as it writes them.

use sekisho_event::{RECORD_ID_UNKNOWN, TIME_UNKNOWN, calendar};

use crate::activity::{Activity, Exec, ExecStep, SessionStep, TicketStep, TouchKind, What};
use crate::answer::Cited;
use crate::evidence::{Evidence, RecordId};
use crate::names::{Name, Names};

/// A time as RFC 3339 in UTC, to the second; to the nanosecond's last digit
/// that is not zero, where it has a fraction.
#[must_use]
pub(crate) fn stamp(time: i64) -> String {
    if time == TIME_UNKNOWN {
        return "unknown".to_owned();
    }
    let (seconds, nanos) = (time.div_euclid(1_000_000_000), time.rem_euclid(1_000_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = calendar::date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if nanos != 0 {
        let fraction = format!("{nanos:09}");
        text.push('.');
        text.push_str(fraction.trim_end_matches('0'));
    }
    text.push('Z');
    text
}

/// What is needed to cite records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Citing<'a> {
    pub(crate) names: &'a Names,
    pub(crate) evidence: &'a Evidence,
}

impl Citing<'_> {
    /// A record, and what it shows.
    pub(crate) fn record(&self, id: RecordId, why: impl Into<String>) -> Option<Cited> {
        let record = self.evidence.get(id)?;
        Some(Cited {
            host: record.host.map_or_else(|| "sensor".to_owned(), |h| self.shown(h)),
            channel: self.shown(record.channel),
            record_id: (record.record_id != RECORD_ID_UNKNOWN).then_some(record.record_id),
            time: stamp(record.time),
            why: why.into(),
            cell: record.cell,
            index: record.index,
        })
    }

    /// A name as it was written.
    pub(crate) fn shown(&self, name: Name) -> String {
        self.names.shown(name).to_owned()
    }

    /// An activity in words.
    pub(crate) fn words(&self, activity: &Activity) -> String {
        let who = self.who(activity);
        let what = self.what(&activity.what);
        if who.is_empty() { what } else { format!("{who} {what}") }
    }

    fn who(&self, activity: &Activity) -> String {
        let actor = &activity.actor;
        let program = actor.image.map(|image| {
            let shown = self.names.shown(image);
            shown.rsplit(['\\', '/']).next().unwrap_or(shown).to_owned()
        });
        let account = actor.account.map(|account| self.shown(account));
        let from = actor.host.filter(|h| Some(*h) != activity.place).or(actor.address);
        let from = from.map(|from| format!("from {}", self.shown(from)));
        let parts: Vec<String> = [account, program, from].into_iter().flatten().collect();
        parts.join(" ")
    }

    fn what(&self, what: &What) -> String {
        match what {
            What::Session(session) => match session.step {
                SessionStep::Opened => "opened a session".to_owned(),
                SessionStep::Seen => "used a session".to_owned(),
                SessionStep::Elevated => "got special privileges".to_owned(),
                SessionStep::Resumed => "took up a session again".to_owned(),
                SessionStep::Closed => "closed a session".to_owned(),
                SessionStep::Attempted => "tried to open a session".to_owned(),
                SessionStep::Failed => "was refused a session".to_owned(),
                SessionStep::AskedElsewhere => {
                    let to = session.to.host.or(session.to.address);
                    let to = to.map_or_else(|| "elsewhere".to_owned(), |to| self.shown(to));
                    format!("asked for a session on {to} with other credentials")
                }
            },
            What::Exec(exec) => self.exec(exec),
            What::Touch(touch) => {
                let verb = touch_word(touch.kind);
                format!("{verb} {}", self.object(&touch.object))
            }
            What::Transfer(transfer) => {
                let end = transfer.server_name.or(transfer.server.host).or(transfer.server.address);
                let end = end.map_or_else(|| "an unknown end".to_owned(), |end| self.shown(end));
                let files: Vec<String> = transfer
                    .files
                    .iter()
                    .filter(|file| file.upload)
                    .filter_map(|file| file.name.map(|name| self.shown(name)))
                    .collect();
                match (transfer.sent, files.is_empty()) {
                    (_, false) => format!("sent {} to {end}", files.join(", ")),
                    (Some(sent), true) => format!("sent {sent} bytes to {end}"),
                    (None, true) => format!("connected to {end}"),
                }
            }
            What::Ticket(ticket) => {
                let whose = ticket.account.or(ticket.service);
                let whose =
                    whose.map(|whose| format!(" of {}", self.shown(whose))).unwrap_or_default();
                format!("{}{whose}", ticket_word(ticket.step))
            }
            What::Loss(_) => "records were lost".to_owned(),
        }
    }

    fn exec(&self, exec: &Exec) -> String {
        let image = exec.image.map(|image| self.shown(image)).unwrap_or_default();
        let label = exec.label.map(|label| self.shown(label)).unwrap_or_default();
        match exec.step {
            ExecStep::Started => format!("ran {image}"),
            ExecStep::Ended => format!("{image} ended"),
            ExecStep::Accessed => format!("opened the process {image}"),
            ExecStep::Injected => format!("put code into {image}"),
            ExecStep::Script => "ran a script".to_owned(),
            ExecStep::Installed => format!("set up {label} to run"),
            ExecStep::Removed => format!("removed {label}"),
        }
    }

    fn object(&self, object: &crate::activity::Object) -> String {
        use crate::activity::Object;
        match *object {
            Object::File { path, .. } => self.shown(path),
            Object::Shared { share, path, .. } => {
                format!("{}\\{}", self.names.shown(share), self.names.shown(path))
            }
            Object::Mail { mailbox, folder, message } => {
                let inner = message.or(folder).map(|name| format!(" {}", self.names.shown(name)));
                format!("mail of {}{}", self.names.shown(mailbox), inner.unwrap_or_default())
            }
            Object::Bucket { bucket, key } => {
                let key = key.map_or("", |key| self.names.shown(key));
                format!("{}/{key}", self.names.shown(bucket))
            }
            Object::Site { url } => self.shown(url),
            Object::Secret { id } | Object::Snapshot { id } | Object::Other { id, .. } => {
                self.shown(id)
            }
            Object::Credential { account } => format!("the credential of {}", self.shown(account)),
            Object::Registry { key, .. } => self.shown(key),
            Object::Directory { realm } => format!("the directory of {}", self.shown(realm)),
        }
    }
}

/// A touch as a verb.
pub(crate) fn touch_word(kind: TouchKind) -> &'static str {
    match kind {
        TouchKind::Listed => "listed",
        TouchKind::Opened => "opened",
        TouchKind::Read => "read",
        TouchKind::Delivered => "downloaded",
        TouchKind::Staged => "copied or packed",
        TouchKind::Written => "wrote",
        TouchKind::Deleted => "removed",
        TouchKind::Shared => "opened to others",
        TouchKind::Denied => "was refused",
        TouchKind::Named => "may have touched",
    }
}

fn ticket_word(step: TicketStep) -> &'static str {
    match step {
        TicketStep::Issued => "got a credential",
        TicketStep::Refused => "was refused a credential",
        TicketStep::Used => "used a credential",
        TicketStep::Created => "made a credential",
        TicketStep::Rolled => "replaced the credential",
        TicketStep::Revoked => "revoked the credential",
        TicketStep::Taken => "read secrets",
        TicketStep::Forged => "used a forged credential",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(stamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(stamp(1_588_205_199_824_370_000), "2020-04-30T00:06:39.82437Z");
        assert_eq!(stamp(-1_000_000_000), "1969-12-31T23:59:59Z");
    }
}
