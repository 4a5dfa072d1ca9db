//! What the judge found, for people: text of at most 80 columns, colour on a terminal only.

pub mod attestation;
pub mod avb;
pub mod cost;
pub mod difference;
pub mod explain;
pub mod history;
pub mod ota;
pub mod pages;
pub mod qr;
pub mod report;
pub mod statement;
pub mod status;
pub mod token;

use std::fmt::{self, Display, Write};
use trust_posture::{Posture, Severity, Verdict};

/// The width that text is wrapped to.
pub const WIDTH: usize = 80;

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With ANSI escapes.
    On,
    /// Plain.
    Off,
}

/// The few colours there are, as ANSI SGR codes.
#[derive(Clone, Copy)]
enum Paint {
    Good = 32,
    Warn = 33,
    Bad = 31,
    Faint = 2,
    Strong = 1,
}

impl Colour {
    fn paint(self, paint: Paint, text: impl Display) -> String {
        match self {
            Colour::On => format!("\x1b[{}m{text}\x1b[0m", paint as u8),
            Colour::Off => text.to_string(),
        }
    }

    fn verdict(self, verdict: Verdict, text: impl Display) -> String {
        match verdict {
            Verdict::Pass => self.paint(Paint::Good, text),
            Verdict::Unknown => self.paint(Paint::Warn, text),
            Verdict::Fail => self.paint(Paint::Bad, text),
            Verdict::NotApplicable => self.paint(Paint::Faint, text),
        }
    }

    fn posture(self, posture: Posture) -> String {
        let text = posture.code().to_uppercase();
        match posture {
            Posture::Compliant => self.paint(Paint::Good, text),
            Posture::AtRisk | Posture::Indeterminate => self.paint(Paint::Warn, text),
            Posture::NonCompliant => self.paint(Paint::Bad, text),
        }
    }

    fn severity(self, severity: Severity) -> String {
        match severity {
            Severity::Critical => self.paint(Paint::Bad, severity),
            Severity::Major => self.paint(Paint::Warn, severity),
            Severity::Minor => self.paint(Paint::Faint, severity),
        }
    }
}

/// A verdict as a column of text shows it.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "FAIL",
        Verdict::Unknown => "unknown",
        Verdict::NotApplicable => "n/a",
    }
}

/// Writes a paragraph: `first` stands before it, and its other lines are indented as far.
fn paragraph(out: &mut String, first: &str, text: &str) -> fmt::Result {
    let indent = " ".repeat(first.chars().count());
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for line in textwrap::wrap(text, options) {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// `1 gate`, `2 gates`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
