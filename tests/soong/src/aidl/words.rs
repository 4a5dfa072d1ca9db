//! The words of an AIDL file, each with its line; comments are none.

use super::AidlError;

/// One word: a name with its dots, a number, a text in quotes, or one sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub line: usize,
    pub text: String,
}

pub fn words(file: &str, text: &str) -> Result<Vec<Word>, AidlError> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = text;
    let wrong = |line, says: String| AidlError { file: file.into(), line, says };
    while let Some(first) = rest.chars().next() {
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            let end = rest.find("*/").ok_or_else(|| wrong(line, "/*: expected */ behind it".into()))?;
            end + 2
        } else if first == '"' {
            let end = rest
                .chars()
                .skip(1)
                .take_while(|c| *c != '"' && *c != '\n')
                .map(char::len_utf8)
                .sum::<usize>();
            if !rest.get(end + 1..).is_some_and(|behind| behind.starts_with('"')) {
                return Err(wrong(line, "a text: expected \" at its end, in the same line".into()));
            }
            end + 2
        } else if is_part(first) || first == '@' {
            let behind = rest.chars().skip(1).take_while(|c| is_part(*c)).map(char::len_utf8).sum::<usize>();
            first.len_utf8() + behind
        } else if "{}()[];,=<>-|".contains(first) {
            1
        } else {
            return Err(wrong(line, format!("{first:?}: expected AIDL")));
        };
        let (word, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let is_word = !first.is_whitespace() && !word.starts_with("//") && !word.starts_with("/*");
        if is_word {
            found.push(Word { line, text: word.into() });
        }
        line += word.matches('\n').count();
        rest = behind;
    }
    Ok(found)
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '.'
}
