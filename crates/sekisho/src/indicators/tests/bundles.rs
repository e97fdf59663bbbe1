//! Reading bundles: what is used, what is refused, and that nothing else is
//! lost.

use super::*;
use crate::indicators::{Why, limits, load};

fn object(id: &str, more: &serde_json::Value) -> serde_json::Value {
    let mut out = json!({
        "type": "indicator", "spec_version": "2.1", "id": format!("indicator--{id}"),
        "name": format!("name of {id}"), "pattern": "[file:name = 'x']", "pattern_type": "stix",
        "modified": "2024-01-01T00:00:00.000Z", "valid_from": "2024-01-01T00:00:00Z",
    });
    for (key, value) in more.as_object().unwrap() {
        out[key] = value.clone();
    }
    out
}

fn loaded(objects: &serde_json::Value) -> Loaded {
    read(Path::new("a.json"), objects.to_string().as_bytes())
}

fn ids(loaded: &Loaded) -> Vec<&str> {
    loaded.indicators.iter().map(|i| i.id.trim_start_matches("indicator--")).collect()
}

fn whys(loaded: &Loaded) -> Vec<(&str, Why)> {
    loaded.refused.iter().map(|r| (r.id.trim_start_matches("indicator--"), r.why)).collect()
}

#[test]
fn all_wrappings_are_read() {
    let (a, b) = (object("a", &json!({})), object("b", &json!({})));
    let identity = json!({"type": "identity", "id": "identity--1"});
    let lines = format!("\u{feff}{a}\n{b}\n");
    for text in [
        json!({"type": "bundle", "id": "bundle--1", "objects": [a, identity, b]}).to_string(),
        json!({"objects": [a, b], "type": "bundle"}).to_string(),
        json!({"more": false, "objects": [{"type": "bundle", "objects": [a, b]}]}).to_string(),
        json!([a, 5, null, "x", b]).to_string(),
        lines,
    ] {
        let found = read(Path::new("a.json"), text.as_bytes());
        assert_eq!(ids(&found), ["a", "b"], "{text}");
        assert_eq!(found.refused, Vec::new());
    }
    let one = loaded(&a);
    assert_eq!(ids(&one), ["a"]);
    assert_eq!(&*one.indicators[0].name, "name of a");
}

#[test]
fn what_cannot_be_used_is_named_and_costs_nothing_else() {
    let found = loaded(&json!([
        object("ok", &json!({"labels": ["l"], "indicator_types": ["malicious-activity"],
            "object_marking_refs": ["marking-definition--1"], "confidence": 80,
            "valid_until": "2025-01-01T00:00:00Z"})),
        object("revoked", &json!({"revoked": true})),
        object("snort", &json!({"pattern_type": "snort"})),
        object("language", &json!({"pattern_type": 5})),
        object("pattern", &json!({"pattern": "[file:name = 'x'"})),
        object("number", &json!({"pattern": 5})),
        object("name", &json!({"name": []})),
        object("labels", &json!({"labels": [5]})),
        object("time", &json!({"valid_from": "yesterday"})),
        object("size", &json!({"pattern": "[file:size = 5]"})),
        object("confidence", &json!({"confidence": 101})),
        object("revocation", &json!({"revoked": "no"})),
        {"type": "indicator", "id": "x", "pattern": "[file:name = 'x']"},
        {"type": "indicator", "pattern": "[file:name = 'x']"},
        object("last", &json!({})),
    ]));
    assert_eq!(ids(&found), ["ok", "last"]);
    assert_eq!(
        whys(&found),
        [
            ("x", Why::Invalid),
            ("", Why::Invalid),
            ("revoked", Why::Revoked),
            ("snort", Why::Language),
            ("language", Why::Language),
            ("pattern", Why::Invalid),
            ("number", Why::Invalid),
            ("name", Why::Invalid),
            ("labels", Why::Invalid),
            ("time", Why::Invalid),
            ("size", Why::NotCarried),
            ("confidence", Why::Invalid),
            ("revocation", Why::Invalid),
        ]
    );
    let ok = &found.indicators[0];
    assert_eq!(
        ok.to_json(),
        json!({"indicator": {
            "id": "indicator--ok", "name": "name of ok", "pattern": "[file:name = 'x']",
            "valid_from": "2024-01-01T00:00:00Z", "valid_until": "2025-01-01T00:00:00Z",
            "modified": "2024-01-01T00:00:00.000Z", "indicator_types": ["malicious-activity"],
            "labels": ["l"], "object_marking_refs": ["marking-definition--1"], "confidence": 80,
        }})
    );
    let year = |year: i64| (year - 1970) * 31_556_952_000_000_000;
    assert!(!ok.valid_at(year(2023)) && ok.valid_at(1_710_000_000_000_000_000));
    assert!(!ok.valid_at(year(2026)));
}

#[test]
fn of_several_versions_the_latest_counts() {
    let at = |time: &str, more: serde_json::Value| {
        let mut more = more;
        more["modified"] = json!(time);
        object("a", &more)
    };
    let (old, new) = ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00.5Z");
    let name = |found: &Loaded| found.indicators[0].name.to_string();
    let versions = [at(new, json!({"name": "new"})), at(old, json!({"name": "old"}))];
    let found = loaded(&json!(versions));
    assert_eq!((name(&found).as_str(), whys(&found)), ("new", vec![("a", Why::Superseded)]));
    let found = loaded(&json!([versions[1], versions[0]]));
    assert_eq!((name(&found).as_str(), whys(&found)), ("new", vec![("a", Why::Superseded)]));
    let found = loaded(&json!([versions[0], versions[0]]));
    assert_eq!((found.indicators.len(), found.refused.len(), found.repeated), (1, 0, 1));
    let found = loaded(&json!([versions[0], at(new, json!({"name": "other"}))]));
    assert_eq!((name(&found).as_str(), whys(&found)), ("new", vec![("a", Why::Superseded)]));
    // A version that withdraws it, or cannot be understood, counts as well.
    let found = loaded(&json!([versions[1], at(new, json!({"revoked": true}))]));
    assert_eq!((found.indicators.len(), whys(&found).len()), (0, 2));
    let found = loaded(&json!([versions[1], at(new, json!({"pattern": "["}))]));
    assert_eq!((found.indicators.len(), whys(&found).len()), (0, 2));
}

#[test]
fn damage_costs_only_what_comes_after_it() {
    let text =
        json!({"type": "bundle", "objects": [object("a", &json!({})), object("b", &json!({}))]});
    let text = text.to_string();
    for at in (0..text.len()).filter(|&at| text.is_char_boundary(at)) {
        let found = read(Path::new("a.json"), &text.as_bytes()[..at]);
        assert_eq!(found.refused.len(), 1, "{at}");
        assert!(found.refused[0].reason.starts_with("not JSON from here on"));
        assert_eq!(
            found.indicators.is_empty(),
            found.refused[0].reason.ends_with("; no indicator stands before that"),
            "{at}"
        );
        let whole = text[..at].matches(r#"Z"},"#).count() + text[..at].matches(r#"Z"}]"#).count();
        assert!(found.indicators.len() >= whole.min(1), "{at}");
    }
    let twice = br#"[{"type":"indicator","id":"indicator--1","pattern":"[file:name='a']","pattern":"[file:name='b']"}]"#;
    assert!(read(Path::new("a"), twice).refused[0].reason.contains("`pattern` twice"));
    let deep = "[".repeat(100_000);
    assert_eq!(read(Path::new("a"), deep.as_bytes()).refused.len(), 1);
    assert_eq!(read(Path::new("a"), b"\xff\xfe").refused.len(), 1);
    let long = object(&"x".repeat(limits::TEXT_BYTES_MAX), &json!({}));
    assert_eq!(whys(&loaded(&long))[0].1, Why::Invalid);
}

#[test]
fn folders_are_read_in_the_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("b")).unwrap();
    write("c.json", &object("c", &json!({})).to_string());
    write("b/b.JSON", &object("b", &json!({})).to_string());
    write("a.stix", &object("a", &json!({})).to_string());
    write("e.json", "broken");
    write("f.Stix2", &object("f", &json!({})).to_string());
    let found = load(&[folder.path().to_owned(), folder.path().join("none")]);
    assert_eq!(ids(&found), ["a", "b", "c", "f"]);
    assert_eq!(found.refused.len(), 2);
    assert_eq!(found.files, 5);
    assert!(found.refused[1].reason.starts_with("the file cannot be read"));
}

#[test]
fn what_is_not_read_of_a_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("b")).unwrap();
    write("a.json", &object("a", &json!({})).to_string());
    write("feed.xml", "<x/>");
    write("README", "");
    for n in 10..32 {
        write(&format!("b/{n}.txt"), "");
    }
    let found = load(&[folder.path().to_owned()]);
    assert_eq!(ids(&found), ["a"]);
    let told: Vec<_> = found.refused.iter().map(|r| (&*r.file, r.why, &*r.reason)).collect();
    let start = "not read, since the name does not end in one of .json, .jsonl, .stix, .stix2: ";
    let many: Vec<String> = (10..30).map(|n| format!("{n}.txt")).collect();
    let within = format!("{start}{} and 2 more", many.join(", "));
    let above = format!("{start}README, feed.xml");
    assert_eq!(
        told,
        [
            (&*folder.path().join("b"), Why::NotRead, &*within),
            (folder.path(), Why::NotRead, &*above)
        ]
    );
}

#[cfg(unix)]
#[test]
fn links_in_a_folder_are_named_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("in")).unwrap();
    std::fs::write(path("a.json"), object("a", &json!({})).to_string()).unwrap();
    std::os::unix::fs::symlink(path("a.json"), path("in/link.json")).unwrap();
    std::os::unix::fs::symlink(folder.path(), path("in/loop")).unwrap();
    let found = load(&[path("in")]);
    assert_eq!((ids(&found).len(), found.refused.len()), (0, 1));
    assert_eq!(found.refused[0].reason, "links are not followed: link.json, loop");
    // A link that is given itself is.
    assert_eq!(ids(&load(&[path("in/link.json")])), ["a"]);
}

#[test]
fn the_limits_of_a_program_refuse_by_name() {
    let open: Vec<String> =
        (0..=limits::OPEN_TESTS_MAX).map(|n| format!("[process:name != '{n}']")).collect();
    let open: Vec<&str> = open.iter().map(String::as_str).collect();
    let (_, refused) = IndicatorProgram::new(&indicators(&open));
    assert_eq!(refused.len(), 1);
    assert_eq!(&*refused[0].id, "indicator--00001024");
    assert_eq!(refused[0].why, Why::Limit);
    let many = "([file:name = 'a'] AND [file:name = 'b']) REPEATS 300 TIMES";
    assert!(refusal(many).contains("events together"));
}

#[test]
fn expressions_take_bounded_memory() {
    use crate::indicators::check::{Budget, Test};
    use crate::indicators::pattern::{Condition, Expression, parse};
    let text = r"[process:name MATCHES '\\w{20}']";
    let Expression::Observation(Condition::Test(comparison)) = parse(text).unwrap() else {
        panic!("one comparison");
    };
    let mut budget = Budget(5 << 20);
    let made = std::iter::from_fn(|| Test::of(&comparison, &mut budget).ok()).count();
    assert!((1..=20).contains(&made), "{made}");
    assert!(refusal(r"[process:name MATCHES '\\w{500}']").contains("too large"));
}

#[test]
fn only_the_fields_asked_for_are_read() {
    let (program, _) =
        IndicatorProgram::new(&indicators(&["[windows-registry-key:key = 'HKLM\\\\a']"]));
    let fields = program.fields();
    assert!(fields.contains(&"TargetObject") && fields.contains(&"ObjectName"));
    assert!(!fields.contains(&"Image") && !fields.contains(&"Details"));
    assert!(program.projection().wants("TargetObject") && !program.projection().wants("Image"));
}
