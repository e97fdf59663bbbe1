//! Benchmarks and chores.
fn main() {}
