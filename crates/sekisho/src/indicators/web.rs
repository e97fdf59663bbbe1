//! Names of machines, addresses of the web and of mail, in one spelling.

use sekisho_sigma::compare::{fold_into, lower_text};

use super::form::host_address;

/// Longest label of a name, in characters: what is longer is no name.
const LABEL_CHARS_MAX: usize = 63;

/// The name of a machine, out of `name`, `name:port` or an address of the web.
pub(super) fn domain_key(text: &str, key: &mut String) -> bool {
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = if host.len() == text.len() { host } else { authority(host).0 };
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let host = host.trim_end_matches('.');
    let sound = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '*');
    if host.is_empty() || host.len() > 253 || !host.chars().all(sound) || host.starts_with('.') {
        return false;
    }
    name_into(host, key);
    host_address(host).is_none()
}

/// Splits what follows `//` into the authority without user and the rest.
fn authority(rest: &str) -> (&str, &str) {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    (authority.rsplit_once('@').map_or(authority, |(_, host)| host), path)
}

/// Scheme and host in lower case, no port that goes without saying, a path
/// without `.` and `..`, no fragment.
pub(super) fn url_key(text: &str, key: &mut String) -> bool {
    let text = text.trim();
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    if !is_scheme(scheme) {
        return false;
    }
    fold_into(scheme, key);
    let port = match key.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    key.push_str("://");
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let (user, host) = host.rsplit_once('@').map_or(("", host), |(user, host)| (user, host));
    if !user.is_empty() {
        key.push_str(user);
        key.push('@');
    }
    let bare = if port.is_empty() { host } else { host.strip_suffix(port).unwrap_or(host) };
    name_into(bare.trim_end_matches('.'), key);
    if !path.starts_with('/') {
        key.push('/');
    }
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    path_into(path, key);
    key.push_str(query);
    !host.is_empty()
}

/// Whether a text can be the scheme of an address.
pub(super) fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// A path without `.` and `..`, as section 5.2.4 of RFC 3986 has it.
fn path_into(path: &str, key: &mut String) {
    if !path.contains("/.") {
        key.push_str(path);
        return;
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_folder = false;
    for step in path.split('/').skip(1) {
        ends_in_folder = matches!(step, "." | "..");
        match step {
            "." => {}
            ".." => {
                kept.pop();
            }
            step => kept.push(step),
        }
    }
    if ends_in_folder {
        kept.push("");
    }
    for step in kept {
        key.push('/');
        key.push_str(step);
    }
}

/// An address of the web of the host and the path that a log has apart.
pub(super) fn joined_url(host: &str, path: &str, out: &mut String) -> bool {
    // A path that has an address within its query is none itself.
    if path.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme)) {
        out.push_str(path);
        return true;
    }
    if host.is_empty() || !(path.starts_with('/') || path.is_empty()) {
        return false;
    }
    out.push_str("http://");
    out.push_str(host);
    out.push_str(path);
    true
}

/// `a@b` or `Name <a@b>`, `smtp:a@b`.
pub(super) fn mail_key(text: &str, key: &mut String) -> bool {
    let inside = match (text.rfind('<'), text.rfind('>')) {
        (Some(start), Some(end)) if start < end => text.get(start + 1..end).unwrap_or_default(),
        _ => text,
    };
    let inside = inside.trim().trim_matches(['"', '\'']);
    let scheme = |prefix: &str| {
        inside.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let skipped = ["smtp:", "mailto:"].into_iter().find(|p| scheme(p)).map_or(0, str::len);
    let inside = inside.get(skipped..).unwrap_or_default();
    let inside = inside.trim_end_matches('.');
    let (name, host) = inside.rsplit_once('@').unwrap_or_default();
    fold_into(name, key);
    key.push('@');
    name_into(host, key);
    let apart = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    !name.is_empty() && !host.is_empty() && !inside.contains(apart)
}

/// A name in lower case, labels beyond ASCII as `xn--…`: logs and indicators
/// write internationalised names in both ways.
pub(super) fn name_into(name: &str, key: &mut String) {
    if name.is_ascii() {
        fold_into(name, key);
        return;
    }
    for (n, label) in name.split('.').enumerate() {
        if n > 0 {
            key.push('.');
        }
        let label = lower_text(label);
        if label.is_ascii() || label.chars().count() > LABEL_CHARS_MAX {
            key.push_str(&label);
        } else {
            key.push_str("xn--");
            punycode(&label, key);
        }
    }
}

/// Section 6.3 of RFC 3492. Labels are short, so that no number overflows.
fn punycode(label: &str, out: &mut String) {
    let chars: Vec<u32> = label.chars().map(u32::from).collect();
    let plain = label.chars().filter(char::is_ascii);
    let before = out.len();
    out.extend(plain);
    let basic = u32::try_from(out.len() - before).unwrap_or(0);
    if basic > 0 {
        out.push('-');
    }
    let (mut next, mut delta, mut bias, mut done) = (128, 0, 72, basic);
    while let Some(&least) = chars.iter().filter(|&&c| c >= next).min() {
        delta += (least - next) * (done + 1);
        next = least;
        for &c in &chars {
            if c < next {
                delta += 1;
            } else if c == next {
                number(delta, bias, out);
                bias = adapted(delta, done + 1, done == basic);
                delta = 0;
                done += 1;
            }
        }
        delta += 1;
        next += 1;
    }
}

/// A number of varying length, in digits of base 36.
fn number(mut rest: u32, bias: u32, out: &mut String) {
    for k in (36_u32..).step_by(36) {
        let least = k.saturating_sub(bias).clamp(1, 26);
        if rest < least {
            break;
        }
        out.push(digit(least + (rest - least) % (36 - least)));
        rest = (rest - least) / (36 - least);
    }
    out.push(digit(rest));
}

fn digit(value: u32) -> char {
    char::from_digit((value + 10) % 36, 36).unwrap_or('0')
}

fn adapted(delta: u32, done: u32, first: bool) -> u32 {
    let mut delta = delta / if first { 700 } else { 2 };
    delta += delta / done;
    let mut steps = 0;
    while delta > 455 {
        delta /= 35;
        steps += 36;
    }
    steps + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_ascii_have_one_spelling() {
        for (name, ours) in [
            ("München.Example", "xn--mnchen-3ya.example"),
            ("xn--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
            ("bücher.de", "xn--bcher-kva.de"),
            ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
            ("faß.de", "xn--fa-hia.de"),
        ] {
            let mut key = String::new();
            assert!(domain_key(name, &mut key), "{name}");
            assert_eq!(key, ours);
        }
        let long = "ü".repeat(120);
        let mut key = String::new();
        name_into(&long, &mut key);
        assert_eq!(key, long);
    }

    #[test]
    fn addresses_of_the_web_have_one_spelling() {
        for (text, ours) in [
            ("http://evil.example/a/b#frag", "http://evil.example/a/b"),
            ("http://evil.example#/a?b", "http://evil.example/"),
            ("http://evil.example/a?b#c?d", "http://evil.example/a?b"),
            ("http://evil.example/a/../a/./b", "http://evil.example/a/b"),
            ("http://evil.example/../..", "http://evil.example/"),
            ("http://evil.example/a/b/..?x=/../", "http://evil.example/a/?x=/../"),
            ("http://evil.example/.a/..b/...", "http://evil.example/.a/..b/..."),
            ("http://evil.example//a//../b/", "http://evil.example//a/b/"),
            ("HTTPS://u@München.Example:443", "https://u@xn--mnchen-3ya.example/"),
        ] {
            let mut key = String::new();
            assert!(url_key(text, &mut key), "{text}");
            assert_eq!(key, ours, "{text}");
        }
        let mut url = String::new();
        assert!(joined_url("h.example", "/r?to=http://x.example/", &mut url));
        assert_eq!(url, "http://h.example/r?to=http://x.example/");
    }
}
