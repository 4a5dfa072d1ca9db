//! Loaded kernel modules: /proc/modules and the output of `lsmod`.

use crate::{Drops, FormatError};

/// The loaded modules in the table's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modules {
    modules: Vec<Module>,
    dropped: Drops,
}

/// One module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name.
    pub name: Box<str>,
    /// The letters by which it taints the kernel (`OE`: out of tree, unsigned); empty for none, and in `lsmod`,
    /// which does not show them.
    pub taints: Box<str>,
}

impl Modules {
    /// The modules.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Module> {
        self.modules.iter()
    }

    /// The lines that could not be used.
    pub fn dropped(&self) -> &Drops {
        &self.dropped
    }
}

/// Reads /proc/modules or the output of `lsmod`.
pub fn parse(_bytes: &[u8]) -> Result<Modules, FormatError> {
    Err(FormatError::malformed("modules", "not written yet"))
}
