//! How much the page shows. What is beyond is counted on it, and is in the
//! JSON beside it.

use crate::report::limits::Limit;

/// Assets in the table and as cards.
pub(super) const ASSETS: Limit = Limit { items: 500, bytes: 700_000 };
/// Cards with proofs.
pub(super) const CARDS: Limit = Limit { items: 200, bytes: 1_500_000 };
/// Records on a card.
pub(super) const RECORDS: usize = 12;
/// Conditions, stretches and things to get on a card.
pub(super) const ON_CARD: usize = 12;
/// Hosts in the table.
pub(super) const HOSTS: Limit = Limit { items: 500, bytes: 400_000 };
/// Accounts.
pub(super) const ACCOUNTS: Limit = Limit { items: 300, bytes: 250_000 };
/// Stretches of coverage.
pub(super) const COVERAGE: Limit = Limit { items: 600, bytes: 300_000 };
/// Steps from one thing to another.
pub(super) const EDGES: Limit = Limit { items: 400, bytes: 500_000 };
/// Things to be got.
pub(super) const COLLECT: Limit = Limit { items: 200, bytes: 150_000 };
/// Notices.
pub(super) const NOTICES: Limit = Limit { items: 200, bytes: 200_000 };

/// Hosts that are lanes of the picture on the first screen.
pub(super) const LANES_FIRST: usize = 10;
/// Hosts that are lanes of the large picture.
pub(super) const LANES: usize = 60;
/// Logs of one host in the large picture.
pub(super) const LOGS_OF_HOST: usize = 8;
/// Pieces that a lane is divided into.
pub(super) const COLUMNS: usize = 160;
/// Things in the picture of ways.
pub(super) const NODES: usize = 36;
/// Steps in it.
pub(super) const DRAWN_EDGES: usize = 80;
/// Lines of each list on the first screen.
pub(super) const TOP: usize = 5;
/// Characters of a name beside a lane.
pub(super) const LANE_CHARS: usize = 24;
/// Characters of a name in a box.
pub(super) const BOX_CHARS: usize = 25;
