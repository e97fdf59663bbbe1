//! What must hold for every page, whatever is in the logs.

use super::*;

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>' onmouseover='x",
    "gpj.\u{202e}exe.invoice",
    "nul\0bell\u{7}esc\u{1b}[31m",
    "</title></style></bdi><svg onload=alert(1)>",
    "&lt;b&gt; `${x}` \u{200b}\u{feff}\u{2066}",
];

/// A report with `text` wherever text can be.
fn full_of(text: &str) -> Report {
    let s = || text.to_owned();
    let time = Some(1_709_211_909_250_000_000);
    let example = Example {
        time_ns: time,
        host: s(),
        channel: s(),
        record_id: Some(7),
        path: s(),
        position: Some(Position::Line(3)),
        matched: vec![(s(), s()), (s(), s().repeat(20))],
    };
    let rule = FiredRule {
        title: s(),
        id: s(),
        level: Level::High,
        description: s(),
        tags: vec![s()],
        file: s(),
        detections: 2,
        hosts: 1,
        first_ns: time,
        last_ns: time,
        examples: vec![example],
    };
    let subject =
        Subject { name: s(), detections: 2, worst: Level::High, first_ns: time, last_ns: None };
    Report {
        complete: true,
        version: s(),
        options: vec![NamedValue { name: s(), value: s() }],
        totals: Totals {
            records: 9,
            rules_loaded: 4,
            detections: 2,
            hosts: 1,
            ..Totals::default()
        },
        hosts: vec![subject.clone()].into(),
        accounts: vec![subject].into(),
        rules: vec![rule].into(),
        tactics: vec![TacticCount { tactic: s(), detections: 1, rules: 1 }],
        sources: vec![Source { path: s(), sha256: s(), format: s(), ..Source::default() }].into(),
        unseen: unseen_full_of(text),
        rejected: vec![RejectedRule { file: s(), line: Some(2), reason: s() }].into(),
        ..Report::default()
    }
}

fn unseen_full_of(text: &str) -> Unseen {
    let s = || text.to_owned();
    Unseen {
        problems: vec![Problem { path: s(), what: s(), expected: s(), count: 1, position: None }]
            .into(),
        idle_rules: vec![IdleRules { reason: s(), rules: 3, examples: vec![s()] }],
        unexamined: vec![UnexaminedKind { kind: s(), records: 5 }].into(),
        assumptions: vec![Assumption { about: s(), text: s() }].into(),
        duplicates: vec![Duplicate { path: s(), same_as: s() }].into(),
        ..Unseen::default()
    }
}

/// The page of a report that holds nothing but harmless words, with markup reduced to its tags.
fn tags(page: &str) -> Vec<String> {
    let body = page.split_once("<body>").expect("a body").1;
    let body = body.split_once("<script>").expect("our script").0;
    let mut tags = Vec::new();
    let mut rest = body;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').expect("a closed tag");
        tags.push(tag.split([' ', '\n']).next().unwrap_or("").to_owned());
        rest = after;
    }
    tags.retain(|tag| !["i", "/i", "span", "/span"].contains(&tag.as_str()));
    tags
}

#[test]
fn hostile_text_never_becomes_markup() {
    for hostile in HOSTILE {
        let harmless = "x".repeat(hostile.chars().count());
        let page = render(&full_of(hostile));
        assert_eq!(tags(&page), tags(&render(&full_of(&harmless))), "{hostile:?}");
        assert_eq!(page.matches("<script").count(), 1);
        let visible = |c: char| c == '\n' || !c.is_control();
        assert!(page.chars().all(visible), "{hostile:?}");
        for hidden in ['\u{202e}', '\u{200b}', '\u{feff}', '\u{2066}'] {
            assert!(!page.contains(hidden), "{hidden:?}");
        }
    }
}

#[test]
fn hidden_characters_are_shown_by_number() {
    let page = render(&full_of("a\u{202e}b\0c"));
    assert!(page.contains("a<i>U+202E</i>b<i>U+0000</i>c"));
}

#[test]
fn quotes_are_escaped_in_tooltips() {
    let page = render(&full_of(&"\"'<>&".repeat(300)));
    assert!(page.contains("title=\"&quot;&#39;&lt;&gt;&amp;"));
    assert!(page.contains("more characters"));
}

#[test]
fn the_page_stays_below_its_limit() {
    let worst = "\u{202e}\"".repeat(700);
    let mut report = full_of(&worst);
    fn many<T: Clone>(list: &mut Listed<T>, total: usize) {
        list.items = list.items.iter().cycle().take(total).cloned().collect();
        list.total = total as u64 + 5;
    }
    if let Some(rule) = report.rules.items.first_mut() {
        rule.examples = rule.examples.iter().cycle().take(12).cloned().collect();
        rule.tags = vec![worst.clone(); 20];
        rule.detections = 1_000_000;
    }
    many(&mut report.rules, 1_200);
    for rule in report.rules.items.iter_mut().skip(5) {
        *rule = FiredRule {
            title: "z".into(),
            examples: std::mem::take(&mut rule.examples),
            ..FiredRule::default()
        };
    }
    many(&mut report.hosts, 1_500);
    many(&mut report.accounts, 1_500);
    many(&mut report.sources, 1_500);
    many(&mut report.rejected, 1_500);
    many(&mut report.unseen.problems, 1_500);
    many(&mut report.unseen.unexamined, 1_500);
    many(&mut report.unseen.assumptions, 1_500);
    many(&mut report.unseen.duplicates, 1_500);
    report.unseen.idle_rules =
        report.unseen.idle_rules.iter().cycle().take(1_500).cloned().collect();
    report.tactics = report.tactics.iter().cycle().take(1_500).cloned().collect();
    report.options = report.options.iter().cycle().take(1_500).cloned().collect();
    let buckets =
        vec![
            Bucket { levels: ByLevel { critical: 1, ..ByLevel::default() }, records: Some(0) };
            100_000
        ];
    report.timeline =
        Some(Timeline { start_s: i64::MAX - 5, bucket_s: u64::MAX, buckets, undated: 1 });
    let page = render(&report);
    assert!(page.len() < PAGE_BYTES, "{} bytes", page.len());
    assert!(page.contains("more rules not shown on this page"));
    assert!(page.contains("Examples are left out"));
}

#[test]
fn the_byte_limits_fit_in_the_page() {
    use super::limits::*;
    let parts = [
        RULES,
        SUBJECTS,
        SUBJECTS,
        SOURCES,
        PROBLEMS,
        IDLE,
        UNEXAMINED,
        ASSUMPTIONS,
        DUPLICATES,
        REJECTED,
    ];
    let sum: usize = parts.iter().chain(&[OPTIONS, OTHER_TACTICS]).map(|limit| limit.bytes).sum();
    assert!(sum + 400_000 < PAGE_BYTES, "{sum} bytes leave too little for the first screen");
}

#[test]
fn equal_reports_give_equal_pages() {
    let report = full_of("same");
    assert_eq!(render(&report), render(&report.clone()));
    let mut turned = report.clone();
    let other =
        Subject { name: "other".into(), detections: 2, worst: Level::High, ..Subject::default() };
    turned.hosts = vec![other.clone(), report.hosts.items[0].clone()].into();
    let mut straight = report.clone();
    straight.hosts = vec![report.hosts.items[0].clone(), other].into();
    assert_eq!(render(&turned), render(&straight), "the order of hosts must not show");
}

#[test]
fn an_empty_report_says_what_was_not_done() {
    let page = render(&Report::default());
    assert!(page.contains("No record could be read, so nothing was examined."));
    assert!(!page.to_lowercase().contains("clean"));
    let looked = Report {
        complete: true,
        totals: Totals { records: 1_200, hosts: 3, rules_loaded: 10, ..Totals::default() },
        ..Report::default()
    };
    let page = render(&looked);
    assert!(page.contains("No rule matched in 1,200 records from 3 hosts, which does not prove"));
    assert!(!page.to_lowercase().contains("clean"));
}

#[test]
fn an_incomplete_report_says_so_first() {
    let mut report = full_of("x");
    assert!(!render(&report).contains("class=\"stopped\""));
    report.complete = false;
    let page = render(&report);
    let banner = page.find("class=\"stopped\"").expect("a banner");
    assert!(banner < page.find("<h1").expect("a heading"));
    assert!(page.contains("<title>Incomplete: "));
}

#[test]
fn the_page_asks_for_nothing() {
    let page = render(&full_of("x"));
    for word in ["http://", "https://", "url(", "@import", " src=", "<link", " style="] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn the_sentence_holds_the_counts() {
    let mut report = full_of("x");
    report.totals = Totals {
        detections: 412,
        rules_fired: 37,
        hosts: 12,
        hosts_with_detections: 9,
        records: 5,
        rules_loaded: 3_781,
        ..Totals::default()
    };
    report.levels.critical.detections = 3;
    report.unseen.files_unread = 2;
    report.unseen.idle_rules = vec![IdleRules { rules: 1_204, ..IdleRules::default() }];
    let page = render(&report);
    assert!(page.contains(
        "<h1><b>412 detections</b>, <b class=\"worst\">3 of them critical</b>, \
         by 37 rules on 9 of 12 hosts. \
         2 files could not be read and 1,204 of 3,781 rules had nothing to look at.</h1>"
    ));
}

#[test]
fn the_sentence_is_right_for_one() {
    let mut report = full_of("x");
    report.totals.detections = 1;
    report.totals.rules_fired = 1;
    report.totals.hosts_with_detections = 1;
    report.unseen.idle_rules.clear();
    report.unseen.files_in_part = 1;
    assert!(render(&report).contains(
        "<b>1 detection</b>, not critical, by 1 rule on 1 of 1 host. \
         1 file was read only in part.</h1>"
    ));
    report.levels.critical.detections = 1;
    let page = render(&report);
    assert!(page.contains("<b>1 detection</b>, <b class=\"worst\">critical</b>, by 1 rule"));
}

#[test]
fn tactics_of_both_ages_are_shown_in_order() {
    let mut report = full_of("x");
    let count = |tactic: &str| TacticCount { tactic: tactic.into(), detections: 4, rules: 1 };
    let page = render(&report);
    assert!(!page.contains("Defense Evasion") && page.contains("Stealth"));
    report.tactics =
        vec![count("attack.impact"), count("Defense Evasion"), count("attack.initial_access")];
    let page = render(&report);
    let at = |name: &str| page.find(name).expect("the tactic is shown");
    assert!(at("Initial Access") < at("Defense Evasion") && at("Defense Evasion") < at("Impact"));
    assert_eq!(page.matches("<b>4</b><span>").count(), 3);
}

#[test]
fn marks_are_not_piled_up() {
    let page = render(&full_of("z\u{301}\u{302}\u{303}\u{304}\u{305}a\u{301}"));
    assert!(page.contains("z\u{301}\u{302}\u{303}<i>U+0304</i><i>U+0305</i>a\u{301}"));
}

#[test]
fn a_quiet_time_still_shows_its_gaps() {
    let seen = Bucket { records: Some(5), ..Bucket::default() };
    let gap = Bucket { records: Some(0), ..Bucket::default() };
    let buckets = vec![seen, gap, gap, seen];
    let timeline = Some(Timeline { start_s: 0, bucket_s: 3_600, buckets, undated: 0 });
    let page = render(&Report { timeline, ..Report::default() });
    assert_eq!(page.matches("class=\"gap\"").count(), 2);
    assert!(page.contains("no records in 2 bars"));
    assert!(page.contains("1970-01-01 01:00 to 1970-01-01 02:00 UTC: </bdi>no records"));
}
