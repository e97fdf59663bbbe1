//! Pages of text columns, as they are written: a dictionary where values
//! repeat, plain values where they do not.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use crate::hybrid;
use crate::limits::{PAGE_BYTES, PAGE_ROWS, STATISTIC_BYTES_MAX};
use crate::values::ColumnValues;

/// How hard pages are compressed.
pub(crate) const ZSTD_LEVEL: i32 = 1;

/// The compression, as metadata names it.
pub(crate) fn compression() -> Result<Compression> {
    Ok(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
}

/// Makes pages; keeps its space from column to column.
pub(crate) struct PageMaker {
    compressor: zstd::bulk::Compressor<'static>,
    body: Vec<u8>,
    numbers: Vec<u32>,
}

/// A column, ready to be put into a file.
pub(crate) struct Chunk {
    bytes: Bytes,
    close: ColumnCloseResult,
}

impl Chunk {
    /// Puts it into a group of rows as the next column.
    pub(crate) fn append_to(self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<()> {
        group.append_column(&self.bytes, self.close)
    }
}

struct Sink {
    to: TrackedWrite<Vec<u8>>,
    unpacked: usize,
    packed: usize,
}

impl PageMaker {
    pub(crate) fn new() -> Result<Self> {
        let compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
        Ok(Self { compressor, body: Vec::new(), numbers: Vec::new() })
    }

    /// The pages of a column that rows may lack.
    pub(crate) fn chunk(&mut self, values: &ColumnValues, about: ColumnDescPtr) -> Result<Chunk> {
        let mut sink = Sink { to: TrackedWrite::new(Vec::new()), unpacked: 0, packed: 0 };
        // A dictionary in which hardly a value is used twice only adds keys.
        let dictionary = values.len() < 8 || values.len() <= values.present / 4 * 3;
        if dictionary {
            self.body.clear();
            self.body.extend(values.page());
            let (number, unpacked) = (to_u32(values.len())?, self.body.len());
            let page = Page::DictionaryPage {
                buf: self.packed()?,
                num_values: number,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            sink.write(page, unpacked)?;
        }
        let data_at = sink.to.bytes_written();
        let mut keys = values.keys.as_slice();
        loop {
            let rows = if dictionary { keys.len().min(PAGE_ROWS) } else { fitting(keys, values) };
            let (some, rest) = keys.split_at_checked(rows).unwrap_or((keys, &[]));
            self.data(some, values, dictionary, &mut sink)?;
            keys = rest;
            if keys.is_empty() {
                break;
            }
        }
        sink.close(values, about, dictionary, data_at)
    }

    fn data(
        &mut self,
        keys: &[u32],
        values: &ColumnValues,
        dictionary: bool,
        sink: &mut Sink,
    ) -> Result<()> {
        self.body.clear();
        self.body.extend([0; 4]);
        self.numbers.clear();
        self.numbers.extend(keys.iter().map(|&key| u32::from(key != 0)));
        hybrid::encode(&self.numbers, 1, &mut self.body);
        let levels = to_u32(self.body.len() - 4)?.to_le_bytes();
        if let Some(head) = self.body.first_chunk_mut::<4>() {
            *head = levels;
        }
        if dictionary {
            // Some readers do not expect keys of no bits.
            let width = hybrid::bits(to_u32(values.len().saturating_sub(1))?).max(1);
            self.numbers.clear();
            self.numbers.extend(keys.iter().filter_map(|key| key.checked_sub(1)));
            self.body.push(width);
            hybrid::encode(&self.numbers, width, &mut self.body);
        } else {
            keys.iter().for_each(|&key| self.body.extend(values.entry(key)));
        }
        let encoding = if dictionary { Encoding::RLE_DICTIONARY } else { Encoding::PLAIN };
        let unpacked = self.body.len();
        let page = Page::DataPage {
            buf: self.packed()?,
            num_values: to_u32(keys.len())?,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        sink.write(page, unpacked)
    }

    fn packed(&mut self) -> Result<Bytes> {
        Ok(self.compressor.compress(&self.body)?.into())
    }
}

/// How many rows of plain values make a page.
fn fitting(keys: &[u32], values: &ColumnValues) -> usize {
    let mut bytes = 0;
    let rows = keys.iter().take(PAGE_ROWS).take_while(|&&key| {
        let fits = bytes < PAGE_BYTES;
        bytes += values.entry(key).len();
        fits
    });
    rows.count()
}

impl Sink {
    fn write(&mut self, page: Page, unpacked: usize) -> Result<()> {
        let spec = SerializedPageWriter::new(&mut self.to)
            .write_page(CompressedPage::new(page, unpacked))?;
        self.unpacked += spec.uncompressed_size;
        self.packed += spec.compressed_size;
        Ok(())
    }

    fn close(
        self,
        values: &ColumnValues,
        about: ColumnDescPtr,
        dictionary: bool,
        data_at: usize,
    ) -> Result<Chunk> {
        let rows = values.keys.len();
        let mut encodings = vec![Encoding::PLAIN, Encoding::RLE];
        if dictionary {
            encodings.push(Encoding::RLE_DICTIONARY);
        }
        let metadata = ColumnChunkMetaData::builder(about)
            .set_encodings(encodings)
            .set_compression(compression()?)
            .set_num_values(to_i64(rows)?)
            .set_total_compressed_size(to_i64(self.packed)?)
            .set_total_uncompressed_size(to_i64(self.unpacked)?)
            .set_data_page_offset(to_i64(data_at)?)
            .set_dictionary_page_offset(dictionary.then_some(0))
            .set_statistics(statistics(values))
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: self.to.bytes_written() as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Chunk { bytes: self.to.into_inner()?.into(), close })
    }
}

fn statistics(values: &ColumnValues) -> Statistics {
    let nulls = Some((values.keys.len() - values.present) as u64);
    let (least, most) = values.extremes().unzip();
    let (min, min_exact) = least.map_or((None, false), lower);
    let (max, max_exact) = most.map_or((None, false), upper);
    let found = ValueStatistics::new(min, max, None, nulls, false)
        .with_min_is_exact(min_exact)
        .with_max_is_exact(max_exact);
    Statistics::ByteArray(found)
}

/// The beginning of a text that is not longer than a statistic may be.
fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(STATISTIC_BYTES_MAX)).unwrap_or_default()
}

fn lower(bytes: &[u8]) -> (Option<ByteArray>, bool) {
    let Ok(text) = std::str::from_utf8(bytes) else { return (None, false) };
    let short = beginning(text);
    (Some(short.into()), short.len() == text.len())
}

/// A text that is not less than this one.
fn upper(bytes: &[u8]) -> (Option<ByteArray>, bool) {
    let Ok(text) = std::str::from_utf8(bytes) else { return (None, false) };
    let short = beginning(text);
    if short.len() == text.len() {
        return (Some(short.into()), true);
    }
    let mut chars: Vec<char> = short.chars().collect();
    while let Some(last) = chars.pop() {
        // The next one of no more bytes; where there is none, the one before.
        let next = char::from_u32(u32::from(last) + 1);
        if let Some(next) = next.filter(|next| next.len_utf8() == last.len_utf8()) {
            chars.push(next);
            let text: String = chars.into_iter().collect();
            return (Some(text.as_str().into()), false);
        }
    }
    (None, false)
}

fn to_u32(n: usize) -> Result<u32> {
    u32::try_from(n).map_err(|_| ParquetError::General(format!("{n} values in one page")))
}

fn to_i64(n: usize) -> Result<i64> {
    i64::try_from(n).map_err(|_| ParquetError::General(format!("{n} bytes in one column")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_bound_long_texts() {
        let bound = |text: &str| {
            let (low, high) = (lower(text.as_bytes()), upper(text.as_bytes()));
            let text = text.as_bytes();
            assert!(low.0.as_ref().is_some_and(|low| low.data() <= text && low.len() <= 64));
            assert!(high.0.as_ref().is_none_or(|high| high.data() >= text && high.len() <= 64));
            (low.1, high.1, high.0.is_some())
        };
        assert_eq!(bound("short"), (true, true, true));
        assert_eq!(bound(&"x".repeat(65)), (false, false, true));
        assert_eq!(bound(&"x".repeat(64)), (true, true, true));
        assert_eq!(bound(&"ü".repeat(40)), (false, false, true));
        assert_eq!(bound(&"\u{10FFFF}".repeat(40)), (false, false, false));
        assert_eq!(bound(&format!("a{}", "\u{10FFFF}".repeat(40))), (false, false, true));
    }
}
