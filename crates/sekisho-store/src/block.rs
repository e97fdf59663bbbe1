//! Rows on their way from a worker thread to a segment. Value ids never leave
//! a thread, so the rows of a batch are packed with the values that they have:
//! each distinct value of a column once, and for each cell its number in that
//! list, in as few bytes as it needs.

use sekisho_event::{EventBatch, Kind, Shape, ValueId, Vocabulary};

use crate::limits::ROOM_BYTES_KEPT;

/// How many [`Kind`]s there are.
pub(crate) const KINDS: usize = 4;

/// Number of a kind, for counting.
pub(crate) fn kind_index(kind: Kind) -> usize {
    match kind {
        Kind::String => 0,
        Kind::Number => 1,
        Kind::Bool => 2,
        Kind::Null => 3,
    }
}

#[derive(Clone, Copy, Debug)]
struct LocalValue {
    end: u32,
    kind: Kind,
}

/// One packed column; its parts lie in the block's common buffers.
#[derive(Clone, Debug, Default)]
struct Packed {
    name_at: u32,
    name_len: u32,
    /// Its distinct values: from which on in the block's list, and how many.
    values_at: u32,
    values: u32,
    /// Its cells: where, how many, and in how many bytes each. Zero bytes:
    /// all of them have the column's one value.
    keys_at: u32,
    keys: u32,
    width: u8,
    more_at: u32,
    more: u32,
    /// Rows with a value.
    present: u32,
    /// Values by kind, repeated ones of a row included.
    kinds: [u32; KINDS],
}

/// Events of one shape with all their values: self-contained and compact.
#[derive(Clone, Debug, Default)]
pub struct RowBlock {
    shape: Shape,
    source: u32,
    pub(crate) times: Vec<i64>,
    pub(crate) record_ids: Vec<u64>,
    pub(crate) offsets: Vec<u64>,
    /// Empty where all are 0.
    pub(crate) ordinals: Vec<u32>,
    /// The hosts first, then the fields.
    columns: Vec<Packed>,
    names: String,
    values: Vec<LocalValue>,
    text: String,
    keys: Vec<u8>,
    /// Row and value.
    more: Vec<(u32, u32)>,
}

impl RowBlock {
    /// Packs a batch; see [`RowPacker::pack`], which is faster over many.
    #[must_use]
    pub fn of(
        batch: &EventBatch,
        vocabulary: &Vocabulary,
        source: u32,
        offsets: &dyn Fn(u32) -> u64,
        ordinals: &[u32],
    ) -> Self {
        RowPacker::default().pack(batch, vocabulary, source, offsets, ordinals)
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.times.len()
    }

    /// Memory that it takes, in bytes. Depends on what it holds alone.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.shape.product.len()
            + self.shape.channel.len()
            + self.rows() * 3 * size_of::<u64>()
            + self.ordinals.len() * size_of::<u32>()
            + self.columns.len() * size_of::<Packed>()
            + self.names.len()
            + self.values.len() * size_of::<LocalValue>()
            + self.text.len()
            + self.keys.len()
            + self.more.len() * size_of::<(u32, u32)>()
    }

    /// Forgets the columns but keeps their space, within reason.
    fn clear(&mut self) {
        let Self { columns, names, values, text, keys, more, .. } = self;
        columns.clear();
        names.clear();
        values.clear();
        text.clear();
        keys.clear();
        more.clear();
        if text.capacity() > ROOM_BYTES_KEPT {
            *self = Self::default();
        }
    }

    /// Of what shape the rows are.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Which source they are from.
    #[must_use]
    pub fn source(&self) -> u32 {
        self.source
    }

    /// When each happened: nanoseconds since 1970 in UTC, or
    /// [`TIME_UNKNOWN`](sekisho_event::TIME_UNKNOWN).
    #[must_use]
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// Their own ids.
    #[must_use]
    pub fn record_ids(&self) -> &[u64] {
        &self.record_ids
    }

    /// The column of the hosts.
    pub(crate) fn hosts(&self) -> Option<BlockColumn<'_>> {
        let packed = self.columns.first()?;
        Some(BlockColumn { block: self, packed })
    }

    /// The columns of the fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = BlockColumn<'_>> {
        self.columns.iter().skip(1).map(|packed| BlockColumn { block: self, packed })
    }

    /// The column of a field by its number among them.
    pub(crate) fn field(&self, number: usize) -> Option<BlockColumn<'_>> {
        let packed = self.columns.get(number + 1)?;
        Some(BlockColumn { block: self, packed })
    }
}

/// One column of a block.
#[derive(Clone, Copy)]
pub(crate) struct BlockColumn<'a> {
    block: &'a RowBlock,
    packed: &'a Packed,
}

impl<'a> BlockColumn<'a> {
    #[inline]
    pub(crate) fn name(&self) -> &'a str {
        let at = self.packed.name_at as usize;
        self.block.names.get(at..at + self.packed.name_len as usize).unwrap_or_default()
    }

    /// Rows of its block.
    pub(crate) fn rows(&self) -> usize {
        self.block.rows()
    }

    /// Rows with a value.
    #[inline]
    pub(crate) fn present(&self) -> u32 {
        self.packed.present
    }

    #[inline]
    pub(crate) fn kinds(&self) -> [u32; KINDS] {
        self.packed.kinds
    }

    /// The distinct values; the first has number 1.
    #[inline]
    pub(crate) fn values(&self) -> impl Iterator<Item = (Kind, &'a str)> + use<'a> {
        let block = self.block;
        let at = self.packed.values_at as usize;
        let values = block.values.get(at..at + self.packed.values as usize).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|before| block.values.get(before));
        let mut start = before.map_or(0, |value| value.end as usize);
        values.iter().map(move |value| {
            let end = value.end as usize;
            let text = block.text.get(start..end).unwrap_or_default();
            start = end;
            (value.kind, text)
        })
    }

    /// Further values of rows: row and number of the value.
    #[inline]
    pub(crate) fn more(&self) -> &'a [(u32, u32)] {
        let at = self.packed.more_at as usize;
        self.block.more.get(at..at + self.packed.more as usize).unwrap_or_default()
    }

    /// The number of the value of one row, 0 for none.
    pub(crate) fn key(&self, row: usize) -> u32 {
        if row >= self.packed.keys as usize {
            return 0;
        }
        let width = usize::from(self.packed.width);
        let at = self.packed.keys_at as usize + row * width;
        match self.block.keys.get(at..at + width).unwrap_or_default() {
            [] => 1,
            [a] => u32::from(*a),
            [a, b] => u32::from(u16::from_le_bytes([*a, *b])),
            bytes => bytes.first_chunk().map_or(0, |four| u32::from_le_bytes(*four)),
        }
    }

    /// The value with this number.
    pub(crate) fn value(&self, key: u32) -> Option<(Kind, &'a str)> {
        self.values().nth((key as usize).checked_sub(1)?)
    }

    /// Appends for each row what stands at the number of its value in `map`; rows
    /// past the last one have none.
    pub(crate) fn map_keys(&self, map: &[u32], out: &mut Vec<u32>) {
        let (at, count) = (self.packed.keys_at as usize, self.packed.keys as usize);
        let width = usize::from(self.packed.width);
        let keys = self.block.keys.get(at..at + count * width).unwrap_or_default();
        let mapped = |key: u32| map.get(key as usize).copied().unwrap_or(0);
        match width {
            0 => out.extend(std::iter::repeat_n(mapped(1), count)),
            1 => out.extend(keys.iter().map(|&key| mapped(u32::from(key)))),
            2 => {
                let keys = keys.as_chunks::<2>().0.iter();
                out.extend(keys.map(|&key| mapped(u32::from(u16::from_le_bytes(key)))));
            }
            _ => {
                let keys = keys.as_chunks::<4>().0.iter();
                out.extend(keys.map(|&key| mapped(u32::from_le_bytes(key))));
            }
        }
    }

    /// Calls `each` with the number of the value of each row in order, 0 for
    /// none; rows past the last call have none.
    pub(crate) fn each_key(&self, mut each: impl FnMut(u32)) {
        let (at, count) = (self.packed.keys_at as usize, self.packed.keys as usize);
        let width = usize::from(self.packed.width);
        let keys = self.block.keys.get(at..at + count * width).unwrap_or_default();
        match width {
            0 => (0..count).for_each(|_| each(1)),
            1 => keys.iter().for_each(|&key| each(u32::from(key))),
            2 => {
                let (pairs, _) = keys.as_chunks::<2>();
                pairs.iter().for_each(|&key| each(u32::from(u16::from_le_bytes(key))));
            }
            _ => {
                let (fours, _) = keys.as_chunks::<4>();
                fours.iter().for_each(|&key| each(u32::from_le_bytes(key)));
            }
        }
    }
}

/// Packs batches. One for each worker thread: it keeps its scratch space.
#[derive(Debug, Default)]
pub struct RowPacker {
    /// By value id: one more than its number among the column's distinct
    /// values. All zeroes between two columns.
    local: Vec<u32>,
    seen: Vec<ValueId>,
    keys: Vec<u32>,
    /// Buffers of the block at hand; it gets copies that are no larger than
    /// they must be.
    room: RowBlock,
}

impl RowPacker {
    /// Packs a batch that was read from the source with this number.
    /// `offsets` says where a record (by its number in the block) begins,
    /// `ordinals` for each row how many events before it have the same
    /// source and offset; missing ones are 0.
    pub fn pack(
        &mut self,
        batch: &EventBatch,
        vocabulary: &Vocabulary,
        source: u32,
        offsets: &dyn Fn(u32) -> u64,
        ordinals: &[u32],
    ) -> RowBlock {
        let rows = batch.rows();
        let mut room = std::mem::take(&mut self.room);
        self.column(&mut room, rows, "", &batch.hosts, &[], &vocabulary.hosts);
        for column in &batch.columns {
            let Some(dictionary) = vocabulary.dictionary(column.field) else { continue };
            let name = vocabulary.name(column.field);
            self.column(&mut room, rows, name, &column.keys, &column.more, dictionary);
        }
        let mut block = RowBlock {
            shape: batch.shape.clone(),
            source,
            times: batch.times.clone(),
            record_ids: batch.record_ids.clone(),
            offsets: batch.records.iter().map(|&record| offsets(record)).collect(),
            ordinals: Vec::new(),
            columns: room.columns.as_slice().into(),
            names: room.names.as_str().into(),
            values: room.values.as_slice().into(),
            text: room.text.as_str().into(),
            keys: room.keys.as_slice().into(),
            more: room.more.as_slice().into(),
        };
        room.clear();
        self.room = room;
        if ordinals.iter().any(|&ordinal| ordinal != 0) {
            block.ordinals = ordinals.iter().copied().take(rows).collect();
            block.ordinals.resize(rows, 0);
        }
        block.record_ids.resize(rows, sekisho_event::RECORD_ID_UNKNOWN);
        block.offsets.resize(rows, 0);
        block
    }

    fn column(
        &mut self,
        block: &mut RowBlock,
        rows: usize,
        name: &str,
        keys: &[ValueId],
        more: &[(u32, ValueId)],
        dictionary: &sekisho_event::Dictionary,
    ) {
        if self.local.len() <= dictionary.len() {
            self.local.resize(dictionary.len() + 1, 0);
        }
        let mut packed = Packed {
            name_at: to_u32(block.names.len()),
            name_len: to_u32(name.len()),
            values_at: to_u32(block.values.len()),
            keys_at: to_u32(block.keys.len()),
            more_at: to_u32(block.more.len()),
            ..Packed::default()
        };
        self.number_keys(keys.get(..rows).unwrap_or(keys), &mut packed);
        for &(row, id) in more {
            let number = self.number(id);
            if number != 0 && (row as usize) < rows {
                block.more.push((row, number));
            }
        }
        packed.more = to_u32(block.more.len()) - packed.more_at;
        packed.values = to_u32(self.seen.len());
        for id in self.seen.drain(..) {
            if let Some(slot) = self.local.get_mut(id.index()) {
                *slot = 0;
            }
            let value = dictionary.get(id);
            block.text.push_str(value.map_or("", |value| value.text));
            let kind = value.map_or(Kind::Null, |value| value.kind);
            block.values.push(LocalValue { end: to_u32(block.text.len()), kind });
        }
        count_kinds(&self.keys, block, &mut packed);
        self.write_keys(&mut packed, &mut block.keys);
        block.names.push_str(name);
        block.columns.push(packed);
    }

    /// The number of a value in the column at hand, 0 for none.
    fn number(&mut self, id: ValueId) -> u32 {
        if !id.is_present() {
            return 0;
        }
        let Some(slot) = self.local.get_mut(id.index()) else { return 0 };
        if *slot == 0 {
            self.seen.push(id);
            *slot = to_u32(self.seen.len());
        }
        *slot
    }

    fn number_keys(&mut self, keys: &[ValueId], packed: &mut Packed) {
        self.keys.clear();
        self.keys.reserve(keys.len());
        let (mut last, mut number) = (ValueId::ABSENT, 0);
        for &id in keys {
            if id != last {
                number = self.number(id);
                last = id;
            }
            packed.present += u32::from(number != 0);
            self.keys.push(number);
        }
        while self.keys.last() == Some(&0) {
            self.keys.pop();
        }
        packed.keys = to_u32(self.keys.len());
    }

    fn write_keys(&self, packed: &mut Packed, out: &mut Vec<u8>) {
        let most = self.keys.iter().copied().max().unwrap_or(0);
        match most {
            0 | 1 if packed.present == packed.keys => packed.width = 0,
            0..=0xFF => {
                packed.width = 1;
                let low = |&key: &u32| key.to_le_bytes()[0];
                out.extend(self.keys.iter().map(low));
            }
            0x100..=0xFFFF => {
                packed.width = 2;
                for key in &self.keys {
                    let [a, b, ..] = key.to_le_bytes();
                    out.extend([a, b]);
                }
            }
            _ => {
                packed.width = 4;
                self.keys.iter().for_each(|key| out.extend(key.to_le_bytes()));
            }
        }
    }
}

/// Counts the values of a column by kind.
fn count_kinds(keys: &[u32], block: &RowBlock, packed: &mut Packed) {
    let at = packed.values_at as usize;
    let values = block.values.get(at..).unwrap_or_default();
    let more = block.more.get(packed.more_at as usize..).unwrap_or_default();
    let Some(first) = values.first().map(|value| value.kind) else { return };
    if values.iter().all(|value| value.kind == first) {
        if let Some(count) = packed.kinds.get_mut(kind_index(first)) {
            *count = packed.present + packed.more;
        }
        return;
    }
    for &key in keys.iter().chain(more.iter().map(|(_, key)| key)) {
        let value = (key as usize).checked_sub(1).and_then(|number| values.get(number));
        let slot = value.and_then(|value| packed.kinds.get_mut(kind_index(value.kind)));
        if let Some(count) = slot {
            *count += 1;
        }
    }
}

/// Blocks are far smaller than 4 GiB.
fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
