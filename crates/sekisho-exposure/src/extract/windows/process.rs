//! Processes and connections as the system itself records them: 4688, 4689,
//! 5156, 5157.

use super::event::{Event, Who};
use crate::activity::{Actor, Ended, Exec, ExecStep, Peer, ProcessRef, Transfer, What};
use crate::extract::commanded;

pub(super) fn read(e: &mut Event<'_, '_, '_>) {
    match e.id {
        4688 => started(e),
        4689 => ended(e),
        5156 | 5157 => connection(e),
        _ => {}
    }
}

fn started(e: &mut Event<'_, '_, '_>) {
    let subject = e.subject();
    let parent = e.process("", "ProcessId");
    let parent_image = e.name("ParentProcessName");
    // Where it runs for somebody else than who started it, that is said.
    let other = e.session("TargetLogonId");
    let account = match other {
        Some(_) => e.account(Who::TARGET),
        None => subject.account,
    };
    let command = e.text("CommandLine");
    let what = Exec {
        step: ExecStep::Started,
        process: e.process("", "NewProcessId"),
        session: other.or(subject.session),
        account,
        parent,
        image: e.name("NewProcessName"),
        command: command.map(super::cut),
        ..Exec::default()
    };
    let own = Actor {
        process: what.process,
        image: what.image,
        session: what.session,
        account: what.account,
        ..subject
    };
    let actor = Actor { process: parent, image: parent_image, ..subject };
    e.push(actor, What::Exec(Box::new(what)));
    if let Some(command) = command {
        commanded::say(e.out(), own, None, command);
    }
}

fn ended(e: &mut Event<'_, '_, '_>) {
    let actor = e.subject_process();
    let what = Exec {
        step: ExecStep::Ended,
        process: actor.process,
        session: actor.session,
        account: actor.account,
        image: actor.image,
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
}

fn connection(e: &mut Event<'_, '_, '_>) {
    /// The code for "inbound" in `Direction`.
    const INBOUND: &str = "%%14592";
    let inbound = e.text("Direction") == Some(INBOUND);
    let source = e.peer("", "SourceAddress", "SourcePort");
    let other = e.peer("", "DestAddress", "DestPort");
    let mut process = e.process("", "ProcessID");
    if !process.is_known() {
        process = e.process("", "ProcessId");
    }
    let protocol = match e.number("Protocol") {
        Some(6) => "tcp",
        Some(17) => "udp",
        Some(1 | 58) => "icmp",
        _ => "ip",
    };
    let refused = e.id == 5157;
    let ends = Ends { source, other, inbound, process, refused, protocol };
    ends.say(e, "Application");
}

/// The two ends of a connection that a host recorded of itself.
pub(super) struct Ends {
    /// What the record has as source.
    pub(super) source: Peer,
    /// And as destination.
    pub(super) other: Peer,
    /// Whether it was opened by the other side.
    pub(super) inbound: bool,
    /// The process here.
    pub(super) process: ProcessRef,
    pub(super) refused: bool,
    pub(super) protocol: &'static str,
}

impl Ends {
    /// Pushes the transfer, unless both ends are here. `image` is the field
    /// with the program.
    pub(super) fn say(self, e: &mut Event<'_, '_, '_>, image: &str) {
        let here = e.here();
        let local = |peer: &Peer| peer.host.is_some() && peer.host == here;
        if local(&self.source) && local(&self.other) {
            return;
        }
        let (mut client, mut server) = (self.source, self.other);
        let actor = if self.inbound {
            server.host = here;
            Actor { host: client.host, address: client.address, ..Actor::default() }
        } else {
            client.host = here;
            let image = e.name(image);
            let account = e.text("User").and_then(|user| e.user(user, None));
            let (process, address) = (self.process, client.address);
            Actor { host: here, account, process, image, address, ..Actor::default() }
        };
        let what = Transfer {
            client,
            server,
            server_name: server.host.filter(|_| !self.inbound),
            protocol: e.of(self.protocol),
            uid: None,
            sent: None,
            received: None,
            missed: 0,
            duration: None,
            ended: if self.refused { Ended::Refused } else { Ended::Unknown },
            files: Vec::new(),
            request: None,
        };
        e.push(actor, What::Transfer(Box::new(what)));
    }
}
