//! The sensor's view: Zeek logs as JSON lines.

use std::sync::Arc;

use super::estate::Host;
use super::scene::{FactId, Scene, Source};
use crate::demo::clock::{HOUR, Micros, SECOND, epoch};
use crate::demo::json::Obj;

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Flow<'a> {
    pub(super) from: &'a Arc<Host>,
    pub(super) to: &'a str,
    pub(super) port: u16,
    pub(super) service: &'static str,
    pub(super) time: Micros,
    pub(super) duration: Micros,
    pub(super) sent: u64,
    pub(super) received: u64,
}

/// What the records of one connection have in common.
#[derive(Clone, Debug)]
pub(super) struct Thread {
    uid: String,
    port: u16,
    seen: bool,
}

/// A request that carries a file out, or fetches one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) host: &'a str,
    pub(super) uri: &'a str,
    pub(super) agent: &'a str,
    pub(super) status: u16,
}

impl Scene {
    fn head(log: &'static str, flow: &Flow<'_>, thread: &Thread, time: Micros) -> Obj {
        Obj::new()
            .s("_path", log)
            .n("ts", epoch(time))
            .s("uid", &thread.uid)
            .s("id.orig_h", &flow.from.ip)
            .n("id.orig_p", thread.port)
            .s("id.resp_h", flow.to)
            .n("id.resp_p", flow.port)
    }

    fn zeek(
        &mut self,
        log: &'static str,
        thread: &Thread,
        time: Micros,
        data: Obj,
        fact: Option<FactId>,
    ) {
        if thread.seen {
            self.line(Source::Zeek(log), time, data, fact);
        }
    }

    /// A connection, if the sensor sees where it runs.
    pub(super) fn flow(&mut self, flow: &Flow<'_>, fact: Option<FactId>) -> Thread {
        let inner = flow.to.starts_with("10.");
        let sensor = self.estate.sensor.clone();
        let seen = sensor.as_ref().is_some_and(|s| s.inside || !inner);
        let lossy = sensor.is_some_and(|s| s.loss_per_mille > 0);
        let thread = Thread { uid: self.rng.uid(), port: self.port(), seen };
        let missed =
            if lossy && self.rng.chance(10) { flow.sent.max(flow.received) / 9 } else { 0 };
        let (out, back) = (1 + flow.sent / 1_400, 1 + flow.received / 1_400);
        let data = Self::head("conn", flow, &thread, flow.time)
            .s("proto", if flow.port == 53 { "udp" } else { "tcp" })
            .s("service", flow.service)
            .n("duration", epoch(flow.duration))
            .n("orig_bytes", flow.sent)
            .n("resp_bytes", flow.received)
            .s("conn_state", "SF")
            .n("local_orig", true)
            .n("local_resp", inner)
            .n("missed_bytes", missed)
            .s("history", if flow.port == 53 { "Dd" } else { "ShADadFf" })
            .n("orig_pkts", out)
            .n("orig_ip_bytes", flow.sent + out * 40)
            .n("resp_pkts", back)
            .n("resp_ip_bytes", flow.received + back * 40);
        self.zeek("conn", &thread, flow.time, data, fact);
        thread
    }

    /// A name looked up.
    pub(super) fn dns(
        &mut self,
        from: &Arc<Host>,
        name: &str,
        answer: &str,
        time: Micros,
        fact: Option<FactId>,
    ) {
        let dc = self.estate.dc.ip.clone();
        // What is asked of the inner server is seen by a sensor inside only; the tunnel's own queries go out.
        let flow = Flow {
            from,
            to: &dc,
            port: 53,
            service: "dns",
            time,
            duration: 2_000 + self.rng.between(0, 9_000),
            sent: 30 + name.len() as u64,
            received: 60 + name.len() as u64,
        };
        let thread = self.flow(&flow, fact);
        let data = Self::head("dns", &flow, &thread, time)
            .s("proto", "udp")
            .n("trans_id", self.rng.below(65_536))
            .s("query", name)
            .n("qclass", 1)
            .s("qclass_name", "C_INTERNET")
            .n("qtype", 1)
            .s("qtype_name", "A")
            .n("rcode", 0)
            .s("rcode_name", "NOERROR")
            .n("answers", format!("[\"{answer}\"]"));
        self.zeek("dns", &thread, time, data, fact);
    }

    /// An encrypted conversation on top of a connection.
    pub(super) fn ssl(
        &mut self,
        flow: &Flow<'_>,
        thread: &Thread,
        name: &str,
        fact: Option<FactId>,
    ) {
        let time = flow.time + SECOND / 20;
        let data = Self::head("ssl", flow, thread, time)
            .s("version", "TLSv13")
            .s("cipher", "TLS_AES_128_GCM_SHA256")
            .s("server_name", name)
            .n("resumed", false)
            .n("established", true);
        self.zeek("ssl", thread, time, data, fact);
    }

    /// A request without encryption, and the file that it carries.
    pub(super) fn http(
        &mut self,
        flow: &Flow<'_>,
        thread: &Thread,
        request: Request<'_>,
        fact: Option<FactId>,
    ) {
        let time = flow.time + SECOND / 10;
        let up = matches!(request.method, "PUT" | "POST");
        let fuid = self.rng.uid().replacen('C', "F", 1);
        let body = flow.sent.saturating_sub(900);
        let data = Self::head("http", flow, thread, time)
            .n("trans_depth", 1)
            .s("method", request.method)
            .s("host", request.host)
            .s("uri", request.uri)
            .s("version", "1.1")
            .s("user_agent", request.agent)
            .n("request_body_len", if up { body } else { 0 })
            .n("response_body_len", flow.received.saturating_sub(600))
            .n("status_code", request.status)
            .s("status_msg", "OK")
            .n("tags", "[]")
            .n(if up { "orig_fuids" } else { "resp_fuids" }, format!("[\"{fuid}\"]"));
        self.zeek("http", thread, time, data, fact);
        if up {
            let data = Obj::new()
                .s("_path", "files")
                .n("ts", epoch(time))
                .s("fuid", &fuid)
                .n("tx_hosts", format!("[\"{}\"]", flow.from.ip))
                .n("rx_hosts", format!("[\"{}\"]", flow.to))
                .n("conn_uids", format!("[\"{}\"]", thread.uid))
                .s("source", "HTTP")
                .s("mime_type", "application/x-7z-compressed")
                .n("duration", epoch(flow.duration))
                .n("is_orig", true)
                .n("seen_bytes", body)
                .n("total_bytes", body)
                .n("missing_bytes", 0);
            self.zeek("files", thread, time, data, fact);
        }
    }

    /// A share mounted.
    pub(super) fn mapping(&mut self, flow: &Flow<'_>, thread: &Thread, share: &str) {
        let time = flow.time + SECOND / 20;
        let data =
            Self::head("smb_mapping", flow, thread, time).s("path", share).s("share_type", "DISK");
        self.zeek("smb_mapping", thread, time, data, None);
    }

    /// A file of a share opened.
    pub(super) fn smb_file(
        &mut self,
        (flow, thread): (&Flow<'_>, &Thread),
        (share, file, size, write): (&str, &str, u64, bool),
        time: Micros,
        fact: Option<FactId>,
    ) {
        let changed = epoch(time - self.rng.between(10, 90_000) * 60 * SECOND);
        let data = Self::head("smb_files", flow, thread, time)
            .s("action", if write { "SMB::FILE_WRITE" } else { "SMB::FILE_OPEN" })
            .s("path", share)
            .s("name", file)
            .n("size", size)
            .n("times.modified", &changed)
            .n("times.accessed", &changed);
        self.zeek("smb_files", thread, time, data, fact);
    }

    /// A remote procedure called.
    pub(super) fn rpc(
        &mut self,
        flow: &Flow<'_>,
        thread: &Thread,
        (endpoint, operation): (&str, &str),
        fact: Option<FactId>,
    ) {
        let time = flow.time + SECOND / 8;
        let data = Self::head("dce_rpc", flow, thread, time)
            .n("rtt", "0.000810")
            .s("named_pipe", &flow.port.to_string())
            .s("endpoint", endpoint)
            .s("operation", operation);
        self.zeek("dce_rpc", thread, time, data, fact);
    }

    /// How much the sensor lost in each hour of a day.
    pub(super) fn capture_loss(&mut self, begin: Micros) {
        let Some(sensor) = self.estate.sensor.clone() else { return };
        for hour in 0..24 {
            let time = begin + hour * HOUR + 1;
            let acks = 5_000 + self.rng.below(9_000);
            let gaps = acks * sensor.loss_per_mille / 1_000;
            let percent = format!("{}.{}", sensor.loss_per_mille / 10, sensor.loss_per_mille % 10);
            let data = Obj::new()
                .s("_path", "capture_loss")
                .n("ts", epoch(time))
                .n("ts_delta", "3600.000000")
                .s("peer", "zeek")
                .n("gaps", gaps)
                .n("acks", acks)
                .n("percent_lost", percent);
            self.line(Source::Zeek("capture_loss"), time, data, None);
        }
    }
}
