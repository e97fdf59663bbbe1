//! Estates declared and learned.

use super::*;
use crate::activity::{
    Activity, Actor, Ended, LogonKind, Peer, Session, SessionStep, Transfer, What,
};
use crate::evidence::Record;
use crate::extract::{Class, Known, NameBy};

const HOUR: i64 = 3_600_000_000_000;

#[derive(Default)]
struct Made {
    extraction: Extraction,
}

impl Made {
    fn name(&mut self, text: &str) -> Name {
        self.extraction.names.of(text)
    }

    fn known(&mut self, host: &str, address: &str, hour: i64, how: NameBy) {
        let (host, address) = (self.name(host), self.name(address));
        self.extraction.known.add(Known { host, address, from: hour * HOUR, how });
    }

    /// A host that supplies logs.
    fn writes(&mut self, host: &str) {
        let record = self.record(Some(host), 0);
        self.extraction.heard.add(record.host, Class::Logon, &record);
    }

    fn record(&mut self, host: Option<&str>, time: i64) -> Record {
        let host = host.map(|host| self.name(host));
        let channel = self.name("Security");
        Record { host, channel, record_id: 1, time, cell: 0, index: 0 }
    }

    fn push(&mut self, host: Option<&str>, time: i64, what: What) {
        let record = self.record(host, time);
        let record = self.extraction.evidence.push(record);
        let place = host.map(|host| self.name(host));
        let actor = Actor::default();
        self.extraction.activities.push(Activity { record, time, place, actor, what });
    }

    fn learn(&self) -> Estate {
        Estate::learn(&Declared::default(), &self.extraction)
    }
}

#[test]
fn an_address_is_whose_it_was_at_the_time() {
    let mut made = Made::default();
    made.known("WS01", "10.0.0.5", 10, NameBy::Lease);
    made.known("WS02", "10.0.0.5", 20, NameBy::Lease);
    // A name that somebody gave himself does not outweigh a lease.
    made.known("EVIL", "10.0.0.5", 21, NameBy::Logon);
    made.known("EVIL", "192.168.0.4", 21, NameBy::Logon);
    let (one, two, address) = (made.name("WS01"), made.name("WS02"), made.name("10.0.0.5"));
    let far = made.name("192.168.0.4");
    let estate = made.learn();
    for (hour, host) in [(1, one), (10, one), (19, one), (20, two), (99, two)] {
        assert_eq!(estate.host_at(address, hour * HOUR), Some(host), "{hour}");
        assert_eq!(estate.canonical(address, hour * HOUR), host);
    }
    assert_eq!(estate.canonical_always(address), address);
    assert_eq!(estate.known_as(one).collect::<Vec<_>>(), [address]);
    assert_eq!(estate.inside(address), Inside::Yes);
    assert_eq!(estate.inside(far), Inside::Unknown);
    assert!(estate.is_ours(one) && !estate.is_ours(far));
}

#[test]
fn an_address_that_many_share_is_nobodys() {
    let mut made = Made::default();
    for host in ["A", "B", "C"] {
        made.known(host, "10.0.0.9", 5, NameBy::Logon);
    }
    made.known("D", "10.0.0.8", 5, NameBy::Logon);
    made.known("E", "10.0.0.8", 5, NameBy::Logon);
    let (shared, two) = (made.name("10.0.0.9"), made.name("10.0.0.8"));
    let estate = made.learn();
    assert_eq!(estate.host_at(shared, 5 * HOUR), None);
    assert_eq!(estate.host_at(two, 5 * HOUR), None);
    assert_eq!(estate.notices().len(), 2, "{:?}", estate.notices());
}

#[test]
fn a_name_that_is_only_called_is_another_of_the_same_host() {
    let mut made = Made::default();
    made.writes("DC01");
    made.known("DC01", "10.0.0.4", 1, NameBy::OwnRecord);
    made.known("example", "10.0.0.4", 2, NameBy::Called);
    made.known("www", "203.0.113.4", 2, NameBy::Dns);
    let (dc, example, www) = (made.name("DC01"), made.name("example"), made.name("www"));
    let public = made.name("203.0.113.4");
    let estate = made.learn();
    assert_eq!(estate.canonical(example, 0), dc);
    assert_eq!(estate.canonical(public, 2 * HOUR), public);
    assert_eq!(estate.canonical(www, 0), www);
    assert_eq!(estate.inside(public), Inside::No);
    assert_eq!(estate.inside(dc), Inside::Yes);
}

#[test]
fn the_order_of_reading_changes_nothing() {
    let all = [
        ("WS01", "10.0.0.5", 10, NameBy::Lease),
        ("WS02", "10.0.0.5", 10, NameBy::Lease),
        ("WS03", "10.0.0.6", 4, NameBy::Logon),
        ("WS04", "10.0.0.6", 4, NameBy::Logon),
        ("WS04", "10.0.0.6", 5, NameBy::Logon),
    ];
    let said = |order: &[usize]| {
        let mut made = Made::default();
        for &at in order {
            let (host, address, hour, how) = all[at];
            made.known(host, address, hour, how);
        }
        let estate = made.learn();
        let mut said = Vec::new();
        for address in ["10.0.0.5", "10.0.0.6"] {
            let address = made.name(address);
            for hour in 0..12 {
                let host = estate.host_at(address, hour * HOUR);
                said.push(host.map(|host| made.extraction.names.folded(host).to_owned()));
            }
        }
        let notices: Vec<String> = estate.notices().iter().map(|n| n.text.to_lowercase()).collect();
        (said, notices)
    };
    let first = said(&[0, 1, 2, 3, 4]);
    assert_eq!(first, said(&[4, 3, 2, 1, 0]));
    assert_eq!(first, said(&[2, 0, 4, 1, 3]));
}

fn logon(step: SessionStep, guid: Name) -> What {
    What::Session(Session {
        step,
        kind: LogonKind::Network,
        key: None,
        linked: None,
        guid: Some(guid),
        account: None,
        from: Peer::default(),
        to: Peer::default(),
        privileged: false,
    })
}

#[test]
fn clocks_are_compared_by_what_both_recorded() {
    let mut made = Made::default();
    let second = 1_000_000_000;
    for at in 0..9_i64 {
        let guid = made.name(&format!("{{guid-{at}}}"));
        let time = at * 1000 * second;
        made.push(Some("A"), time, logon(SessionStep::AskedElsewhere, guid));
        // Ahead by 90 seconds; one reuse of the id does not matter.
        made.push(Some("B"), time + 90 * second, logon(SessionStep::Opened, guid));
        made.push(Some("B"), time + 900 * second, logon(SessionStep::Opened, guid));
        let transfer = Transfer {
            client: Peer {
                host: None,
                address: Some(made.name("10.0.0.5")),
                port: Some(40_000 + u16::try_from(at).unwrap()),
            },
            server: Peer { host: None, address: Some(made.name("10.0.0.6")), port: Some(445) },
            server_name: None,
            protocol: made.name("tcp"),
            uid: None,
            sent: None,
            received: None,
            missed: 0,
            duration: None,
            ended: Ended::Unknown,
            files: Vec::new(),
            request: None,
        };
        made.push(Some("B"), time + 90 * second, What::Transfer(Box::new(transfer.clone())));
        made.push(None, time, What::Transfer(Box::new(transfer)));
    }
    let (a, b, c) = (Some(made.name("A")), Some(made.name("B")), Some(made.name("C")));
    let estate = made.learn();
    let skew = estate.skew(a, b).unwrap();
    assert_eq!((skew.offset, skew.bound, skew.pairs), (90 * second, 0, 9));
    assert_eq!(estate.skew(b, a).unwrap().offset, -90 * second);
    assert_eq!(estate.skew(a, None).unwrap().offset, 0);
    assert_eq!(estate.skew(a, c), None);
    assert!(estate.notices().iter().any(|n| n.kind == "clock-skew" && n.text.contains("90 s")));
}

#[test]
fn a_declaration_is_read_whole_and_wins() {
    let text = r#"
[[host]]
names = ["FS01", "files.example.org"]
addresses = ["10.0.0.5", { address = "10.0.0.9", from = 2024-03-01T00:00:00Z, to = 2024-04-01 }]
tier = 1
logs = ["Security"]
shares = { Plans = 'D:\Plans' }
[[network]]
cidr = ["10.0.0.0/8", "203.0.113.0/24"]
[[network]]
cidr = "10.66.0.0/16"
internal = false
[trusted_egress]
addresses = ["198.51.100.7"]
domains = ["*.backup.example.net"]
"#;
    let mut made = Made::default();
    made.known("OTHER", "10.0.0.5", 10, NameBy::Lease);
    let names = &mut made.extraction.names;
    let (declared, notices) = Declared::parse(text, names).unwrap();
    assert_eq!(notices, []);
    let mut name = |text: &str| names.of(text);
    let (fs, files) = (name("FS01"), name("files"));
    let (five, nine, lab) = (name("10.0.0.5"), name("10.0.0.9"), name("10.66.0.1"));
    let (ours, trusted) = (name("203.0.113.9"), name("198.51.100.7"));
    let estate = Estate::learn(&declared, &made.extraction);
    assert_eq!(estate.canonical(files, 0), fs);
    assert_eq!(estate.host_at(five, 10 * HOUR), Some(fs));
    let march = 1_709_251_200_000_000_000;
    for (time, host) in [(march - 1, None), (march, Some(fs)), (march + 31 * 24 * HOUR, None)] {
        assert_eq!(estate.host_at(nine, time), host, "{time}");
    }
    assert_eq!(estate.inside(lab), Inside::No);
    assert_eq!(estate.inside(ours), Inside::Yes);
    assert!(estate.is_trusted(trusted) && !estate.is_trusted(ours));
    assert!(estate.is_trusted_domain("A.backup.example.net"));
    assert!(!estate.is_trusted_domain("mybackup.example.net"));
    assert_eq!(estate.tier(files), Some(1));
    assert!(estate.shares().folder(fs, "plans").is_some());
    assert_eq!(estate.declared_hosts().filter(|h| !estate.expected_logs(*h).is_empty()).count(), 1);
}

#[test]
fn contradictions_and_mistakes_are_named() {
    for (text, word) in [
        (
            "[[host]]\nname = 'A'\naddresses = ['10.0.0.1']\n[[host]]\nname = 'B'\naddresses = ['10.0.0.1']",
            "two hosts",
        ),
        ("[[host]]\nname = 'A'\n[[host]]\nnames = ['B', 'a.example.org']", "name of two hosts"),
        (
            "[[host]]\nname = 'A'\naddresses = [{ address = '10.0.0.1', from = 2024-03-02, to = 2024-03-01 }]",
            "before",
        ),
        ("[[host]]\nname = 'A'\naddresses = ['10.0.0']", "address"),
        ("[[host]]\nname = 'A'\ntier = -1", "tier"),
        ("[[host]]\naddresses = ['10.0.0.1']", "without a name"),
        ("[[host]]\nname = 'A'\nadresses = ['10.0.0.1']", "`addresses`"),
        (
            "[[network]]\ncidr = '10.0.0.0/8'\ninternal = true\nexternal = true",
            "both internal and external",
        ),
        (
            "[[network]]\ncidr = '10.0.0.0/8'\n[[network]]\ncidr = '10.0.0.0/8'\nexternal = true",
            "both internal and external",
        ),
        ("[[network]]\ncidr = '10.0.0.0/99'", "no network"),
        ("[trusted_egress]\ndomains = ['*']", "no domain"),
        ("tier = 0", "not known"),
        ("host = 3", "expected a table"),
    ] {
        let (_, notices) = Declared::parse(text, &mut Names::default()).unwrap();
        assert_eq!(notices.len(), 1, "{text}: {notices:?}");
        assert!(notices[0].text.contains(word), "{text}: {}", notices[0].text);
    }
    assert!(Declared::parse("[[host]\n", &mut Names::default()).unwrap_err().contains("line 1"));
}

proptest::proptest! {
    #[test]
    fn random_text_never_panics(text in ".{0,200}", value in "[0-9a-z:/.-]{0,20}") {
        let mut names = Names::default();
        let _ = Declared::parse(&text, &mut names);
        let text = format!(
            "[[host]]\nname='a'\naddresses=['{value}', {{ address = '10.0.0.1', from = '{value}' }}]\n[[network]]\ncidr='{value}'\n");
        proptest::prop_assert!(Declared::parse(&text, &mut names).is_ok());
    }
}

#[test]
fn a_shared_folder_without_its_drive_is_named() {
    let text = "[[host]]\nname = 'FS01'\nshares = { Plans = 'Plans', All = 'D:\\' }";
    let (declared, notices) = Declared::parse(text, &mut Names::default()).unwrap();
    assert_eq!(declared.hosts[0].shares.len(), 1);
    assert!(notices[0].text.contains("`Plans` of"), "{notices:?}");
    assert!(notices[0].text.contains("has no drive"), "{notices:?}");
}
