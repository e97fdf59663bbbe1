//! The lines of an event's message, as fields.

/// Says the fields that a message tells; returns how many lines with a label
/// it did not know. Those stay as text in `Message`.
pub(super) fn fields(
    _provider: &str,
    _event_id: u32,
    _message: &str,
    _emit: &mut dyn FnMut(&str, &str),
) -> usize {
    0
}
