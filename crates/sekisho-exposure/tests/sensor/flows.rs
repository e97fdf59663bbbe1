//! Proxies, firewalls, Suricata.

use sekisho_exposure::activity::{Activity, Ended, LossKind, TouchKind, Transfer};
use sekisho_exposure::extract::{Class, Extraction};

use super::reading::{losses, read, said, touches, transfers};

fn only(e: &Extraction) -> (&Activity, &Transfer) {
    let all = transfers(e);
    assert_eq!(all.len(), 1, "{:?}", e.activities);
    all[0]
}

/// Both ends with their ports.
fn ends(e: &Extraction, t: &Transfer) -> String {
    let end = |peer: sekisho_exposure::activity::Peer| {
        let port = peer.port.map_or(String::new(), |port| format!(":{port}"));
        format!("{}{port}", said(e, peer.address))
    };
    format!("{} {}", end(t.client), end(t.server))
}

#[test]
fn proxies() {
    let e = read(
        "access.log",
        "1600603200.500   1500 10.0.1.4 TCP_MISS/200 9000 GET http://drop.example/a/tool.exe CORP\\ann HIER_DIRECT/192.0.2.9 application/zip\n",
    );
    let (activity, t) = only(&e);
    assert_eq!(ends(&e, t), "10.0.1.4 192.0.2.9");
    assert_eq!((t.sent, t.received, t.ended), (None, Some(9000), Ended::Whole));
    assert_eq!(t.duration, Some(1_500_000_000));
    assert_eq!(said(&e, activity.actor.account), "corp\\ann");
    assert_eq!(said(&e, t.server_name), "drop.example");
    assert_eq!(said(&e, t.request), "get http://drop.example/a/tool.exe");
    assert_eq!(said(&e, t.files[0].name), "tool.exe");

    let e = read(
        "access.log",
        "1600603200.500   1500 10.0.1.4 TCP_DENIED/403 90 CONNECT drop.example:443 - HIER_NONE/- -\n",
    );
    let (_, t) = only(&e);
    assert_eq!((t.ended, t.files.len()), (Ended::Refused, 0));

    let e = read(
        "proxy.log",
        "#Software: SGOS 6.7\n#Fields: date time time-taken c-ip cs-username s-action sc-status cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-bytes sc-bytes cs(User-Agent) r-ip\n2020-09-20 12:00:00 40 10.0.1.4 ann TCP_NC_MISS 201 PUT https drop.example 443 /in/a.7z 5000 300 \"curl/8\" 192.0.2.9\n",
    );
    let (activity, t) = only(&e);
    assert_eq!(ends(&e, t), "10.0.1.4 192.0.2.9:443");
    assert_eq!((t.sent, t.received), (Some(5000), Some(300)));
    assert_eq!(said(&e, activity.actor.agent), "curl/8");
    assert_eq!((said(&e, t.files[0].name), t.files[0].bytes), ("a.7z", Some(5000)));
    assert!(t.files[0].upload && t.files[0].accepted == Some(true));
}

#[test]
fn firewalls() {
    let e = read(
        "fw.log",
        "date=2020-09-20 time=12:00:00 devname=\"fw1\" logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" srcip=10.0.1.4 srcport=50000 dstip=192.0.2.9 dstport=443 action=\"close\" service=\"HTTPS\" duration=12 sentbyte=700 rcvdbyte=800 user=\"ann\" hostname=\"drop.example\"\n",
    );
    let (activity, t) = only(&e);
    assert_eq!(ends(&e, t), "10.0.1.4:50000 192.0.2.9:443");
    assert_eq!((t.sent, t.received, t.ended), (Some(700), Some(800), Ended::Whole));
    assert_eq!((said(&e, activity.actor.account), t.duration), ("ann", Some(12_000_000_000)));
    assert_eq!(said(&e, t.server_name), "drop.example");
    assert!(e.heard.hours.keys().all(|(_, class)| *class == Class::Flow));

    let e = read(
        "fw.log",
        "date=2020-09-20 time=12:00:00 devname=\"fw1\" logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" srcip=10.0.1.4 srcport=50000 dstip=192.0.2.9 dstport=443 action=\"deny\" sentbyte=0 rcvdbyte=0\n",
    );
    assert_eq!(only(&e).1.ended, Ended::Refused);

    let e = read(
        "vpc.json",
        r#"{"srcaddr":"10.0.1.4","dstaddr":"192.0.2.9","srcport":50000,"dstport":443,"bytes":700,"action":"ACCEPT","start":1600603200}"#,
    );
    let (_, t) = only(&e);
    assert_eq!((t.sent, t.received, t.ended), (Some(700), None, Ended::Open));
}

fn eve(kind: &str, rest: &str) -> Extraction {
    let text = format!(
        r#"{{"timestamp":"2020-09-20T12:00:00.5+0000","flow_id":7,"event_type":"{kind}","src_ip":"10.0.1.4","src_port":50000,"dest_ip":"10.0.0.9","dest_port":80,"proto":"TCP",{rest}}}"#
    );
    read("eve.json", &text)
}

#[test]
fn suricata() {
    let e = eve(
        "flow",
        r#""flow":{"bytes_toserver":700,"bytes_toclient":800,"state":"closed","age":3}"#,
    );
    let (_, t) = only(&e);
    assert_eq!((t.sent, t.received, t.ended), (Some(700), Some(800), Ended::Whole));
    assert_eq!((said(&e, t.uid), t.duration), ("7", Some(3_000_000_000)));
    let e = eve(
        "http",
        r#""http":{"hostname":"h.example","url":"/a.zip","http_method":"GET","status":200,"length":9}"#,
    );
    let (_, t) = only(&e);
    assert_eq!((said(&e, t.files[0].name), t.files[0].bytes), ("a.zip", Some(9)));
    let file = r#""fileinfo":{"filename":"/up/a.zip","size":9,"state":"CLOSED","gaps":false}"#;
    let e = eve("fileinfo", &format!(r#""http":{{"http_method":"POST","status":200}},{file}"#));
    let (_, t) = only(&e);
    assert_eq!((t.files[0].upload, t.files[0].missed), (true, 0));
    assert_eq!(ends(&e, t), "10.0.1.4:50000 10.0.0.9:80");
    let text = r#"{"timestamp":"2020-09-20T12:00:00.5+0000","flow_id":7,"event_type":"fileinfo","src_ip":"10.0.0.9","src_port":80,"dest_ip":"10.0.1.4","dest_port":50000,"proto":"TCP","fileinfo":{"filename":"a","size":9,"state":"TRUNCATED"}}"#;
    let e = read("eve.json", text);
    let (_, t) = only(&e);
    assert_eq!(ends(&e, t), "10.0.1.4:50000 10.0.0.9:80");
    assert_eq!((t.files[0].upload, t.files[0].missed), (false, 1));
    let e = eve("tls", r#""tls":{"sni":"drop.example"}"#);
    assert_eq!(said(&e, only(&e).1.server_name), "drop.example");
    let e = eve(
        "smb",
        r#""smb":{"command":"SMB2_COMMAND_READ","share":"\\\\FS01\\Plans","filename":"a.docx"}"#,
    );
    assert_eq!(
        (touches(&e)[0].1.kind, said(&e, touches(&e)[0].0.place)),
        (TouchKind::Read, "fs01")
    );
    let e =
        eve("stats", r#""stats":{"uptime":5,"capture":{"kernel_packets":100,"kernel_drops":25}}"#);
    assert_eq!((losses(&e)[0].1.kind, losses(&e)[0].1.share), (LossKind::Dropped, Some(0.25)));
}
