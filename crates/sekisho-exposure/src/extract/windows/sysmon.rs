//! Sysmon: processes, connections, files, registry, pipes, WMI.

use super::directory::touch;
use super::event::{Event, Who, file_name};
use super::memory::{self, Access};
use super::process::Ends;
use super::registry;
use crate::activity::{
    Actor, Ended, Exec, ExecStep, Object, Peer, ProcessRef, Ticket, TicketKind, TicketStep,
    TouchKind, Transfer, Via, What,
};
use crate::extract::commanded;
use crate::names::Name;

/// The pipe of the database that a federation service keeps its settings and
/// certificates in, in lower case.
const FEDERATION_PIPE: &str = "\\microsoft##wid\\tsql\\query";

pub(super) fn read(e: &mut Event<'_, '_, '_>) {
    match e.id {
        1 => started(e),
        2 | 11 | 15 | 29 => written(e),
        3 => connection(e),
        5 => ended(e),
        8 => injected(e),
        9 => raw_read(e),
        10 => accessed(e),
        12..=14 => registry_changed(e),
        17 | 18 => pipe(e),
        19..=21 => wmi(e),
        22 => asked_name(e),
        23 | 26 => deleted(e),
        25 => tampered(e),
        _ => {}
    }
}

/// Who did it, for events of one process.
fn actor(e: &mut Event<'_, '_, '_>) -> Actor {
    let process = e.process("ProcessGuid", "ProcessId");
    let account = e.text("User").and_then(|user| e.user(user, None));
    Actor { host: e.here(), account, process, image: e.name("Image"), ..Actor::default() }
}

/// Who did it, for events of two.
fn source(e: &mut Event<'_, '_, '_>) -> Actor {
    let guid = if e.text("SourceProcessGUID").is_some() {
        "SourceProcessGUID"
    } else {
        "SourceProcessGuid"
    };
    let process = e.process(guid, "SourceProcessId");
    let account = e.text("SourceUser").and_then(|user| e.user(user, None));
    Actor { host: e.here(), account, process, image: e.name("SourceImage"), ..Actor::default() }
}

fn target(e: &mut Event<'_, '_, '_>) -> ProcessRef {
    let guid = if e.text("TargetProcessGUID").is_some() {
        "TargetProcessGUID"
    } else {
        "TargetProcessGuid"
    };
    e.process(guid, "TargetProcessId")
}

/// `SHA1=…,MD5=…,SHA256=…`, strongest first; the import hash is none of the
/// file's.
fn hashes(e: &mut Event<'_, '_, '_>) -> Vec<Name> {
    let text = e.any(&["Hashes", "Hash"]).unwrap_or_default();
    let mut found: Vec<&str> = Vec::new();
    for part in text.split(',').take(8) {
        let (kind, hash) = part.split_once('=').unwrap_or(("", part));
        let hash = hash.trim();
        let known =
            matches!(hash.len(), 32 | 40 | 64) && hash.bytes().all(|b| b.is_ascii_hexdigit());
        if known && !kind.trim().eq_ignore_ascii_case("IMPHASH") {
            found.push(hash);
        }
    }
    found.sort_by_key(|hash| std::cmp::Reverse(hash.len()));
    found.into_iter().map(|hash| e.of(hash)).collect()
}

fn sha256(e: &mut Event<'_, '_, '_>) -> Option<Name> {
    hashes(e).into_iter().find(|hash| e.out().names().folded(*hash).len() == 64)
}

fn started(e: &mut Event<'_, '_, '_>) {
    let account = e.account(Who { user: "User", logon: "LogonId", ..Who::default() });
    let session = e.session("LogonId");
    let parent = e.process("ParentProcessGuid", "ParentProcessId");
    let parent_account = e.text("ParentUser").and_then(|user| e.user(user, None));
    let parent_image = e.name("ParentImage");
    let command = e.text("CommandLine");
    let what = Exec {
        step: ExecStep::Started,
        process: e.process("ProcessGuid", "ProcessId"),
        session,
        account,
        parent,
        image: e.name("Image"),
        command: command.map(super::cut),
        hashes: hashes(e),
        ..Exec::default()
    };
    // A parent of another account is in another session.
    let same = parent_account.is_none_or(|parent| Some(parent) == account);
    let asking = Actor {
        host: e.here(),
        account: parent_account.or(account),
        session: session.filter(|_| same),
        process: parent,
        image: parent_image,
        ..Actor::default()
    };
    let own = Actor { account, session, process: what.process, image: what.image, ..asking };
    e.push(asking, What::Exec(Box::new(what)));
    if let Some(command) = command {
        let folder = e.text("CurrentDirectory");
        commanded::say(e.out(), own, folder, command);
    }
}

fn ended(e: &mut Event<'_, '_, '_>) {
    let actor = actor(e);
    let what = Exec {
        step: ExecStep::Ended,
        process: actor.process,
        account: actor.account,
        image: actor.image,
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
}

fn connection(e: &mut Event<'_, '_, '_>) {
    let source = e.peer("SourceHostname", "SourceIp", "SourcePort");
    let other = e.peer("DestinationHostname", "DestinationIp", "DestinationPort");
    let inbound = e.text("Initiated").is_some_and(|t| t.eq_ignore_ascii_case("false"));
    let process = e.process("ProcessGuid", "ProcessId");
    let udp = e.text("Protocol").is_some_and(|p| p.eq_ignore_ascii_case("udp"));
    let protocol = if udp { "udp" } else { "tcp" };
    Ends { source, other, inbound, process, refused: false, protocol }.say(e, "Image");
}

fn injected(e: &mut Event<'_, '_, '_>) {
    let actor = source(e);
    let account = e.text("TargetUser").and_then(|user| e.user(user, None));
    let what = Exec {
        step: ExecStep::Injected,
        process: target(e),
        account,
        image: e.name("TargetImage"),
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
}

/// The image of a process was replaced: by itself, as far as the record says.
fn tampered(e: &mut Event<'_, '_, '_>) {
    let actor = actor(e);
    let what = Exec {
        step: ExecStep::Injected,
        process: actor.process,
        account: actor.account,
        image: actor.image,
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
}

fn accessed(e: &mut Event<'_, '_, '_>) {
    let actor = source(e);
    let rights = e.number("GrantedAccess");
    let image = e.text("TargetImage").unwrap_or_default();
    let what = Exec {
        step: ExecStep::Accessed,
        process: target(e),
        account: e.text("TargetUser").and_then(|user| e.user(user, None)),
        image: e.name("TargetImage"),
        rights: rights.and_then(|rights| u32::try_from(rights).ok()),
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
    // Rights that are not said are all of them.
    let rights = rights.unwrap_or(u64::MAX);
    let access = Access { target: file_name(image), rights, by: e.text("SourceImage") };
    memory::accessed(e, actor, access);
}

/// A whole disk was read past its file system: whatever lies on it.
fn raw_read(e: &mut Event<'_, '_, '_>) {
    let actor = actor(e);
    let Some(device) = e.name("Device") else { return };
    let object = Object::File { host: e.here(), path: device };
    let mut what = touch(TouchKind::Opened, object, Via::Recorded);
    what.whole = true;
    e.push(actor, What::Touch(Box::new(what)));
}

fn file(e: &mut Event<'_, '_, '_>, actor: Actor, kind: TouchKind) {
    let Some(path) = e.name("TargetFilename") else { return };
    let object = Object::File { host: e.here(), path };
    let mut what = touch(kind, object, Via::Recorded);
    what.sha256 = sha256(e);
    e.push(actor, What::Touch(Box::new(what)));
}

fn written(e: &mut Event<'_, '_, '_>) {
    let actor = actor(e);
    file(e, actor, TouchKind::Written);
    let Some(path) = e.text("TargetFilename") else { return };
    if let Some(method) = copied_store(path) {
        let method = Some(e.of(method));
        let everyone = method.is_some_and(|m| e.out().names().folded(m) == DIRECTORY);
        let what =
            Ticket { everyone, method, ..Ticket::of(TicketStep::Taken, TicketKind::Password) };
        e.push(actor, What::Ticket(Box::new(what)));
    }
    if path.to_ascii_lowercase().contains("\\start menu\\programs\\startup\\") {
        let label = format!("startup {}", file_name(path));
        let step = ExecStep::Installed;
        let what = Exec { step, label: Some(e.of(&label)), ..Exec::default() };
        e.push(actor, What::Exec(Box::new(what)));
    }
}

const DIRECTORY: &str = "copy of the directory's database";

/// Whether a file that was written is a copy of a store of credentials.
fn copied_store(path: &str) -> Option<&'static str> {
    let path = path.to_ascii_lowercase();
    let name = file_name(&path);
    if name == "ntds.dit" && !path.contains("\\windows\\ntds\\") {
        return Some(DIRECTORY);
    }
    (name.starts_with("lsass") && name.ends_with(".dmp")).then_some("copy of memory of lsass.exe")
}

fn deleted(e: &mut Event<'_, '_, '_>) {
    let actor = actor(e);
    file(e, actor, TouchKind::Deleted);
}

fn registry_changed(e: &mut Event<'_, '_, '_>) {
    let actor = actor(e);
    let Some(path) = e.text("TargetObject") else { return };
    // Some shippers have a field of their own that is called `EventType`.
    let kind = e.any(&["EventTypeOrignal", "EventType"]).unwrap_or_default();
    let step = if kind.starts_with("Delete") { ExecStep::Removed } else { ExecStep::Installed };
    // A key that is made holds nothing yet; its values come with 13.
    if e.id == 12 && step == ExecStep::Installed {
        return;
    }
    registry::changed(e, actor, path, step);
}

fn pipe(e: &mut Event<'_, '_, '_>) {
    let actor = actor(e);
    let Some(pipe) = e.text("PipeName") else { return };
    let folded = pipe.to_ascii_lowercase();
    if e.id == 18 {
        let object =
            Object::Other { service: e.of("pipe"), id: e.of(pipe.trim_start_matches('\\')) };
        e.push(actor, What::Touch(Box::new(touch(TouchKind::Opened, object, Via::Recorded))));
    }
    if e.id == 18 && folded.ends_with(FEDERATION_PIPE) {
        let method = Some(e.of("database of the federation service"));
        let what = Ticket::of(TicketStep::Taken, TicketKind::SigningKey);
        let what = Ticket { everyone: true, method, ..what };
        e.push(actor, What::Ticket(Box::new(what)));
    }
}

fn wmi(e: &mut Event<'_, '_, '_>) {
    let account = e.text("User").and_then(|user| e.user(user, None));
    let actor = Actor { host: e.here(), account, ..Actor::default() };
    let name = e.any(&["Name", "Consumer", "Filter"]).unwrap_or_default();
    let label = format!("wmi {}", name.trim_matches(['"', ' ']));
    let deleted = e.text("Operation").is_some_and(|o| o.eq_ignore_ascii_case("deleted"));
    let what = Exec {
        step: if deleted { ExecStep::Removed } else { ExecStep::Installed },
        account,
        label: Some(e.of(&label)),
        command: e.any(&["Destination", "Query", "Consumer"]).map(super::cut),
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
}

/// A name was asked for; `request` holds the answers as they stand.
fn asked_name(e: &mut Event<'_, '_, '_>) {
    let actor = actor(e);
    let Some(server_name) = e.name("QueryName") else { return };
    let client = Peer { host: e.here(), ..Peer::default() };
    let failed = e.number("QueryStatus").is_some_and(|status| status != 0);
    let what = Transfer {
        client,
        server: Peer::default(),
        server_name: Some(server_name),
        protocol: e.of("dns"),
        uid: None,
        sent: None,
        received: None,
        missed: 0,
        duration: None,
        ended: if failed { Ended::Refused } else { Ended::Unknown },
        files: Vec::new(),
        request: e.name("QueryResults"),
    };
    e.push(actor, What::Transfer(Box::new(what)));
}
