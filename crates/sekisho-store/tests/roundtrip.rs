//! What is stored comes back: every field with every value, its kind and its
//! text, in order, whatever they are.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; it reads what it wrote"
)]

mod common;

use std::path::Path;

use common::{Event, KINDS, events_of, read_all, read_late, sorted, store, write_all};
use proptest::prelude::*;
use sekisho_event::{Kind, Projection, RECORD_ID_UNKNOWN, Shape, TIME_UNKNOWN, Vocabulary};
use sekisho_store::{Segment, Store};

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-d]",
        2 => "[A-D]",
        1 => ".{0,12}",
        1 => "_(time|rest|host|TIME|Cell|x)",
        1 => Just("x".repeat(1_000)),
    ]
}

fn any_value() -> impl Strategy<Value = (Kind, String)> {
    let text = prop_oneof![
        6 => "[a-c]{1,2}",
        2 => "-?[0-9]{1,3}(\\.[0-9])?(e[0-9])?",
        1 => Just(String::new()),
        1 => Just("nul\0 \u{FEFF}\u{10FFFF} \\ \" \r\n".to_owned()),
        1 => ".{0,40}",
        1 => "[xyz]".prop_map(|c| c.repeat(100_000)),
    ];
    prop_oneof![
        6 => text.clone().prop_map(|text| (Kind::String, text)),
        2 => (0_usize..4, text).prop_map(|(kind, text)| (KINDS[kind], text)),
        1 => Just((Kind::Bool, "true".to_owned())),
        1 => Just((Kind::Null, String::new())),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let shape =
        ("(windows|zeek)?", "[A-C]?", proptest::option::of(0_u32..3)).prop_map(|(p, c, e)| Shape {
            product: p.as_str().into(),
            channel: c.as_str().into(),
            event_id: e,
        });
    let time = prop_oneof![Just(TIME_UNKNOWN), any::<i64>(), 0_i64..1_000];
    let id = prop_oneof![Just(RECORD_ID_UNKNOWN), any::<u64>(), 0_u64..1_000];
    let several = prop_oneof![9 => 1_usize..2, 1 => 2_usize..5];
    let values = several.prop_flat_map(|n| prop::collection::vec(any_value(), n));
    let fields = prop::collection::btree_map(any_name(), values, 0..8);
    let host = proptest::option::of("[hH]?");
    let place = (any::<u64>(), any::<u32>(), any::<u32>(), any::<u64>());
    (shape, time, host, id, place, fields).prop_map(
        |(shape, time, host, record_id, (offset, ordinal, cell, index), fields)| Event {
            shape,
            time,
            host,
            record_id,
            place: (0, offset, ordinal, cell, index),
            fields,
        },
    )
}

fn any_events() -> impl Strategy<Value = Vec<Vec<Event>>> {
    let block = prop::collection::vec(any_event(), 1..40);
    prop::collection::vec(block, 1..8).prop_map(|mut blocks| {
        for (source, block) in (0_u32..).zip(&mut blocks) {
            block.iter_mut().for_each(|event| event.place.0 = source);
        }
        blocks
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn everything_comes_back(events in any_events(), limit in 0_usize..200_000) {
        let folder = tempfile::tempdir().unwrap();
        write_all(store(&events, folder.path(), limit), folder.path());
        let all = sorted(events.concat());
        prop_assert_eq!(&read_all(folder.path(), Projection::All), &all);

        // Columns read late, and single rows.
        prop_assert_eq!(&read_late(folder.path(), &|_| true), &all);
        let mut parts = read_late(folder.path(), &|row| row % 3 == 1);
        parts.extend(read_late(folder.path(), &|row| row % 3 != 1));
        prop_assert_eq!(&sorted(parts), &all);

        // Only some fields: those, of all events.
        let names = ["a", "B", "_time"];
        let only = Projection::Only(names.iter().map(|&name| name.into()).collect());
        let mut few = all.clone();
        for event in &mut few {
            event.fields.retain(|name, _| names.contains(&name.as_str()));
        }
        prop_assert_eq!(&read_all(folder.path(), only), &few);

        // Some fields, and everything of some shapes.
        let shape = all[0].shape.clone();
        let some = Projection::Some {
            names: names.iter().map(|&name| name.into()).collect(),
            whole: vec![shape.clone()],
        };
        let mut few = all.clone();
        for event in &mut few {
            let whole = some.wants_all_of(&event.shape);
            event.fields.retain(|name, _| whole || names.contains(&name.as_str()));
        }
        prop_assert_eq!(&read_all(folder.path(), some), &few);

        // By place and by cell.
        let one = &all[all.len() / 2];
        let opened = Store::open(folder.path()).unwrap();
        let (mut found, mut v) = (Vec::new(), Vocabulary::new(Projection::All));
        let (source, offset, _, cell, _) = one.place;
        opened.rows_at(source, offset, &mut v, &mut |s, v| events_of(s, v, &mut found)).unwrap();
        let at = |e: &&Event| e.place.0 == source && e.place.1 == offset;
        prop_assert_eq!(sorted(found), all.iter().filter(at).cloned().collect::<Vec<_>>());
        let mut found = Vec::new();
        opened.rows_of_cell(cell, &mut v, &mut |s, v| events_of(s, v, &mut found)).unwrap();
        let of_cell = |e: &&Event| e.place.3 == cell;
        prop_assert_eq!(sorted(found), all.iter().filter(of_cell).cloned().collect::<Vec<_>>());
    }

    #[test]
    fn bytes_depend_on_rows_and_order_alone(events in any_events(), limit in 0_usize..200_000) {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = write_all(store(&events, one.path(), limit), one.path());
        let pending = store(&events, two.path(), limit);
        let threads: Vec<_> = pending
            .into_iter()
            .map(|one| std::thread::spawn(move || one.write().unwrap()))
            .collect();
        let second: Vec<Segment> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        prop_assert_eq!(&first, &second);
        for segment in &first {
            let bytes = |at: &Path| std::fs::read(at.join(&segment.name)).unwrap();
            prop_assert_eq!(bytes(one.path()), bytes(two.path()));
            prop_assert_eq!(bytes(one.path()).len() as u64, segment.bytes);
        }
    }
}
