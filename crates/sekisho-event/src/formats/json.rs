//! JSON records: one a line, pretty-printed one after another, in arrays or
//! in an object `{"Records": […]}`, in UTF-8 or UTF-16. What kind of record it
//! is (its *dialect*) is decided for each record, not for the file.
//!
//! The path of a byte: `cutter` finds where blocks may end, `layout` says
//! what stands between records, `scan` turns a record into cells without a
//! tree, `folds` goes on within strings that hold JSON, `dialect` says what
//! the cells are called, `pairs` and `made` give further fields to some kinds
//! of records, `read` puts them all into batches. Rows of tables come to it
//! through `rows`.

mod cloud;
mod cutter;
mod dialect;
mod folds;
mod joined;
mod layout;
mod made;
mod pairs;
mod paths;
mod read;
mod roles;
mod rows;
mod scan;
mod text;
mod windows;
mod zeek;

use std::sync::Arc;

use super::utf16;
use crate::reader::{Cutter, Format, Reader, SourceHints};

/// The format `json`.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn recognises(&self, start: &[u8], _whole: bool) -> bool {
        match utf16::Encoding::of(start) {
            utf16::Encoding::Utf8 => layout::plausible(start),
            wide => layout::plausible(utf16::decode_start(start, wide).as_bytes()),
        }
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(cutter::JsonCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(read::JsonReader::default())
    }
}

pub(super) use read::{Found, TEXT_DAMAGED};
pub(super) use rows::{Cells, Form, RowReader};
pub(super) use text::{find_quote, string_end, unescape, write_string};
pub(super) use zeek::path_of_name;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problems;
    use crate::reader::Block;
    use crate::vocabulary::Vocabulary;

    fn block_of_lines(lines: &[u8]) -> Block {
        Block {
            bytes: lines.to_vec(),
            offset: 0,
            header: (*b"\0\n{").into(),
            hints: Arc::default(),
            problems: Problems::default(),
        }
    }

    #[test]
    fn lines_of_another_format_are_read_where_they_stand() {
        let lines = b"{\"EventID\":1}\n{bad}\n{\"AuditData\":\"{\\\"Workload\\\":\\\"Exchange\\\",\\\"Operation\\\":\\\"x\\\",\\\"CreationTime\\\":\\\"2024-01-02T03:04:05\\\",\\\"RecordType\\\":1}\"}\n";
        let block = block_of_lines(lines);
        let mut seen = 0;
        Json.reader().read(&block, &mut Vocabulary::default(), &mut |parsed, vocabulary| {
            seen += parsed.count;
            assert_eq!(parsed.records.offset(1), 20);
            assert_eq!(parsed.problems.named[0].offset, 15);
            let m365 = parsed.batches.iter().find(|b| &*b.shape.product == "m365").unwrap();
            assert_eq!(&*m365.shape.channel, "Exchange");
            assert_eq!(m365.times, [1_704_164_645_000_000_000]);
            let operation = m365.column(vocabulary.find("Operation").unwrap()).unwrap();
            let text = vocabulary.dictionary(operation.field).unwrap().text(operation.first(0));
            assert_eq!(text, "x");
        });
        assert_eq!(seen, 2);
    }

    #[test]
    fn times_written_for_people_are_read_where_their_order_is_known() {
        let azure = r#""category":"RiskyUsers","operationName":"x","resourceId":"/x""#;
        for (text, expected) in [
            (format!(r#"{{"time":"5/2/2024 6:11:52 PM",{azure}}}"#), 1_714_673_512),
            (format!(r#"{{"time":"5/2/2024 10:41:00 AM +01:00",{azure}}}"#), 1_714_642_860),
            (format!(r#"{{"time":"2024-05-02T9:41:00Z",{azure}}}"#), 1_714_642_860),
            (r#"{"time":"Thu, 02 May 2024 09:41:00 GMT"}"#.into(), 1_714_642_860),
            (r#"{"time_local":"02/May/2024:10:41:00 +0100"}"#.into(), 1_714_642_860),
            (r#"{"t":{"$date":"2024-05-02T10:41:00.000+01:00"}}"#.into(), 1_714_642_860),
            (r#"{"time":"5/2/2024 6:11:52 PM"}"#.into(), 0),
            (r#"{"time":"5/2/2024 18:11:52 UTC"}"#.into(), 0),
            (r#"{"time":"up 3 days, 09:41"}"#.into(), 0),
        ] {
            let block = block_of_lines(text.as_bytes());
            let mut seen = Vec::new();
            Json.reader().read(&block, &mut Vocabulary::default(), &mut |parsed, _| {
                seen.extend(parsed.batches.iter().flat_map(|b| b.times.clone()));
            });
            let known = crate::batch::TIME_UNKNOWN;
            let expected = if expected == 0 { known } else { expected * 1_000_000_000 };
            assert_eq!(seen, [expected], "{text}");
        }
    }
}
