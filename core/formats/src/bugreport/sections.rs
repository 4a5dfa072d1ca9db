//! The text of a bug report: its header, and the sections that are kept.
//!
//! ```text
//! header  = "====…" EOL "== dumpstate: " time EOL "====…" EOL EOL *( key ": " value EOL )
//! section = "------ " title " (" command ") ------" EOL *( line EOL )
//!           "------ " seconds "s was the duration of '" title "' ------" EOL
//! ```

use super::stream::{Line, Lines};
use super::{Bugreport, MAX_PART, Part, WHAT};
use crate::error::shown;
use crate::{FormatError, device_mapper};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, BufRead};

/// Within how many lines the header begins.
const MAX_PREAMBLE: usize = 8;
/// The sections that are kept, by title.
const SECTIONS: [(Part, &str); 3] =
    [(Part::Getprop, "SYSTEM PROPERTIES"), (Part::Lsmod, "LSMOD"), (Part::Devices, "DEVICE-MAPPER")];
const FIRST: &str = "== dumpstate: ";
const UNKNOWN: &str = "(unknown)";
/// How dumpstate begins a line that says what failed.
const FAILURE: &str = "*** ";

/// Reads the text. `failed` makes an error of what the stream fails with.
pub(super) fn read(
    stream: impl BufRead,
    failed: impl Fn(io::Error) -> FormatError,
) -> Result<Bugreport, FormatError> {
    let mut lines = Lines::new(stream);
    let mut reading = Reading::default();
    while let Some(line) = lines.next().map_err(&failed)? {
        match &reading.place {
            Place::Preamble => reading.preamble(&line)?,
            Place::Header | Place::Bootconfig => reading.header(&line),
            Place::Elsewhere => reading.elsewhere(&line),
            Place::Section(_) => reading.section(&line),
        }
    }
    match reading.place {
        Place::Preamble => Err(no_report("the end")),
        Place::Section(part) => {
            reading.drop_part(part, 0, "a section without an end line");
            Ok(reading.finish())
        }
        _ => Ok(reading.finish()),
    }
}

#[derive(Default)]
struct Reading {
    place: Place,
    report: Bugreport,
    /// What each part holds so far; `None` for one that was dropped.
    parts: BTreeMap<Part, Option<Vec<u8>>>,
}

#[derive(Default, Clone, Copy)]
enum Place {
    #[default]
    Preamble,
    Header,
    /// In the header, below the first line of bootconfig.
    Bootconfig,
    Elsewhere,
    Section(Part),
}

impl Reading {
    fn preamble(&mut self, line: &Line<'_>) -> Result<(), FormatError> {
        match line.text().and_then(|text| text.strip_prefix(FIRST)) {
            Some(time) => {
                self.begin(Part::TakenAt, line.number);
                if is_time(time) {
                    self.append(Part::TakenAt, line.number, time.as_bytes());
                } else {
                    self.drop_part(Part::TakenAt, line.number, "expected a time such as 2026-11-20 08:00:00");
                }
                self.place = Place::Header;
                Ok(())
            }
            None if line.number < MAX_PREAMBLE => Ok(()),
            None => Err(no_report(&String::from_utf8_lossy(line.bytes)).at_line(line.number)),
        }
    }

    fn header(&mut self, line: &Line<'_>) {
        let text = line.text().unwrap_or_default();
        if line.bytes.starts_with(b"------ ") {
            self.place = Place::Elsewhere;
            self.elsewhere(line);
        } else if text.starts_with("Dumpstate info: ") {
            self.place = Place::Elsewhere;
        } else if let Some(fingerprint) = text.strip_prefix("Build fingerprint: ") {
            let fingerprint = fingerprint.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            self.value(Part::Fingerprint, line, fingerprint.unwrap_or(UNKNOWN));
        } else if let Some(cmdline) = text.strip_prefix("Command line: ") {
            self.value(Part::Cmdline, line, cmdline);
        } else if let Some(first) = text.strip_prefix("Bootconfig: ") {
            self.value(Part::Bootconfig, line, first);
            self.place = Place::Bootconfig;
        } else if text.starts_with("Uptime: ") {
            self.place = Place::Header;
        } else if matches!(self.place, Place::Bootconfig) {
            self.keep(Part::Bootconfig, line);
        }
    }

    /// A part that the header gives in one line, or begins there.
    fn value(&mut self, part: Part, line: &Line<'_>, value: &str) {
        self.begin(part, line.number);
        if value == UNKNOWN || value.starts_with(FAILURE) {
            self.drop_part(part, line.number, format_args!("{}: expected a value", shown(value)));
        } else if line.is_cut {
            self.drop_part(part, line.number, "a line that is too long");
        } else {
            self.append(part, line.number, value.as_bytes());
        }
    }

    fn elsewhere(&mut self, line: &Line<'_>) {
        let Some((title, _command)) =
            banner(line).and_then(|banner| banner.strip_suffix(')')?.split_once(" ("))
        else {
            return;
        };
        let Some((part, _)) = SECTIONS.into_iter().find(|(_, kept)| *kept == title) else { return };
        self.begin(part, line.number);
        self.place = Place::Section(part);
    }

    fn section(&mut self, line: &Line<'_>) {
        let Place::Section(part) = self.place else { return };
        match banner(line) {
            Some(banner) if ends(banner, part) => self.place = Place::Elsewhere,
            Some(_) => {
                self.drop_part(part, line.number, "another section's line: expected the section's end line");
                self.place = Place::Elsewhere;
                self.elsewhere(line);
            }
            None => self.keep(part, line),
        }
    }

    fn keep(&mut self, part: Part, line: &Line<'_>) {
        if line.is_cut {
            self.drop_part(part, line.number, "a line that is too long");
        } else if line.bytes.starts_with(FAILURE.as_bytes()) {
            let message = String::from_utf8_lossy(line.bytes);
            self.drop_part(
                part,
                line.number,
                format_args!("{}: expected the whole section", shown(&message)),
            );
        } else {
            self.append(part, line.number, line.bytes);
        }
    }

    /// A part that begins again is one that somebody forged, or is forging.
    fn begin(&mut self, part: Part, line: usize) {
        match self.parts.entry(part) {
            Entry::Vacant(entry) => {
                entry.insert(Some(Vec::new()));
            }
            Entry::Occupied(_) => self.drop_part(part, line, "given again: expected it once"),
        }
    }

    fn append(&mut self, part: Part, line: usize, bytes: &[u8]) {
        let Some(Some(kept)) = self.parts.get_mut(&part) else { return };
        if kept.len() + bytes.len() >= MAX_PART {
            self.drop_part(part, line, format_args!("expected at most {MAX_PART} bytes"));
            return;
        }
        kept.extend_from_slice(bytes);
        kept.push(b'\n');
    }

    fn drop_part(&mut self, part: Part, line: usize, why: impl std::fmt::Display) {
        // The first reason is enough.
        if !matches!(self.parts.insert(part, None), Some(None)) {
            self.report.dropped.push(line, format_args!("{part:?}: {why}"));
        }
    }

    fn finish(mut self) -> Bugreport {
        let mut take = |part| self.parts.remove(&part).flatten();
        let text = |bytes: Option<Vec<u8>>| {
            let text = String::from_utf8(bytes?).ok()?;
            Some(text.trim_end()).filter(|text| !text.is_empty()).map(Into::into)
        };
        let devices = take(Part::Devices);
        let mut report = self.report;
        report.taken_at = text(take(Part::TakenAt));
        report.fingerprint = text(take(Part::Fingerprint));
        report.getprop = take(Part::Getprop);
        report.cmdline = take(Part::Cmdline);
        report.bootconfig = take(Part::Bootconfig);
        report.lsmod = take(Part::Lsmod);
        match devices.as_deref().map(device_mapper::parse) {
            // A list with a line that could not be read is not the whole list.
            Some(Ok(list)) if list.dropped().is_empty() => {
                report.devices = Some(list.iter().cloned().collect())
            }
            Some(Ok(list)) => {
                let why = list.dropped().iter().next().map(|first| first.why.clone()).unwrap_or_default();
                report.dropped.push(0, format_args!("{:?}: {why}", Part::Devices));
            }
            Some(Err(error)) => report.dropped.push(0, format_args!("{:?}: {error}", Part::Devices)),
            None => {}
        }
        report
    }
}

fn no_report(found: &str) -> FormatError {
    FormatError::malformed(WHAT, format_args!("{}: expected a zip, or a line \"{FIRST}…\"", shown(found)))
}

/// What stands between the dashes of a section's first or last line.
fn banner<'a>(line: &Line<'a>) -> Option<&'a str> {
    let inner = line.bytes.strip_prefix(b"------ ")?.strip_suffix(b" ------")?;
    std::str::from_utf8(inner).ok()
}

/// Whether a banner is the last line of a part's section.
fn ends(banner: &str, part: Part) -> bool {
    let title = banner.split_once("s was the duration of '").and_then(|(_, title)| title.strip_suffix('\''));
    title.is_some_and(|title| SECTIONS.contains(&(part, title)))
}

/// `2026-11-20 08:00:00`
fn is_time(text: &str) -> bool {
    text.len() == 19
        && text.bytes().zip(*b"0000-00-00 00:00:00").all(|(found, form)| match form {
            b'0' => found.is_ascii_digit(),
            _ => found == form,
        })
}
