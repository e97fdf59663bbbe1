//! What the rehearsal promises: equal seeds, equal bytes; ids that grow; a truth that can be looked up; an honest table.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use super::rules;
use super::{DemoOptions, Found, Outcome, RecordRef, Truth, compare, generate};

struct Made {
    folder: PathBuf,
    truth: Truth,
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn make(seed: u64, scale: u32) -> Made {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("sekisho-demo-{}-{number}", std::process::id()));
    let truth = generate(&folder, &DemoOptions { seed, scale }).unwrap();
    Made { folder, truth }
}

/// Seed 1 at scale 1.
fn usual() -> Made {
    make(1, 1)
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(one) = open.pop() {
        for entry in fs::read_dir(&one).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    all
}

fn windows_lines(folder: &Path) -> Vec<(PathBuf, Vec<Value>)> {
    files(folder)
        .into_iter()
        .filter(|(path, _)| path.starts_with("logs/windows"))
        .map(|(path, bytes)| {
            let text = String::from_utf8(bytes).unwrap();
            (path, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
        })
        .collect()
}

fn all_records(truth: &Truth) -> Vec<&RecordRef> {
    let acts = truth.steps.iter().chain(&truth.responses).chain(&truth.decoys);
    acts.flat_map(|act| act.record.iter().chain(&act.also)).collect()
}

fn detection(rule: &str, record: &RecordRef, level: &str) -> Found {
    Found {
        title: String::new(),
        rule_id: rule.to_owned(),
        host: format!("{}.example.org", record.host),
        channel: record.channel.clone(),
        record_id: record.record_id.unwrap_or(0),
        time: record.time.clone(),
        level: level.to_owned(),
    }
}

#[test]
fn equal_seeds_give_equal_bytes() {
    let (a, b, c) = (make(7, 1), make(7, 1), make(8, 1));
    assert!(files(&a.folder) == files(&b.folder));
    assert!(files(&a.folder) != files(&c.folder));
    assert_eq!(a.truth, b.truth);
}

#[test]
fn more_ordinary_work_leaves_the_intrusion_alone() {
    let big = make(1, 3);
    let told = |truth: &Truth| -> Vec<(String, String)> {
        truth.steps.iter().map(|step| (step.name.clone(), step.time.clone())).collect()
    };
    assert_eq!(told(&big.truth), told(&usual().truth));
    assert!(big.truth.records > 2 * usual().truth.records);
}

#[test]
fn record_ids_and_times_grow_in_every_channel() {
    for (path, lines) in windows_lines(&usual().folder) {
        let mut last = (0, String::new());
        assert!(!lines.is_empty(), "{} is empty", path.display());
        for line in lines {
            let system = &line["Event"]["System"];
            let id = system["EventRecordID"].as_u64().unwrap();
            let time =
                system["TimeCreated"]["#attributes"]["SystemTime"].as_str().unwrap().to_owned();
            assert!(id > last.0, "{}: {id} after {}", path.display(), last.0);
            assert!(time >= last.1, "{}: {time} after {}", path.display(), last.1);
            last = (id, time);
        }
    }
}

#[test]
fn size_is_as_promised() {
    let made = usual();
    assert!((30_000..=60_000).contains(&made.truth.records), "{}", made.truth.records);
    let mut lines = 0;
    for (path, bytes) in files(&made.folder).iter().filter(|(path, _)| path.starts_with("logs")) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        lines += text.lines().filter(|line| !line.starts_with('#')).count() as u64;
        assert!(text.ends_with('\n'), "{}", path.display());
    }
    assert_eq!(lines, made.truth.records);
}

#[test]
fn every_reference_of_the_truth_is_in_the_logs() {
    let made = usual();
    let all = files(&made.folder);
    let records = all_records(&made.truth);
    assert!(records.len() > 300);
    for record in records {
        let bytes = all.get(Path::new(&record.path)).unwrap();
        let text = std::str::from_utf8(bytes).unwrap();
        let line = text.lines().nth(usize::try_from(record.line).unwrap() - 1).unwrap();
        if let Some(id) = record.record_id {
            let value: Value = serde_json::from_str(line).unwrap();
            let system = &value["Event"]["System"];
            assert_eq!(system["EventRecordID"].as_u64(), Some(id));
            assert_eq!(system["Channel"].as_str(), Some(record.channel.as_str()));
            assert_eq!(
                system["Computer"].as_str(),
                Some(format!("{}.example.org", record.host).as_str())
            );
            assert_eq!(
                system["TimeCreated"]["#attributes"]["SystemTime"].as_str(),
                Some(record.time.as_str())
            );
        } else {
            let time = super::clock::parse(&record.time).unwrap();
            let forms = [super::clock::epoch(time), super::clock::seconds(time)];
            assert!(forms.iter().any(|form| line.contains(form.as_str())), "{record:?}: {line}");
        }
    }
}

#[test]
fn zeek_lines_have_as_many_columns_as_their_header() {
    for (path, bytes) in files(&usual().folder) {
        if path.extension().is_none_or(|ending| ending != "log") {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        let columns = |line: &str| line.split('\t').count();
        let fields = text.lines().find(|line| line.starts_with("#fields")).map(columns).unwrap();
        let types = text.lines().find(|line| line.starts_with("#types")).map(columns).unwrap();
        assert_eq!(fields, types, "{}", path.display());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(columns(line) + 1, fields, "{}: {line}", path.display());
        }
    }
}

#[test]
fn gaps_are_silent_and_told() {
    let made = usual();
    assert!(!made.folder.join("logs/windows/LAB01").exists());
    for (path, lines) in windows_lines(&made.folder) {
        for gap in &made.truth.gaps {
            let Some(first) = lines.first() else { continue };
            let system = &first["Event"]["System"];
            let same_host =
                system["Computer"].as_str() == Some(format!("{}.example.org", gap.host).as_str());
            if !same_host || system["Channel"].as_str() != Some(gap.channel.as_str()) {
                continue;
            }
            for line in &lines {
                let time = line["Event"]["System"]["TimeCreated"]["#attributes"]["SystemTime"]
                    .as_str()
                    .unwrap();
                assert!(
                    !(gap.from.as_str()..gap.to.as_str()).contains(&time),
                    "{}: {time}",
                    path.display()
                );
            }
        }
    }
    let lost: Vec<_> = made.truth.steps.iter().filter(|step| step.record.is_none()).collect();
    assert_eq!(lost.len(), 4);
    assert!(lost.iter().all(|step| {
        step.reason.as_ref().is_some_and(|why| why.starts_with("no record survives"))
    }));
}

#[test]
fn the_hole_in_the_file_server_shows_in_its_record_ids() {
    let made = usual();
    let lines = windows_lines(&made.folder);
    let (_, lines) = lines.iter().find(|(path, _)| path.ends_with("FS01/Security.jsonl")).unwrap();
    let ids: Vec<u64> =
        lines.iter().map(|l| l["Event"]["System"]["EventRecordID"].as_u64().unwrap()).collect();
    let holes: Vec<u64> =
        ids.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 1).collect();
    assert_eq!(holes.len(), 1);
    assert!(holes[0] > 70);
}

#[test]
fn the_truth_file_is_json_and_says_the_same() {
    let made = usual();
    let text = fs::read_to_string(made.folder.join("truth.json")).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["format"], "sekisho-truth/1");
    assert_eq!(value["steps"].as_array().unwrap().len(), made.truth.steps.len());
    assert_eq!(value["gaps"].as_array().unwrap().len(), made.truth.gaps.len());
    let times: Vec<&str> = made.truth.steps.iter().map(|step| step.time.as_str()).collect();
    assert!(times.is_sorted());
    assert_eq!(made.truth.windows.len(), 2);
}

#[test]
fn every_expected_rule_is_in_the_pack() {
    let pack = [
        (rules::MAIL_MACRO, include_str!("../../rules/windows_mail_macro_document.yml")),
        (rules::OFFICE_SCRIPT, include_str!("../../rules/windows_office_starts_script_host.yml")),
        (rules::SCRIPT_BLOCK, include_str!("../../rules/windows_powershell_download_text.yml")),
        (rules::SCRIPT_CONNECTS, include_str!("../../rules/windows_script_host_connects_out.yml")),
        (rules::RUN_KEY, include_str!("../../rules/windows_run_key_user_path.yml")),
        (rules::TASK, include_str!("../../rules/windows_task_hidden_shell.yml")),
        (rules::SCHTASKS, include_str!("../../rules/windows_schtasks_create.yml")),
        (rules::LSASS, include_str!("../../rules/windows_lsass_access.yml")),
        (rules::SERVICE, include_str!("../../rules/windows_remote_service_install.yml")),
        (rules::SERVICE_CHILD, include_str!("../../rules/windows_service_child_shell.yml")),
        (rules::ADMIN_SHARE, include_str!("../../rules/windows_admin_share_write.yml")),
        (rules::ZEEK_ADMIN_SHARE, include_str!("../../rules/zeek_admin_share_program.yml")),
        (rules::ARCHIVER, include_str!("../../rules/windows_archiver_on_share.yml")),
        (rules::LOG_CLEARED, include_str!("../../rules/windows_log_cleared.yml")),
        (rules::SYSTEM_LOG_CLEARED, include_str!("../../rules/windows_system_log_cleared.yml")),
        (rules::ADMIN_GROUP, include_str!("../../rules/windows_admin_group_member.yml")),
        (rules::USER_CREATED, include_str!("../../rules/windows_user_created.yml")),
        (rules::KERBEROAST, include_str!("../../rules/windows_kerberoast_rc4.yml")),
        (
            rules::REMOTE_DESKTOP,
            include_str!("../../rules/windows_remote_desktop_from_outside.yml"),
        ),
        (rules::DISCOVERY, include_str!("../../rules/windows_domain_discovery.yml")),
        (rules::EXPLICIT, include_str!("../../rules/windows_explicit_credentials_script.yml")),
        (rules::UPLOAD, include_str!("../../rules/zeek_large_upload.yml")),
        (rules::ZEEK_SCRIPT_AGENT, include_str!("../../rules/zeek_script_agent_download.yml")),
        (rules::INBOX_RULE, include_str!("../../rules/m365_inbox_rule_forwards.yml")),
        (rules::CONSENT, include_str!("../../rules/m365_consent_mail_read.yml")),
        (rules::MAIL_SYNC, include_str!("../../rules/m365_mailbox_sync_odd_client.yml")),
        (rules::MANY_FILES, include_str!("../../rules/correlation_many_share_files.yml")),
        (rules::SPRAY, include_str!("../../rules/correlation_password_spray.yml")),
    ];
    let made = usual();
    let truth = &made.truth;
    for step in truth.steps.iter().chain(&truth.decoys) {
        let Some(rule) = &step.rule else {
            assert!(step.reason.is_some(), "{} has neither rule nor reason", step.name);
            continue;
        };
        let (_, text) = pack.iter().find(|(id, _)| id == rule).unwrap();
        assert!(text.contains(&format!("id: {rule}")), "{}", step.name);
    }
}

#[test]
fn without_detections_every_step_is_missed_with_a_reason() {
    let comparison = compare(&usual().truth, &[]);
    assert_eq!(comparison.found(), 0);
    assert_eq!(comparison.missed(), usual().truth.steps.len());
    for judged in &comparison.steps {
        assert!(matches!(&judged.outcome, Outcome::Missed(reason) if !reason.is_empty()));
    }
    assert!(comparison.to_string().contains("MISSED"));
}

#[test]
fn the_expected_detections_find_all_that_can_be_found() {
    let made = usual();
    let truth = &made.truth;
    let found: Vec<Found> = truth
        .steps
        .iter()
        .filter_map(|step| Some(detection(step.rule.as_deref()?, step.record.as_ref()?, "low")))
        .collect();
    let comparison = compare(truth, &found);
    assert_eq!(comparison.found(), found.len());
    assert_eq!(comparison.failures(), 0);
    assert!(comparison.missed() > 0, "some steps cannot be found, and must show as missed");
    assert!(comparison.false_alarms.is_empty());
}

#[test]
fn a_detection_elsewhere_is_a_false_alarm_unless_it_is_quiet() {
    let made = usual();
    let truth = &made.truth;
    let decoy = detection("r1", truth.decoys[0].record.as_ref().unwrap(), "high");
    let response = detection("r1", truth.responses[0].record.as_ref().unwrap(), "medium");
    let mut other = decoy.clone();
    other.record_id = 1;
    other.time = "2026-03-02T00:00:00Z".to_owned();
    let mut quiet = other.clone();
    quiet.level = "low".to_owned();
    let comparison = compare(truth, &[decoy, response, other, quiet]);
    let alarms = &comparison.false_alarms["r1"];
    assert_eq!((alarms.count, alarms.on_decoys, alarms.on_responses), (3, 1, 1));
    assert_eq!(comparison.quiet, 1);
    assert_eq!(comparison.found(), 0);
}

#[test]
fn a_low_detection_by_another_rule_finds_nothing() {
    let made = usual();
    let truth = &made.truth;
    let record = truth.steps[0].record.as_ref().unwrap();
    assert_eq!(compare(truth, &[detection("another", record, "low")]).found(), 0);
    let comparison = compare(truth, &[detection("another", record, "high")]);
    assert_eq!(
        comparison.steps[0].outcome,
        Outcome::Found { by_expected_rule: false, detections: 1 }
    );
}

#[test]
fn the_table_fits_a_terminal() {
    let made = usual();
    let truth = &made.truth;
    let found: Vec<Found> = truth
        .decoys
        .iter()
        .filter_map(|d| {
            Some(detection("0384d606-2f5d-4547-9157-5b2da272255c", d.record.as_ref()?, "high"))
        })
        .collect();
    let table = compare(truth, &found).to_string();
    for line in table.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn times_are_read_back_as_written() {
    use super::clock::{START, epoch, iso, parse, seconds, sysmon};
    assert_eq!(iso(START), "2026-03-02T00:00:00.000000Z");
    let time = START + 86_399_123_456;
    for text in
        [iso(time), epoch(time), iso(time).replace('Z', "+00:00"), iso(time).replace("Z", "000Z")]
    {
        assert_eq!(parse(&text), Some(time), "{text}");
    }
    assert_eq!(parse(&sysmon(time)), Some(time - 456));
    assert_eq!(parse(&seconds(time)), Some(time - 123_456));
    for bad in [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:00+09:00",
    ] {
        assert_eq!(parse(bad), None, "{bad}");
    }
}
