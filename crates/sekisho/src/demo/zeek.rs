//! The sensor's view: Zeek logs, most of them in Zeek's own tab separated form, those of the second sensor as JSON.

use std::fmt::Write as _;

use super::clock::{MINUTE, Micros, SECOND, START, epoch, zeek_stamp};
use super::json::Obj;
use super::network::Host;
use super::sink::{Line, Mark};
use super::stage::Stage;

/// One log of a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZeekLog {
    Conn,
    Dns,
    Http,
    Ssl,
    SmbFiles,
    SmbMapping,
    /// Connections seen by the second sensor, before the remote access gateway.
    DmzConn,
}

/// All logs, in the order of their files.
pub(super) const ZEEK_LOGS: [ZeekLog; 7] = [
    ZeekLog::Conn,
    ZeekLog::Dns,
    ZeekLog::Http,
    ZeekLog::Ssl,
    ZeekLog::SmbFiles,
    ZeekLog::SmbMapping,
    ZeekLog::DmzConn,
];

const ID: &str = "ts:time uid:string id.orig_h:addr id.orig_p:port id.resp_h:addr id.resp_p:port";

impl ZeekLog {
    /// File below the output folder.
    pub(super) fn path(self) -> &'static str {
        match self {
            ZeekLog::Conn => "logs/zeek/conn.log",
            ZeekLog::Dns => "logs/zeek/dns.log",
            ZeekLog::Http => "logs/zeek/http.log",
            ZeekLog::Ssl => "logs/zeek/ssl.log",
            ZeekLog::SmbFiles => "logs/zeek/smb_files.log",
            ZeekLog::SmbMapping => "logs/zeek/smb_mapping.log",
            ZeekLog::DmzConn => "logs/zeek-dmz/conn.json",
        }
    }

    /// The sensor that writes it.
    pub(super) fn sensor(self) -> &'static str {
        if self == ZeekLog::DmzConn { "zeek-dmz" } else { "zeek" }
    }

    /// Name in the truth file.
    pub(super) fn channel(self) -> &'static str {
        match self {
            ZeekLog::Conn => "zeek/conn",
            ZeekLog::Dns => "zeek/dns",
            ZeekLog::Http => "zeek/http",
            ZeekLog::Ssl => "zeek/ssl",
            ZeekLog::SmbFiles => "zeek/smb_files",
            ZeekLog::SmbMapping => "zeek/smb_mapping",
            ZeekLog::DmzConn => "zeek-dmz/conn",
        }
    }

    fn name(self) -> &'static str {
        match self {
            ZeekLog::Conn | ZeekLog::DmzConn => "conn",
            ZeekLog::Dns => "dns",
            ZeekLog::Http => "http",
            ZeekLog::Ssl => "ssl",
            ZeekLog::SmbFiles => "smb_files",
            ZeekLog::SmbMapping => "smb_mapping",
        }
    }

    /// Columns after the common ones, each as `name:type`.
    fn columns(self) -> &'static str {
        match self {
            ZeekLog::Conn | ZeekLog::DmzConn => {
                "proto:enum service:string duration:interval orig_bytes:count resp_bytes:count conn_state:string \
                 local_orig:bool local_resp:bool missed_bytes:count history:string orig_pkts:count \
                 orig_ip_bytes:count resp_pkts:count resp_ip_bytes:count tunnel_parents:set[string]"
            }
            ZeekLog::Dns => {
                "proto:enum trans_id:count rtt:interval query:string qclass:count qclass_name:string qtype:count \
                 qtype_name:string rcode:count rcode_name:string AA:bool TC:bool RD:bool RA:bool Z:count \
                 answers:vector[string] TTLs:vector[interval] rejected:bool"
            }
            ZeekLog::Http => {
                "trans_depth:count method:string host:string uri:string referrer:string version:string \
                 user_agent:string origin:string request_body_len:count response_body_len:count status_code:count \
                 status_msg:string info_code:count info_msg:string tags:set[enum] username:string password:string \
                 proxied:set[string] orig_fuids:vector[string] orig_filenames:vector[string] \
                 orig_mime_types:vector[string] resp_fuids:vector[string] resp_filenames:vector[string] \
                 resp_mime_types:vector[string]"
            }
            ZeekLog::Ssl => {
                "version:string cipher:string curve:string server_name:string resumed:bool last_alert:string \
                 next_protocol:string established:bool cert_chain_fuids:vector[string] \
                 client_cert_chain_fuids:vector[string] subject:string issuer:string client_subject:string \
                 client_issuer:string"
            }
            ZeekLog::SmbFiles => {
                "fuid:string action:enum path:string name:string size:count prev_name:string times.modified:time \
                 times.accessed:time times.created:time times.changed:time"
            }
            ZeekLog::SmbMapping => {
                "path:string service:string native_file_system:string share_type:string"
            }
        }
    }
}

/// What stands before the first record.
pub(super) fn header(log: ZeekLog) -> String {
    let mut text = String::new();
    if log == ZeekLog::DmzConn {
        return text;
    }
    text.push_str("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "#path\t{}\n#open\t{}", log.name(), zeek_stamp(START));
    let columns = || ID.split_whitespace().chain(log.columns().split_whitespace());
    for (title, second) in [("#fields", false), ("#types", true)] {
        text.push_str(title);
        for column in columns() {
            let (name, kind) = column.split_once(':').unwrap_or((column, ""));
            text.push('\t');
            text.push_str(if second { kind } else { name });
        }
        text.push('\n');
    }
    text
}

/// One connection.
#[derive(Debug, Clone)]
pub(super) struct Flow<'a> {
    pub(super) from: &'static Host,
    pub(super) to: &'a str,
    pub(super) port: u16,
    pub(super) service: &'static str,
    pub(super) time: Micros,
    pub(super) duration: Micros,
    pub(super) sent: u64,
    pub(super) received: u64,
}

/// What the records of one connection have in common.
#[derive(Debug, Clone)]
pub(super) struct Thread {
    pub(super) uid: String,
    pub(super) source_port: u16,
}

impl Stage {
    fn zeek(
        &mut self,
        log: ZeekLog,
        host: &'static Host,
        time: Micros,
        text: String,
        mark: Option<Mark>,
    ) {
        self.sink.put(
            (log.sensor(), log.channel()),
            host.name,
            time,
            Line { text, cut: None },
            mark,
        );
    }

    /// The columns that all logs share; a record on top of a connection has a time of its own.
    fn common(flow: &Flow<'_>, thread: &Thread, time: Micros) -> String {
        let ts = epoch(time);
        format!(
            "{ts}\t{}\t{}\t{}\t{}\t{}",
            thread.uid, flow.from.ip, thread.source_port, flow.to, flow.port
        )
    }

    /// A connection, seen by the inner sensor.
    pub(super) fn flow(&mut self, flow: &Flow<'_>, mark: Option<Mark>) -> Thread {
        let thread = Thread { uid: self.rng.uid(), source_port: self.port() };
        let proto = if flow.port == 53 { "udp" } else { "tcp" };
        let inside = if flow.to.starts_with("10.") { "T" } else { "F" };
        let (out, back) = (1 + flow.sent / 1_400, 1 + flow.received / 1_400);
        let text = format!(
            "{}\t{proto}\t{}\t{}\t{}\t{}\tSF\tT\t{inside}\t0\tShADadFf\t{out}\t{}\t{back}\t{}\t-",
            Self::common(flow, &thread, flow.time),
            flow.service,
            epoch(flow.duration),
            flow.sent,
            flow.received,
            flow.sent + out * 40,
            flow.received + back * 40,
        );
        self.zeek(ZeekLog::Conn, flow.from, flow.time, text, mark);
        thread
    }

    /// A connection, seen by the sensor before the remote access gateway, which writes JSON.
    pub(super) fn dmz_flow(&mut self, from: &str, flow: &Flow<'_>, mark: Option<Mark>) {
        let (out, back) = (1 + flow.sent / 1_400, 1 + flow.received / 1_400);
        let text = Obj::new()
            .s("_path", "conn")
            .n("ts", epoch(flow.time))
            .s("uid", &self.rng.uid())
            .s("id.orig_h", from)
            .n("id.orig_p", self.port())
            .s("id.resp_h", flow.to)
            .n("id.resp_p", flow.port)
            .s("proto", "tcp")
            .s("service", flow.service)
            .n("duration", epoch(flow.duration))
            .n("orig_bytes", flow.sent)
            .n("resp_bytes", flow.received)
            .s("conn_state", "SF")
            .n("local_orig", from.starts_with("10."))
            .n("local_resp", flow.to.starts_with("10."))
            .n("missed_bytes", 0)
            .s("history", "ShADadFf")
            .n("orig_pkts", out)
            .n("orig_ip_bytes", flow.sent + out * 40)
            .n("resp_pkts", back)
            .n("resp_ip_bytes", flow.received + back * 40)
            .end();
        self.zeek(ZeekLog::DmzConn, flow.from, flow.time, text, mark);
    }

    /// A name looked up.
    pub(super) fn zeek_dns(&mut self, from: &'static Host, name: &str, answer: &str, time: Micros) {
        let flow = Flow {
            from,
            to: super::network::DC01.ip,
            port: 53,
            service: "dns",
            time,
            duration: 2_000 + self.rng.between(0, 9_000),
            sent: 30 + name.len() as u64,
            received: 60 + name.len() as u64,
        };
        let thread = Thread { uid: self.rng.uid(), source_port: self.port() };
        let text = format!(
            "{}\tudp\t{}\t{}\t{name}\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t{answer}\t300.000000\tF",
            Self::common(&flow, &thread, time),
            self.rng.below(65_536),
            epoch(flow.duration),
        );
        self.zeek(ZeekLog::Dns, from, time, text, None);
    }

    /// An encrypted conversation on top of a connection.
    pub(super) fn zeek_ssl(
        &mut self,
        flow: &Flow<'_>,
        thread: &Thread,
        name: &str,
        mark: Option<Mark>,
    ) {
        let time = flow.time + SECOND / 20;
        let text = format!(
            "{}\tTLSv12\tTLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\tx25519\t{name}\tF\t-\th2\tT\t{}\t-\tCN={name}\t\
             CN=Example Issuing CA,O=Example Trust\t-\t-",
            Self::common(flow, thread, time),
            self.rng.uid().replacen('C', "F", 1),
        );
        self.zeek(ZeekLog::Ssl, flow.from, time, text, mark);
    }

    /// A page fetched without encryption.
    pub(super) fn zeek_http(
        &mut self,
        flow: &Flow<'_>,
        thread: &Thread,
        (host, uri, agent): (&str, &str, &str),
        mark: Option<Mark>,
    ) {
        let time = flow.time + SECOND / 10;
        let text = format!(
            "{}\t1\tGET\t{host}\t{uri}\t-\t1.1\t{agent}\t-\t0\t{}\t200\tOK\t-\t-\t(empty)\t-\t-\t-\t-\t-\t-\t{}\t-\t\
             text/plain",
            Self::common(flow, thread, time),
            flow.received,
            self.rng.uid().replacen('C', "F", 1),
        );
        self.zeek(ZeekLog::Http, flow.from, time, text, mark);
    }

    /// A share mounted.
    pub(super) fn zeek_mapping(&mut self, flow: &Flow<'_>, thread: &Thread, share: &str) {
        let time = flow.time + SECOND / 20;
        let text = format!("{}\t{share}\t-\t-\tDISK", Self::common(flow, thread, time));
        self.zeek(ZeekLog::SmbMapping, flow.from, time, text, None);
    }

    /// A file opened or written on a share, at `time`.
    pub(super) fn zeek_file(
        &mut self,
        (flow, thread): (&Flow<'_>, &Thread),
        (action, share, name, size): (&str, &str, &str, u64),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let changed = epoch(time - self.rng.between(10, 90_000) * MINUTE);
        let text = format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\tSMB::FILE_{action}\t{share}\t{name}\t{size}\t-\t{changed}\t{}\t{changed}\t{changed}",
            epoch(time),
            thread.uid,
            flow.from.ip,
            thread.source_port,
            flow.to,
            flow.port,
            self.rng.uid().replacen('C', "F", 1),
            epoch(time),
        );
        self.zeek(ZeekLog::SmbFiles, flow.from, time, text, mark);
    }
}
