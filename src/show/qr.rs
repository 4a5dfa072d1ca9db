//! A QR code as a picture: in a terminal, or as SVG. Its text is of the alphanumeric mode.

use super::Colour;
use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version};
use std::fmt::Write;

/// The light modules that must stand around a code (ISO/IEC 18004 §5.3.8).
const QUIET: i32 = 4;
/// Black on white by their numbers, which no theme changes (xterm's cube of colours).
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const PLAIN: &str = "\x1b[0m";

/// A QR code.
pub struct Picture {
    code: QrCode,
    characters: usize,
}

impl Picture {
    /// The smallest code of a text of the 45 characters of the alphanumeric mode, at level L, or the best level that
    /// the same size has room for: it is shown on a screen, where nothing is torn off.
    ///
    /// `None` where the text has other characters, or more than fit the largest code.
    pub fn of(text: &str) -> Option<Picture> {
        if !QrSegment::is_alphanumeric(text) {
            return None;
        }
        let segments = [QrSegment::make_alphanumeric(text)];
        let (least, most): (Version, Version) = (Version::MIN, Version::MAX);
        let code =
            QrCode::encode_segments_advanced(&segments, QrCodeEcc::Low, least, most, None::<Mask>, true)
                .ok()?;
        Some(Picture { code, characters: text.len() })
    }

    /// What it is: version, level of error correction, length of its text.
    pub fn said(&self) -> String {
        let level = match self.code.error_correction_level() {
            QrCodeEcc::Low => 'L',
            QrCodeEcc::Medium => 'M',
            QrCodeEcc::Quartile => 'Q',
            QrCodeEcc::High => 'H',
        };
        let columns = self.code.size() + 2 * QUIET;
        let (version, characters) = (self.code.version().value(), self.characters);
        format!(
            "QR code of version {version}, level {level}: {characters} characters, {columns} columns by {} lines",
            (columns + 1) / 2
        )
    }

    /// Lines of half blocks, two rows of modules a line, with the quiet zone.
    ///
    /// In colour it is black on white, whatever the terminal's own colours are. Without, light modules are what is
    /// inked: right side out where the terminal is dark.
    pub fn terminal(&self, colour: Colour) -> String {
        let size = self.code.size();
        let mut text = String::new();
        for row in (-QUIET..size + QUIET).step_by(2) {
            if colour == Colour::On {
                text.push_str(BLACK_ON_WHITE);
            }
            for column in -QUIET..size + QUIET {
                // Below the last row of an odd number of rows there is nothing but light.
                let dark = [row, row + 1].map(|row| self.code.get_module(column, row));
                let inked = if colour == Colour::On { dark } else { dark.map(|dark| !dark) };
                text.push(match inked {
                    [true, true] => '█',
                    [true, false] => '▀',
                    [false, true] => '▄',
                    [false, false] => ' ',
                });
            }
            if colour == Colour::On {
                text.push_str(PLAIN);
            }
            text.push('\n');
        }
        text
    }

    /// An SVG of one unit a module, black on white, with the quiet zone.
    pub fn svg(&self) -> String {
        let size = self.code.size();
        let all = size + 2 * QUIET;
        let mut path = String::new();
        for row in 0..size {
            for column in (0..size).filter(|column| self.code.get_module(*column, row)) {
                let _ = write!(path, "M{} {}h1v1h-1z", column + QUIET, row + QUIET);
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {all} {all}\" shape-rendering=\"crispEdges\">\n\
             <path fill=\"#fff\" d=\"M0 0h{all}v{all}H0z\"/>\n<path d=\"{path}\"/>\n</svg>\n"
        )
    }
}

#[cfg(test)]
mod tests;
