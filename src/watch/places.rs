//! The places to watch, as a tree of names: which collectors read what lies there, and what lies below.

use super::collectors::Collectors;
use std::collections::BTreeMap;

/// A name in a directory, as the kernel has it.
pub type Name = Box<[u8]>;

/// What collectors read at one place and below it.
#[derive(Debug, Default)]
pub struct Places {
    /// Who reads what lies here.
    pub ends: Collectors,
    /// Who reads the list of names here.
    pub listed: Collectors,
    /// What is read below, by name.
    pub named: BTreeMap<Name, Places>,
    /// What is read below any name.
    pub any: Option<Box<Places>>,
}

impl Places {
    /// Adds a place, as [`crate::collect::Reads`] writes it.
    pub fn add(&mut self, place: &str, readers: Collectors) {
        let mut here = self;
        for name in place.split('/').filter(|name| !name.is_empty()) {
            here = match name {
                "*" => here.any.get_or_insert_default(),
                name => here.named.entry(name.as_bytes().into()).or_default(),
            };
        }
        match place.ends_with('/') {
            true => here.listed.add(readers),
            false => here.ends.add(readers),
        }
    }

    /// Whether a directory here would be looked into.
    pub fn looks_into(&self) -> bool {
        !self.listed.is_empty() || !self.named.is_empty() || self.any.is_some()
    }

    /// Everybody who reads here or below.
    pub fn readers(&self) -> Collectors {
        let below = self.named.values().chain(self.any.as_deref());
        below.fold(self.ends.and(self.listed), |all, place| all.and(place.readers()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_share_what_leads_to_them() {
        let mut places = Places::default();
        places.add("/data/system/users/0.xml", Collectors::one(1));
        places.add("/data/adb/", Collectors::one(2));
        places.add("/data/misc/user/*/cacerts-added/", Collectors::one(3));
        let data = &places.named[&b"data"[..]];
        assert_eq!(data.readers().indexes(), [1, 2, 3].into());
        assert_eq!(data.named[&b"adb"[..]].listed, Collectors::one(2));
        assert!(data.named[&b"adb"[..]].looks_into());
        let user = &data.named[&b"misc"[..]].named[&b"user"[..]];
        assert_eq!(user.any.as_ref().unwrap().readers(), Collectors::one(3));
        assert!(!data.named[&b"system"[..]].named[&b"users"[..]].named[&b"0.xml"[..]].looks_into());
    }
}
