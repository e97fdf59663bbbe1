//! What an estate expects, and what an analyst clears, in a small network of
//! which everything else is known: a file server, a workstation whose user
//! comes every day, and a host of the intruder's.

use super::*;
use crate::answer::HostWord;
use crate::assets::Assets;
use crate::estate::Declared;
use crate::extract::testing::{TIME, add, shape};
use crate::question::SaidSeed;

const HOUR: i64 = 3_600_000_000_000;

/// Hours that the evidence has.
const HOURS: i64 = 240;

const ASSETS: &str = r"
[[asset]]
id = 'plans'
locations = [{ host = 'FS01', path = 'D:\Plans\**' }]
";

/// Things of other kinds and in other places.
const MORE_ASSETS: &str = r"
[[asset]]
id = 'desktop'
locations = [{ host = 'WS66' }]
[[asset]]
id = 'account'
locations = [{ credential = 'ann@corp' }]
[[asset]]
id = 'bucket'
locations = [{ bucket = 'b' }]
[[asset]]
id = 'share'
locations = [{ share = '\\WS01\s' }]
";

/// Logs of the network.
#[derive(Default)]
struct Logs {
    extraction: Extraction,
    ids: HashMap<String, u64>,
}

impl Logs {
    /// Everything, of the file server only until an hour.
    fn until(last: i64) -> Self {
        let mut logs = Self::default();
        for hour in 0..HOURS {
            for host in ["FS01", "WS01", "WS66"] {
                if host == "FS01" && hour > last {
                    continue;
                }
                let pid = format!("{}", 1000 + hour);
                logs.run(host, hour, 1, &pid, r"C:\Windows\svc.exe", "4", "");
                let (kind, from) = if host == "FS01" { ("3", "WS01") } else { ("2", host) };
                let key = format!("0x{:x}", 0x1000 + hour);
                let user = if host == "WS66" { "eve" } else { "ann" };
                logs.event(
                    host,
                    hour,
                    2,
                    4624,
                    &[
                        ("TargetUserSid", "S-1-5-21-1-2-3-1104"),
                        ("TargetUserName", user),
                        ("TargetDomainName", "CORP"),
                        ("TargetLogonId", &key),
                        ("LogonType", kind),
                        ("WorkstationName", from),
                    ],
                );
            }
        }
        logs
    }

    fn all() -> Self {
        Self::until(HOURS)
    }

    fn event(&mut self, host: &str, hour: i64, second: i64, id: u32, row: &[(&str, &str)]) -> u64 {
        let number = self.ids.entry(host.to_owned()).or_default();
        *number += 1;
        let (record, number) = (number.to_string(), *number);
        let time = (TIME + hour * HOUR + second * 1_000_000_000).to_string();
        let mut row = row.to_vec();
        row.extend([("@host", host), ("@id", &record), ("@time", &time)]);
        add(&mut self.extraction, &shape("windows", "Security", id), &[&row]);
        number
    }

    /// A process begins, which has a number, an image, a parent and a command.
    #[expect(clippy::too_many_arguments, reason = "what a record has")]
    fn run(
        &mut self,
        host: &str,
        hour: i64,
        second: i64,
        pid: &str,
        image: &str,
        parent: &str,
        command: &str,
    ) -> u64 {
        self.event(
            host,
            hour,
            second,
            4688,
            &[
                ("SubjectUserSid", "S-1-5-18"),
                ("SubjectLogonId", "0x3e7"),
                ("NewProcessId", pid),
                ("NewProcessName", image),
                ("ProcessId", parent),
                ("ParentProcessName", r"C:\Windows\cmd.exe"),
                ("CommandLine", command),
            ],
        )
    }

    /// A detection in a record of a host.
    fn detected(&self, host: &str, number: u64, by: &str) -> Seed {
        let records = self.extraction.evidence.records();
        let is = |record: &crate::evidence::Record| {
            record.record_id == number
                && record.host.is_some_and(|h| self.extraction.names.shown(h) == host)
        };
        let at = records.iter().position(is).unwrap();
        let record = RecordId(u32::try_from(at).unwrap());
        Seed::Detected { record, by: by.to_owned(), level: "high".to_owned() }
    }

    fn answer(mut self, estate: &str, assets: &str, seeds: Vec<Seed>, clear: &[&str]) -> Answer {
        let names = &mut self.extraction.names;
        let (assets, notices) = Assets::parse(assets, names).unwrap();
        assert_eq!(notices, []);
        let (estate, notices) = Declared::parse(estate, names).unwrap();
        assert_eq!(notices, []);
        let clear = clear.iter().map(|word| said(word)).collect();
        judge(&mut self.extraction, &Question { assets, estate, seeds, clear, now: None })
    }

    /// The answer where the intruder has the host of his own.
    fn expecting(self, estate: &str) -> Answer {
        self.answer(estate, ASSETS, vec![Seed::Said(Box::new(said("host=WS66")))], &[])
    }
}

fn said(text: &str) -> SaidSeed {
    SaidSeed::parse(text).unwrap()
}

fn of_kind<'a>(answer: &'a Answer, kind: &str) -> Vec<&'a str> {
    answer.notices.iter().filter(|n| n.kind == kind).map(|n| n.text.as_str()).collect()
}

fn state<'a>(answer: &'a Answer, host: &str) -> Option<&'a HostWord> {
    answer.hosts.iter().find(|h| h.host == host).map(|h| &h.state)
}

#[test]
fn a_log_that_is_expected_and_there_changes_nothing() {
    let without = Logs::all().expecting("");
    assert_eq!(without.verdicts[0].verdict, Verdict::RuledOut, "{:?}", without.verdicts[0]);
    let with = Logs::all().expecting("[[host]]\nname = 'fs01'\nlogs = ['security']");
    assert_eq!(with.verdicts, without.verdicts);
    assert_eq!(with.coverage, without.coverage);
    assert_eq!(of_kind(&with, "expected-log-missing"), [""; 0]);
}

#[test]
fn a_log_that_is_expected_and_not_there_is_missing_by_name() {
    let estate = "[[host]]\nname = 'FS01'\nlogs = ['Security', 'linux/sshd', 'Application']";
    let answer = Logs::all().expecting(estate);
    let rows: Vec<&Coverage> =
        answer.coverage.iter().filter(|c| c.host == "FS01" && c.channel != "Security").collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    for (row, log) in rows.iter().zip(["Application", "linux/sshd"]) {
        assert_eq!((row.channel.as_str(), row.state), (log, CoverageWord::Missing));
        assert!(row.reason.contains("the estate expects"), "{}", row.reason);
        let (first, last) = (stamp(TIME + 1_000_000_000), answer.coverage.iter().map(|c| &c.to));
        assert_eq!((&row.from, Some(&row.to)), (&first, last.max()));
    }
    let notice = of_kind(&answer, "expected-log-missing");
    assert_eq!(notice.len(), 1, "one line a host");
    assert!(notice[0].ends_with("Application, linux/sshd"), "{}", notice[0]);
    // It could have shown sessions: that none was the intruder's is not known.
    let verdict = &answer.verdicts[0];
    assert_ne!(verdict.verdict, Verdict::RuledOut);
    let missing: Vec<_> = verdict
        .missing
        .iter()
        .map(|m| (m.host.as_str(), m.channel.as_str(), m.class.as_str()))
        .collect();
    assert_eq!(missing, [("FS01", "linux/sshd", "logon")]);
    assert_eq!(verdict.collect_next[0].channel, "linux/sshd");
    assert_eq!(answer.collect_next[0].settles, ["plans"]);
}

#[test]
fn a_log_that_could_show_nothing_of_it_is_named_and_no_more() {
    let answer =
        Logs::all().expecting("[[host]]\nname = 'FS01'\nlogs = ['Security', 'Application']");
    assert_eq!(answer.verdicts[0].verdict, Verdict::RuledOut);
    assert_eq!(of_kind(&answer, "expected-log-missing").len(), 1);
}

#[test]
fn a_host_of_which_there_is_no_record_is_missing() {
    let mut hosts = String::new();
    for number in 0..30 {
        hosts += &format!("[[host]]\nname = 'BK{number:02}'\n");
    }
    hosts += "[[host]]\nname = 'BK30'\nlogs = ['Security']\n";
    let assets = "[[asset]]\nid = 'a'\nlocations = [{ host = 'BK00', path = '/a' }]\n[[asset]]\nid = 'b'\nlocations = [{ host = 'BK30', path = '/a' }]";
    let seed = vec![Seed::Said(Box::new(said("host=WS66")))];
    let answer = Logs::all().answer(&hosts, assets, seed, &[]);
    for (at, channel) in [(0, "any"), (1, "Security")] {
        let verdict = &answer.verdicts[at];
        assert_eq!(verdict.verdict, Verdict::CannotBeDetermined);
        assert_eq!(verdict.missing[0].channel, channel, "{verdict:?}");
        assert_eq!(verdict.collect_next[0].channel, channel);
        let row = answer.coverage.iter().find(|c| c.host == verdict.missing[0].host).unwrap();
        assert_eq!((row.channel.as_str(), row.state), (channel, CoverageWord::Missing));
    }
    assert_eq!(state(&answer, "BK00"), Some(&HostWord::Unknown));
    assert_eq!(of_kind(&answer, "expected-host-missing").len(), 20);
    assert_eq!(of_kind(&answer, "expected-log-missing").len(), 1, "the rest is counted");
}

#[test]
fn a_log_that_is_expected_and_stops_early_is_missing_from_then_on() {
    let answer = Logs::until(100).expecting("[[host]]\nname = 'FS01'\nlogs = ['Security']");
    let rows: Vec<&Coverage> = answer.coverage.iter().filter(|c| c.host == "FS01").collect();
    let last = rows.last().unwrap();
    assert_eq!(last.state, CoverageWord::Missing);
    assert_eq!(last.from, stamp(TIME + 100 * HOUR + 2_000_000_000));
    let verdict = &answer.verdicts[0];
    assert_ne!(verdict.verdict, Verdict::RuledOut);
    assert!(verdict.missing.iter().any(|m| m.channel == "Security" && m.from == last.from));
    assert_eq!(of_kind(&answer, "expected-log-missing"), [""; 0]);
}

#[test]
fn where_only_a_logs_habit_speaks_the_verdict_has_a_condition() {
    let conditions = |last: i64| {
        let mut answer = Logs::until(last).expecting("");
        assert_eq!(answer.verdicts[0].verdict, Verdict::RuledOut);
        std::mem::take(&mut answer.verdicts[0].conditions)
    };
    let whole = conditions(HOURS);
    let short = conditions(HOURS - 2);
    let ends = stamp(TIME + (HOURS - 2) * HOUR + 2_000_000_000);
    let said =
        format!("nothing happened to it after {ends}, where the records of logon of FS01 end");
    assert!(!whole.iter().any(|c| c.starts_with("nothing happened")), "{whole:?}");
    assert_eq!(short.iter().filter(|c| **c == said).count(), 1, "{short:?}");
}

#[test]
fn a_record_without_a_time_may_have_been_at_any() {
    // No time, FILETIME 0, the last that 64 bits have.
    for time in [sekisho_event::TIME_UNKNOWN, -9_223_372_036_000_000_000, i64::MAX] {
        let mut logs = Logs::all();
        let row = [("@host", "FS01"), ("@time", &time.to_string()), ("TargetUserName", "eve")];
        add(&mut logs.extraction, &shape("windows", "Security", 4624), &[&row]);
        let answer = logs.expecting("");
        let verdict = &answer.verdicts[0];
        assert_ne!(verdict.verdict, Verdict::RuledOut, "{time}");
        let said = |m: &&crate::answer::Missing| {
            m.host == "FS01" && m.reason == "1 of its records have no time"
        };
        let missing: Vec<_> = verdict.missing.iter().filter(said).collect();
        assert_eq!((missing.len(), missing[0].class.as_str()), (1, "logon"), "{verdict:?}");
        let rows: Vec<&Coverage> = answer.coverage.iter().filter(|c| c.host == "FS01").collect();
        assert_eq!((rows.len(), rows[0].state), (1, CoverageWord::Partial), "{rows:?}");
        let others = answer.coverage.iter().filter(|c| c.host != "FS01");
        assert!(others.into_iter().all(|c| c.state == CoverageWord::Covered));
    }
}

#[test]
fn records_of_a_host_by_another_of_its_names_are_its_records() {
    let estate = "[[host]]\nnames = ['FILES', 'fs01.corp.example']\nlogs = ['Security']";
    let answer = Logs::all().expecting(estate);
    assert_eq!(of_kind(&answer, "expected-host-missing"), [""; 0]);
    assert_eq!(of_kind(&answer, "expected-log-missing"), [""; 0]);
}

#[test]
fn the_log_of_one_host_says_nothing_of_another_of_its_name() {
    let answer = |written: &[&str], declared: &[&str]| {
        let mut logs = Logs::all();
        for host in written {
            let time = (TIME + 3 * HOUR).to_string();
            let row = [("@host", *host), ("@time", &time), ("PrivilegeList", "none")];
            add(&mut logs.extraction, &shape("windows", "Security", 4672), &[&row]);
        }
        logs.expecting(&declared.concat())
    };
    let (a, b) = ("fs01.a.example", "FS01.B.example");
    let host = |names: &str| format!("[[host]]\nnames = [{names}]\nlogs = ['Security']\n");
    let (of_a, of_b) = (host("'fs01.a.example'"), host("'fs01.b.example'"));
    let one = host("'fs01.a.example', 'fs01.b.example.'");
    // (written in records, declared, ruled out)
    let cases: [(&[&str], &[&str], bool); 8] = [
        (&[a], &[], true),
        (&[a, "fs01.localdomain", "FS01.A.EXAMPLE."], &[&of_a], true),
        (&[a, b], &[], false),
        (&[a, b], &[&of_a], false),
        (&[a], &[&of_b], false),
        (&[], &[&of_a, &of_b], false),
        (&[a, b], &[&one], true),
        (&[a, b, "fs01.c.example"], &[&one], false),
    ];
    for (written, declared, out) in cases {
        let answer = answer(written, declared);
        let verdict = &answer.verdicts[0];
        assert_eq!(
            verdict.verdict == Verdict::RuledOut,
            out,
            "{written:?} {declared:?} {verdict:?}"
        );
        let told = of_kind(&answer, "hosts-of-one-name");
        assert_eq!(told.len(), usize::from(!out), "{told:?}");
        assert!(
            told.iter()
                .all(|text| text.contains("FS01 is the name of hosts in a.example, b.example"))
        );
        let of_fs01 = answer.coverage.iter().find(|c| c.host == "FS01").unwrap();
        assert_eq!(of_fs01.state == CoverageWord::Covered, out);
    }
}

#[test]
fn nothing_that_is_expected_makes_a_verdict_milder() {
    let logs =
        ["Security", "linux/sshd", "linux/auditd", "Application", "zeek/conn", "aws/cloudtrail"];
    let assets = format!("{ASSETS}{MORE_ASSETS}");
    let seed = || vec![Seed::Said(Box::new(said("host=WS66")))];
    let declared = |logs: &str| {
        let hosts = ["FS01", "WS01", "WS66", "DC09", "aws:123456789012"];
        hosts.map(|host| format!("[[host]]\nname = '{host}'\n{logs}\n")).concat()
    };
    let mut graver = 0;
    for last in [150, HOURS] {
        let without = Logs::until(last).answer(&declared(""), &assets, seed(), &[]);
        for count in 1..=logs.len() {
            let some = logs.map(|log| format!("'{log}'"))[..count].join(", ");
            let some = declared(&format!("logs = [{some}]"));
            let with = Logs::until(last).answer(&some, &assets, seed(), &[]);
            for (before, after) in without.verdicts.iter().zip(&with.verdicts) {
                let worse = before.verdict == Verdict::RuledOut;
                assert!(worse || before.verdict == after.verdict, "{before:?} {after:?}");
                graver += u32::from(before.verdict != after.verdict);
            }
        }
    }
    assert!(graver > 0, "no verdict rests on what was expected");
}

#[test]
fn a_detection_that_is_cleared_is_no_seed_and_on_record() {
    let mut logs = Logs::all();
    let deploy = logs.run("WS01", 50, 30, "0x900", r"C:\Tools\Deploy.exe", "0x4", "");
    let evil = logs.run("FS01", 60, 30, "0x900", r"C:\evil.exe", "0x4", "");
    let seeds = vec![
        logs.detected("WS01", deploy, "Remote tool"),
        logs.detected("WS01", deploy, "Odd folder"),
        logs.detected("FS01", evil, "Evil"),
    ];
    let clear = ["host=ws01 process=deploy.exe", "process=deploy.exe", "process=nobody.exe"];
    let answer = logs.answer("", ASSETS, seeds, &clear);
    assert_eq!(state(&answer, "FS01"), Some(&HostWord::Compromised));
    assert_ne!(state(&answer, "WS01"), Some(&HostWord::Compromised));
    assert_eq!(answer.cleared.detections, 2, "each once");
    let counts: Vec<u64> = answer.cleared.by.iter().map(|by| by.detections).collect();
    assert_eq!(counts, [2, 2, 0]);
    let rules: Vec<&str> = answer.cleared.by[0].rules.iter().map(|r| r.title.as_str()).collect();
    assert_eq!(rules, ["Odd folder", "Remote tool"]);
    let notices = of_kind(&answer, "cleared");
    assert_eq!(notices.len(), 2);
    for part in ["the analyst", clear[0], "2 detections", "Odd folder (high, 1)"] {
        assert!(notices[0].contains(part), "{}", notices[0]);
    }
    let nothing = of_kind(&answer, "cleared-nothing");
    assert!(nothing.len() == 1 && nothing[0].contains(clear[2]), "{nothing:?}");
    assert!(answer.verdicts.iter().all(|v| v.conditions[0].contains("cleared (2 detections)")));
}

#[test]
fn what_is_cleared_is_not_clean_by_other_ways() {
    let mut logs = Logs::all();
    let evil = logs.run("WS01", 50, 30, "0x900", r"C:\evil.exe", "0x4", "");
    let child = logs.run("WS01", 50, 31, "0x904", r"C:\Tools\deploy.exe", "0x900", "");
    let seeds = vec![logs.detected("WS01", evil, "Evil"), logs.detected("WS01", child, "Tool")];
    let answer = logs.answer("", ASSETS, seeds, &["process=deploy.exe"]);
    assert_eq!(answer.cleared.detections, 1);
    assert_eq!(state(&answer, "WS01"), Some(&HostWord::Compromised));
    // What an analyst names for the intruder's stays so.
    let mut logs = Logs::all();
    logs.run("WS01", 50, 30, "0x900", r"C:\Tools\deploy.exe", "0x4", "");
    let seed = vec![Seed::Said(Box::new(said("process=deploy.exe")))];
    let answer = logs.answer("", ASSETS, seed, &["process=deploy.exe"]);
    assert_eq!(state(&answer, "WS01"), Some(&HostWord::Compromised));
    assert_eq!(answer.cleared.detections, 0);
    assert!(answer.verdicts.iter().all(|v| v.conditions.iter().all(|c| !c.contains("cleared"))));
}

#[test]
fn whose_child_it_is_does_not_clear_a_detection() {
    let mut logs = Logs::all();
    let command = r"rclone.exe copy D:\Plans remote:plans";
    let found = logs.run("FS01", 50, 30, "0x900", r"C:\rclone.exe", "0x800", command);
    let seeds = vec![logs.detected("FS01", found, "Copy to a cloud")];
    let answer = logs.answer("", ASSETS, seeds, &["process=cmd.exe"]);
    assert_eq!(answer.cleared.detections, 0);
    assert_eq!(state(&answer, "FS01"), Some(&HostWord::Compromised));
}

#[test]
fn where_all_is_cleared_nothing_is_ruled_out() {
    let mut logs = Logs::all();
    let found = logs.run("WS01", 50, 30, "0x900", r"C:\Tools\deploy.exe", "0x4", "");
    let seeds = vec![logs.detected("WS01", found, "Tool")];
    let answer = logs.answer("", ASSETS, seeds, &["host=WS01 until=2024-12-31T00:00:00Z"]);
    assert_eq!(answer.cleared.detections, 1);
    assert_eq!(answer.verdicts[0].verdict, Verdict::CannotBeDetermined);
    assert!(of_kind(&answer, "no-seed")[0].contains("cleared all"));
    let mut logs = Logs::all();
    let found = logs.run("WS01", 50, 30, "0x900", r"C:\Tools\deploy.exe", "0x4", "");
    let seeds = vec![logs.detected("WS01", found, "Tool")];
    let answer = logs.answer("", ASSETS, seeds, &["host=WS01 until=2023-12-31T00:00:00Z"]);
    assert_eq!(answer.cleared.detections, 0);
}

/// Ann comes over the network from what calls itself so.
fn ann_from(workstation: &str) -> [(&str, &str); 6] {
    [
        ("TargetUserSid", "S-1-5-21-1-2-3-1104"),
        ("TargetUserName", "ann"),
        ("TargetDomainName", "CORP"),
        ("TargetLogonId", "0x9999"),
        ("LogonType", "3"),
        ("WorkstationName", workstation),
    ]
}

/// The verdict on the plans where a record is added to the file server's logs.
fn with(event: u32, row: &[(&str, &str)]) -> AssetVerdict {
    let mut logs = Logs::all();
    logs.event("FS01", 100, 30, event, row);
    logs.expecting("[[host]]\nname = 'WS66'\naddresses = ['10.0.0.66']").verdicts.remove(0)
}

#[test]
fn what_a_client_calls_itself_does_not_hide_where_it_came_from() {
    let came = |address: &str| {
        let mut row = ann_from("WS01").to_vec();
        row.push(("IpAddress", address));
        with(4624, &row).verdict
    };
    assert_eq!(came("-"), Verdict::RuledOut);
    assert_ne!(came("10.0.0.66"), Verdict::RuledOut, "the intruder's");
    assert_ne!(came("192.168.7.7"), Verdict::RuledOut, "nobody knows whose");
}

#[test]
fn who_was_never_let_in_on_record_is_not_taken_for_nobody() {
    let strange = [
        ("SubjectUserSid", "S-1-5-21-1-2-3-1999"),
        ("SubjectUserName", "mallory"),
        ("SubjectDomainName", "CORP"),
        ("SubjectLogonId", "0x777"),
        ("ObjectType", "File"),
        ("ObjectName", r"D:\Plans\a.docx"),
        ("AccessMask", "0x1"),
    ];
    assert_ne!(with(4663, &strange).verdict, Verdict::RuledOut);
    let back = [
        ("AccountName", "ann"),
        ("AccountDomain", "CORP"),
        ("LogonID", "0x1005"),
        ("ClientName", "KALI"),
        ("ClientAddress", "203.0.113.9"),
    ];
    assert_ne!(with(4778, &back).verdict, Verdict::RuledOut, "taken up again from outside");
}

#[test]
fn rights_that_another_record_tells_of_are_rights() {
    let came = [
        ("TargetUserSid", "S-1-5-21-1-2-3-1105"),
        ("TargetUserName", "eve"),
        ("TargetDomainName", "CORP"),
        ("TargetLogonId", "0x9999"),
        ("LogonType", "3"),
        ("WorkstationName", "WS66"),
    ];
    let rights = [
        ("SubjectUserSid", "S-1-5-21-1-2-3-1105"),
        ("SubjectUserName", "eve"),
        ("SubjectDomainName", "CORP"),
        ("SubjectLogonId", "0x9999"),
        ("PrivilegeList", "SeDebugPrivilege"),
    ];
    let share = |logs: &mut Logs, hour: i64| {
        let row = [
            ("SubjectUserSid", "S-1-5-21-1-2-3-1104"),
            ("SubjectUserName", "ann"),
            ("SubjectDomainName", "CORP"),
            ("SubjectLogonId", &*format!("0x{:x}", 0x1000 + hour)),
            ("ShareName", r"\\*\Pub"),
            ("ShareLocalPath", r"\??\D:\Pub"),
            ("RelativeTargetName", "a.txt"),
            ("AccessMask", "0x1"),
        ];
        logs.event("FS01", hour, 20, 5145, &row);
    };
    let verdict = |elevated: bool| {
        let mut logs = Logs::all();
        (0..HOURS).for_each(|hour| share(&mut logs, hour));
        logs.event("FS01", 100, 30, 4624, &came);
        if elevated {
            logs.event("FS01", 100, 30, 4672, &rights);
        }
        logs.expecting("").verdicts.remove(0)
    };
    assert_eq!(verdict(false).verdict, Verdict::RuledOut, "{:?}", verdict(false));
    assert_ne!(verdict(true).verdict, Verdict::RuledOut);
}

#[test]
fn all_that_an_account_does_that_is_the_intruders_is_the_intruders() {
    let mut logs = Logs::all();
    let row = [
        ("SubjectUserSid", "S-1-5-21-1-2-3-1105"),
        ("SubjectUserName", "eve"),
        ("SubjectDomainName", "CORP"),
        ("SubjectLogonId", "0x777"),
        ("NewProcessId", "0x9000"),
        ("NewProcessName", r"C:\Windows\System32\cmd.exe"),
        ("ProcessId", "0x8000"),
        ("CommandLine", r"cmd /c copy D:\Plans C:\t"),
    ];
    logs.event("FS01", 100, 30, 4688, &row);
    let seeds = vec![Seed::Said(Box::new(said("account=eve")))];
    let answer = logs.answer("", ASSETS, seeds, &[]);
    assert_eq!(answer.verdicts[0].verdict, Verdict::Accessed, "{:?}", answer.verdicts[0]);
}

#[test]
fn a_credential_lies_also_where_its_sessions_come_from() {
    let asset = "[[asset]]\nid = 'account'\nlocations = [{ credential = 'ann@corp' }]";
    let verdict = |from: Option<&str>| {
        let mut logs = Logs::all();
        for day in from.iter().flat_map(|_| 0..5) {
            logs.event("FS01", day * 24 + 1, 30, 4624, &ann_from(from.unwrap()));
        }
        let estate = "[[host]]\nname = 'WS02'";
        let seeds = vec![Seed::Said(Box::new(said("host=WS66")))];
        logs.answer(if from.is_some() { estate } else { "" }, asset, seeds, &[]).verdicts.remove(0)
    };
    assert_eq!(verdict(None).verdict, Verdict::RuledOut);
    assert_ne!(verdict(Some("WS02")).verdict, Verdict::RuledOut, "it supplies no log");
}

#[test]
fn an_event_that_is_not_numbered_may_have_been_any() {
    let mut logs = Logs::all();
    let row = [("@host", "FS01"), ("@time", &*(TIME + 100 * HOUR).to_string())];
    add(&mut logs.extraction, &shape("windows", "Security", 0), &[&row]);
    let answer = logs.expecting("");
    assert_ne!(answer.verdicts[0].verdict, Verdict::RuledOut);
    let rows: Vec<&Coverage> = answer.coverage.iter().filter(|c| c.host == "FS01").collect();
    assert_eq!((rows.len(), rows[0].state), (1, CoverageWord::Partial), "{rows:?}");
}
