//! Trust without access.
fn main() {}
