//! Sensors, each kind in its file.

mod any;
mod case;
mod flows;
mod reading;
mod zeek;
