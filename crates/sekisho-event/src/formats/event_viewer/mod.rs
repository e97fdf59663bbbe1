//! What Event Viewer saves as CSV.

#[cfg_attr(not(test), expect(dead_code, reason = "the frame is not here yet"))]
mod messages;
