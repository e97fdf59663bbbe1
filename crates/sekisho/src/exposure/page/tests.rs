//! What must hold for every page, whatever is in the answer.

use sekisho_exposure::answer::{
    AccountState, Censored, Cited, Cleared, Collect, Coverage, CoverageWord, Edge, Evicted, Grade,
    HostState, HostWord, Missing, Notice, Reentry, Verdict, Volume, Window,
};
use sekisho_exposure::answer::{Answer, AssetVerdict};

use super::*;

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>' onmouseover='x",
    "gpj.\u{202e}exe.invoice",
    "nul\0bell\u{7}esc\u{1b}[31m",
    "</title></style></bdi><svg onload=alert(1)>",
    "&lt;b&gt; `${x}` \u{200b}\u{feff}\u{2066}",
];

const TIME: &str = "2026-02-17T08:15:30Z";

fn cited(text: &str, index: u64) -> Cited {
    Cited {
        host: text.to_owned(),
        channel: text.to_owned(),
        record_id: Some(7),
        time: TIME.to_owned(),
        why: text.to_owned(),
        cell: 12,
        index,
    }
}

fn collect(text: &str) -> Collect {
    Collect {
        host: text.to_owned(),
        channel: text.to_owned(),
        class: text.to_owned(),
        from: TIME.to_owned(),
        to: "2026-02-18T08:00:00Z".to_owned(),
        settles: vec![text.to_owned()],
        overwritten_by: Some("2026-03-01T00:00:00Z".to_owned()),
    }
}

fn asset(text: &str, verdict: Verdict) -> AssetVerdict {
    let s = || text.to_owned();
    AssetVerdict {
        asset: s(),
        name: Some(s()),
        classification: Some(s()),
        verdict,
        grade: Grade::Probable,
        detail: s(),
        why: s(),
        first: Some(TIME.to_owned()),
        last: Some(s()),
        volume: Volume { lower: Some(2_000), upper: None },
        evidence: (0..14).map(|index| cited(text, index)).collect(),
        conditions: vec![s()],
        missing: vec![Missing {
            host: s(),
            channel: s(),
            class: s(),
            from: TIME.to_owned(),
            to: "2026-02-18T08:00:00Z".to_owned(),
            reason: s(),
        }],
        collect_next: vec![collect(text)],
    }
}

/// An answer with `text` wherever text can be.
fn full_of(text: &str) -> Answer {
    let s = || text.to_owned();
    let host = HostState {
        host: s(),
        known_as: vec![s(); 9],
        state: HostWord::Compromised,
        first: Some(TIME.to_owned()),
        last: None,
        evidence: vec![cited(text, 90)],
    };
    let account = AccountState {
        account: s(),
        grade: Grade::Proven,
        how: s(),
        from: s(),
        until: None,
        evidence: vec![cited(text, 91)],
    };
    let stretch = |state| Coverage {
        host: s(),
        channel: s(),
        from: "2026-02-16T00:00:00Z".to_owned(),
        to: "2026-02-18T00:00:00Z".to_owned(),
        state,
        reason: s(),
    };
    let edge = |from: &str, to: &str| Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        how: s(),
        time: TIME.to_owned(),
        grade: Grade::Possible,
        evidence: vec![cited(text, 92)],
    };
    Answer {
        version: 1,
        sentence: s(),
        window: Window {
            first_proven: Some(TIME.to_owned()),
            earliest_anomaly: Some(s()),
            last_seen: Some("2026-02-17T11:00:00Z".to_owned()),
            censored: Censored { left: true, right: true },
            evicted: Evicted::NotProvable,
            evicted_why: s(),
            reentries: vec![Reentry { quiet_from: s(), at: TIME.to_owned(), how: s() }; 7],
        },
        verdicts: words::VERDICTS.into_iter().map(|verdict| asset(text, verdict)).collect(),
        hosts: vec![host],
        accounts: vec![account],
        coverage: vec![stretch(CoverageWord::Partial), stretch(CoverageWord::Untrusted)],
        edges: vec![edge(text, "host B"), edge("host B", text), edge(text, text)],
        collect_next: vec![collect(text); 7],
        notices: vec![Notice { kind: s(), text: s(), evidence: vec![cited(text, 93)] }],
        cleared: Cleared { detections: 3, by: Vec::new() },
    }
}

fn making(text: &str) -> Making {
    Making {
        engine: text.to_owned(),
        origin: text.to_owned(),
        number: 1,
        size: 9,
        events: 10,
        seeds: 2,
        said: vec![text.to_owned()],
        cleared: vec![text.to_owned()],
        assets: Some(Hash::of(b"a")),
        estate: None,
    }
}

/// The tags of the page between the head and our script, without the values
/// of attributes.
fn tags(page: &str) -> Vec<String> {
    let body = page.split_once("<body>").expect("a body").1;
    let body = body.split_once("<script>").expect("our script").0;
    let mut tags = Vec::new();
    for part in body.split('<').skip(1) {
        let tag = part.split_once('>').expect("a tag that ends").0;
        let plain: Vec<&str> = tag.split('"').step_by(2).collect();
        tags.push(plain.join("\"\""));
    }
    tags
}

#[test]
fn text_from_logs_cannot_become_markup() {
    let harmless = tags(&render(&full_of("WS01"), &making("x")));
    for text in HOSTILE {
        let page = render(&full_of(text), &making(text));
        assert_eq!(page.matches("<script>").count(), 1, "{text}");
        for bad in
            ["\u{202e}", "\u{200b}", "\u{1b}", "\0", "<img", "onerror=alert(1)>", "<svg onload"]
        {
            assert!(!page.contains(bad), "{text}: {bad:?}");
        }
        // The same elements; marks for hidden characters (`<i>`) apart, and
        // spans where a text was cut.
        let structure = |tags: &[String]| -> Vec<String> {
            let marks = ["i", "/i", "span", "/span", "span title=\"\"", "span class=\"\""];
            let own = |tag: &&String| !marks.contains(&tag.as_str());
            tags.iter().filter(own).cloned().collect()
        };
        assert_eq!(structure(&tags(&page)), structure(&harmless), "{text}");
    }
}

#[test]
fn the_page_loads_nothing_and_states_its_policy() {
    let page = render(&full_of("WS01"), &making("x"));
    assert!(page.contains("default-src &#39;none&#39;; style-src &#39;sha256-"));
    for loads in ["http://", "https://", " src=", "@import", "<link", "<iframe", " style="] {
        assert!(!page.contains(loads), "{loads}");
    }
    assert_eq!(page.matches("url(").count(), page.matches("url(#").count());
    assert_eq!(page, render(&full_of("WS01"), &making("x")), "equal answers are equal pages");
}

#[test]
fn the_first_screen_says_the_counts_and_whether_the_intruder_is_out() {
    let page = render(&full_of("WS01"), &making("x"));
    let first = page.split_once("<h1>").unwrap().1.split_once("</h1>").unwrap().0;
    let text: String =
        first.split('<').map(|part| part.split_once('>').map_or(part, |p| p.1)).collect();
    assert_eq!(
        text,
        "Of 5 protected assets 1 was taken, 1 was opened, 1 is within reach, 1 cannot be determined \
         and 1 is ruled out."
    );
    assert!(page.contains("Not provable") && page.contains("event <code>"));
    assert!(page.contains("and 2 more records"), "fourteen records, twelve shown");
    let empty = render(&Answer::default(), &making("x"));
    assert!(empty.contains("No asset was declared, so there is no verdict."));
    assert!(!empty.to_lowercase().contains("clean"));
}

#[test]
fn a_huge_answer_is_a_page_of_bounded_size_that_says_what_is_left_out() {
    let mut answer = full_of("WS01");
    let name = |at: usize| format!("{}-{at}", "x".repeat(60));
    answer.verdicts = (0..3_000)
        .map(|at| AssetVerdict { asset: name(at), ..asset("y", Verdict::CannotBeDetermined) })
        .collect();
    answer.hosts =
        (0..5_000).map(|at| HostState { host: name(at), ..answer.hosts[0].clone() }).collect();
    answer.coverage = (0..20_000)
        .map(|at| Coverage { host: name(at % 5_000), ..answer.coverage[0].clone() })
        .collect();
    answer.edges = (0..5_000)
        .map(|at| Edge { from: name(at), to: name(at + 1), ..answer.edges[0].clone() })
        .collect();
    answer.notices = vec![answer.notices[0].clone(); 2_000];
    let page = render(&answer, &making("x"));
    assert!(page.len() < 6_000_000, "{} bytes", page.len());
    for left_out in ["more assets not shown", "more hosts not shown", "more stretches not shown"] {
        assert!(page.contains(left_out), "{left_out}");
    }
    assert!(page.contains("more hosts, which are not drawn") && page.contains("Not drawn: "));
}
