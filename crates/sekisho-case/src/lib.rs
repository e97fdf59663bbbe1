//! Records to and from a sealed case.
