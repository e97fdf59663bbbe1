//! Each of Zeek's logs, in each of its spellings.

use sekisho_exposure::activity::{
    Ended, ExecStep, LogonKind, LossKind, Object, SessionStep, TicketKind, TicketStep, TouchKind,
    Via, What,
};
use sekisho_exposure::extract::{Class, Extraction, NameBy};

use super::reading::{execs, losses, read, said, sessions, tickets, touches, transfers};

const ENDS: &str =
    r#""id.orig_h":"10.0.1.4","id.orig_p":50000,"id.resp_h":"192.0.2.9","id.resp_p":443"#;

/// A record of a log as JSON.
fn record(log: &str, rest: &str) -> Extraction {
    read("", &format!(r#"{{"_path":"{log}","ts":1600603200.5,"uid":"C1",{ENDS},{rest}}}"#))
}

/// Likewise, with a server inside.
fn inside(log: &str, port: u16, rest: &str) -> Extraction {
    let ends = ENDS.replace("192.0.2.9", "10.0.0.9").replace("443", &port.to_string());
    read("", &format!(r#"{{"_path":"{log}","ts":1600603200.5,"uid":"C1",{ends},{rest}}}"#))
}

fn knows(e: &Extraction, host: &str, address: &str, how: NameBy) -> bool {
    let folded = |name| e.names.folded(name);
    e.known.all().iter().any(|k| {
        folded(k.host) == host
            && folded(k.address) == address
            && k.how == how
            && k.from == 1_600_603_200_500_000_000
    })
}

#[test]
fn connections_in_every_spelling() {
    let json = |ends: &str, log: &str| {
        format!(
            r#"{{{log}"ts":1600603200.5,"uid":"C1",{ends},"proto":"tcp","service":"ssl","duration":1.25,"orig_bytes":1000,"resp_bytes":"2000","conn_state":"SF","missed_bytes":7,"orig_pkts":3,"orig_ip_bytes":1200}}"#
        )
    };
    let nested = r#""id":{"orig_h":"10.0.1.4","orig_p":50000,"resp_h":"192.0.2.9","resp_p":443}"#;
    let under = ENDS.replace("id.", "id_");
    let tsv = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n\
        #path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\
        \tduration\torig_bytes\tresp_bytes\tconn_state\tmissed_bytes\torig_pkts\torig_ip_bytes\n\
        #types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\
        \tcount\tcount\tcount\n\
        1600603200.500000\tC1\t10.0.1.4\t50000\t192.0.2.9\t443\ttcp\tssl\t1.250000\t1000\t2000\tSF\
        \t7\t3\t1200\n";
    for (name, text) in [
        ("", json(ENDS, r#""_path":"conn","#)),
        ("", json(&under, r#""@stream":"conn","#)),
        ("", json(nested, r#""_path":"conn","#)),
        ("conn.log", json(ENDS, "")),
        ("", tsv.to_owned()),
    ] {
        let e = read(name, &text);
        let all = transfers(&e);
        let [(activity, transfer)] = all.as_slice() else { panic!("{text}") };
        assert_eq!(activity.time, 1_600_603_200_500_000_000, "{text}");
        assert_eq!(activity.place, None);
        assert_eq!(said(&e, activity.actor.address), "10.0.1.4");
        assert_eq!(said(&e, activity.actor.connection), "c1");
        assert_eq!(said(&e, transfer.client.address), "10.0.1.4");
        assert_eq!(said(&e, transfer.server.address), "192.0.2.9");
        assert_eq!((transfer.client.port, transfer.server.port), (Some(50_000), Some(443)));
        assert_eq!(said(&e, Some(transfer.protocol)), "ssl");
        assert_eq!((transfer.sent, transfer.received), (Some(1000), Some(2000)));
        assert_eq!((transfer.missed, transfer.ended), (7, Ended::Whole));
        assert_eq!(transfer.duration, Some(1_250_000_000));
        let watched = |address: &str| {
            let name = e.names.find(address).unwrap();
            e.heard.watched.contains_key(&(name, Class::Flow))
        };
        assert!(watched("10.0.1.4") && !watched("192.0.2.9"));
    }
}

#[test]
fn counts_that_are_not_there_and_counts_that_cannot_be() {
    let of = |rest: &str| {
        let e = record("conn", rest);
        let (_, t) = transfers(&e)[0];
        (t.sent, t.missed, t.ended)
    };
    assert_eq!(of(r#""proto":"tcp","conn_state":"S0","orig_pkts":1"#), (None, 0, Ended::Refused));
    assert_eq!(
        of(r#""proto":"udp","conn_state":"S0","orig_pkts":1,"orig_ip_bytes":228"#),
        (Some(200), 0, Ended::Open)
    );
    assert_eq!(of(r#""proto":"tcp","conn_state":"SF","orig_bytes":"x""#), (None, 0, Ended::Whole));
    // Offloading makes packets look smaller than they were.
    assert_eq!(
        of(
            r#""proto":"tcp","conn_state":"SF","orig_bytes":90000,"orig_pkts":9,"orig_ip_bytes":400"#
        ),
        (Some(90_000), 0, Ended::Whole)
    );
    let (sent, missed, _) =
        of(r#""proto":"tcp","conn_state":"RSTO","orig_bytes":4294967295,"orig_pkts":2"#);
    assert_eq!((sent, missed), (Some(4_294_967_295), 4_294_967_295 - 131_070));
    let e = record("conn_long", r#""proto":"tcp","conn_state":"SF","orig_bytes":5"#);
    assert_eq!(transfers(&e)[0].1.ended, Ended::Open);
}

#[test]
fn windows_remote_shells_are_attempted_by_connection_and_opened_by_request() {
    let e = inside("conn", 5985, r#""proto":"tcp","conn_state":"SF","orig_bytes":9"#);
    let (activity, session) = sessions(&e)[0];
    assert_eq!((session.step, session.kind), (SessionStep::Attempted, LogonKind::RemoteShell));
    assert_eq!(said(&e, activity.place), "10.0.0.9");
    let refused = inside("conn", 5985, r#""proto":"tcp","conn_state":"REJ""#);
    assert!(sessions(&refused).is_empty());
    for (status, step) in [(200, SessionStep::Opened), (401, SessionStep::Failed)] {
        let rest = format!(r#""method":"POST","uri":"/wsman?x","status_code":{status}"#);
        let e = inside("http", 5985, &rest);
        assert_eq!(sessions(&e)[0].1.step, step);
    }
}

#[test]
fn requests_carry_files_up_and_down() {
    let e = record(
        "http",
        r#""method":"POST","host":"h.example","uri":"/up.php?k=v","user_agent":"curl/8","request_body_len":70,"response_body_len":20,"status_code":200,"orig_fuids":["F1"],"orig_filenames":["plan.docx"],"username":"ann""#,
    );
    let (activity, t) = transfers(&e)[0];
    assert_eq!(said(&e, t.request), "post http://h.example/up.php");
    assert_eq!(said(&e, t.server_name), "h.example");
    assert_eq!(said(&e, activity.actor.agent), "curl/8");
    assert_eq!(said(&e, activity.actor.account), "ann");
    let [up, down] = t.files.as_slice() else { panic!("{t:?}") };
    assert_eq!((said(&e, up.name), said(&e, up.id)), ("plan.docx", "f1"));
    assert_eq!((up.bytes, up.upload, up.accepted), (Some(70), true, Some(true)));
    assert_eq!((down.bytes, down.upload, down.name), (Some(20), false, None));
    assert!(e.heard.hours.keys().any(|(_, class)| *class == Class::FlowContent));

    let files = |rest: &str| {
        let e = record("http", rest);
        let file = transfers(&e)[0].1.files.first().cloned();
        file.map(|f| (said(&e, f.name).to_owned(), f.upload, f.accepted))
    };
    assert_eq!(
        files(r#""method":"GET","uri":"/a/tool.exe","response_body_len":9,"status_code":200"#),
        Some(("tool.exe".into(), false, Some(true)))
    );
    assert_eq!(files(r#""method":"GET","uri":"/a","response_body_len":9,"status_code":404"#), None);
    assert_eq!(
        files(r#""method":"HEAD","uri":"/a","response_body_len":9,"status_code":200"#),
        None
    );
    assert_eq!(
        files(r#""method":"PUT","uri":"/d/a%20b.7z","request_body_len":9,"status_code":401"#),
        Some(("a b.7z".into(), true, Some(false)))
    );
    assert_eq!(
        files(r#""method":"PUT","uri":"/d/x","request_body_len":9"#),
        Some(("x".into(), true, None))
    );
    assert_eq!(files(r#""method":"CONNECT","uri":"h:443","response_body_len":9"#), None);
}

#[test]
fn files_are_told_with_their_direction() {
    let of = |rest: &str| {
        let text = format!(r#"{{"_path":"files","ts":1600603200.5,"fuid":"F1",{rest}}}"#);
        let e = read("", &text);
        transfers(&e).first().map(|(_, t)| {
            let file = &t.files[0];
            assert_eq!(said(&e, t.uid), "c1");
            assert_eq!(said(&e, file.id), "f1");
            let ends = [t.client.address, t.server.address].map(|a| said(&e, a).to_owned());
            (ends, file.bytes, file.missed, file.upload)
        })
    };
    let ends = |client: &str, server: &str| [client.to_owned(), server.to_owned()];
    let old =
        r#""tx_hosts":["10.0.0.9"],"rx_hosts":["10.0.1.4"],"conn_uids":["C1"],"source":"SMB""#;
    assert_eq!(
        of(&format!(r#"{old},"is_orig":false,"seen_bytes":5,"missing_bytes":2"#)),
        Some((ends("10.0.1.4", "10.0.0.9"), Some(5), 2, false))
    );
    assert_eq!(
        of(&format!(r#"{old},"is_orig":true,"seen_bytes":5,"total_bytes":9,"missing_bytes":0"#)),
        Some((ends("10.0.0.9", "10.0.1.4"), Some(5), 4, true))
    );
    assert_eq!(
        of(&format!(r#"{ENDS},"uid":"C1","source":"HTTP","is_orig":false,"seen_bytes":5"#)),
        Some((ends("10.0.1.4", "192.0.2.9"), Some(5), 0, false))
    );
    let certificate = r#","source":"SSL","is_orig":false,"seen_bytes":5"#;
    assert_eq!(of(&format!("{ENDS}{certificate}")), None);
}

#[test]
fn files_of_shares() {
    let of = |action: &str, rest: &str| {
        inside("smb_files", 445, &format!(r#""action":"SMB::{action}",{rest}"#))
    };
    let path = r#""path":"\\\\FS01.corp.example\\Plans","name":"2024\\a.docx""#;
    for (action, kind) in [
        ("FILE_OPEN", TouchKind::Opened),
        ("FILE_READ", TouchKind::Read),
        ("FILE_WRITE", TouchKind::Written),
        ("FILE_DELETE", TouchKind::Deleted),
    ] {
        let e = of(action, path);
        let (activity, touch) = touches(&e)[0];
        assert_eq!((touch.kind, touch.via), (kind, Via::Network));
        let Object::Shared { host, share, path, local: None } = touch.object else { panic!() };
        assert_eq!((said(&e, host), said(&e, Some(share))), ("fs01", "plans"));
        assert_eq!(said(&e, Some(path)), "2024\\a.docx");
        assert_eq!(activity.place, host);
        assert!(knows(&e, "fs01", "10.0.0.9", NameBy::Called));
    }
    let e = of("FILE_RENAME", &format!(r#"{path},"prev_name":"old.docx""#));
    let all = touches(&e);
    assert_eq!((all[0].1.kind, all[1].1.kind), (TouchKind::Written, TouchKind::Deleted));
    assert_eq!(said(&e, all[1].1.to), "2024\\a.docx");
    let e = of("FILE_OPEN", r#""path":"\\\\10.0.0.9\\c$","name":"<share_root>""#);
    let Object::Shared { host, path, .. } = touches(&e)[0].1.object else { panic!() };
    assert_eq!((said(&e, host), said(&e, Some(path))), ("10.0.0.9", ""));
    assert!(e.known.is_empty());
    let e = of("FILE_OPEN", r#""name":"a/b.txt""#);
    let Object::Shared { share, path, .. } = touches(&e)[0].1.object else { panic!() };
    assert_eq!((said(&e, Some(share)), said(&e, Some(path))), ("", "a\\b.txt"));
    let e = of("FILE_OPEN", r#""path":"\\\\FS01\\IPC$","name":"svcctl""#);
    assert!(e.activities.is_empty());
}

#[test]
fn shares_that_were_connected_to() {
    let e = inside("smb_mapping", 445, r#""path":"\\\\FS01\\Plans","share_type":"DISK""#);
    assert_eq!(touches(&e)[0].1.kind, TouchKind::Listed);
    let e = inside("smb_mapping", 445, r#""path":"\\\\FS01\\IPC$","share_type":"PIPE""#);
    assert!(e.activities.is_empty() && knows(&e, "fs01", "10.0.0.9", NameBy::Called));
}

#[test]
fn kerberos_and_ntlm() {
    let of = |rest: &str| inside("kerberos", 88, rest);
    let e = of(
        r#""request_type":"AS","client":"ann/CORP.EXAMPLE","service":"krbtgt/CORP.EXAMPLE","success":true,"cipher":"rc4-hmac""#,
    );
    let (activity, ticket) = tickets(&e)[0];
    assert_eq!((ticket.step, ticket.kind), (TicketStep::Issued, TicketKind::KerberosTgt));
    assert_eq!(said(&e, ticket.account), "corp\\ann");
    assert_eq!(said(&e, ticket.from.address), "10.0.1.4");
    assert_eq!((said(&e, ticket.method), said(&e, activity.place)), ("rc4-hmac", "10.0.0.9"));
    let e = of(r#""request_type":"TGS","client":"WS01$/CORP","service":"cifs/FS01","success":"T""#);
    let (_, ticket) = tickets(&e)[0];
    assert_eq!((ticket.kind, said(&e, ticket.service)), (TicketKind::KerberosService, "cifs/fs01"));
    assert!(knows(&e, "ws01", "10.0.1.4", NameBy::MachineTicket));
    let first = r#""success":false,"error_msg":"KDC_ERR_PREAUTH_REQUIRED""#;
    assert!(
        of(&format!(r#""request_type":"AS","client":"ann/CORP",{first}"#)).activities.is_empty()
    );
    let e = of(r#""request_type":"AS","client":"ann/CORP","success":false,"error_msg":"x""#);
    assert_eq!(tickets(&e)[0].1.step, TicketStep::Refused);
    assert!(of(r#""service":"-""#).activities.is_empty());

    let e = inside(
        "ntlm",
        445,
        r#""username":"ann","hostname":"WS01","domainname":"CORP","server_nb_computer_name":"FS01","success":true"#,
    );
    let (activity, ticket) = tickets(&e)[0];
    assert_eq!((ticket.step, ticket.kind), (TicketStep::Used, TicketKind::Ntlm));
    assert_eq!((said(&e, ticket.account), said(&e, ticket.from.host)), ("corp\\ann", "ws01"));
    assert_eq!(said(&e, activity.place), "fs01");
    assert!(knows(&e, "ws01", "10.0.1.4", NameBy::Logon));
    assert!(knows(&e, "fs01", "10.0.0.9", NameBy::Called));
}

#[test]
fn remote_desktop_and_shells() {
    let of = |log: &str, rest: &str| {
        let e = inside(log, 3389, rest);
        let (_, s) = sessions(&e)[0];
        (s.step, s.kind, said(&e, s.account).to_owned(), said(&e, s.from.host).to_owned())
    };
    use SessionStep::{Attempted, Failed, Opened};
    let (desktop, shell) = (LogonKind::RemoteInteractive, LogonKind::RemoteShell);
    let rdp = r#""cookie":"ann","client_name":"WS01","result""#;
    assert_eq!(
        of("rdp", &format!(r#"{rdp}:"encrypted""#)),
        (Attempted, desktop, "ann".into(), "ws01".into())
    );
    assert_eq!(of("rdp", &format!(r#"{rdp}:"Success""#)).0, Opened);
    assert_eq!(of("rdp", &format!(r#"{rdp}:"x","auth_success":false"#)).0, Failed);
    assert_eq!(of("ssh", r#""auth_success":true"#), (Opened, shell, String::new(), String::new()));
    assert_eq!(of("ssh", r#""auth_success":false"#).0, Failed);
    assert_eq!(of("ssh", r#""client":"x""#).0, Attempted);
}

#[test]
fn calls_from_afar() {
    let of = |endpoint: &str, operation: &str| {
        inside("dce_rpc", 445, &format!(r#""endpoint":"{endpoint}","operation":"{operation}""#))
    };
    let e = of("svcctl", "CreateServiceW");
    let (activity, exec) = execs(&e)[0];
    assert_eq!((exec.step, said(&e, exec.label)), (ExecStep::Installed, "service"));
    assert_eq!(said(&e, activity.place), "10.0.0.9");
    let e = of("drsuapi", "DRSGetNCChanges");
    let (activity, ticket) = tickets(&e)[0];
    assert_eq!((ticket.step, ticket.everyone), (TicketStep::Taken, true));
    assert_eq!(said(&e, activity.actor.address), "10.0.1.4");
    let e = of("samr", "SamrEnumerateUsersInDomain");
    assert!(matches!(touches(&e)[0].1.object, Object::Directory { .. }));
    let e = of("eventlog", "ElfrClearELFW");
    assert_eq!(losses(&e)[0].1.kind, LossKind::Cleared);
    assert!(of("samr", "SamrCloseHandle").activities.is_empty());
}

#[test]
fn names_are_learned_of_the_network_only() {
    let dns = |query: &str, answers: &str| {
        let ends = ENDS.replace("443", "53");
        let text = format!(
            r#"{{"_path":"dns","ts":1600603200.5,"uid":"C1",{ends},"query":"{query}","qtype_name":"A","answers":[{answers}]}}"#
        );
        read("", &text)
    };
    let e = dns("files.corp.example", r#""fs01.corp.example","10.0.0.9""#);
    assert!(knows(&e, "fs01", "10.0.0.9", NameBy::Dns));
    assert!(knows(&e, "files", "10.0.0.9", NameBy::Dns));
    let e = dns("www.example.com", r#""192.0.2.7""#);
    assert!(e.known.is_empty());
    let (_, t) = transfers(&e)[0];
    assert_eq!((said(&e, t.server_name), t.sent), ("www.example.com", Some(15)));
    assert_eq!(said(&e, Some(t.protocol)), "dns");
    assert!(e.heard.hours.keys().all(|(_, class)| *class == Class::Dns));
    assert!(dns("9.0.0.10.in-addr.arpa", "").activities.is_empty());

    let dhcp = |rest: &str| {
        read("", &format!(r#"{{"_path":"dhcp","ts":1600603200.5,"uids":["C1"],"mac":"a",{rest}}}"#))
    };
    let e = dhcp(r#""host_name":"WS01","assigned_addr":"10.0.1.4","msg_types":["REQUEST","ACK"]"#);
    assert!(knows(&e, "ws01", "10.0.1.4", NameBy::Lease));
    assert!(
        dhcp(r#""host_name":"WS01","assigned_addr":"10.0.1.4","msg_types":["NAK"]"#)
            .known
            .is_empty()
    );
    let e =
        inside("ssl", 3389, r#""subject":"CN=FS01.corp.example","issuer":"CN=FS01.corp.example""#);
    assert!(knows(&e, "fs01", "10.0.0.9", NameBy::Called));
    let e = record("ssl", r#""server_name":"drop.example""#);
    assert_eq!(said(&e, transfers(&e)[0].1.server_name), "drop.example");
    assert!(e.known.is_empty());
}

#[test]
fn mail_and_file_transfer() {
    let e = record(
        "ftp",
        r#""user":"ann","password":"hunter2","command":"STOR","arg":"ftp://192.0.2.9/in/a.zip","file_size":9,"reply_code":226"#,
    );
    let (_, t) = transfers(&e)[0];
    assert_eq!(said(&e, t.files[0].name), "a.zip");
    assert_eq!((t.files[0].upload, t.files[0].accepted), (true, Some(true)));
    assert_eq!(e.names.find("hunter2"), None);
    let e = record(
        "smtp",
        r#""mailfrom":"a@corp.example","rcptto":["b@drop.example"],"last_reply":"250 ok","fuids":["F1","F2"]"#,
    );
    let (_, t) = transfers(&e)[0];
    assert_eq!(t.files.len(), 2);
    assert_eq!(said(&e, t.request), "mail a@corp.example b@drop.example");
}

#[test]
fn what_the_sensor_lost() {
    let of = |log: &str, rest: &str| {
        let text = format!(
            r#"{{"_path":"{log}","ts":1600603200.5,"_system_name":"s1","peer":"w1",{rest}}}"#
        );
        let e = read("", &text);
        losses(&e).first().map(|(activity, loss)| {
            assert_eq!(said(&e, activity.place), "s1");
            (loss.kind, loss.amount, loss.share)
        })
    };
    let dropped = LossKind::Dropped;
    assert_eq!(
        of("capture_loss", r#""gaps":5,"acks":50,"percent_lost":10.0"#),
        Some((dropped, Some(5), Some(0.1)))
    );
    assert_eq!(of("capture_loss", r#""gaps":0,"acks":50,"percent_lost":0.0"#), None);
    assert_eq!(
        of("stats", r#""pkts_proc":75,"pkts_dropped":25,"pkts_link":100"#),
        Some((dropped, Some(25), Some(0.25)))
    );
    assert_eq!(of("stats", r#""pkts_proc":75,"pkts_dropped":0"#), None);
    assert_eq!(
        of("notice", r#""note":"CaptureLoss::Too_Much_Loss","msg":"a loss rate above 12.5%""#),
        Some((dropped, None, Some(0.125)))
    );
    assert_eq!(of("notice", r#""note":"Scan::Port_Scan","msg":"9%""#), None);
    assert_eq!(of("weird", r#""name":"possible_split_routing""#), Some((dropped, None, None)));
    assert_eq!(of("weird", r#""name":"ip_hdr_len_zero""#), None);
    assert_eq!(
        of("packet_filter", r#""node":"z","filter":"not port 443""#),
        Some((LossKind::Narrowed, None, None))
    );
    assert_eq!(of("packet_filter", r#""node":"z","filter":"ip or not ip""#), None);
}

#[test]
fn protocols_that_the_sensor_gave_up_on() {
    for (log, field) in [("dpd", "analyzer"), ("analyzer", "analyzer_name")] {
        let e = inside(log, 445, &format!(r#""{field}":"SMB","failure_reason":"x""#));
        let logs: Vec<_> = losses(&e).iter().map(|(_, l)| said(&e, l.channel)).collect();
        assert_eq!(logs, ["zeek/smb_files", "zeek/smb_mapping", "zeek/files"]);
    }
    assert!(inside("dpd", 445, r#""analyzer":"SSL""#).activities.is_empty());
}

#[test]
fn logs_without_activity_are_heard() {
    let e = record("x509", r#""certificate":"x""#);
    assert!(e.activities.is_empty());
    assert_eq!(e.heard.hours.len(), 1);
    let e = record("known_hosts", r#""host":"10.0.1.4""#);
    assert!(!e.activities.iter().any(|a| matches!(a.what, What::Transfer(_))));
}
