//! A recorded intrusion that only two sensors saw.

use std::path::PathBuf;

use sekisho_exposure::activity::{Ended, Object, TicketKind, TicketStep, TouchKind};
use sekisho_exposure::extract::{Extraction, NameBy};

use super::reading::{read_into, said, tickets, touches, transfers};

fn folder() -> Option<PathBuf> {
    let data = std::env::var_os("SEKISHO_TEST_DATA").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = data.unwrap_or_else(beside).join("cases/apt29-day1-net/logs/zeek");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no test data");
    None
}

/// Reads those of its logs whose name says so.
fn case(wanted: impl Fn(&str) -> bool) -> Option<Extraction> {
    let mut files: Vec<_> = std::fs::read_dir(folder()?).unwrap().map(|f| f.unwrap()).collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let mut extraction = Extraction::default();
    for file in files {
        let name = file.file_name().into_string().unwrap();
        if wanted(&name) {
            read_into(&mut extraction, &name, &std::fs::read(file.path()).unwrap());
        }
    }
    Some(extraction)
}

fn seconds(text: &str) -> i64 {
    text.parse::<i64>().unwrap() * 1_000_000_000
}

#[test]
fn logs_that_are_there_twice_are_read_once() {
    let (Some(all), Some(one)) = (case(|_| true), case(|name| name.starts_with("combined"))) else {
        return;
    };
    assert_eq!(all.seen.repeated, 2140);
    assert_eq!(one.seen.repeated, 0);
    assert_eq!(all.activities.len(), one.activities.len());
    let heard = |e: &Extraction| {
        e.heard.hours.values().flat_map(|h| h.values()).map(|h| h.events).sum::<u32>()
    };
    assert_eq!(heard(&all), 2140);
    assert_eq!(heard(&one), 2140);
}

#[test]
fn every_connection_has_its_bytes_and_its_end() {
    let Some(e) = case(|_| true) else { return };
    let all = transfers(&e);
    let to = |address: &str, port: u16| -> Vec<_> {
        let there = |peer: &sekisho_exposure::activity::Peer| {
            said(&e, peer.address) == address && peer.port == Some(port)
        };
        let counted = all.iter().filter(|(_, t)| t.sent.is_some() && t.received.is_some());
        counted.filter(|(_, t)| there(&t.server)).map(|(a, t)| (*a, *t)).collect()
    };
    let first = to("192.168.0.5", 1234);
    let (activity, transfer) = first.iter().max_by_key(|(_, t)| t.sent).unwrap();
    assert_eq!((transfer.sent, transfer.received), (Some(70_042), Some(910_700)));
    assert_eq!(said(&e, activity.actor.address), "10.0.1.4");
    assert_eq!(transfer.duration.map(|n| n / 1_000_000_000), Some(705));
    assert_eq!(activity.time / 1_000_000_000, seconds("1588205282") / 1_000_000_000);
    let second = to("192.168.0.5", 443);
    let (_, transfer) = second.iter().max_by_key(|(_, t)| t.sent).unwrap();
    assert_eq!((transfer.sent, transfer.received), (Some(524_399), Some(31_850_555)));
    assert_eq!(transfer.ended, Ended::Open);
    let third = to("192.168.0.4", 8443);
    assert_eq!(third.iter().filter_map(|(_, t)| t.sent).sum::<u64>(), 390_152);
    assert!(third.iter().all(|(a, _)| said(&e, a.actor.address) == "10.0.1.6"));
    assert_eq!(third.len(), 376);
    assert!(third.iter().all(|(_, t)| t.missed == 0));
    // A remote shell was asked for.
    assert!(!to("10.0.1.6", 5985).is_empty());
}

#[test]
fn the_archive_went_up_twice_and_was_taken_once() {
    let Some(e) = case(|name| name.contains("http") || name.contains("conn")) else { return };
    let mut taken = Vec::new();
    for (activity, transfer) in transfers(&e) {
        for file in transfer.files.iter().filter(|f| f.bytes == Some(1_082_089)) {
            assert!(file.upload);
            assert_eq!(said(&e, file.name), "officesupplies.7z");
            assert_eq!(
                said(&e, transfer.request),
                "put http://192.168.0.4/webdav/officesupplies.7z"
            );
            assert_eq!(said(&e, activity.actor.agent), "microsoft-webdav-miniredir/10.0.18362");
            assert_eq!((transfer.sent, transfer.received), (None, None));
            taken.push(file.accepted);
        }
    }
    assert_eq!(taken, [Some(false), Some(true)]);
    let all = transfers(&e);
    let connection = all.iter().find(|(_, t)| t.sent == Some(2_181_167)).unwrap().1;
    assert_eq!(connection.missed, 0);
}

#[test]
fn missed_bytes_are_told() {
    let Some(e) = case(|_| true) else { return };
    let all = transfers(&e);
    let download = all.iter().find(|(_, t)| {
        t.files.iter().any(|f| said(&e, f.name) == "python.exe" && f.bytes == Some(5_305_104))
    });
    let uid = download.unwrap().1.uid;
    let missed = all.iter().filter(|(_, t)| t.uid == uid).map(|(_, t)| t.missed).max();
    assert_eq!(missed, Some(2_567_998));
    // The record of the file says what of it was seen.
    let id = download.unwrap().1.files[0].id;
    let files: Vec<_> = all.iter().flat_map(|(_, t)| &t.files).filter(|f| f.id == id).collect();
    assert!(files.iter().any(|f| f.missed > 2_000_000), "{files:?}");
}

#[test]
fn files_that_went_over_a_share_were_read() {
    let Some(mut e) = case(|_| true) else { return };
    e.join();
    let read: Vec<_> = touches(&e).into_iter().filter(|(_, t)| t.kind == TouchKind::Read).collect();
    let of = |client: &str, file: &str| {
        read.iter().find(|(activity, touch)| {
            let Object::Shared { host, share, path, .. } = touch.object else { return false };
            said(&e, activity.actor.address) == client
                && (said(&e, host), said(&e, Some(share))) == ("newyork", "sysvol")
                && said(&e, Some(path)).ends_with(file)
        })
    };
    for client in ["10.0.1.4", "10.0.1.6"] {
        assert_eq!(of(client, "\\gpt.ini").unwrap().1.bytes, Some(22));
        assert_eq!(of(client, "\\gpttmpl.inf").unwrap().1.bytes, Some(1098));
    }
    // The record of the archive learns from its request that it was taken.
    let all = transfers(&e);
    let archives = all.iter().flat_map(|(_, t)| &t.files).filter(|f| f.bytes == Some(1_082_089));
    let taken: Vec<_> = archives.map(|f| (f.accepted, said(&e, f.name))).collect();
    assert_eq!(taken.iter().filter(|f| **f == (Some(true), "officesupplies.7z")).count(), 2);
    assert_eq!(taken.iter().filter(|f| **f == (Some(false), "officesupplies.7z")).count(), 2);
}

#[test]
fn shares_tickets_and_names() {
    let Some(e) = case(|_| true) else { return };
    let reads: Vec<_> = touches(&e)
        .into_iter()
        .filter_map(|(activity, touch)| match touch.object {
            Object::Shared { host, share, path, .. } if touch.kind == TouchKind::Opened => {
                assert_eq!((said(&e, host), said(&e, Some(share))), ("newyork", "sysvol"));
                assert_eq!(activity.place, host);
                let path = said(&e, Some(path)).rsplit('\\').next().unwrap();
                Some((said(&e, activity.actor.address), path))
            }
            _ => None,
        })
        .collect();
    for client in ["10.0.1.4", "10.0.1.6"] {
        assert!(reads.contains(&(client, "gpt.ini")) && reads.contains(&(client, "gpttmpl.inf")));
    }
    let asked = |from: &str, at: &str| {
        let near = |time: i64| (time - seconds(at)).abs() < 2_000_000_000;
        tickets(&e).iter().any(|(a, t)| {
            near(a.time)
                && t.kind == TicketKind::KerberosTgt
                && t.step == TicketStep::Issued
                && said(&e, t.account) == "dmevals\\pbeesly"
                && said(&e, t.from.address) == from
        })
    };
    assert!(asked("10.0.1.6", "1588206998"));
    assert!(!asked("10.0.1.9", "1588206998"));
    let known: Vec<_> = e.known.all();
    let knows = |host: &str, address: &str, how: NameBy| {
        known.iter().any(|k| {
            e.names.folded(k.host) == host && e.names.folded(k.address) == address && k.how == how
        })
    };
    assert!(knows("newyork", "10.0.0.4", NameBy::Dns));
    assert!(knows("newyork", "10.0.0.4", NameBy::Called));
    assert!(knows("nashua", "10.0.1.6", NameBy::Dns));
    assert!(!known.iter().any(|k| e.names.folded(k.host) == "www"));
}

#[test]
fn what_was_detected_in_a_copy_was_detected_in_the_first() {
    let record = r#"{"_path":"x509","ts":1600603200.5,"uid":"C1","id.orig_h":"10.0.1.4","id.resp_h":"192.0.2.9","id":"F1"}"#;
    let text = format!("{record}\n{record}\n");
    let mut e = Extraction::default();
    e.wanted.extend([(0, 0), (0, 1)]);
    read_into(&mut e, "", text.as_bytes());
    assert_eq!((e.evidence.records().len(), e.evidence.again().len()), (1, 1));
    assert_eq!(e.evidence.again()[0].0, (0, 1));
    // It shows at least who spoke to whom.
    let (activity, transfer) = transfers(&e)[0];
    assert_eq!(activity.record, e.evidence.again()[0].1);
    assert_eq!(said(&e, transfer.server.address), "192.0.2.9");
}
