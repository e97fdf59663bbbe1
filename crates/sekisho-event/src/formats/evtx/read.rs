//! Reads blocks of chunks into columns: the path that nearly all records take.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use evtx::ParserSettings;
use hashbrown::HashMap;

use super::chunk::{self, CHUNK_BYTES, Found, Span, Walk};
use super::json;
use super::layout::{Empty, Layout, Leaf, Memo, NO_SLOT, Role, Source};
use super::open::{self, Filled, Odd, Opened, Opener, Slot};
use super::slow::{self, Rendered, Winder};
use super::value::{self, Fit};
use crate::batch::{BatchBuilder, RowHead, ShapeId, TIME_UNKNOWN};
use crate::dictionary::{Dictionary, Kind, ValueId};
use crate::limits::RECORD_CELLS_MAX;
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Parsed, Reader, Records, Untimed};
use crate::shape::Shape;
use crate::vocabulary::{FieldId, Vocabulary};

/// Reads blocks of EVTX chunks.
#[derive(Debug)]
pub struct EvtxReader {
    opener: Opener,
    settings: Arc<ParserSettings>,
    blocks: u64,
    cells: Vec<(FieldId, ValueId)>,
    always_slow: bool,
    slow_records: u64,
}

impl Default for EvtxReader {
    fn default() -> Self {
        Self {
            opener: Opener::default(),
            settings: slow::settings(),
            blocks: 0,
            cells: Vec::new(),
            always_slow: false,
            slow_records: 0,
        }
    }
}

impl EvtxReader {
    /// A reader that takes the slow path for every record. Its results are the
    /// same; tests compare them.
    #[must_use]
    pub fn oracle() -> Self {
        Self { always_slow: true, ..Self::default() }
    }

    /// How many records the slow path has read.
    #[must_use]
    pub fn slow_records(&self) -> u64 {
        self.slow_records
    }
}

/// What is gathered while one block is read.
struct Gathered<'a> {
    block: &'a Block,
    vocabulary: &'a mut Vocabulary,
    builder: BatchBuilder,
    shapes: Shapes,
    host: (Vec<u8>, ValueId),
    offsets: Vec<u32>,
    problems: Problems,
    untimed: Untimed,
    /// Size of the fields that the slow path has read.
    slow_bytes: usize,
}

/// The shapes of a block by the raw bytes that tell them.
#[derive(Default)]
struct Shapes {
    last: Option<(Vec<u8>, u64, ShapeId, bool)>,
    all: HashMap<(Vec<u8>, u64), (ShapeId, bool)>,
}

impl Reader for EvtxReader {
    fn read(
        &mut self,
        block: &Block,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
    ) {
        self.opener.store.trim();
        self.blocks += 1;
        let mut gathered = Gathered {
            block,
            vocabulary,
            builder: BatchBuilder::default(),
            shapes: Shapes::default(),
            host: (Vec::new(), ValueId::ABSENT),
            offsets: Vec::new(),
            problems: block.problems.clone(),
            untimed: Untimed::default(),
            slow_bytes: 0,
        };
        gathered.builder.begin(block, gathered.vocabulary);
        for (number, data) in block.bytes.chunks(CHUNK_BYTES).enumerate() {
            self.read_chunk(number, data, &mut gathered);
        }
        let Gathered { mut builder, vocabulary, offsets, problems, untimed, .. } = gathered;
        let records = ChunkRecords {
            block,
            offsets: &offsets,
            settings: &self.settings,
            state: RefCell::new((&mut self.opener, usize::MAX, Rendered::default())),
        };
        let parsed = Parsed {
            batches: &builder.finish(),
            count: u32::try_from(offsets.len()).unwrap_or(u32::MAX),
            records: &records,
            problems,
            untimed,
        };
        visit(&parsed, vocabulary);
    }
}

/// The records of a block by number.
struct ChunkRecords<'a> {
    block: &'a Block,
    /// Within the block.
    offsets: &'a [u32],
    settings: &'a Arc<ParserSettings>,
    /// The templates, the chunk they were last asked for, and what the slow
    /// path has rendered.
    state: RefCell<(&'a mut Opener, usize, Rendered)>,
}

impl Records for ChunkRecords<'_> {
    fn offset(&self, record: u32) -> u64 {
        let within = self.offsets.get(record as usize).copied().unwrap_or(0);
        self.block.offset + u64::from(within)
    }

    fn write_json(&self, record: u32, out: &mut Vec<u8>) {
        let Some(&within) = self.offsets.get(record as usize) else {
            out.extend_from_slice(b"null");
            return;
        };
        let (number, at) = (within as usize / CHUNK_BYTES, within as usize % CHUNK_BYTES);
        let chunk = self.block.bytes.chunks(CHUNK_BYTES).nth(number).unwrap_or_default();
        let (opener, current, rendered) = &mut *self.state.borrow_mut();
        if *current != number {
            opener.store.next_chunk();
            *current = number;
        }
        let start = out.len();
        let written = chunk::record_at(chunk, at)
            .is_some_and(|(span, _)| json::write(opener, chunk, &span, out).is_ok());
        if !written {
            out.truncate(start);
            rendered.write(number, at, chunk, self.settings, out);
        }
    }
}

impl Gathered<'_> {
    fn problem(&mut self, within: usize, what: String, expected: &str) {
        self.problems.push(Problem::new(self.block.offset + within as u64, what, expected));
    }

    /// The shape of a channel and an event id as they are written; whether all
    /// of its fields are wanted.
    fn shape(&mut self, form: u8, channel: &[u8], event_id: u64) -> (ShapeId, bool) {
        if let Some((last, id, shape, whole)) = &self.shapes.last
            && *id == event_id
            && last == channel
        {
            return (*shape, *whole);
        }
        let mut key = (channel.to_vec(), event_id);
        let (shape, whole) = match self.shapes.all.get(&key) {
            Some(&known) => known,
            None => {
                let mut text = String::new();
                if value::fit(form, channel) == Fit::Plain {
                    value::decode(form, channel, &mut text);
                }
                let new = self.new_shape(&text, u32::try_from(event_id).ok());
                self.shapes.all.insert(key.clone(), new);
                new
            }
        };
        self.shapes.last = Some((std::mem::take(&mut key.0), event_id, shape, whole));
        (shape, whole)
    }

    fn new_shape(&mut self, channel: &str, event_id: Option<u32>) -> (ShapeId, bool) {
        let shape = Shape { product: "windows".into(), channel: channel.into(), event_id };
        let whole = self.vocabulary.projection().wants_all_of(&shape);
        (self.builder.shape(&shape), whole)
    }

    fn host(&mut self, form: u8, raw: &[u8]) -> Result<ValueId, Odd> {
        if self.host.1.is_present() && self.host.0 == raw {
            return Ok(self.host.1);
        }
        match value::fit(form, raw) {
            Fit::Plain if form == value::STRING => {}
            Fit::Empty => return Ok(ValueId::ABSENT),
            _ => return Err(Odd),
        }
        let id = self.vocabulary.hosts.intern(form, raw, |raw, out| value::decode(form, raw, out));
        self.host = (raw.to_vec(), id);
        Ok(id)
    }

    /// Adds a record that stands at this offset of the block.
    fn push(
        &mut self,
        shape: ShapeId,
        within: usize,
        mut head: RowHead,
        cells: &[(FieldId, ValueId)],
    ) {
        self.untimed.timeless += u64::from(head.time == TIME_UNKNOWN);
        head.record = u32::try_from(self.offsets.len()).unwrap_or(u32::MAX);
        self.offsets.push(u32::try_from(within).unwrap_or(u32::MAX));
        self.builder.push(shape, head, cells);
    }
}

impl EvtxReader {
    fn read_chunk(&mut self, number: usize, data: &[u8], gathered: &mut Gathered<'_>) {
        let base = number * CHUNK_BYTES;
        let offset = gathered.block.offset + base as u64;
        let name = (offset - gathered.block.header.len() as u64) / CHUNK_BYTES as u64;
        match chunk::classify(data) {
            // Named by the cutter, where there should be records.
            Found::Unused => return,
            Found::Foreign => {
                let what = format!("chunk {name} is no chunk: {} other bytes", data.len());
                gathered.problem(base, what, "the magic `ElfChnk` of a chunk of 65536 bytes");
                return;
            }
            Found::Chunk => {}
        }
        let mut walk = Walk::new(data);
        let mut damaged = None;
        if data.len() < CHUNK_BYTES {
            let what = format!("chunk {name} is cut off after {} bytes", data.len());
            gathered.problem(base, what, "a chunk of 65536 bytes; what is there was read");
        } else if let Some(damage) = chunk::damage(data) {
            damaged = Some((gathered.problems.named.len(), gathered.offsets.len()));
            let what = format!("chunk {name} is damaged: its {}", damage.what);
            gathered.problem(base, what, "an unaltered chunk");
            if damage.of_header {
                walk = Walk::to_the_end(data);
            }
        }
        self.opener.store.next_chunk();
        if let Some(odd) = self.read_records(&mut walk, base, data, None, gathered) {
            let settings = Arc::clone(&self.settings);
            slow::with_winder(data, &settings, |mut winder| {
                self.read_slow(&odd, base, winder.as_mut(), gathered);
                self.read_records(&mut walk, base, data, Some(winder.as_mut()), gathered);
            });
        }
        // How much of it was read is known only now.
        if let Some((problem, before)) = damaged
            && let Some(problem) = gathered.problems.named.get_mut(problem)
        {
            let count = gathered.offsets.len() - before;
            problem.expected = format!("an unaltered chunk; {count} records were read from it");
        }
    }

    /// Reads records up to the end of the chunk; without the slow path at hand,
    /// only up to the first that needs it, which is returned.
    fn read_records(
        &mut self,
        walk: &mut Walk,
        base: usize,
        data: &[u8],
        mut winder: Option<Option<&mut Winder<'_, '_>>>,
        gathered: &mut Gathered<'_>,
    ) -> Option<Span> {
        while let Some(next) = walk.next(data) {
            let span = match next {
                Ok(span) => span,
                Err(at) => {
                    let what = format!("no record begins {at} bytes into its chunk");
                    gathered.problem(base + at, what, "a record; the next one found was read");
                    continue;
                }
            };
            if !self.always_slow && self.read_fast(&span, base, data, gathered).is_ok() {
                continue;
            }
            match &mut winder {
                None => return Some(span),
                Some(winder) => {
                    self.read_slow(&span, base, winder.as_deref_mut(), gathered);
                }
            }
        }
        None
    }

    fn read_fast(
        &mut self,
        span: &Span,
        base: usize,
        data: &[u8],
        gathered: &mut Gathered<'_>,
    ) -> Result<(), Odd> {
        self.cells.clear();
        let Opened { outer, inner, added } = self.opener.record(data, span.body, span.end)?;
        let Self { opener: Opener { store, slots }, cells, blocks, .. } = self;
        let layout = store.get_mut(outer.layout).ok_or(Odd)?;
        let bytes = &gathered.block.bytes;
        let mut row = Row { data, base, slots, cells, bytes, block: *blocks, whole: false };
        let nested = layout.nested;
        let head = row.head(layout, outer, span)?;
        let (form, channel) = row.role(layout, outer, Role::Channel);
        if !matches!(form, value::NULL | value::STRING) || channel.len() % 2 == 1 {
            return Err(Odd);
        }
        let (shape, whole) = gathered.shape(form, channel, row.event_id(layout, outer));
        row.whole = whole;
        let (form, computer) = row.role(layout, outer, Role::Computer);
        let host = gathered.host(form, computer)?;
        let split = nested.map_or(usize::MAX, |nested| nested.before);
        row.emit(layout, outer, 0..split, gathered.vocabulary)?;
        if let Some(inner) = inner {
            let layout = store.get_mut(inner.layout).ok_or(Odd)?;
            row.emit(layout, inner, 0..usize::MAX, gathered.vocabulary)?;
        }
        if let Some(mut added) = added {
            row.emit(&mut added, Filled::NONE, 0..usize::MAX, gathered.vocabulary)?;
        }
        if split < usize::MAX {
            let layout = store.get_mut(outer.layout).ok_or(Odd)?;
            row.emit(layout, outer, split..usize::MAX, gathered.vocabulary)?;
        }
        gathered.push(shape, base + span.at, RowHead { host, ..head }, cells);
        Ok(())
    }

    /// Reads a record from what the `evtx` crate makes of it.
    fn read_slow(
        &mut self,
        span: &Span,
        base: usize,
        winder: Option<&mut Winder<'_, '_>>,
        gathered: &mut Gathered<'_>,
    ) {
        self.slow_records += 1;
        let mut fields: Vec<(String, Kind, String)> = Vec::new();
        let read = match winder {
            None => Err("the table of names in its chunk is damaged".to_owned()),
            Some(winder) => winder.fields(span, &mut |(name, kind, text)| {
                fields.push((name.to_owned(), kind, text.to_owned()));
            }),
        };
        gathered.slow_bytes += fields.iter().map(|f| f.0.len() + f.2.len()).sum::<usize>();
        let read = read.and(if gathered.slow_bytes <= SLOW_BYTES_MAX {
            Ok(())
        } else {
            Err("its block holds too many out of the ordinary".to_owned())
        });
        if let Err(why) = read {
            let what = format!("record {} is not readable: {why}", span.id);
            gathered.problem(base + span.at, what, "a whole record; all others were read");
            return;
        }
        let first = |name: &str| fields.iter().find(|f| f.0 == name).map(|f| f.2.as_str());
        let event_id = first("EventID").and_then(|t| t.parse().ok()).unwrap_or(NO_EVENT_ID);
        let channel: Vec<u8> =
            first("Channel").unwrap_or("").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (shape, whole) = gathered.shape(value::STRING, &channel, event_id);
        let time = first("SystemTime").and_then(|t| t.parse::<jiff::Timestamp>().ok());
        let time = time.and_then(|t| i64::try_from(t.as_nanosecond()).ok());
        let host = first("Computer").filter(|t| !t.is_empty());
        let host = host.map(|t| gathered.vocabulary.hosts.intern_str(Kind::String, t));
        let head = RowHead {
            time: time.or(value::nanoseconds(span.ticks)).unwrap_or(TIME_UNKNOWN),
            host: host.unwrap_or(ValueId::ABSENT),
            record_id: first("EventRecordID").and_then(|t| t.parse().ok()).unwrap_or(span.id),
            record: 0,
        };
        self.cells.clear();
        let vocabulary = &mut *gathered.vocabulary;
        for (name, kind, text) in &fields {
            if !whole && !vocabulary.projection().wants(name) {
                continue;
            }
            let Some(field) = vocabulary.field(name) else { continue };
            let Some(dictionary) = vocabulary.dictionary_mut(field) else { continue };
            self.cells.push((field, dictionary.intern_str(*kind, text)));
        }
        gathered.push(shape, base + span.at, head, &self.cells);
    }
}

/// Most bytes of fields that the slow path reads from one block. A record of a
/// few bytes can render to megabytes.
const SLOW_BYTES_MAX: usize = 32 << 20;

/// "The event has no id that is a number."
const NO_EVENT_ID: u64 = u64::MAX;

/// A record whose values are being looked up.
struct Row<'a> {
    data: &'a [u8],
    /// Where the chunk begins in the block.
    base: usize,
    slots: &'a [Slot],
    cells: &'a mut Vec<(FieldId, ValueId)>,
    bytes: &'a [u8],
    block: u64,
    whole: bool,
}

impl<'a> Row<'a> {
    /// The type and the bytes of a gap; those of null where there is none.
    fn slot(&self, filled: Filled, slot: u16) -> (u8, &'a [u8]) {
        open::slot(self.data, self.slots, filled, slot)
    }

    fn source<'b>(&'b self, layout: &'b Layout, filled: Filled, source: Source) -> (u8, &'b [u8]) {
        match source {
            Source::Nothing => (value::NULL, &[]),
            Source::Slot(slot) => self.slot(filled, slot),
            Source::Literal(a, b) => {
                (value::STRING, layout.literals.get(a as usize..b as usize).unwrap_or_default())
            }
        }
    }

    fn role<'b>(&'b self, layout: &'b Layout, filled: Filled, role: Role) -> (u8, &'b [u8]) {
        let source = layout.roles.get(role as usize).copied().flatten();
        self.source(layout, filled, source.unwrap_or(Source::Nothing))
    }

    fn number(&self, layout: &Layout, filled: Filled, role: Role) -> Option<u64> {
        let (form, raw) = self.role(layout, filled, role);
        if value::fit(form, raw) != Fit::Plain {
            return None;
        }
        if matches!(form, 0x04 | 0x06 | 0x08 | 0x0a) {
            return Some(value::unsigned(raw));
        }
        let mut text = String::new();
        value::decode(form, raw, &mut text);
        text.parse().ok()
    }

    fn event_id(&self, layout: &Layout, filled: Filled) -> u64 {
        self.number(layout, filled, Role::EventId).unwrap_or(NO_EVENT_ID)
    }

    fn head(&self, layout: &Layout, filled: Filled, span: &Span) -> Result<RowHead, Odd> {
        let time = match self.role(layout, filled, Role::Time) {
            (0x11, raw) if raw.len() == 8 => value::nanoseconds(value::unsigned(raw)),
            (form, raw) if value::fit(form, raw) == Fit::Empty => None,
            _ => return Err(Odd),
        };
        Ok(RowHead {
            time: time.or(value::nanoseconds(span.ticks)).unwrap_or(TIME_UNKNOWN),
            host: ValueId::ABSENT,
            record_id: self.number(layout, filled, Role::RecordId).unwrap_or(span.id),
            record: 0,
        })
    }

    /// Looks up the values of some of a template's leaves.
    fn emit(
        &mut self,
        layout: &mut Layout,
        filled: Filled,
        range: Range<usize>,
        vocabulary: &mut Vocabulary,
    ) -> Result<(), Odd> {
        if layout.bound != self.block || (self.whole && !layout.bound_whole) {
            bind(layout, self.whole, self.block, vocabulary);
        }
        let Layout { leaves, literals, wanted, .. } = layout;
        if self.whole {
            let end = range.end.min(leaves.len());
            let leaves = leaves.get_mut(range.start.min(end)..end).unwrap_or_default();
            return leaves.iter_mut().try_for_each(|l| self.leaf(l, literals, filled, vocabulary));
        }
        for &i in wanted.iter() {
            if let Some(leaf) = leaves.get_mut(i as usize)
                && range.contains(&(i as usize))
            {
                self.leaf(leaf, literals, filled, vocabulary)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn leaf(
        &mut self,
        leaf: &mut Leaf,
        literals: &[u8],
        filled: Filled,
        vocabulary: &mut Vocabulary,
    ) -> Result<(), Odd> {
        for depends in leaf.depends.into_iter().filter(|&d| d != NO_SLOT) {
            // A gap that does not exist leaves nothing out.
            let (form, raw) = self.slot(filled, depends);
            if usize::from(depends) < filled.count && value::is_null(form, raw) {
                return Ok(());
            }
        }
        let Some(field) = leaf.field else { return Ok(()) };
        let (form, raw, at) = match leaf.source {
            Source::Slot(slot) => {
                let (form, raw) = self.slot(filled, slot);
                let place = self.slots.get(filled.first + usize::from(slot));
                (form, raw, place.map_or(0, |p| self.base as u32 + p.at))
            }
            Source::Literal(..) if leaf.memo.id.is_present() => {
                self.cells.push((field, leaf.memo.id));
                return Ok(());
            }
            Source::Literal(a, b) => {
                (value::STRING, literals.get(a as usize..b as usize).unwrap_or_default(), 0)
            }
            Source::Nothing => (value::NULL, Default::default(), 0),
        };
        if leaf.memo.id.is_present() && leaf.memo.is(form, raw, self.bytes) {
            self.cells.push((field, leaf.memo.id));
            return Ok(());
        }
        let Some(dictionary) = vocabulary.dictionary_mut(field) else { return Ok(()) };
        let id = match value::fit(form, raw) {
            Fit::Plain => dictionary.intern(form, raw, |raw, out| value::decode(form, raw, out)),
            Fit::Empty => match leaf.empty {
                Empty::Skip => return Ok(()),
                Empty::Text => dictionary.intern_str(Kind::String, ""),
                Empty::Null => dictionary.intern_str(Kind::Null, ""),
            },
            Fit::Strings if leaf.many => return many(field, raw, dictionary, self.cells),
            Fit::Strings | Fit::Odd => return Err(Odd),
        };
        leaf.memo = Memo { form, at, len: raw.len() as u32, id };
        self.cells.push((field, id));
        Ok(())
    }
}

/// Several strings as several values.
fn many(
    field: FieldId,
    raw: &[u8],
    dictionary: &mut Dictionary,
    cells: &mut Vec<(FieldId, ValueId)>,
) -> Result<(), Odd> {
    for item in value::strings(raw) {
        if cells.len() >= RECORD_CELLS_MAX {
            return Err(Odd);
        }
        let id = if item.is_empty() {
            dictionary.intern_str(Kind::String, "")
        } else {
            dictionary
                .intern(value::STRING, item, |raw, out| value::decode(value::STRING, raw, out))
        };
        cells.push((field, id));
    }
    Ok(())
}

/// Looks up the fields of a template for one block.
fn bind(layout: &mut Layout, whole: bool, block: u64, vocabulary: &mut Vocabulary) {
    if layout.bound != block {
        layout.bound_whole = false;
    }
    layout.bound = block;
    layout.bound_whole |= whole;
    layout.wanted.clear();
    for (i, leaf) in (0u32..).zip(layout.leaves.iter_mut()) {
        leaf.memo = Memo::NONE;
        let wanted = vocabulary.projection().wants(&leaf.name);
        leaf.field = if wanted || whole { vocabulary.field(&leaf.name) } else { None };
        if wanted {
            layout.wanted.push(i);
        }
    }
}
