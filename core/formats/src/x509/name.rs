//! Distinguished names (RFC 5280 §4.1.2.4).

use crate::FormatError;
use crate::der::{Element, Tag};
use std::fmt::{self, Write};

/// The most attributes of a name.
const MAX_ATTRIBUTES: usize = 16;

/// A distinguished name. Two are the same if their bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The Name as received.
    pub raw: &'a [u8],
    attributes: Vec<(Attribute<'a>, &'a [u8])>,
}

/// The type of a name's attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute<'a> {
    /// CN, 2.5.4.3.
    CommonName,
    /// serialNumber, 2.5.4.5: a device's or a batch's, not the certificate's.
    SerialNumber,
    /// C, 2.5.4.6.
    Country,
    /// ST, 2.5.4.8.
    State,
    /// L, 2.5.4.7.
    Locality,
    /// O, 2.5.4.10.
    Organization,
    /// OU, 2.5.4.11.
    OrganizationalUnit,
    /// title, 2.5.4.12.
    Title,
    /// Any other: the content octets of its OBJECT IDENTIFIER.
    Other(&'a [u8]),
}

impl<'a> Name<'a> {
    pub(crate) fn read(element: Element<'a>) -> Result<Name<'a>, FormatError> {
        let mut attributes = Vec::new();
        let mut sets = element.reader();
        while !sets.is_empty() {
            let mut set = sets.expect(Tag::SET)?.reader();
            while !set.is_empty() {
                let mut fields = set.expect(Tag::SEQUENCE)?.reader();
                let attribute = Attribute::from_oid(fields.expect(Tag::OID)?.content);
                attributes.push((attribute, fields.next()?.content));
                fields.end()?;
                if attributes.len() > MAX_ATTRIBUTES {
                    return Err(FormatError::too_large("distinguished name", "attributes", MAX_ATTRIBUTES));
                }
            }
        }
        Ok(Name { raw: element.raw, attributes })
    }

    /// The first value of an attribute, as its bytes: ASCII in every certificate that is read here.
    pub fn get(&self, attribute: Attribute<'_>) -> Option<&'a [u8]> {
        self.attributes.iter().find(|(found, _)| *found == attribute).map(|(_, value)| *value)
    }

    /// The values of all attributes.
    pub fn values(&self) -> impl Iterator<Item = &'a [u8]> {
        self.attributes.iter().map(|(_, value)| *value)
    }
}

/// The most bytes of a value that are shown.
const MAX_SHOWN: usize = 64;

/// `CN=Droid CA3, O=Google LLC`. What could be taken for another attribute, and what is not printable ASCII, is
/// escaped; what is cut ends in a dot dot dot.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (attribute, value)) in self.attributes.iter().enumerate() {
            if nth > 0 {
                f.write_str(", ")?;
            }
            f.write_str(attribute.short())?;
            f.write_char('=')?;
            for byte in value.iter().take(MAX_SHOWN) {
                match byte {
                    b',' | b'=' | b'+' => write!(f, "\\{}", char::from(*byte))?,
                    byte => write!(f, "{}", byte.escape_ascii())?,
                }
            }
            if value.len() > MAX_SHOWN {
                f.write_str("...")?;
            }
        }
        Ok(())
    }
}

impl<'a> Attribute<'a> {
    fn from_oid(oid: &'a [u8]) -> Attribute<'a> {
        match oid {
            [0x55, 4, 3] => Attribute::CommonName,
            [0x55, 4, 5] => Attribute::SerialNumber,
            [0x55, 4, 6] => Attribute::Country,
            [0x55, 4, 7] => Attribute::Locality,
            [0x55, 4, 8] => Attribute::State,
            [0x55, 4, 10] => Attribute::Organization,
            [0x55, 4, 11] => Attribute::OrganizationalUnit,
            [0x55, 4, 12] => Attribute::Title,
            other => Attribute::Other(other),
        }
    }

    fn short(&self) -> &'static str {
        match self {
            Attribute::CommonName => "CN",
            Attribute::SerialNumber => "serialNumber",
            Attribute::Country => "C",
            Attribute::Locality => "L",
            Attribute::State => "ST",
            Attribute::Organization => "O",
            Attribute::OrganizationalUnit => "OU",
            Attribute::Title => "title",
            Attribute::Other(_) => "?",
        }
    }
}
