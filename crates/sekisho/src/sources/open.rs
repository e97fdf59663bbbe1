//! Opens a source as a stream of its own bytes, whatever it is wrapped in.
//! Nothing is unpacked to disk, nothing is held in memory as a whole, and
//! what expands beyond all measure is stopped.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use zip::ZipArchive;

use super::walk::read_up_to;
use super::{Source, Wrapping};

/// Bytes of a compressed source that are always read, whatever they expand to.
pub const EXPANDED_FREE_BYTES: u64 = 1 << 30;

/// Beyond those: most bytes for each byte of the file. Logs reach 50; what
/// reaches this was made to fill memory.
pub const EXPANSION_RATIO_MAX: u64 = 200;

/// Largest window that a Zstandard frame may ask for, in bytes: it is held in
/// memory as a whole.
pub const ZSTD_WINDOW_BYTES_MAX: u64 = 64 << 20;

/// Bytes read from disk at once.
const BUFFER_BYTES: usize = 1 << 18;

type Archive = ZipArchive<BufReader<File>>;

/// Opens the directory of a zip archive.
///
/// # Errors
///
/// Says what is wrong with the file.
pub fn archive(path: &Path) -> Result<Archive, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    ZipArchive::new(BufReader::with_capacity(BUFFER_BYTES, file)).map_err(|e| e.to_string())
}

/// Name, size and first bytes of a member of an archive.
pub type MemberStart = (String, u64, Vec<u8>);

/// How a member of an archive begins; `None` for folders.
///
/// # Errors
///
/// The member's name and what is wrong with it.
pub fn member_start(
    archive: &mut Archive,
    index: usize,
) -> Result<Option<MemberStart>, (String, String)> {
    let mut member = match archive.by_index(index) {
        Ok(member) => member,
        Err(e) => return Err((format!("member {index}"), e.to_string())),
    };
    let name = String::from_utf8_lossy(member.name_raw()).into_owned();
    if member.is_dir() {
        return Ok(None);
    }
    let mut start = [0; 4];
    match read_up_to(&mut member, &mut start) {
        Ok(n) => Ok(Some((name, member.size(), start.get(..n).unwrap_or_default().to_vec()))),
        Err(e) => Err((name, e.to_string())),
    }
}

/// Shows the bytes of a source, unwrapped, to `use_it`.
///
/// # Errors
///
/// Where it cannot be opened; errors while reading are `use_it`'s.
pub fn with_source<T>(
    source: &Source,
    use_it: impl FnOnce(&mut dyn Read) -> T,
) -> Result<T, String> {
    match &source.wrapping {
        Wrapping::ZipMember(index, inner) => {
            let mut archive = archive(&source.file)?;
            let mut member = archive.by_index(*index).map_err(|e| e.to_string())?;
            let stored = member.compressed_size();
            let mut limited = Limited::new(&mut member, stored);
            Ok(unwrap(inner, stored, &mut limited, use_it))
        }
        wrapping => {
            let mut file = File::open(&source.file).map_err(|e| e.to_string())?;
            Ok(unwrap(wrapping, source.bytes, &mut file, use_it))
        }
    }
}

fn unwrap<T>(
    wrapping: &Wrapping,
    stored: u64,
    input: &mut dyn Read,
    use_it: impl FnOnce(&mut dyn Read) -> T,
) -> T {
    match wrapping {
        Wrapping::Plain | Wrapping::ZipMember(..) => use_it(input),
        Wrapping::Gzip => {
            let buffered = BufReader::with_capacity(BUFFER_BYTES, input);
            use_it(&mut Limited::new(MultiGzDecoder::new(buffered), stored))
        }
        Wrapping::Zstd => {
            let buffered = BufReader::with_capacity(BUFFER_BYTES, input);
            use_it(&mut Limited::new(ZstdFrames::new(buffered), stored))
        }
    }
}

/// Ends a stream that expands beyond all measure with an error.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R> Limited<R> {
    fn new(inner: R, stored_bytes: u64) -> Self {
        let left = stored_bytes.saturating_mul(EXPANSION_RATIO_MAX).max(EXPANDED_FREE_BYTES);
        Self { inner, left }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| {
            io::Error::other(format!(
                "expands to more than {EXPANSION_RATIO_MAX} times its size: stopped"
            ))
        })?;
        Ok(n)
    }
}

/// All frames of a Zstandard stream, one after another.
struct ZstdFrames<R: io::BufRead> {
    state: Frames<R>,
}

enum Frames<R: io::BufRead> {
    Between(R),
    In(Box<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
    Done,
}

impl<R: io::BufRead> ZstdFrames<R> {
    fn new(input: R) -> Self {
        Self { state: Frames::Between(input) }
    }
}

impl<R: io::BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, Frames::Done) {
                Frames::Done => return Ok(0),
                Frames::Between(mut input) => {
                    if input.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder =
                        StreamingDecoder::new_with_max_window_size(input, ZSTD_WINDOW_BYTES_MAX)
                            .map_err(io::Error::other)?;
                    self.state = Frames::In(Box::new(decoder));
                }
                Frames::In(mut decoder) => {
                    let n = decoder.read(buffer)?;
                    if n > 0 {
                        self.state = Frames::In(decoder);
                        return Ok(n);
                    }
                    self.state = Frames::Between(decoder.into_inner());
                }
            }
        }
    }
}
