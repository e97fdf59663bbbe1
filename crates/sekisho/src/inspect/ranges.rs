//! Which numbers of a row of numbers were seen, as ranges: so that what is
//! missing between them can be counted without keeping each number.

/// First and last of numbers without a hole between them.
pub(crate) type Range = (u64, u64);

/// Numbers as ranges in order, none touching the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    list: Vec<Range>,
}

/// Numbers that are missing between the least and the greatest one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holes {
    pub(crate) count: u64,
    /// Numbers in all holes.
    pub(crate) missing: u64,
    /// First and last missing number of the first holes.
    pub(crate) first: Vec<Range>,
}

impl Ranges {
    /// Ranges of numbers in any order, and how many came more than once.
    pub(crate) fn of(numbers: &mut [u64]) -> (Self, u64) {
        if !numbers.is_sorted() {
            numbers.sort_unstable();
        }
        let mut ranges = Self::default();
        let mut repeated = 0;
        for &number in numbers.iter() {
            match ranges.list.last_mut() {
                Some((_, last)) if *last == number => repeated += 1,
                Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
                _ => ranges.list.push((number, number)),
            }
        }
        (ranges, repeated)
    }

    /// The least and the greatest number.
    pub(crate) fn bounds(&self) -> Option<Range> {
        Some((self.list.first()?.0, self.list.last()?.1))
    }

    /// How many ranges there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Adds ranges; how many of their numbers were there before.
    pub(crate) fn merge(&mut self, other: &Self) -> u64 {
        let Some(&(first, _)) = other.list.first() else { return 0 };
        let behind = self.list.last().is_none_or(|&(_, last)| last < first);
        if behind {
            for &range in &other.list {
                push(&mut self.list, range);
            }
            return 0;
        }
        let mut merged = Vec::with_capacity(self.list.len() + other.list.len());
        let mut common = 0;
        let (mut ours, mut theirs) = (self.list.iter().peekable(), other.list.iter().peekable());
        loop {
            let next = match (ours.peek(), theirs.peek()) {
                (Some(a), Some(b)) if a.0 <= b.0 => ours.next(),
                (_, Some(_)) => theirs.next(),
                (Some(_), None) => ours.next(),
                (None, None) => break,
            };
            if let Some(&range) = next {
                common += push(&mut merged, range);
            }
        }
        self.list = merged;
        common
    }

    /// What is missing, with at most so many holes named.
    pub(crate) fn holes(&self, named: usize) -> Holes {
        let mut holes = Holes::default();
        for ((_, before), (after, _)) in self.list.iter().zip(self.list.iter().skip(1)) {
            let (from, to) = (before.saturating_add(1), after.saturating_sub(1));
            holes.count += 1;
            holes.missing = holes.missing.saturating_add(to.saturating_sub(from).saturating_add(1));
            if holes.first.len() < named {
                holes.first.push((from, to));
            }
        }
        holes
    }
}

/// Adds a range that begins at or behind the last one; how many of its numbers
/// were there before.
fn push(list: &mut Vec<Range>, (first, last): Range) -> u64 {
    match list.last_mut() {
        Some((_, end)) if *end >= first => {
            let common = last.min(*end) - first + 1;
            *end = last.max(*end);
            common
        }
        Some((_, end)) if end.checked_add(1) == Some(first) => {
            *end = last;
            0
        }
        _ => {
            list.push((first, last));
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(list: &[Range]) -> Ranges {
        Ranges { list: list.to_vec() }
    }

    #[test]
    fn numbers_become_ranges() {
        let (got, repeated) = Ranges::of(&mut [7, 1, 2, 2, 3, 9, 8]);
        assert_eq!((got, repeated), (ranges(&[(1, 3), (7, 9)]), 1));
        assert_eq!(Ranges::of(&mut []), (Ranges::default(), 0));
    }

    #[test]
    fn merging_says_what_was_there_before() {
        for (a, b, merged, common) in [
            (&[(1, 3)][..], &[(4, 6)][..], &[(1, 6)][..], 0),
            (&[(4, 6)], &[(1, 3)], &[(1, 6)], 0),
            (&[(1, 3), (10, 12)], &[(2, 11)], &[(1, 12)], 4),
            (&[(1, 9)], &[(2, 3), (5, 5)], &[(1, 9)], 3),
            (&[(2, 3), (5, 5)], &[(1, 9)], &[(1, 9)], 3),
            (&[], &[(5, 5)], &[(5, 5)], 0),
            (&[(5, 5)], &[], &[(5, 5)], 0),
            (&[(1, 1), (9, 9)], &[(4, 5)], &[(1, 1), (4, 5), (9, 9)], 0),
        ] {
            let mut all = ranges(a);
            assert_eq!(all.merge(&ranges(b)), common, "{a:?} {b:?}");
            assert_eq!(all, ranges(merged), "{a:?} {b:?}");
        }
    }

    #[test]
    fn the_order_of_merging_does_not_matter() {
        let parts = [[3, 4, 90], [5, 200, 201], [1, 2, 91], [4, 5, 6]];
        let all = |order: &[usize]| {
            let mut all = Ranges::default();
            let common: u64 =
                order.iter().map(|&n| all.merge(&Ranges::of(&mut parts[n].clone()).0)).sum();
            (all, common)
        };
        let expected = (ranges(&[(1, 6), (90, 91), (200, 201)]), 2);
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            assert_eq!(all(&order), expected);
        }
    }

    #[test]
    fn holes_are_counted_and_the_first_named() {
        let holes = ranges(&[(1, 3), (7, 9), (11, 11), (20, u64::MAX - 1)]).holes(2);
        assert_eq!(holes, Holes { count: 3, missing: 12, first: vec![(4, 6), (10, 10)] });
    }
}
