//! Constants that name machines, addresses of the web and of mail: what could
//! never match as it is written is refused, and what `LIKE` may mean besides.

use std::ops::Range;

use sekisho_sigma::compare::lower_text;

use super::form::{Form, canonical};
use super::registry;
use super::web::name_into;

/// Schemes that are written so that nobody follows an address by mistake.
const DEFANGED_SCHEMES: [&str; 6] = ["hxxp", "hxxps", "htxp", "hxtp", "fxp", "meow"];

/// Signs that are put for a dot, an `@` or a colon, for the same reason.
const DEFANGED_SIGNS: [&str; 14] = [
    "[.]", "(.)", "{.}", "[.", ".]", "[dot]", "(dot)", "{dot}", "[@]", "(@)", "[at]", "(at)",
    "[:]", "[://]",
];

/// Refuses a constant of `=` that no value can be equal to.
pub(super) fn check(form: Form, text: &str) -> Result<(), String> {
    let Some(host) = host_of(form, text).and_then(|place| text.get(place)) else { return Ok(()) };
    defanged(form, text)?;
    if let Some(c) = host.chars().find(|&c| !has_one_spelling(c)) {
        return Err(format!("{text:?}: a name with {c:?} must be given in its xn-- form"));
    }
    let mut key = String::new();
    let literal = form == Form::Mail && host.starts_with('[');
    let checked = matches!(form, Form::Url | Form::Mail) && !literal;
    if checked && (!canonical(Form::Host, host, &mut key) || key.contains('*')) {
        return Err(format!("{text:?}: {host:?} is not an address or the name of a machine"));
    }
    Ok(())
}

/// Refuses a constant of `LIKE` that no value can be like.
pub(super) fn check_like(form: Form, text: &str) -> Result<(), String> {
    let place = host_of_like(form, text);
    let Some(host) = place.and_then(|place| text.get(place)) else { return Ok(()) };
    defanged(form, text)?;
    let wild = |label: &&str| !label.is_ascii() && label.contains(['%', '_']);
    let odd = |label: &&str| label.chars().any(|c| !matches!(c, '%') && !has_one_spelling(c));
    if let Some(label) = host.split('.').find(|label| wild(label) || odd(label)) {
        return Err(format!(
            "{text:?}: {label:?} cannot be compared with names in their xn-- form: give it in that"
        ));
    }
    Ok(())
}

/// Another text to which values may be like where they are like this one: the
/// one spelling of names of machines, which a pattern may lack.
pub(super) fn other_like(form: Form, text: &str) -> Option<String> {
    if form == Form::Registry {
        let key = registry::other_meaning(text)?;
        return Some(key + if text.ends_with('\\') { "\\" } else { "" });
    }
    let place = host_of_like(form, text)?;
    let (before, after) = (text.get(..place.start)?, text.get(place.end..)?);
    let host = text.get(place)?;
    let mut out = lower_text(before);
    if let Some(user) = before.strip_suffix('@').filter(|_| form == Form::Url) {
        // Case counts in the name of a user.
        let scheme = user.split_once("://").map_or("", |(scheme, _)| scheme);
        out = lower_text(scheme) + before.get(scheme.len()..).unwrap_or_default();
    }
    let port = match out.split_once("://").map_or("", |(scheme, _)| scheme) {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    let bare = if port.is_empty() { host } else { host.strip_suffix(port).unwrap_or(host) };
    name_into(bare, &mut out);
    out.push_str(after);
    // Where case does not count anyway, a difference in it is none.
    let same = if form.folded() { out == lower_text(text) } else { out == text };
    (!same).then_some(out)
}

/// The part of a constant that is the name or address of a machine.
fn host_of(form: Form, text: &str) -> Option<Range<usize>> {
    match form {
        Form::Domain | Form::Host => Some(0..text.len()),
        Form::Url => {
            let start = text.find("://")? + "://".len();
            let rest = text.get(start..)?;
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let user = rest.get(..end)?.rfind('@').map_or(0, |at| at + 1);
            Some(start + user..start + end)
        }
        Form::Mail => {
            let start = text.rfind('@')? + 1;
            let host = text.get(start..)?;
            Some(start..start + host.trim_end_matches(['>', '"', '\'', ' ', '.']).len())
        }
        _ => None,
    }
}

/// The same for `LIKE`: where no scheme is there, an address has its host
/// before the first slash if it begins with a wildcard.
fn host_of_like(form: Form, text: &str) -> Option<Range<usize>> {
    if form != Form::Url || text.contains("://") {
        return host_of(form, text);
    }
    let (host, _) = text.split_once('/')?;
    (host.starts_with('%') && host.contains('.')).then_some(0..host.len())
}

fn defanged(form: Form, text: &str) -> Result<(), String> {
    let wrong = |sign: &str| Err(format!("{text:?} is defanged ({sign}): no log has it so"));
    let folded = lower_text(text);
    let (scheme, rest) = folded.split_once("://").unwrap_or(("", &folded));
    if let Some(scheme) = DEFANGED_SCHEMES.iter().find(|s| **s == scheme) {
        return wrong(scheme);
    }
    // In the path of an address such signs may be meant.
    let end = if form == Form::Url { rest.find(['/', '?', '#']) } else { None };
    let place = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    // Brackets stand around the numbers of IPv6 too.
    let brackets = |sign: &str| matches!(sign, "[." | ".]");
    let sign = DEFANGED_SIGNS.iter().find(|s| place.contains(**s) && !(brackets(s) && v6(place)));
    sign.map_or(Ok(()), |sign| wrong(sign))
}

fn v6(text: &str) -> bool {
    text.matches(':').count() > 1
}

/// Whether a letter of a name has the same `xn--` form for everyone once it is
/// in lower case: others are put differently before they are encoded, by rules
/// that are not known here.
fn has_one_spelling(c: char) -> bool {
    c.is_ascii()
        || matches!(c,
            'À'..='Ö' | 'Ø'..='Þ' | 'ß'..='ö' | 'ø'..='ı' | 'Ĵ'..='ľ' | 'Ł'..='ň' | 'Ŋ'..='ž'
            | 'Ș'..='ț' | 'Ạ'..='ỹ'
            | 'Ά' | 'Έ'..='ώ' | 'Ѐ'..='ҁ' | 'Ҋ'..='ӿ' | 'ա'..='ֆ' | 'א'..='ת'
            | 'ء'..='غ' | 'ف'..='ي' | 'ก'..='ะ' | 'ა'..='ჺ'
            | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | '一'..='\u{9fff}' | '가'..='힣')
            && !matches!(c, 'İ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_like_may_mean_besides() {
        for (form, text, other) in [
            (Form::Url, "HTTP://EVIL.Example/A%", Some("http://evil.example/A%")),
            (Form::Url, "HTTP://User@EVIL.Example:80/A%", Some("http://User@evil.example/A%")),
            (Form::Url, "https://%.Example:443/A", Some("https://%.example/A")),
            (Form::Url, "%.EVIL.example/A%", Some("%.evil.example/A%")),
            (Form::Url, "%Evil.php", None),
            (Form::Url, "Evil/%", None),
            (Form::Url, "http://evil.example/%", None),
            (Form::Domain, "%.EVIL.example", None),
            (Form::Domain, "%.münchen.example", Some("%.xn--mnchen-3ya.example")),
            (Form::Mail, "%@münchen.example", Some("%@xn--mnchen-3ya.example")),
            (Form::Registry, "HKCR\\x%", Some("hkey_classes_root\\x%")),
            (Form::Registry, "HKLM\\x%", None),
        ] {
            assert_eq!(other_like(form, text).as_deref(), other, "{text}");
            assert_eq!(check_like(form, text), Ok(()), "{text}");
        }
    }
}
