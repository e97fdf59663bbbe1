//! What stands between records: white space, commas, the brackets of arrays
//! and the heads of objects that only hold an array of records. The cutter and
//! the reader both look through these functions, so that they agree.

use memchr::{memchr2_iter, memchr3, memmem};

use super::text::string_end;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What follows outside of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// A record opens here.
    Record(usize),
    /// Text that belongs to no record, from here to there.
    Junk(usize, usize),
    /// Nothing more.
    End,
}

/// Whether a source that begins so holds JSON records.
pub(super) fn plausible(start: &[u8]) -> bool {
    let start = start.strip_prefix(BOM).unwrap_or(start);
    let mut at = space(start, 0);
    while start.get(at) == Some(&b'[') {
        at = space(start, at + 1);
        if start.get(at) == Some(&b']') {
            return true;
        }
    }
    if start.get(at) != Some(&b'{') {
        return false;
    }
    at = space(start, at + 1);
    match start.get(at) {
        Some(b'"') => match string_end(start, at + 1) {
            Some(end) => matches!(start.get(space(start, end + 1)), Some(b':') | None),
            None => true,
        },
        Some(b'}') | None => true,
        _ => false,
    }
}

/// The first position at or after `at` that is not white space.
#[inline]
pub(super) fn space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
        at += 1;
    }
    at
}

/// Looks from a position between records for the next one.
pub(super) fn outside(bytes: &[u8], mut at: usize) -> Outside {
    let (mut closed, mut goes_on) = (false, false);
    loop {
        match bytes.get(at) {
            None => return Outside::End,
            Some(&b @ (b' ' | b'\n' | b'\t' | b'\r' | b',' | b'[' | b']' | b'}' | 0)) => {
                closed |= b == b']';
                goes_on |= b == b',';
                at += 1;
            }
            Some(b'{') => match wrapper(bytes, at) {
                Some(inside) => at = inside,
                None => return Outside::Record(at),
            },
            Some(b'"') => match member(bytes, at) {
                Member::Whole(after) if closed && beside(bytes, at) => at = after,
                Member::Whole(after) if closed || goes_on => return Outside::Junk(at, after),
                Member::Open if closed || goes_on => return Outside::Junk(at, bytes.len()),
                _ => return junk(bytes, at),
            },
            Some(0xEF) if bytes.get(at..).is_some_and(|b| b.starts_with(BOM)) => at += BOM.len(),
            Some(_) => return junk(bytes, at),
        }
    }
}

fn junk(bytes: &[u8], at: usize) -> Outside {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    Outside::Junk(at, memchr3(b'\n', b'{', b'[', rest).map_or(bytes.len(), |n| at + 1 + n))
}

/// A member beside the array of records (`"nextLink": "…"`).
enum Member {
    /// It ends here.
    Whole(usize),
    /// It goes on after these bytes.
    Open,
    /// Something else.
    None,
}

fn member(bytes: &[u8], at: usize) -> Member {
    let Some(end) = string_end(bytes, at + 1) else { return Member::Open };
    let colon = space(bytes, end + 1);
    match bytes.get(colon) {
        None => return Member::Open,
        Some(b':') => {}
        Some(_) => return Member::None,
    }
    let value = space(bytes, colon + 1);
    match bytes.get(value) {
        None => Member::Open,
        Some(b'"' | b'{' | b'[') => value_end(bytes, value).map_or(Member::Open, Member::Whole),
        Some(_) => value_end(bytes, value).map_or(Member::None, Member::Whole),
    }
}

/// The position after the value that begins here, if it is whole.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => Some(string_end(bytes, at + 1)? + 1),
        b'{' | b'[' => balanced_end(bytes, at),
        b'0'..=b'9' | b'-' | b't' | b'f' | b'n' => {
            let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
            let rest = bytes.get(at..)?;
            Some(at + rest.iter().take_while(|b| plain(b)).count())
        }
        _ => None,
    }
}

/// What a key at the start of an object says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// An array of objects under it is an array of records.
    Array,
    /// Like [`Key::Array`]; or an object that holds such an array.
    Holder,
    /// It may stand before such an array.
    Beside,
    /// The object is a record.
    Other,
}

fn key_of(key: &[u8]) -> Key {
    match key {
        // CloudTrail, Azure Monitor, the APIs of AWS.
        b"Records" | b"records" | b"Events" | b"events" | b"logEvents" | b"Findings"
        // OData and Azure, Google and Kubernetes, hunting queries, Bitbucket.
        | b"value" | b"values" | b"items" | b"results" | b"Results" | b"entities" | b"entries"
        // Duo.
        | b"authlogs" => Key::Array,
        // Elasticsearch, Duo, OneLogin, Cloudflare.
        b"hits" | b"response" | b"data" | b"result" => Key::Holder,
        b"kind" | b"apiVersion" | b"metadata" | b"etag" | b"nextPageToken" | b"nextLink"
        | b"NextToken" | b"nextToken" | b"nextForwardToken" | b"nextBackwardToken"
        | b"ResponseMetadata" | b"messageType" | b"owner" | b"logGroup" | b"logStream"
        | b"subscriptionFilters" | b"searchedLogStreams"
        | b"_scroll_id" | b"took" | b"timed_out" | b"terminated_early" | b"num_reduces"
        | b"_shards" | b"_clusters" | b"total" | b"max_score" | b"pit_id"
        | b"schema" | b"Schema" | b"Stats" | b"stats"
        | b"status" | b"pagination" | b"pagingInfo" | b"page" | b"size" | b"limit" | b"start"
        | b"isLastPage" | b"stat" | b"success" | b"errors" | b"messages" | b"result_info"
        | b"totalSize" | b"done" | b"has_more" | b"cursor" | b"offset" | b"_links" | b"response_metadata"
        | b"preview" | b"init_offset" | b"fields" | b"highlighted" | b"count" => Key::Beside,
        _ if key.starts_with(b"@odata.") => Key::Beside,
        _ => Key::Other,
    }
}

/// Most members before the array of records, and objects around it.
const BESIDE_MAX: usize = 24;

/// If the object at `at` only holds an array of records and what belongs to
/// it (`Records` of CloudTrail, `hits.hits` of Elasticsearch, `value` after
/// `@odata…`): the position after the array's bracket.
fn wrapper(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = space(bytes, at + 1);
    for _ in 0..BESIDE_MAX {
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        let end = string_end(bytes, at + 1)?;
        let key = key_of(bytes.get(at + 1..end)?);
        let colon = space(bytes, end + 1);
        if key == Key::Other || bytes.get(colon) != Some(&b':') {
            return None;
        }
        let value = space(bytes, colon + 1);
        match (key, bytes.get(value)?) {
            (Key::Array | Key::Holder, b'[') => {
                let first = space(bytes, value + 1);
                let holds = match bytes.get(first) {
                    Some(b']') => goes_on(bytes, first + 1),
                    first => matches!(first, Some(b'{') | None),
                };
                return holds.then_some(value + 1);
            }
            (Key::Holder, b'{') => {
                at = space(bytes, value + 1);
                continue;
            }
            (Key::Beside, _) | (_, b'0'..=b'9' | b'n') => {}
            _ => return None,
        }
        let comma = space(bytes, value_end(bytes, value)?);
        if bytes.get(comma) != Some(&b',') {
            return None;
        }
        at = space(bytes, comma + 1);
    }
    None
}

/// Whether after the end of an empty array nothing follows that would make
/// its object a record.
fn goes_on(bytes: &[u8], at: usize) -> bool {
    let at = space(bytes, at);
    match bytes.get(at) {
        Some(b',') => beside(bytes, space(bytes, at + 1)),
        after => matches!(after, Some(b'}') | None),
    }
}

/// Whether the key that begins here is known beside an array of records.
fn beside(bytes: &[u8], at: usize) -> bool {
    let key = string_end(bytes, at + 1).and_then(|end| bytes.get(at + 1..end));
    bytes.get(at) == Some(&b'"') && key.is_some_and(|key| key_of(key) != Key::Other)
}

/// Finds the end of an object by its brackets and quotes alone, also piece by
/// piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balance {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Balance {
    /// Goes through bytes of the object (the first ones include its opening
    /// bracket); the position after its closing bracket, if that is among
    /// them. A line break ends a string: it cannot stand in one.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            if self.in_string {
                at = self.leave_string(bytes, at)?;
            }
            let b = *bytes.get(at)?;
            at += 1;
            match b {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
    }

    /// The position after the end of the string that goes on at `at`.
    fn leave_string(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let from = at + usize::from(std::mem::take(&mut self.escaped));
        let content = bytes.get(from..)?;
        for end in memchr2_iter(b'"', b'\n', content) {
            if content.get(end) == Some(&b'\n') || !escapes(content.get(..end)?) {
                self.in_string = false;
                return Some(from + end + 1);
            }
        }
        self.escaped = escapes(content);
        None
    }
}

/// Whether what follows this part of a string is escaped.
fn escapes(content: &[u8]) -> bool {
    content.iter().rev().take_while(|&&b| b == b'\\').count() % 2 == 1
}

/// The end of the object that opens at `at`, by brackets and quotes.
pub(super) fn balanced_end(bytes: &[u8], at: usize) -> Option<usize> {
    Balance::default().advance(bytes.get(at..)?).map(|n| at + n)
}

/// The bytes with which the records of a source begin: a line break, the
/// indentation of its first records and the bracket. `None` where records do
/// not begin on lines of their own, or where the start shows too little.
pub(super) fn boundary(start: &[u8], whole: bool) -> Option<Vec<u8>> {
    let Outside::Record(first) = outside(start, 0) else { return None };
    let before = start.get(..first)?;
    let before = before.strip_prefix(BOM).unwrap_or(before);
    // Where other objects stand before the records, lines tell too little.
    if before.contains(&b'"') && memchr::memchr_iter(b'{', before).count() > 1 {
        return None;
    }
    let own = if before.is_empty() { Some(b"\n".as_slice()) } else { prefix(before) };
    let Some(end) = balanced_end(start, first) else {
        return own.map(|line| [line, b"{"].concat());
    };
    let line = match outside(start, end) {
        Outside::Record(second) => {
            let between = start.get(end..second)?;
            own.filter(|_| between.contains(&b'\n')).or_else(|| prefix(between))
        }
        Outside::Junk(..) => own,
        Outside::End => own.filter(|_| !whole),
    };
    let pattern = [line?, b"{"].concat();
    let inside = memmem::find(start.get(first..end)?, &pattern).is_some();
    (!inside && mostly(start, end, &pattern)).then_some(pattern)
}

/// Whether at least half of the next records begin so; a few prove nothing.
fn mostly(start: &[u8], mut at: usize, pattern: &[u8]) -> bool {
    let (mut seen, mut fit) = (0, 0);
    while seen < 32
        && let Outside::Record(next) = outside(start, at)
        && let Some(end) = balanced_end(start, next)
    {
        seen += 1;
        fit += usize::from(start.get(..=next).is_some_and(|s| s.ends_with(pattern)));
        at = end;
    }
    seen < 4 || fit * 2 >= seen
}

/// The last line break with what follows it, if that is white space or commas.
fn prefix(between: &[u8]) -> Option<&[u8]> {
    let line = memchr::memrchr(b'\n', between)?;
    let prefix = between.get(line..)?;
    prefix.iter().all(|b| b.is_ascii_whitespace() || *b == b',').then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognised_by_content() {
        for yes in ["{\"a\":1}", " \r\n[ {\"a\" : 1}]", "\u{feff}{}", "[]", "[[{\"x\":1}]]", "{"] {
            assert!(plausible(yes.as_bytes()), "{yes}");
        }
        for no in ["", "{a}", "[section]", "[1]", "#fields", "{\"a\" 1}", "x{\"a\":1}", "{{"] {
            assert!(!plausible(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn boundaries_of_layouts() {
        for (text, expected) in [
            ("{\"a\":1}\n{\"a\":2}\n", Some("\n{")),
            ("{\"a\":1}\r\n\r\n{\"a\":2}\n", Some("\n{")),
            ("{\n  \"a\": {\n  }\n}\n{\n}", Some("\n{")),
            ("[\n  {\n    \"a\": 1\n  },\n  {\n  }\n]", Some("\n  {")),
            ("[{\"a\":1},\n{\"a\":2}]", Some("\n{")),
            ("[{\"a\":1}\n,{\"a\":2}]", Some("\n,{")),
            ("[{\"a\":1},{\"a\":2}]", None),
            ("{\"Records\":[{\"a\":1},{\"a\":2}]}", None),
            ("{\"Records\":[\n {\"a\":1},\n {\"a\":2}]}", Some("\n {")),
            ("{\"schema\":[\n {\"b\":1}],\"results\":[\n {\"a\":1},\n {\"a\":2}]}", None),
            ("{\n\"a\": [\n{\n}\n]\n}\n{\n}", None),
        ] {
            let found = boundary(text.as_bytes(), true);
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn wrappers_are_looked_through() {
        for (text, first) in [
            ("{\"Records\": [ {\"a\":1}]}", 14),
            ("{\"@odata.context\":\"x\",\"value\":[{\"a\":1}],\"@odata.nextLink\":\"y\"}", 31),
            ("{\"value\":[{\"a\":1}]}", 10),
            ("{\"Records\":[1]}", 0),
            ("{\"Events\":[{\"a\":1}],\"errors\":[{\"b\":{}}],\"NextToken\":null}", 11),
            (
                "{\"took\":1,\"_shards\":{\"a\":[]},\"hits\":{\"total\":{},\"hits\":[{\"_source\":1}]}}",
                56,
            ),
            ("{\"kind\":\"EventList\",\"metadata\":{},\"items\":[{\"a\":1}]}", 43),
            ("{\"kind\":\"Event\",\"level\":\"x\",\"items\":[{\"a\":1}]}", 0),
            ("{\"schema\":[{\"name\":\"a\"}],\"results\":[{\"a\":1}]}", 36),
            ("{\"data\":{\"a\":[{\"b\":1}]}}", 0),
            ("{\"result\":{\"_raw\":1}}", 0),
            ("{\"data\":[],\"user\":1}", 0),
        ] {
            assert_eq!(outside(text.as_bytes(), 0), Outside::Record(first), "{text}");
            let end = balanced_end(text.as_bytes(), first).unwrap();
            assert_eq!(outside(text.as_bytes(), end), Outside::End, "{text}");
        }
    }

    #[test]
    fn what_stands_beside_records_and_is_not_known_is_named() {
        let text = b"{\"Events\":[{\"a\":1}],\"other\":[{\"b\":2}]}";
        assert_eq!(outside(text, 18), Outside::Junk(20, 37));
        assert_eq!(outside(text, 37), Outside::End);
        let text = b"{\"data\":[{\"a\":1}],\"mine\":1,\"pagination\":{\"b\":2}}";
        assert_eq!(outside(text, 16), Outside::Junk(18, 26));
        assert_eq!(outside(text, 26), Outside::Junk(27, 47));
        assert_eq!(outside(text.get(..40).unwrap_or_default(), 26), Outside::Junk(27, 40));
        assert_eq!(outside(b"{\"Records\":[],\"nextLink\":\"x\"}", 0), Outside::End);
    }

    #[test]
    fn an_end_is_found_piece_by_piece() {
        let text = br#"{"a\\":["}\"{",{"b":"\\\""}],"c":"\\"} {"d":1}"#;
        let end = balanced_end(text, 0).unwrap();
        assert_eq!(&text[end..], br#" {"d":1}"#);
        for size in 1..end {
            let mut balance = Balance::default();
            let mut pieces = text.chunks(size).enumerate();
            let found = pieces.find_map(|(n, p)| balance.advance(p).map(|at| n * size + at));
            assert_eq!(found, Some(end), "{size}");
        }
        assert_eq!(balanced_end(b"{\"a\":\"x\n}", 0), Some(9));
    }
}
