//! Any text as an analyst's seed: what is understood can be said again, each
//! part in quotes, and means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_exposure::question::SaidSeed;

/// A value in quotes, if there are some that it can stand in.
fn quoted(value: &str) -> Option<String> {
    if !value.contains('\'') {
        return Some(format!("'{value}'"));
    }
    // In double quotes a backslash before a quote would take it away.
    let clear = !value.contains("\\\"") && !value.ends_with('\\');
    clear.then(|| format!("\"{}\"", value.replace('"', "\\\"")))
}

fuzz_target!(|text: &str| {
    let seed = match SaidSeed::parse(text) {
        Ok(seed) => seed,
        Err(why) => return assert!(!why.is_empty() && !why.contains('\n'), "{why:?}"),
    };
    assert_eq!(seed.text, text.trim());
    assert_eq!(SaidSeed::parse(&seed.text).as_ref(), Ok(&seed));
    assert!(seed.from.zip(seed.until).is_none_or(|(from, until)| from <= until));
    let parts = [
        ("host", &seed.host),
        ("process", &seed.process),
        ("account", &seed.account),
        ("address", &seed.address),
        ("agent", &seed.agent),
        ("app", &seed.app),
        ("session", &seed.session),
        ("hash", &seed.hash),
        ("domain", &seed.domain),
    ];
    let said = parts.iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
    let said: Option<Vec<String>> =
        said.map(|(key, value)| Some(format!("{key}={}", quoted(value)?))).collect();
    let Some(said) = said.map(|said| said.join(" ")) else { return };
    let Ok(again) = SaidSeed::parse(&said) else {
        return assert!(said.len() > text.len(), "{said} is not understood");
    };
    let without =
        |seed: SaidSeed| SaidSeed { text: String::new(), from: None, until: None, ..seed };
    assert_eq!(without(again), without(seed));
});
