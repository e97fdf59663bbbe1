//! Regular expressions in PCRE's syntax, for others than rules.

/// The expression in the syntax of the engines here, checked without compiling
/// it. `flags` are some of `i`, `m`, `s`. What only a backtracking engine knows
/// passes too.
///
/// # Errors
///
/// Why it is no expression, or too large a one.
pub fn check(pattern: &str, flags: &str) -> Result<String, String> {
    crate::regex_check::check(pattern, flags).map(|source| source.pattern)
}

/// Texts in lower case of which at least one is part of every text, in lower
/// case, that the expression matches; `None` where nothing of use is known.
#[must_use]
pub fn required_literals(pattern: &str) -> Option<Vec<String>> {
    crate::engine::required_literals(pattern)
}
