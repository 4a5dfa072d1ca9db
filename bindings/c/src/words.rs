//! Results and errors in words.

use std::ffi::{CString, c_char};
use std::sync::LazyLock;

/// Every result and its words, as C strings.
static WORDS: LazyLock<Vec<(i32, CString)>> = LazyLock::new(|| {
    trust_token_face::results()
        .map(|(number, _, words)| (number, CString::new(words).unwrap_or_default()))
        .collect()
});

/// `trust_words`.
#[unsafe(no_mangle)]
pub extern "C" fn trust_words(result: i32) -> *const c_char {
    let found = WORDS.iter().find(|(number, _)| *number == result);
    found.map_or(c"no result of this library", |(_, words)| words.as_c_str()).as_ptr()
}

/// Writes a text as a C string, cut where there is no room.
///
/// # Safety
/// `to` is null, or valid for writes of `length` bytes.
pub(crate) unsafe fn write(text: &str, to: *mut u8, length: usize) {
    let Some(room) = length.checked_sub(1).filter(|_| !to.is_null()) else { return };
    let mut end = text.len().min(room);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // SAFETY: valid for writes of `length` bytes by contract, of which `end` and one more are written.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), to, end);
        to.add(end).write(0);
    }
}
