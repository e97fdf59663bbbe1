//! What was seen inside of connections: requests and files.

use super::super::ends::{Ends, cut, truth};
use super::super::web::Request;
use crate::activity::{Actor, FileSent, LogonKind, Session, SessionStep, Transfer, What};
use crate::extract::{Out, Row};
use crate::limits::OBJECTS_PER_RECORD_MAX;

/// A request over HTTP.
pub(super) fn http(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = super::ends(row, out);
    let request = Request {
        method: row.text("method").unwrap_or_default(),
        host: row.text("host"),
        uri: row.text("uri").unwrap_or_default(),
        status: row.number("status_code"),
        sent: row.number("request_body_len"),
        received: row.number("response_body_len"),
        sent_name: row.text("orig_filenames"),
        received_name: row.text("resp_filenames"),
        sent_id: row.text("orig_fuids"),
        received_id: row.text("resp_fuids"),
    };
    let actor = Actor {
        agent: row.text("user_agent").map(|agent| out.names().of(agent)),
        account: row.text("username").and_then(|user| out.names().account(user, None)),
        ..ends.actor()
    };
    let transfer = Transfer {
        server_name: request.host_name().map(|host| out.names().of(host)),
        files: request.files(out),
        request: request.text().map(|text| out.names().of(&text)),
        ..ends.transfer(out.names().of("http"))
    };
    out.push_on(None, actor, What::Transfer(Box::new(transfer)));
    remote_shell(&request, &ends, actor, out);
}

/// Windows' remote shell is spoken over HTTP, with the answer to the log-on in
/// its status.
fn remote_shell(request: &Request<'_>, ends: &Ends, actor: Actor, out: &mut Out<'_>) {
    let path = request.uri.split('?').next().unwrap_or_default();
    let step = match request.accepted() {
        Some(true) => SessionStep::Opened,
        Some(false) => SessionStep::Failed,
        None => SessionStep::Attempted,
    };
    if request.method != "POST" || !path.eq_ignore_ascii_case("/wsman") {
        return;
    }
    let session = Session {
        step,
        kind: LogonKind::RemoteShell,
        key: None,
        linked: None,
        guid: None,
        account: actor.account,
        from: ends.client,
        to: ends.server,
        privileged: false,
    };
    out.push_on(ends.place(), actor, What::Session(session));
}

/// A file that went over a connection.
pub(super) fn files(row: &Row<'_>, out: &mut Out<'_>) {
    let source = row.text("source").unwrap_or("file");
    let upload = truth(row.text("is_orig"));
    let ends = ends_of_file(row, upload, out);
    let kind = row.text("mime_type").unwrap_or_default();
    if source == "SSL" || kind.starts_with("application/x-x509") || kind.contains("ocsp-") {
        return;
    }
    let seen = row.number("seen_bytes");
    let unseen = row.number("total_bytes").unwrap_or(0).saturating_sub(seen.unwrap_or(0));
    let file = FileSent {
        name: row.text("filename").map(|name| match source {
            "SMB" => super::smb::path_of(name, out),
            _ => out.names().of(name),
        }),
        id: row.text("fuid").map(|id| out.names().of(id)),
        bytes: seen,
        missed: row.number("missing_bytes").unwrap_or(0).max(unseen),
        sha256: row.text("sha256").map(|hash| out.names().of(hash)),
        upload: upload.unwrap_or(true),
        accepted: None,
    };
    let protocol = out.names().of(source);
    let transfer = Transfer { files: vec![file], ..ends.transfer(protocol) };
    out.push_on(None, ends.actor(), What::Transfer(Box::new(transfer)));
}

/// Newer versions name the connection as other logs do, older ones who sent
/// and who received. Without a direction, who sent is taken for the client.
fn ends_of_file(row: &Row<'_>, upload: Option<bool>, out: &mut Out<'_>) -> Ends {
    let mut ends = super::ends(row, out);
    if ends.client.address.is_none() && ends.server.address.is_none() {
        let (sender, receiver) = (row.text("tx_hosts"), row.text("rx_hosts"));
        let (client, server) =
            if upload == Some(false) { (receiver, sender) } else { (sender, receiver) };
        ends = Ends::between((client, None), (server, None), out);
    }
    let uid = row.any(&["uid", "conn_uids"]);
    ends.uid = uid.map(|uid| out.names().of(uid));
    ends
}

/// A command of FTP. Passwords that the record holds are not looked at.
pub(super) fn ftp(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = super::ends(row, out);
    let command = row.text("command").unwrap_or_default().to_ascii_uppercase();
    let upload = matches!(command.as_str(), "STOR" | "STOU" | "APPE");
    if !upload && command != "RETR" {
        return;
    }
    let path = row.text("arg").unwrap_or_default();
    let name = path.rsplit('/').next().filter(|name| !name.is_empty());
    let accepted = match row.number("reply_code") {
        Some(200..=299) => Some(true),
        Some(400..=599) => Some(false),
        _ => None,
    };
    let file = FileSent {
        name: name.map(|name| out.names().of(name)),
        id: row.text("fuid").map(|id| out.names().of(id)),
        bytes: row.number("file_size"),
        missed: 0,
        sha256: None,
        upload,
        accepted,
    };
    let request = format!("{command} {path}");
    let account = row.text("user").and_then(|user| out.names().account(user, None));
    let transfer = Transfer {
        files: vec![file],
        request: Some(out.names().of(cut(&request))),
        ..ends.transfer(out.names().of("ftp"))
    };
    let actor = Actor { account, ..ends.actor() };
    out.push_on(None, actor, What::Transfer(Box::new(transfer)));
}

/// A mail on its way.
pub(super) fn smtp(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = super::ends(row, out);
    let Some(to) = row.text("rcptto") else { return };
    let reply = row.text("last_reply").and_then(|reply| reply.bytes().next());
    let accepted = match reply {
        Some(b'2') => Some(true),
        Some(b'4' | b'5') => Some(false),
        _ => None,
    };
    let ids: Vec<&str> = row.values("fuids").take(OBJECTS_PER_RECORD_MAX).collect();
    let file = |id: &str, out: &mut Out<'_>| FileSent {
        name: None,
        id: Some(out.names().of(id)),
        bytes: None,
        missed: 0,
        sha256: None,
        upload: true,
        accepted,
    };
    let files = ids.into_iter().map(|id| file(id, out)).collect();
    let from = row.text("mailfrom").unwrap_or("-");
    let request = format!("MAIL {from} {to}");
    let transfer = Transfer {
        files,
        request: Some(out.names().of(cut(&request))),
        ..ends.transfer(out.names().of("smtp"))
    };
    let agent = row.text("user_agent").map(|agent| out.names().of(agent));
    let actor = Actor { agent, ..ends.actor() };
    out.push_on(None, actor, What::Transfer(Box::new(transfer)));
}
