//! Reads the entries of a list, each into its field.

use super::super::{
    Deviation, Enforced, MAX_APPLICATION_ID, NumberSet, PatchLevel, RootOfTrust, WHAT, octets, small,
};
use super::{AuthorizationList, MAX_AUTHORIZATIONS, MAX_ID, Origin};
use crate::FormatError;
use crate::der::{Element, Tag};

impl<'a> AuthorizationList<'a> {
    pub(in super::super) fn read(
        sequence: &Element<'a>,
        list: Enforced,
        attestation_version: u32,
        deviations: &mut Vec<Deviation>,
    ) -> Result<AuthorizationList<'a>, FormatError> {
        let mut found = AuthorizationList::default();
        let mut seen: Vec<u32> = Vec::with_capacity(MAX_AUTHORIZATIONS);
        let mut reader = sequence.reader();
        while !reader.is_empty() {
            let entry = reader.next()?;
            let tag = entry.tag.number;
            if !entry.tag.is_context() {
                return Err(entry.error(format_args!("{}: expected a context tag", entry.tag)));
            }
            if seen.contains(&tag) {
                // Two readers might take either of them.
                return Err(entry.error(format_args!("{} a second time: expected it once", entry.tag)));
            }
            if seen.len() == MAX_AUTHORIZATIONS {
                return Err(FormatError::too_large(WHAT, "authorizations in a list", MAX_AUTHORIZATIONS));
            }
            if seen.last().is_some_and(|last| *last > tag) {
                deviations.push(Deviation::TagsNotAscending { list, tag });
            }
            seen.push(tag);
            found.set(&entry, list, attestation_version, deviations)?;
        }
        Ok(found)
    }

    fn set(
        &mut self,
        entry: &Element<'a>,
        list: Enforced,
        attestation_version: u32,
        deviations: &mut Vec<Deviation>,
    ) -> Result<(), FormatError> {
        let mut entry = Entry { element: entry, list, deviations };
        match entry.element.tag.number {
            1 => self.purposes = entry.numbers()?,
            2 => self.algorithm = entry.number()?,
            3 => self.key_size = entry.number()?,
            4 => self.block_modes = entry.numbers()?,
            5 => self.digests = entry.numbers()?,
            6 => self.paddings = entry.numbers()?,
            7 => self.caller_nonce = entry.flag()?,
            8 => self.min_mac_length = entry.number()?,
            10 => self.ec_curve = entry.number()?,
            11 => self.ml_dsa_variant = entry.number()?,
            200 => self.rsa_public_exponent = entry.long()?,
            203 => self.mgf_digests = entry.numbers()?,
            303 => self.rollback_resistance = entry.flag()?,
            305 => self.early_boot_only = entry.flag()?,
            400 => self.active_time = entry.long()?,
            401 => self.origination_expire_time = entry.long()?,
            402 => self.usage_expire_time = entry.long()?,
            405 => self.usage_count_limit = entry.number()?,
            502 => self.user_secure_id = entry.long()?,
            503 => self.no_auth_required = entry.flag()?,
            504 => self.user_auth_type = entry.number()?,
            505 => self.auth_timeout = entry.number()?,
            506 => self.allow_while_on_body = entry.flag()?,
            507 => self.trusted_user_presence = entry.flag()?,
            508 => self.trusted_confirmation = entry.flag()?,
            509 => self.unlocked_device = entry.flag()?,
            600 => self.all_applications = entry.flag()?,
            601 => self.application_id = entry.bytes(MAX_APPLICATION_ID)?,
            701 => self.creation_time = entry.long()?,
            702 => self.origin = entry.number()?.map(Origin::from),
            703 => self.rollback_resistant = entry.flag()?,
            704 => {
                let sequence = entry.element.only(Tag::SEQUENCE)?;
                let read = RootOfTrust::read(&sequence, list, attestation_version, entry.deviations)?;
                self.root_of_trust = Some(read);
            }
            705 => self.os_version = entry.number()?,
            706 => self.os_patch_level = entry.patch_level()?,
            709 => self.attestation_application_id = entry.bytes(MAX_APPLICATION_ID)?,
            710 => self.id_brand = entry.bytes(MAX_ID)?,
            711 => self.id_device = entry.bytes(MAX_ID)?,
            712 => self.id_product = entry.bytes(MAX_ID)?,
            713 => self.id_serial = entry.bytes(MAX_ID)?,
            714 => self.id_imei = entry.bytes(MAX_ID)?,
            715 => self.id_meid = entry.bytes(MAX_ID)?,
            716 => self.id_manufacturer = entry.bytes(MAX_ID)?,
            717 => self.id_model = entry.bytes(MAX_ID)?,
            718 => self.vendor_patch_level = entry.patch_level()?,
            719 => self.boot_patch_level = entry.patch_level()?,
            720 => self.device_unique = entry.flag()?,
            723 => self.id_second_imei = entry.bytes(MAX_ID)?,
            724 => self.module_hash = entry.bytes(MAX_ID)?,
            tag => {
                let mut reader = entry.element.reader();
                let held = reader.next()?;
                reader.end()?;
                self.unknown.push((tag, held.raw));
            }
        }
        Ok(())
    }
}

/// An entry of a list while it is read.
struct Entry<'a, 'e> {
    element: &'e Element<'a>,
    list: Enforced,
    deviations: &'e mut Vec<Deviation>,
}

impl<'a> Entry<'a, '_> {
    fn number(&self) -> Result<Option<u32>, FormatError> {
        small(&self.element.only(Tag::INTEGER)?).map(Some)
    }

    fn long(&self) -> Result<Option<u64>, FormatError> {
        self.element.only(Tag::INTEGER)?.unsigned().map(Some)
    }

    fn flag(&self) -> Result<bool, FormatError> {
        self.element.only(Tag::NULL)?.null().map(|()| true)
    }

    fn bytes(&self, cap: usize) -> Result<Option<&'a [u8]>, FormatError> {
        octets(&self.element.only(Tag::OCTET_STRING)?, cap).map(Some)
    }

    fn numbers(&mut self) -> Result<Option<NumberSet>, FormatError> {
        let (numbers, is_sorted) = NumberSet::read(&self.element.only(Tag::SET)?)?;
        if !is_sorted {
            let (list, tag) = (self.list, self.element.tag.number);
            self.deviations.push(Deviation::SetNotSorted { list, tag });
        }
        Ok(Some(numbers))
    }

    fn patch_level(&mut self) -> Result<Option<PatchLevel>, FormatError> {
        let level = PatchLevel { value: small(&self.element.only(Tag::INTEGER)?)? };
        let (list, tag) = (self.list, self.element.tag.number);
        if level.date().is_none() {
            self.deviations.push(Deviation::UnreadablePatchLevel { list, tag, value: level.value });
        } else if level.has_zero_day() {
            self.deviations.push(Deviation::ZeroPatchDay { list, tag });
        }
        Ok(Some(level))
    }
}
