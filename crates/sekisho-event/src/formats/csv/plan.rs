//! How a table is written: what its start tells and every block needs.

use std::sync::Arc;

use super::code_page::Width;
use super::dates::Order;

/// The kind of a table that is none of the known ones.
pub(in crate::formats) const UNKNOWN_KIND: u8 = u8::MAX;

/// No such column.
pub(in crate::formats) const NO_COLUMN: u16 = u16::MAX;

/// What is wrong with the quotes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// A quote within a quoted cell is not doubled.
    Bare,
    /// A quote is never closed; the record was ended before a line that is
    /// one.
    Unclosed,
    /// The source ends within a quoted cell.
    Cut,
}

/// A record whose end can not be seen from its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Odd {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) damage: Damage,
}

/// How a table is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::formats) struct Plan {
    pub(in crate::formats) delimiter: u8,
    /// How its characters are written.
    pub(super) width: Width,
    /// Day and month of dates that may be either.
    pub(in crate::formats) order: Order,
    /// Nothing in the start decides that; it is an assumption.
    pub(in crate::formats) assumed: bool,
    /// Number of the kind of table.
    pub(in crate::formats) kind: u8,
    /// Columns of the time (or of date and time of day), where the kind does
    /// not say.
    pub(in crate::formats) time: [u16; 2],
    /// How many columns the header names.
    pub(in crate::formats) columns: u16,
    /// How many more cells a row may have.
    pub(in crate::formats) extra: u8,
    /// The header row, without its line's end.
    pub(in crate::formats) header: Vec<u8>,
}

const FIXED: usize = 13;
const ODD: usize = 9;

impl Plan {
    /// Whether a row with so many cells is one of this table.
    pub(in crate::formats) fn fits(&self, cells: usize) -> bool {
        let columns = usize::from(self.columns);
        (columns..=columns + usize::from(self.extra)).contains(&cells) && cells > 1
    }

    /// What was taken for granted about dates.
    pub(super) fn assumption(&self) -> Option<&'static str> {
        match self.order {
            _ if !self.assumed => None,
            Order::MonthFirst => Some("dates like 1/2/2026 are read as month/day/year"),
            Order::DayFirst => Some("dates like 1/2/2026 are read as day/month/year"),
        }
    }

    /// As it goes with a block whose records are odd in these places.
    pub(super) fn encode(&self, odd: &[Odd]) -> Arc<[u8]> {
        let mut out = vec![
            self.delimiter,
            self.width.number(),
            u8::from(self.order == Order::DayFirst),
            self.kind,
            self.extra,
        ];
        for number in [self.time[0], self.time[1], self.columns] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.push(u8::from(self.assumed));
        out.push(0);
        push_u32(self.header.len(), &mut out);
        out.extend_from_slice(&self.header);
        for odd in odd {
            push_u32(odd.start, &mut out);
            push_u32(odd.end, &mut out);
            out.push(odd.damage as u8);
        }
        out.into()
    }

    /// The plan of a block, and where its records are odd, in order.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, Vec<Odd>)> {
        let fixed = bytes.first_chunk::<FIXED>()?;
        let [delimiter, width, day_first, kind, extra, a, b, c, d, e, f, assumed, _] = *fixed;
        let rest = bytes.get(FIXED..)?;
        let len = take_u32(rest, 0)?;
        let header = rest.get(4..4 + len)?.to_vec();
        let odd = rest.get(4 + len..)?.chunks_exact(ODD).filter_map(|odd| {
            let damage = match odd.get(8)? {
                0 => Damage::Bare,
                1 => Damage::Unclosed,
                _ => Damage::Cut,
            };
            Some(Odd { start: take_u32(odd, 0)?, end: take_u32(odd, 4)?, damage })
        });
        let plan = Self {
            delimiter,
            width: Width::of(width),
            order: if day_first == 0 { Order::MonthFirst } else { Order::DayFirst },
            assumed: assumed != 0,
            kind,
            time: [u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])],
            columns: u16::from_le_bytes([e, f]),
            extra,
            header,
        };
        Some((plan, odd.collect()))
    }
}

fn push_u32(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

fn take_u32(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*four)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_travels_with_its_block() {
        let plan = Plan {
            delimiter: b';',
            width: Width::Two,
            order: Order::DayFirst,
            assumed: true,
            kind: 3,
            time: [2, NO_COLUMN],
            columns: 700,
            extra: 1,
            header: b"a;b".to_vec(),
        };
        let odd = [
            Odd { start: 5, end: 70_000, damage: Damage::Unclosed },
            Odd { start: 70_000, end: 70_001, damage: Damage::Cut },
        ];
        assert_eq!(Plan::decode(&plan.encode(&odd)), Some((plan.clone(), odd.to_vec())));
        assert_eq!(Plan::decode(&plan.encode(&[])), Some((plan, vec![])));
        assert_eq!(Plan::decode(b"short"), None);
    }
}
