//! Suricata's own records (EVE). Its ids of flows are those of connections.

use sekisho_event::Shape;

use super::ends::{Ends, truth};
use super::web::Request;
use crate::activity::{
    Actor, Ended, FileSent, Loss, LossKind, Object, Touch, TouchKind, Transfer, Via, What,
};
use crate::extract::{Class, Extractor, Out, Row};

/// What reads a record.
type Part = fn(&Row<'_>, &mut Out<'_>);

/// Suricata.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suricata;

impl Extractor for Suricata {
    fn fields(&self) -> &'static [&'static str] {
        &[
            "event_type",
            "flow_id",
            "src_ip",
            "src_port",
            "dest_ip",
            "dest_port",
            "proto",
            "app_proto",
            "flow.bytes_toserver",
            "flow.bytes_toclient",
            "flow.state",
            "flow.age",
            "http.hostname",
            "http.url",
            "http.http_method",
            "http.status",
            "http.length",
            "http.http_user_agent",
            "fileinfo.filename",
            "fileinfo.size",
            "fileinfo.sha256",
            "fileinfo.gaps",
            "fileinfo.state",
            "tls.sni",
            "dns.rrname",
            "dns.type",
            "smb.filename",
            "smb.share",
            "smb.command",
            "smb.disposition",
            "smb.access",
            "smb.status",
            "stats.capture.kernel_packets",
            "stats.capture.kernel_drops",
        ]
    }

    fn reads(&self, shape: &Shape) -> bool {
        &*shape.product == "suricata"
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        let channel = row.shape().channel.as_ref();
        let kind = row.text("event_type").unwrap_or(channel);
        let (class, part): (Class, Option<Part>) = match kind {
            "flow" => (Class::Flow, Some(flow)),
            "tls" => (Class::Flow, Some(named)),
            "dns" => (Class::Dns, Some(named)),
            "http" => (Class::FlowContent, Some(http)),
            "fileinfo" => (Class::FlowContent, Some(file)),
            "smb" => (Class::FlowContent, Some(smb)),
            "stats" => (Class::Other, Some(stats)),
            _ => (Class::Other, None),
        };
        out.class(class);
        if let Some(part) = part {
            part(row, out);
        }
    }
}

fn ends(row: &Row<'_>, out: &mut Out<'_>) -> Ends {
    let mut ends = Ends::of(row, [&["src_ip"], &["src_port"], &["dest_ip"], &["dest_port"]], out);
    ends.uid = row.text("flow_id").map(|id| out.names().of(id));
    ends
}

/// A flow, when it ended or was forgotten. Bytes are those of whole packets.
fn flow(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = ends(row, out);
    let received = row.number("flow.bytes_toclient");
    let ended = match row.text("flow.state") {
        Some("closed") => Ended::Whole,
        Some("new") if received.unwrap_or(0) == 0 && row.text("proto") == Some("TCP") => {
            Ended::Refused
        }
        Some(_) => Ended::Open,
        None => Ended::Unknown,
    };
    let spoken = row.text("app_proto").filter(|word| *word != "failed");
    let protocol = spoken.or_else(|| row.text("proto")).unwrap_or("ip");
    let age = row.number("flow.age").and_then(|age| i64::try_from(age).ok());
    let transfer = Transfer {
        sent: row.number("flow.bytes_toserver"),
        received,
        duration: age.and_then(|age| age.checked_mul(1_000_000_000)),
        ended,
        ..ends.transfer(out.names().of(protocol))
    };
    out.push_on(None, ends.actor(), What::Transfer(Box::new(transfer)));
}

/// By what name a server was called, or was to be found.
fn named(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = ends(row, out);
    let (name, protocol) = match (row.text("tls.sni"), row.text("dns.rrname")) {
        (Some(name), _) => (name, "tls"),
        (None, Some(name)) if name.contains('.') && !name.ends_with(".arpa") => (name, "dns"),
        _ => return,
    };
    if matches!(row.text("dns.type"), Some("answer" | "response")) {
        return;
    }
    let transfer = Transfer {
        server_name: Some(out.names().of(name)),
        ..ends.transfer(out.names().of(protocol))
    };
    out.push_on(None, ends.actor(), What::Transfer(Box::new(transfer)));
}

fn request<'a>(row: &Row<'a>) -> Request<'a> {
    Request {
        method: row.text("http.http_method").unwrap_or_default(),
        host: row.text("http.hostname"),
        uri: row.text("http.url").unwrap_or_default(),
        status: row.number("http.status"),
        received: row.number("http.length"),
        ..Request::default()
    }
}

fn http(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = ends(row, out);
    let request = request(row);
    let actor = Actor {
        agent: row.text("http.http_user_agent").map(|agent| out.names().of(agent)),
        ..ends.actor()
    };
    let transfer = Transfer {
        server_name: request.host_name().map(|host| out.names().of(host)),
        files: request.files(out),
        request: request.text().map(|text| out.names().of(&text)),
        ..ends.transfer(out.names().of("http"))
    };
    out.push_on(None, actor, What::Transfer(Box::new(transfer)));
}

/// A file. The record's source is who sent it; that may be the server, told by
/// its port.
fn file(row: &Row<'_>, out: &mut Out<'_>) {
    let mut ends = ends(row, out);
    let request = request(row);
    let from_server = ends.client.port < ends.server.port;
    if from_server {
        std::mem::swap(&mut ends.client, &mut ends.server);
    }
    let upload = match request.method {
        "GET" => false,
        "PUT" => true,
        _ => !from_server,
    };
    let whole = row.text("fileinfo.state") == Some("CLOSED");
    let gaps = truth(row.text("fileinfo.gaps")) == Some(true) || !whole;
    let file = FileSent {
        name: row.text("fileinfo.filename").map(|name| {
            let last = name.rsplit('/').next().unwrap_or(name);
            out.names().of(last)
        }),
        id: None,
        bytes: row.number("fileinfo.size"),
        // How much is not told, only that it is not all.
        missed: u64::from(gaps),
        sha256: row.text("fileinfo.sha256").map(|hash| out.names().of(hash)),
        upload,
        accepted: request.accepted(),
    };
    let protocol = row.text("app_proto").unwrap_or("file");
    let transfer = Transfer {
        server_name: request.host_name().map(|host| out.names().of(host)),
        files: vec![file],
        request: request.text().map(|text| out.names().of(&text)),
        ..ends.transfer(out.names().of(protocol))
    };
    out.push_on(None, ends.actor(), What::Transfer(Box::new(transfer)));
}

/// A command to a share.
fn smb(row: &Row<'_>, out: &mut Out<'_>) {
    let mut ends = ends(row, out);
    let share = row.text("smb.share").unwrap_or_default();
    let mut parts = share.split('\\').filter(|part| !part.is_empty());
    if let Some(server) = parts.next().filter(|_| share.starts_with('\\')) {
        ends.called(server, out);
    }
    let share = parts.next().unwrap_or_default();
    let command = row.text("smb.command").unwrap_or_default();
    let name = row.text("smb.filename").unwrap_or_default();
    let denied = row.text("smb.status").is_some_and(|status| status.contains("ACCESS_DENIED"));
    let kind = match command {
        _ if share.eq_ignore_ascii_case("IPC$") => return,
        _ if denied => TouchKind::Denied,
        "SMB2_COMMAND_CREATE" if !name.is_empty() => TouchKind::Opened,
        "SMB2_COMMAND_READ" => TouchKind::Read,
        "SMB2_COMMAND_WRITE" => TouchKind::Written,
        "SMB2_COMMAND_TREE_CONNECT" => TouchKind::Listed,
        _ => return,
    };
    let share = out.names().of(share);
    let path = out.names().of(name.trim_start_matches('\\'));
    let object = Object::Shared { host: ends.place(), share, path, local: None };
    let touch = Touch {
        kind,
        object,
        via: Via::Network,
        bytes: None,
        whole: false,
        throttled: false,
        to: None,
        sha256: None,
    };
    out.push_on(ends.place(), ends.actor(), What::Touch(Box::new(touch)));
}

/// Counts since the start: that packets were dropped at some time before.
fn stats(row: &Row<'_>, out: &mut Out<'_>) {
    let lost = row.number("stats.capture.kernel_drops").unwrap_or(0);
    if lost == 0 {
        return;
    }
    let seen = row.number("stats.capture.kernel_packets");
    let share = seen.and_then(|seen| super::ends::ratio(lost, seen));
    let loss =
        Loss { kind: LossKind::Dropped, channel: None, what: None, amount: Some(lost), share };
    out.push(Actor::default(), What::Loss(loss));
}
