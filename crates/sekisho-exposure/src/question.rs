//! What is asked: assets, the estate, seeds, and the time of asking.

use sekisho_event::time::{self, Stamp};

use crate::evidence::RecordId;
use crate::limits::PATTERN_BYTES_MAX;

/// Where the method begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Seed {
    /// Something was detected in a record.
    Detected {
        /// The record.
        record: RecordId,
        /// By what: title of the rule, name of the indicator.
        by: String,
        /// Level of the rule (`high`, `critical`), or `indicator`.
        level: String,
    },
    /// An analyst's word.
    Said(Box<SaidSeed>),
}

/// An analyst's word: everything that fits all of its parts is meant, as the
/// intruder's ([`Seed::Said`]) or as nobody's concern ([`Question::clear`]).
/// Parts are compared without regard to case; `*` stands for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaidSeed {
    /// As it was typed.
    pub text: String,
    /// Host on which it happened.
    pub host: Option<String>,
    /// File name or path of the program, or `pid:N`.
    pub process: Option<String>,
    /// Account: `user`, `domain\user`, `user@domain`, an ARN or a part of it.
    pub account: Option<String>,
    /// Address of the other side.
    pub address: Option<String>,
    /// User agent.
    pub agent: Option<String>,
    /// Application of a cloud.
    pub app: Option<String>,
    /// Session: logon id, access key, token.
    pub session: Option<String>,
    /// Hash of a program or file.
    pub hash: Option<String>,
    /// Name (domain) that was called.
    pub domain: Option<String>,
    /// Not before (nanoseconds since 1970).
    pub from: Option<i64>,
    /// Not after.
    pub until: Option<i64>,
}

/// What can be said in a seed, as messages list it.
const KEYS: &str =
    "host, process, account, address, agent, app, session, hash, domain, from, until";

impl SaidSeed {
    /// Reads `key=value` pairs: `host=WS01 process=win.exe`. A value with
    /// blanks stands in single or double quotes. Within double ones `\"` is a
    /// quote; other backslashes stay what they are, for paths have many.
    ///
    /// # Errors
    ///
    /// In words: a key that is not known or comes twice, a value that is
    /// missing or does not end, a time that is none, nothing but times.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(format!("{} bytes; at most {PATTERN_BYTES_MAX} are read", text.len()));
        }
        let mut seed = Self { text: text.trim().to_owned(), ..Self::default() };
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            let Some(after) = after.strip_prefix('=') else {
                return Err(format!("{key:?}: expected KEY=VALUE; keys are {KEYS}"));
            };
            let (value, after) = value_of(key, after)?;
            seed.set(key, value)?;
            rest = after.trim_start();
        }
        let named = Self { text: String::new(), from: None, until: None, ..seed.clone() };
        if named == Self::default() {
            return Err(format!("it names nothing: expected KEY=VALUE; keys are {KEYS}"));
        }
        if let (Some(from), Some(until)) = (seed.from, seed.until)
            && from > until
        {
            return Err("it begins after it ends: expected `from` before `until`".to_owned());
        }
        Ok(seed)
    }

    /// Takes a pair. Other words for a key are those that logs use.
    fn set(&mut self, key: &str, value: String) -> Result<(), String> {
        let lower = key.to_ascii_lowercase();
        let place = match lower.as_str() {
            "host" => &mut self.host,
            "process" => &mut self.process,
            "account" | "user" | "principal" | "role" | "arn" => &mut self.account,
            "address" | "ip" => &mut self.address,
            "agent" | "user_agent" | "user-agent" => &mut self.agent,
            "app" | "application" | "client_id" => &mut self.app,
            "session" | "logon_id" | "access_key" | "key" | "token" => &mut self.session,
            "hash" | "sha256" | "md5" => &mut self.hash,
            "domain" => &mut self.domain,
            "from" | "since" | "time" => return set_time(&mut self.from, key, &value),
            "until" | "to" | "before" => return set_time(&mut self.until, key, &value),
            _ => return Err(format!("no such key: {key:?}; keys are {KEYS}")),
        };
        match place.replace(value) {
            None => Ok(()),
            Some(before) => Err(format!("{key:?}: {before:?} is said already; say each key once")),
        }
    }
}

fn set_time(place: &mut Option<i64>, key: &str, value: &str) -> Result<(), String> {
    let Some(Stamp::Utc(time)) =
        value.contains('-').then(|| time::parse(value)).flatten().filter(|_| value.len() >= 20)
    else {
        return Err(format!(
            "{key}={value:?} is no time: expected one with a zone, as 2026-02-17T08:15:30Z"
        ));
    };
    match place.replace(time) {
        None => Ok(()),
        Some(_) => Err(format!("{key:?}: a time is said already; say it once")),
    }
}

/// A value, and what comes after it.
fn value_of<'a>(key: &str, text: &'a str) -> Result<(String, &'a str), String> {
    let missing = || format!("{key:?} has no value: expected {key}=VALUE");
    let Some(quote) = text.chars().next().filter(|c| ['"', '\''].contains(c)) else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return if value.is_empty() { Err(missing()) } else { Ok((value.to_owned(), rest)) };
    };
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' if quote == '"' => {
                let escaped = characters.next_if(|(_, next)| *next == '"');
                value.push(escaped.map_or(c, |(_, next)| next));
            }
            _ if c == quote => {
                let rest = text.get(at + 1..).unwrap_or_default();
                if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
                    return Err(format!("{key:?}: expected a blank after the closing quote"));
                }
                return if value.trim().is_empty() { Err(missing()) } else { Ok((value, rest)) };
            }
            _ => value.push(c),
        }
    }
    Err(format!("{key:?}: its value has no closing {quote}"))
}

/// Everything that is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// What is to be protected.
    pub assets: crate::assets::Assets,
    /// What is known of the estate.
    pub estate: crate::estate::Declared,
    /// Where to begin.
    pub seeds: Vec<Seed>,
    /// What an analyst says is no intruder's: detections that fit it do not
    /// become seeds.
    pub clear: Vec<SaidSeed>,
    /// When it is asked (nanoseconds since 1970): records from later are from
    /// the future. `None`: no record is.
    pub now: Option<i64>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_read_with_quotes_and_other_words_for_keys() {
        let seed = SaidSeed::parse(
            r#" host=WS01  process="\\FS\Program Files\a \"b\".exe" user='EXAMPLE\ann' since=2026-02-17T08:15:30Z"#,
        )
        .unwrap();
        assert_eq!(seed.host.as_deref(), Some("WS01"));
        assert_eq!(seed.process.as_deref(), Some(r#"\\FS\Program Files\a "b".exe"#));
        assert_eq!(seed.account.as_deref(), Some(r"EXAMPLE\ann"));
        assert_eq!(seed.from, Some(1_771_316_130_000_000_000));
        assert!(seed.text.starts_with("host=WS01"));
        for (text, of) in [
            ("ip=10.0.0.1", (|s| s.address) as fn(SaidSeed) -> Option<String>),
            ("User-Agent=x*", |s| s.agent),
            ("client_id=x", |s| s.app),
            ("access_key=AKIA", |s| s.session),
            ("sha256=ab", |s| s.hash),
            ("domain=example.org", |s| s.domain),
            ("arn=arn:aws:iam::1:user/x=y", |s| s.account),
        ] {
            let value = text.split_once('=').map(|(_, value)| value.to_owned());
            assert_eq!(of(SaidSeed::parse(text).unwrap()), value, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        for (text, part) in [
            ("hots=WS01", "keys are host, process"),
            ("WS01", "expected KEY=VALUE"),
            ("", "names nothing"),
            ("from=2026-02-17T08:15:30Z", "names nothing"),
            ("host=", "has no value"),
            ("host=''", "has no value"),
            ("host='a", "no closing '"),
            ("host='a'b", "expected a blank"),
            ("host=a host=b", "said already"),
            ("host=a since=2026-02-17T08:15:30Z time=2026-02-17T08:15:30Z", "already"),
            ("host=a since=2026-02-17", "expected one with a zone"),
            ("host=a since=2026-02-17T08:15:30", "expected one with a zone"),
            ("host=a since=1771316130", "expected one with a zone"),
            ("host=a from=2026-02-18T00:00:00Z until=2026-02-17T00:00:00Z", "before `until`"),
        ] {
            let said = SaidSeed::parse(text).unwrap_err();
            assert!(said.contains(part), "{text}: {said}");
        }
        assert!(SaidSeed::parse(&"x".repeat(PATTERN_BYTES_MAX + 1)).is_err());
    }

    proptest! {
        #[test]
        fn any_value_can_be_said_in_quotes(value in "[^\"\\\\]{0,20}[^\"\\\\ \t\n]") {
            prop_assume!(!value.trim().is_empty());
            let text = format!("agent=\"{value}\" host=a");
            prop_assert_eq!(SaidSeed::parse(&text).unwrap().agent, Some(value));
        }

        #[test]
        fn no_text_breaks_it(text in "[a-z=\"'\\\\ é-]{0,30}") {
            let _ = SaidSeed::parse(&text);
        }
    }
}
