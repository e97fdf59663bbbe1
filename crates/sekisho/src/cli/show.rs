//! Writing to people (stderr) and to programs (stdout).

use std::borrow::Cow;
use std::io::Write;

use sekisho_case::key::PRIVATE_KEY_HEAD;

/// Says something to whoever watches, but for private keys.
pub(super) fn talk(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", without_private_keys(text));
}

/// A text without the private keys in it. Errors quote what was read, by others' parsers too, and
/// what was read may be the file of a key that was given by mistake.
pub(super) fn without_private_keys(text: &str) -> Cow<'_, str> {
    /// Longer than this is what follows the head in a line with a key; shorter, where its form is
    /// told of.
    const FORM_CHARS_MAX: usize = 24;
    if !text.contains(PRIVATE_KEY_HEAD) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(PRIVATE_KEY_HEAD);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let of_key = |c: char| c.is_ascii_alphanumeric() || "+/=._-".contains(c);
        let end = part.find(|c| !of_key(c)).unwrap_or(part.len());
        let rest = if end > FORM_CHARS_MAX { part.get(end..).unwrap_or_default() } else { part };
        out.push_str(PRIVATE_KEY_HEAD);
        if end > FORM_CHARS_MAX {
            out.push_str("… (a private key, which is not shown here)");
        }
        out.push_str(rest);
    }
    Cow::Owned(out)
}

/// Writes data.
///
/// # Errors
///
/// Those of stdout.
pub(super) fn data(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A number with thousands separated.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with what is counted, in the plural where it must be.
pub(super) fn counted(n: u64, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(n))
}

/// Whether a character could steer a terminal, or hide or turn around what is
/// beside it.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Text that comes from logs, safe for a terminal: control and direction
/// characters are shown as their code.
pub(super) fn safe(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if is_hidden(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// JSON of one line, safe for a terminal: the same values, with such characters
/// written as escapes. JSON has them nowhere but within strings.
pub(super) fn safe_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// As [`safe`], line by line: the ends of lines stay.
pub(super) fn safe_lines(text: &str) -> String {
    text.split('\n').map(safe).collect::<Vec<_>>().join("\n")
}

/// The first characters of a text, with `…` where it was cut.
pub(super) fn cut(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    text.chars().take(characters.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn private_keys_are_not_said() {
        let key = "PRIVATE+KEY+a+75131a68+AdEMHROO2vC4avo7tCsTHj2dqIMOxkDngEx4m0ZUXRUG";
        let form = "expected PRIVATE+KEY+name+hash+key in one line";
        let said = without_private_keys(&format!("{key}x: {form}: `{key}` é {key}")).into_owned();
        assert!(!said.contains("AdEM") && said.contains(form) && said.contains("` é "), "{said}");
        assert_eq!(without_private_keys("no key\n"), "no key\n");
    }

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(safe("a\x1b[31mb\u{202e}"), "a\\u{1b}[31mb\\u{202e}");
        assert_eq!(safe("\u{9b}1m\u{7f}\u{2028}"), "\\u{9b}1m\\u{7f}\\u{2028}");
        assert_eq!(cut("abcdef", 4), "abc…");
    }

    #[test]
    fn json_stays_what_it_says_and_steers_no_terminal() {
        let value = serde_json::json!({"a\u{9b}": "\u{1b}[2J\u{7f}\u{202e}\u{e0041}é\n"});
        let text = safe_json(&value.to_string());
        assert!(!text.chars().any(is_hidden), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
