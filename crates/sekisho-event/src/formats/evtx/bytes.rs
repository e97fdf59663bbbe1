//! Little-endian numbers out of a slice. Every read is checked: the bytes come
//! from whoever wrote the file.

fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..)?.first_chunk::<N>().copied()
}

pub(super) fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_le_bytes)
}

pub(super) fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_le_bytes)
}

pub(super) fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    array(data, at).map(u64::from_le_bytes)
}

/// An offset of the format as an index.
pub(super) fn offset_at(data: &[u8], at: usize) -> Option<usize> {
    u32_at(data, at).map(|n| n as usize)
}
