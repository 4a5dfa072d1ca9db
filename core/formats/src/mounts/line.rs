//! One line of a mount table, in each of its three forms.

use super::Mount;

/// The forms that a mount table comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    MountInfo,
    ProcMounts,
    Mount,
}

impl Form {
    /// No line fits two of them: the first has a number where the second has a path; the last ends in `)`.
    pub(super) const ALL: [Form; 3] = [Form::MountInfo, Form::ProcMounts, Form::Mount];

    pub(super) fn expects(self) -> &'static str {
        match self {
            Form::MountInfo => "a line of mountinfo",
            Form::ProcMounts => "source point type options 0 0",
            Form::Mount => "source on point type type (options)",
        }
    }
}

pub(super) fn read(form: Form, line: &str) -> Option<Mount> {
    let mount = match form {
        Form::MountInfo => mountinfo(line),
        Form::ProcMounts => proc_mounts(line),
        Form::Mount => mount_output(line),
    }?;
    (mount.point.starts_with('/') && !mount.fstype.is_empty() && !mount.options.is_empty()).then_some(mount)
}

/// Fields are split at single spaces: an empty source leaves two of them.
fn mountinfo(line: &str) -> Option<Mount> {
    let mut fields = line.split(' ');
    fields.next()?.parse::<u64>().ok()?;
    fields.next()?.parse::<u64>().ok()?;
    let (major, minor) = fields.next()?.split_once(':')?;
    let device = (major.parse().ok()?, minor.parse().ok()?);
    let (root, point, options) = (fields.next()?, fields.next()?, fields.next()?);
    fields.by_ref().find(|field| *field == "-")?;
    let (fstype, source, super_options) = (fields.next()?, fields.next()?, fields.next()?);
    fields.next().is_none().then_some(())?;
    Some(Mount {
        device: Some(device),
        root: Some(unescaped(root)?),
        point: unescaped(point)?,
        fstype: unescaped(fstype)?,
        source: unescaped(source)?,
        options: options.into(),
        super_options: super_options.into(),
    })
}

fn proc_mounts(line: &str) -> Option<Mount> {
    let mut fields = line.split(' ');
    let (source, point, fstype) = (fields.next()?, fields.next()?, fields.next()?);
    let options = fields.next()?;
    fields.next()?.parse::<u32>().ok()?;
    fields.next()?.parse::<u32>().ok()?;
    fields.next().is_none().then_some(())?;
    Some(Mount {
        device: None,
        root: None,
        point: unescaped(point)?,
        fstype: unescaped(fstype)?,
        source: unescaped(source)?,
        options: options.into(),
        super_options: "".into(),
    })
}

/// Source and point may hold anything here, so a line that splits in two ways is no line.
fn mount_output(line: &str) -> Option<Mount> {
    let (head, options) = line.trim_end().strip_suffix(')')?.rsplit_once(" (")?;
    let (head, fstype) = head.rsplit_once(" type ")?;
    let mut splits = head.match_indices(" on /");
    let (at, separator) = splits.next()?;
    splits.next().is_none().then_some(())?;
    (!fstype.contains(' ')).then_some(())?;
    let (source, _) = head.split_at(at);
    let (_, point) = head.split_at(at + separator.len() - 1);
    Some(Mount {
        device: None,
        root: None,
        point: point.into(),
        fstype: fstype.into(),
        source: source.into(),
        options: options.into(),
        super_options: "".into(),
    })
}

/// Reads `\ooo`. `None` for another escape, and for bytes that are no text or hold a NUL.
fn unescaped(field: &str) -> Option<Box<str>> {
    if !field.contains('\\') {
        return Some(field.into());
    }
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(8));
                let (high, middle, low) = (digit()?, digit()?, digit()?);
                u8::try_from(high << 6 | middle << 3 | low).ok().filter(|byte| *byte != 0)?
            }
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok().map(Into::into)
}
