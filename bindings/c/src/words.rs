//! Results in words.

use std::ffi::{CString, c_char};
use std::sync::LazyLock;
use trust_token::verify::RULES;

/// The words of every rule, in order, as C strings.
static WORDS: LazyLock<Vec<CString>> = LazyLock::new(|| {
    RULES
        .iter()
        .map(|(code, asks)| CString::new(format!("{code}: expected {asks}")).unwrap_or_default())
        .collect()
});

/// `trust_words`.
#[unsafe(no_mangle)]
pub extern "C" fn trust_words(result: i32) -> *const c_char {
    let words = match result {
        0 => c"verified",
        -1 => c"a bad argument",
        -2 => c"no credential of a pinned enrolment verifier that holds",
        -3 => c"no list of revoked handles of a pinned signer",
        rule => usize::try_from(rule)
            .ok()
            .and_then(|rule| WORDS.get(rule.checked_sub(1)?))
            .map_or(c"a fault of the library", |words| words.as_c_str()),
    };
    words.as_ptr()
}
