//! What must hold for every page, whatever is in the answer.
