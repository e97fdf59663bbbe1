//! Access logs of web servers: the common and the combined log format of
//! Apache, nginx, Tomcat and many others, with what sites put before and after
//! it; and the logs of load balancers and buckets of AWS.

mod aws;
mod line;
mod piped;

use std::sync::Arc;

use super::lines::{LineCutter, sampled};
use super::text::{Fault, Sink, TextFormat, TextReader};
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};

/// How many lines are looked at to recognise the format.
const SAMPLE_LINES: usize = 60;

/// The format `access-log`.
#[derive(Clone, Copy, Debug)]
pub struct AccessLog;

impl Format for AccessLog {
    fn name(&self) -> &'static str {
        "access-log"
    }

    /// At least half of the first lines are of an access log.
    fn recognises(&self, start: &[u8], whole: bool) -> bool {
        let (seen, known) = sampled(start, whole, SAMPLE_LINES, |line| {
            line::is_one(line) || aws::is_one(line) || piped::is_one(line)
        });
        known > 0 && known * 2 >= seen
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(LineCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(TextReader::<Lines>::default())
    }
}

/// A line is a record.
#[derive(Default)]
struct Lines;

impl TextFormat for Lines {
    type Context = ();

    fn context(&self, _: &Block) {}

    fn read(&self, text: &str, (): &(), sink: &mut dyn Sink) -> Result<(), Fault> {
        if line::say(text, sink) || aws::say(text, sink) || piped::say(text, sink) {
            return Ok(());
        }
        sink.shape("web", "access", None);
        sink.text("message", text);
        Err(Fault {
            what: "line that is not of an access log, read as text".into(),
            expected: "host, user, [time], \"request\", status, size",
            kept: true,
        })
    }
}
