//! Zeek's logs. Records of one connection share its id (`uid`), those of one
//! file the file's (`fuid`).

mod auth;
mod conn;
mod content;
mod health;
mod names;
mod rpc;
mod smb;

use sekisho_event::Shape;

use super::ends::Ends;
use crate::activity::What;
use crate::extract::{Class, Extractor, Out, Row};

/// Fields of Zeek's logs, those that only tell one record from another among
/// them.
const FIELDS: &[&str] = &[
    // Of all.
    "uid",
    "fuid",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "id_orig_h",
    "id_orig_p",
    "id_resp_h",
    "id_resp_p",
    "proto",
    "service",
    "name",
    "user",
    "peer",
    "host",
    "id",
    // conn
    "duration",
    "orig_bytes",
    "resp_bytes",
    "conn_state",
    "missed_bytes",
    "orig_pkts",
    "orig_ip_bytes",
    "resp_pkts",
    "resp_ip_bytes",
    "history",
    // http
    "trans_depth",
    "method",
    "uri",
    "user_agent",
    "request_body_len",
    "response_body_len",
    "status_code",
    "username",
    "orig_fuids",
    "orig_filenames",
    "resp_fuids",
    "resp_filenames",
    // files
    "tx_hosts",
    "rx_hosts",
    "conn_uids",
    "source",
    "mime_type",
    "filename",
    "is_orig",
    "seen_bytes",
    "total_bytes",
    "missing_bytes",
    "overflow_bytes",
    "md5",
    "sha1",
    "sha256",
    // smb_files, smb_mapping
    "action",
    "path",
    "size",
    "prev_name",
    "share_type",
    // kerberos, ntlm, rdp, ssh
    "request_type",
    "client",
    "success",
    "error_msg",
    "cipher",
    "hostname",
    "domainname",
    "server_nb_computer_name",
    "server_dns_computer_name",
    "status",
    "cookie",
    "result",
    "security_protocol",
    "client_name",
    "auth_success",
    "server",
    // dce_rpc
    "named_pipe",
    "endpoint",
    "operation",
    // dns, dhcp, ssl
    "trans_id",
    "query",
    "qtype_name",
    "answers",
    "rcode_name",
    "client_addr",
    "assigned_addr",
    "assigned_ip",
    "host_name",
    "client_fqdn",
    "msg_types",
    "server_name",
    "subject",
    "issuer",
    "established",
    // ftp, smtp
    "command",
    "arg",
    "reply_code",
    "file_size",
    "mailfrom",
    "rcptto",
    "last_reply",
    "fuids",
    // capture_loss, stats, notice, weird, packet_filter
    "percent_lost",
    "gaps",
    "acks",
    "ts_delta",
    "pkts_dropped",
    "pkts_link",
    "pkts_proc",
    "note",
    "msg",
    "addl",
    "filter",
    // dpd, analyzer
    "analyzer",
    "analyzer_name",
    "failure_reason",
];

/// Zeek.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zeek;

impl Extractor for Zeek {
    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn reads(&self, shape: &Shape) -> bool {
        &*shape.product == "zeek"
    }

    /// Its times are of microseconds, and its ids of one connection.
    fn tells_apart(&self, _shape: &Shape) -> bool {
        true
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        let (class, extract) = part(log(row));
        out.class(class);
        if let Some(extract) = extract {
            extract(row, out);
        }
        if out.is_missed() {
            ends_alone(row, out);
        }
    }
}

/// What reads a record.
type Part = fn(&Row<'_>, &mut Out<'_>);

/// The class of a log, and what reads it.
fn part(log: &str) -> (Class, Option<Part>) {
    match log {
        "conn" => (Class::Flow, Some(conn::ended)),
        "conn_long" => (Class::Flow, Some(conn::open)),
        "ssl" => (Class::Flow, Some(names::ssl)),
        "weird" => (Class::Flow, Some(health::weird)),
        "dns" => (Class::Dns, Some(names::dns)),
        "dhcp" => (Class::Other, Some(names::dhcp)),
        "http" => (Class::FlowContent, Some(content::http)),
        "files" => (Class::FlowContent, Some(content::files)),
        "ftp" => (Class::FlowContent, Some(content::ftp)),
        "smtp" => (Class::FlowContent, Some(content::smtp)),
        "smb_files" => (Class::FlowContent, Some(smb::file)),
        "smb_mapping" => (Class::FlowContent, Some(smb::mapping)),
        "kerberos" => (Class::FlowContent, Some(auth::kerberos)),
        "ntlm" => (Class::FlowContent, Some(auth::ntlm)),
        "rdp" => (Class::FlowContent, Some(auth::rdp)),
        "ssh" => (Class::FlowContent, Some(auth::ssh)),
        "dce_rpc" => (Class::FlowContent, Some(rpc::call)),
        "capture_loss" => (Class::Other, Some(health::capture_loss)),
        "stats" => (Class::Other, Some(health::stats)),
        "notice" => (Class::Other, Some(health::notice)),
        "packet_filter" => (Class::Other, Some(health::packet_filter)),
        "pe" | "smb_cmd" | "socks" | "ldap" | "ldap_search" | "mysql" | "snmp" => {
            (Class::FlowContent, None)
        }
        "dpd" | "analyzer" => (Class::Flow, Some(health::gave_up)),
        "x509" | "quic" | "tunnel" => (Class::Flow, None),
        _ => (Class::Other, None),
    }
}

/// Which of its logs a record is of. The reduced logs of some sensors are
/// logs like the others; where nothing names the log, its fields do.
fn log<'a>(row: &Row<'a>) -> &'a str {
    let channel: &'a str = &row.shape().channel;
    let channel = channel.strip_suffix("_red").unwrap_or(channel);
    if !channel.is_empty() {
        return channel;
    }
    let by_field = [
        ("conn_state", "conn"),
        ("trans_depth", "http"),
        ("seen_bytes", "files"),
        ("query", "dns"),
        ("request_type", "kerberos"),
        ("share_type", "smb_mapping"),
        ("operation", "dce_rpc"),
        ("percent_lost", "capture_loss"),
        ("pkts_dropped", "stats"),
    ];
    by_field.iter().find(|(field, _)| row.text(field).is_some()).map_or("", |(_, log)| log)
}

/// Who spoke to whom, of a record that says no more, in which something was
/// detected.
fn ends_alone(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = ends(row, out);
    if ends.client.address.is_some() && ends.server.address.is_some() {
        let transfer = ends.transfer(out.names().of(log(row)));
        out.push_on(None, ends.actor(), What::Transfer(Box::new(transfer)));
    }
}

/// The ends of a connection, as all logs name them.
fn ends(row: &Row<'_>, out: &mut Out<'_>) -> Ends {
    let fields: [&[&str]; 4] = [
        &["id.orig_h", "id_orig_h"],
        &["id.orig_p", "id_orig_p"],
        &["id.resp_h", "id_resp_h"],
        &["id.resp_p", "id_resp_p"],
    ];
    let mut ends = Ends::of(row, fields, out);
    ends.uid = row.text("uid").map(|uid| out.names().of(uid));
    ends
}
