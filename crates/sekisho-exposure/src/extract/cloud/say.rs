//! What an event of a cloud says, in the words of activities. A call that was
//! refused touched nothing: its touches are denied, its tickets refused, and
//! nothing ran or was lost.

use crate::activity::{
    Actor, Exec, ExecStep, LogonKind, Loss, LossKind, Object, Peer, Session, SessionStep, Ticket,
    TicketStep, Touch, TouchKind, Via, What,
};
use crate::extract::Out;
use crate::limits::OBJECTS_PER_RECORD_MAX;
use crate::names::{Name, address, present};

/// One event and what it says.
#[derive(Debug)]
pub(super) struct Say<'o, 'a> {
    pub(super) out: &'o mut Out<'a>,
    /// Who called.
    pub(super) actor: Actor,
    /// The call was refused or failed.
    pub(super) failed: bool,
    /// When it was, where that is not the time of the record.
    pub(super) time: Option<i64>,
    /// How many activities it has so far.
    said: usize,
}

impl<'o, 'a> Say<'o, 'a> {
    pub(super) fn of(out: &'o mut Out<'a>, actor: Actor, failed: bool) -> Self {
        Self { out, actor, failed, time: None, said: 0 }
    }

    /// The number of a name.
    pub(super) fn name(&mut self, text: &str) -> Name {
        self.out.names().of(text)
    }

    /// The number of a name that may not be there.
    pub(super) fn maybe(&mut self, text: Option<&str>) -> Option<Name> {
        text.and_then(present).map(|text| self.name(text))
    }

    /// An account in its form, or `None`.
    pub(super) fn account(&mut self, text: Option<&str>) -> Option<Name> {
        account(self.out, text?)
    }

    /// Whether anything was said.
    pub(super) fn silent(&self) -> bool {
        self.said == 0
    }

    pub(super) fn touch(&mut self, touch: Touch) {
        let kind = if self.failed { TouchKind::Denied } else { touch.kind };
        self.say(What::Touch(Box::new(Touch { kind, ..touch })));
    }

    /// A touch of which nothing is known but that it may have been, whether the
    /// call failed or not.
    pub(super) fn near(&mut self, touch: Touch) {
        self.say(What::Touch(Box::new(touch)));
    }

    pub(super) fn ticket(&mut self, ticket: Ticket) {
        let step = if self.failed { TicketStep::Refused } else { ticket.step };
        let from = self.from();
        self.say(What::Ticket(Box::new(Ticket { step, from, ..ticket })));
    }

    pub(super) fn exec(&mut self, exec: Exec) {
        if !self.failed {
            let (account, session) = (self.actor.account, self.actor.session);
            self.say(What::Exec(Box::new(Exec { account, session, ..exec })));
        }
    }

    /// Records are no longer, or again, made. Without a channel, all of them.
    pub(super) fn loss(&mut self, kind: LossKind, channel: Option<&str>, what: Option<&str>) {
        if !self.failed {
            let (channel, what) = (self.maybe(channel), self.maybe(what));
            self.say(What::Loss(Loss { kind, channel, what, amount: None, share: None }));
        }
    }

    /// A session of the actor: `guid` is a second id that joins it with
    /// others' records.
    pub(super) fn session(&mut self, step: SessionStep, guid: Option<Name>, privileged: bool) {
        let Actor { session: key, account, .. } = self.actor;
        let from = self.from();
        let kind = LogonKind::Cloud;
        let to = Peer::default();
        let linked = None;
        self.say(What::Session(Session {
            step,
            kind,
            key,
            linked,
            guid,
            account,
            from,
            to,
            privileged,
        }));
    }

    fn from(&self) -> Peer {
        Peer { address: self.actor.address, ..Peer::default() }
    }

    fn say(&mut self, what: What) {
        if self.said < OBJECTS_PER_RECORD_MAX {
            self.said += 1;
            let time = self.time.unwrap_or_else(|| self.out.time());
            self.out.push_at(time, self.actor, what);
        }
    }
}

/// An account: an ARN as it is, else the form of
/// [`Names::account`](crate::names::Names::account).
pub(super) fn account(out: &mut Out<'_>, text: &str) -> Option<Name> {
    let text = present(text)?;
    match text.starts_with("arn:") {
        true => Some(out.names().of(text)),
        false => out.names().account(text, None),
    }
}

/// The address of a caller without brackets and port. Services call by name;
/// that stays.
pub(super) fn caller(text: &str) -> Option<&str> {
    let text = present(text)?;
    if let Some(found) = address(text) {
        return Some(found);
    }
    match text.rsplit_once(':').and_then(|(head, _)| address(head)) {
        Some(found) => Some(found),
        None => Some(text),
    }
}

/// A touch that the service itself recorded.
pub(super) fn touch(kind: TouchKind, object: Object) -> Touch {
    Touch {
        kind,
        object,
        via: Via::Recorded,
        bytes: None,
        whole: false,
        throttled: false,
        to: None,
        sha256: None,
    }
}

/// Something that runs or was set up, by its label.
pub(super) fn exec(step: ExecStep, label: Name) -> Exec {
    Exec { step, label: Some(label), ..Exec::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_lose_brackets_and_ports() {
        for (text, bare) in [
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.1:443", "10.0.0.1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("ec2.amazonaws.com", "ec2.amazonaws.com"),
            ("AWS Internal", "AWS Internal"),
        ] {
            assert_eq!(caller(text), Some(bare));
        }
        assert_eq!(caller(" - "), None);
    }
}
