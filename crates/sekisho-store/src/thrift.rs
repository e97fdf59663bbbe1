//! Thrift's compact protocol, as far as Parquet's footer and page headers need
//! it. No count is believed that the bytes left could not hold.

use crate::error::Flaw;
use crate::hybrid::take_varint;
use crate::limits::THRIFT_DEPTH_MAX;

const EXPECTED: &str = "metadata as Parquet writes it";

fn cut() -> Flaw {
    Flaw::new("metadata that ends too early", EXPECTED)
}

/// What a field or an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    True,
    False,
    Byte,
    Integer,
    Double,
    Bytes,
    List,
    Map,
    Struct,
}

impl Wire {
    fn of(code: u8) -> Result<Self, Flaw> {
        Ok(match code {
            1 => Self::True,
            2 => Self::False,
            3 => Self::Byte,
            4..=6 => Self::Integer,
            7 => Self::Double,
            8 => Self::Bytes,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Struct,
            _ => return Err(Flaw::new(format!("metadata of the unknown type {code}"), EXPECTED)),
        })
    }
}

/// Reads from bytes.
#[derive(Clone, Debug)]
pub(crate) struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Thrift<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    /// How many bytes were read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    fn byte(&mut self) -> Result<u8, Flaw> {
        let byte = *self.bytes.get(self.at).ok_or_else(cut)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64, Flaw> {
        take_varint(self.bytes, &mut self.at).ok_or_else(cut)
    }

    /// An integer of any width.
    pub(crate) fn integer(&mut self) -> Result<i64, Flaw> {
        self.varint().map(unzigzag)
    }

    /// An integer that cannot be negative.
    pub(crate) fn size(&mut self) -> Result<usize, Flaw> {
        let number = self.integer()?;
        usize::try_from(number)
            .map_err(|_| Flaw::new(format!("the size {number} in the metadata"), EXPECTED))
    }

    /// Text or bytes.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Flaw> {
        let len = usize::try_from(self.varint()?).map_err(|_| cut())?;
        let end = self.at.checked_add(len).ok_or_else(cut)?;
        let found = self.bytes.get(self.at..end).ok_or_else(cut)?;
        self.at = end;
        Ok(found)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Flaw> {
        std::str::from_utf8(self.bytes()?)
            .map_err(|_| Flaw::new("a name that is not UTF-8", EXPECTED))
    }

    /// The head of a list: what its elements are and how many there are.
    pub(crate) fn list(&mut self) -> Result<(Wire, usize), Flaw> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => usize::try_from(self.varint()?).map_err(|_| cut())?,
            few => usize::from(few),
        };
        // Each element takes a byte at least.
        if count > self.left() {
            return Err(cut());
        }
        Ok((Wire::of(head & 0x0F)?, count))
    }

    /// Calls `field` with the id and the type of each field of a struct; it
    /// returns whether it read the field.
    pub(crate) fn structure(
        &mut self,
        field: &mut dyn FnMut(&mut Self, i16, Wire) -> Result<bool, Flaw>,
    ) -> Result<(), Flaw> {
        self.deeper()?;
        let mut id = 0_i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                self.depth -= 1;
                return Ok(());
            }
            id = match head >> 4 {
                0 => i16::try_from(self.integer()?).map_err(|_| cut())?,
                delta => id.checked_add(i16::from(delta)).ok_or_else(cut)?,
            };
            let wire = Wire::of(head & 0x0F)?;
            if !field(self, id, wire)? {
                self.skip(wire)?;
            }
        }
    }

    fn deeper(&mut self) -> Result<(), Flaw> {
        self.depth += 1;
        if self.depth > THRIFT_DEPTH_MAX {
            return Err(Flaw::new("metadata nested too deep", EXPECTED));
        }
        Ok(())
    }

    /// Passes over a field.
    fn skip(&mut self, wire: Wire) -> Result<(), Flaw> {
        match wire {
            Wire::True | Wire::False => {}
            Wire::Byte => drop(self.byte()?),
            Wire::Integer => drop(self.varint()?),
            Wire::Double => {
                self.at = self.at.checked_add(8).ok_or_else(cut)?;
            }
            Wire::Bytes => drop(self.bytes()?),
            Wire::List => {
                self.deeper()?;
                let (element, count) = self.list()?;
                for _ in 0..count {
                    self.skip_element(element)?;
                }
                self.depth -= 1;
            }
            Wire::Map => {
                self.deeper()?;
                let count = usize::try_from(self.varint()?).map_err(|_| cut())?;
                if count > self.left() {
                    return Err(cut());
                }
                if count > 0 {
                    let kinds = self.byte()?;
                    let (key, value) = (Wire::of(kinds >> 4)?, Wire::of(kinds & 0x0F)?);
                    for _ in 0..count {
                        self.skip_element(key)?;
                        self.skip_element(value)?;
                    }
                }
                self.depth -= 1;
            }
            Wire::Struct => self.structure(&mut |_, _, _| Ok(false))?,
        }
        Ok(())
    }

    /// In lists and maps, truth takes a byte.
    fn skip_element(&mut self, wire: Wire) -> Result<(), Flaw> {
        match wire {
            Wire::True | Wire::False => self.byte().map(drop),
            other => self.skip(other),
        }
    }
}

/// Signed numbers are written so that small ones are short.
pub(crate) fn unzigzag(number: u64) -> i64 {
    ((number >> 1).cast_signed()) ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_signed() {
        assert_eq!([unzigzag(0), unzigzag(1), unzigzag(2), unzigzag(3)], [0, -1, 1, -2]);
        assert_eq!(unzigzag(u64::MAX), i64::MIN);
    }

    #[test]
    fn deep_and_long_metadata_is_refused() {
        assert!(Thrift::new(&[0x1C; 100]).structure(&mut |_, _, _| Ok(false)).is_err());
        // A list of 2^40 structs in eight bytes.
        let long = [0x19, 0xFC, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20];
        assert!(Thrift::new(&long).structure(&mut |_, _, _| Ok(false)).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut thrift = Thrift::new(&bytes);
            if thrift.structure(&mut |_, _, _| Ok(false)).is_ok() {
                prop_assert!(thrift.at() > 0);
            }
        }
    }
}
