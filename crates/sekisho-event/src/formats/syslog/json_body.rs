//! Messages that are JSON objects: their own keys are fields. Objects within
//! are taken as they are written.

use super::line::Message;
use crate::dictionary::Kind;
use crate::formats::json::{string_end, unescape};
use crate::formats::text::{Sink, is_number};

/// Most keys that are read.
const KEYS_MAX: usize = 512;

/// The object of a message, behind the cookie of `rsyslog` where it has one.
pub(super) fn of(body: &str) -> Option<&str> {
    let body = body.strip_prefix("@cee:").unwrap_or(body).trim();
    (body.starts_with('{') && body.ends_with('}')).then_some(body)
}

/// Says an object.
pub(super) fn say(message: &Message<'_>, sink: &mut dyn Sink) {
    let object = of(message.head.body).unwrap_or_default();
    let is_duo = object.contains("\"factor\"") && object.contains("\"txid\"");
    if is_duo {
        message.open("cisco", "duo", sink);
    } else {
        let program = message.head.program.unwrap_or_default();
        message.open("linux", super::programs::service(program, message.head.priority), sink);
    }
    let mut said = 0;
    members(object, &mut |name, kind, value| {
        said += 1;
        if said <= KEYS_MAX {
            sink.field(name, kind, value);
        }
    });
}

/// Shows each member of an object; stops where it is none.
fn members(object: &str, show: &mut dyn FnMut(&str, Kind, &str)) -> Option<()> {
    let b = object.as_bytes();
    let space = |at: usize| {
        let rest = b.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == b',').count()
    };
    let mut at = space(1);
    while b.get(at) == Some(&b'"') {
        let end = string_end(b, at + 1)?;
        let mut name = String::new();
        unescape(b.get(at + 1..end)?, &mut name);
        let colon = space(end + 1);
        if b.get(colon) != Some(&b':') {
            return None;
        }
        let start = space(colon + 1);
        let end = value_end(b, start)?;
        let raw = object.get(start..end)?;
        match raw.as_bytes() {
            [b'"', inside @ .., b'"'] => {
                let mut value = String::new();
                unescape(inside, &mut value);
                show(&name, Kind::String, &value);
            }
            b"null" => {}
            b"true" | b"false" => show(&name, Kind::Bool, raw),
            number if is_number(number) => show(&name, Kind::Number, raw),
            _ => show(&name, Kind::String, raw),
        }
        at = space(end);
    }
    Some(())
}

/// Where a value ends that starts at a place.
fn value_end(b: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match b.get(at)? {
            b'"' => at = string_end(b, at + 1)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return Some(at),
            b if b.is_ascii_whitespace() && depth == 0 => return Some(at),
            _ if depth == 0 => {
                let rest = b.get(at..)?;
                let len = rest
                    .iter()
                    .take_while(|b| !matches!(b, b',' | b'}' | b']') && !b.is_ascii_whitespace());
                return Some(at + len.count());
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_an_object() {
        let mut found = Vec::new();
        let object = "{\"a\":\"x\\n\\\"y\", \"b\" : 1.5,\"c\":{\"d\":[1,\"}\"]},\"e\":true,\"f\":null,\"g\":[],\"h\":1e5}";
        members(object, &mut |name, _, value| found.push(format!("{name}={value}"))).unwrap();
        assert_eq!(found, ["a=x\n\"y", "b=1.5", "c={\"d\":[1,\"}\"]}", "e=true", "g=[]", "h=1e5"]);
        for bad in ["{", "{}", "{\"a\"}", "{\"a\":", "{\"a\":\"", "{\"a\":[", "{a}", "{\"a\":}"] {
            members(bad, &mut |_, _, _| {});
        }
    }
}
