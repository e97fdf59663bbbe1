//! Proxies and web gateways: requests that clients made through them. They
//! know the client by its address and often its user, and count bytes with
//! their headers.

use sekisho_event::Shape;

use super::ends::Ends;
use super::web::Request;
use crate::activity::{Actor, Ended, FileSent, Transfer, What};
use crate::extract::{Class, Extractor, Out, Row};

const CLIENT: &[&str] = &["c-ip"];
const CLIENT_PORT: &[&str] = &["c-port"];
const SERVER: &[&str] = &["r-ip", "s-supplier-ip", "x-remote-ip"];
const SERVER_PORT: &[&str] = &["r-port", "cs-uri-port"];
const HOST: &[&str] = &["cs-host", "r-host", "s-supplier-name"];
const AGENT: &[&str] = &["cs-user-agent", "cs(User-Agent)", "c-agent"];
const USER: &[&str] = &["cs-username", "cs-user"];

/// A proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proxy;

impl Extractor for Proxy {
    fn fields(&self) -> &'static [&'static str] {
        &[
            "c-ip",
            "c-port",
            "r-ip",
            "s-supplier-ip",
            "x-remote-ip",
            "r-port",
            "cs-uri-port",
            "cs-host",
            "r-host",
            "s-supplier-name",
            "cs-user-agent",
            "cs(User-Agent)",
            "c-agent",
            "cs-username",
            "cs-user",
            "cs-method",
            "c-uri",
            "cs-uri",
            "cs-uri-stem",
            "sc-status",
            "cs-bytes",
            "sc-bytes",
            "s-action",
            "sc-filter-result",
            "time-taken",
        ]
    }

    fn reads(&self, shape: &Shape) -> bool {
        &*shape.product == "proxy" || (&*shape.product == "web" && &*shape.channel == "proxy")
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        out.class(Class::FlowContent);
        let ends = Ends::of(row, [CLIENT, CLIENT_PORT, SERVER, SERVER_PORT], out);
        let request = Request {
            method: row.text("cs-method").unwrap_or_default(),
            host: row.any(HOST),
            uri: row.any(&["c-uri", "cs-uri", "cs-uri-stem"]).unwrap_or_default(),
            status: row.number("sc-status"),
            sent: row.number("cs-bytes"),
            received: row.number("sc-bytes"),
            ..Request::default()
        };
        let transfer = Transfer {
            server_name: request.host_name().map(|host| out.names().of(host)),
            sent: request.sent,
            received: request.received,
            duration: row.number("time-taken").and_then(nanoseconds),
            ended: if refused(row) { Ended::Refused } else { Ended::Whole },
            files: files(&request, out),
            request: request.text().map(|text| out.names().of(&text)),
            ..ends.transfer(out.names().of("http"))
        };
        let actor = Actor {
            account: row.any(USER).and_then(|user| out.names().account(user, None)),
            agent: row.any(AGENT).map(|agent| out.names().of(agent)),
            ..ends.actor()
        };
        out.push_on(None, actor, What::Transfer(Box::new(transfer)));
    }
}

fn nanoseconds(milliseconds: u64) -> Option<i64> {
    i64::try_from(milliseconds).ok()?.checked_mul(1_000_000)
}

/// Whether the proxy itself refused.
fn refused(row: &Row<'_>) -> bool {
    let says = |field: &str, words: &[&str]| {
        row.text(field).is_some_and(|text| words.iter().any(|word| text.contains(word)))
    };
    says("s-action", &["DENIED"]) || says("sc-filter-result", &["DENIED"])
}

/// A proxy counts what was said, bodies and headers: that a request of a method
/// without a body has bytes does not mean that a file went up.
fn files(request: &Request<'_>, out: &mut Out<'_>) -> Vec<FileSent> {
    let bodies = ["PUT", "POST", "PATCH"];
    let uploads = bodies.iter().any(|method| request.method.eq_ignore_ascii_case(method));
    Request { sent: request.sent.filter(|_| uploads), ..*request }.files(out)
}
