//! Zstandard streams: all their frames, one after another. What was unpacked
//! before a frame's damage is given out to the last byte, and a frame that does
//! not have its own checksum is given out too, and named at the end.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::limits::ZSTD_WINDOW_BYTES_MAX;

/// A block without bytes that is a frame's last. What a decoder holds back, for
/// later blocks to repeat, it gives out only behind such a one.
const LAST_BLOCK: &[u8] = &[1, 0, 0];

/// All frames of a Zstandard stream, one after another.
pub(super) struct ZstdFrames<R> {
    input: R,
    decoder: Box<FrameDecoder>,
    state: State,
    /// What is said at the end of the stream.
    wrong: Option<io::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    In,
    /// Nothing more is unpacked, and what was is given out.
    Draining,
    Done,
}

impl<R: BufRead> ZstdFrames<R> {
    pub(super) fn new(input: R) -> Self {
        let mut decoder = Box::new(FrameDecoder::new());
        decoder.set_max_window_size(ZSTD_WINDOW_BYTES_MAX);
        Self { input, decoder, state: State::Between, wrong: None }
    }

    /// Begins the next frame, or ends.
    fn begin(&mut self) -> io::Result<()> {
        if self.input.fill_buf()?.is_empty() {
            self.state = State::Done;
            return Ok(());
        }
        match self.decoder.init(&mut self.input) {
            Ok(()) => self.state = State::In,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                if io::copy(&mut (&mut self.input).take(length), &mut io::sink())? < length {
                    self.end(io::Error::other("cut off within a frame that holds no data"));
                }
            }
            Err(e) => self.end(io::Error::other(e)),
        }
        Ok(())
    }

    /// Unpacks until there is something to give out, or the frame ends.
    fn unpack(&mut self) {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let unpacked =
                self.decoder.decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1));
            if let Err(e) = unpacked {
                // An error of this block would only be that its checksum is
                // missing, which the frame has none of any more.
                let _ =
                    self.decoder.decode_blocks(LAST_BLOCK, BlockDecodingStrategy::UptoBlocks(1));
                self.end(io::Error::other(e));
                self.state = State::Draining;
                return;
            }
        }
    }

    fn end(&mut self, why: io::Error) {
        self.wrong = Some(why);
        self.state = State::Done;
    }

    /// A frame was given out as a whole.
    fn compare(&mut self) {
        let stored = self.decoder.get_checksum_from_data();
        let found = self.decoder.get_calculated_checksum();
        if let (Some(stored), Some(found)) = (stored, found)
            && stored != found
        {
            let what = format!("a frame has checksum {found:#010x} and not {stored:#010x}");
            self.wrong.get_or_insert(io::Error::other(what));
        }
        self.state = State::Between;
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state {
                State::Done => return self.wrong.take().map_or(Ok(0), Err),
                State::Between => self.begin()?,
                State::In => {
                    self.unpack();
                    if self.state == State::In {
                        let n = self.decoder.read(buffer)?;
                        if n > 0 {
                            return Ok(n);
                        }
                        self.compare();
                    }
                }
                State::Draining => {
                    let n = self.decoder.read(buffer)?;
                    if n > 0 {
                        return Ok(n);
                    }
                    self.state = State::Done;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::ZstdFrames;

    fn read(bytes: &[u8]) -> (Vec<u8>, Option<String>) {
        let mut out = Vec::new();
        let error = ZstdFrames::new(bytes).read_to_end(&mut out).err();
        (out, error.map(|e| e.to_string()))
    }

    /// Text that is packed into several blocks.
    fn text() -> Vec<u8> {
        let line = |n: u64| format!("{n} {:x}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (0..40_000).map(line).collect::<String>().into_bytes()
    }

    #[test]
    fn what_came_before_a_cut_is_read_to_the_last_block() {
        let text = text();
        let packed = compress_to_vec(text.as_slice(), CompressionLevel::Fastest);
        for part in [2, 3, 10] {
            let (out, error) = read(&packed[..packed.len() - packed.len() / part]);
            assert!(error.is_some());
            assert!(text.starts_with(&out));
            let missing = text.len() - out.len();
            assert!(missing <= text.len() / part + (256 << 10), "{missing} bytes lost");
        }
    }

    #[test]
    fn a_wrong_checksum_is_read_and_named() {
        let text = text();
        let packed = compress_to_vec(text.as_slice(), CompressionLevel::Fastest);
        assert_eq!(read(&packed), (text.clone(), None));
        let mut wrong = packed.clone();
        *wrong.last_mut().unwrap() ^= 1;
        wrong.extend_from_slice(&packed);
        let (out, error) = read(&wrong);
        assert_eq!(out, text.repeat(2), "and so is what follows");
        assert!(error.as_ref().is_some_and(|e| e.contains("checksum")), "{error:?}");
    }

    #[test]
    fn frames_without_data_are_passed_over() {
        let packed = compress_to_vec(&b"text"[..], CompressionLevel::Fastest);
        let empty = [0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let all = [&empty[..], &packed, &empty, &packed, &empty].concat();
        assert_eq!(read(&all), (b"texttext".to_vec(), None));
        assert!(read(&all[..all.len() - 1]).1.is_some());
    }
}
