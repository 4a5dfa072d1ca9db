//! One of the two lists of what holds for the key.
//!
//! `AuthorizationList ::= SEQUENCE { … }`: every field is `[tag] EXPLICIT … OPTIONAL`, in ascending order, the
//! tags being KeyMint's (Tag.aidl beside KeyCreationResult.aidl).

mod entries;

use super::{AttestationApplicationId, NumberSet, PatchLevel, RootOfTrust};
use crate::FormatError;

/// The most entries of a list.
pub const MAX_AUTHORIZATIONS: usize = 64;
/// The longest attested identifier (brand, serial and so on), in bytes.
pub const MAX_ID: usize = 256;

/// What holds for the key: what nobody set is `None`, `false` where the schema has NULL.
///
/// Times are milliseconds since 1970. The enumerations are KeyMint's numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationList<'a> {
    /// `[1]` What the key may be used for.
    pub purposes: Option<NumberSet>,
    /// `[2]` The algorithm.
    pub algorithm: Option<u32>,
    /// `[3]` The key's size in bits.
    pub key_size: Option<u32>,
    /// `[4]` The block modes.
    pub block_modes: Option<NumberSet>,
    /// `[5]` The digests.
    pub digests: Option<NumberSet>,
    /// `[6]` The paddings.
    pub paddings: Option<NumberSet>,
    /// `[7]` Whether the caller may choose a nonce.
    pub caller_nonce: bool,
    /// `[8]` The shortest tag of an AEAD, in bits.
    pub min_mac_length: Option<u32>,
    /// `[10]` The curve.
    pub ec_curve: Option<u32>,
    /// `[11]` The variant of ML-DSA. Not in the schema of version 400: github.com/android/keyattestation
    /// has it.
    pub ml_dsa_variant: Option<u32>,
    /// `[200]` The public exponent of an RSA key.
    pub rsa_public_exponent: Option<u64>,
    /// `[203]` The digests of OAEP's mask generation.
    pub mgf_digests: Option<NumberSet>,
    /// `[303]` Whether the key, once deleted, can't come back.
    pub rollback_resistance: bool,
    /// `[305]` Whether the key is of use during early boot alone.
    pub early_boot_only: bool,
    /// `[400]` When the key becomes active.
    pub active_time: Option<u64>,
    /// `[401]` When it may no longer sign or encrypt.
    pub origination_expire_time: Option<u64>,
    /// `[402]` When it may no longer verify or decrypt.
    pub usage_expire_time: Option<u64>,
    /// `[405]` How often it may be used.
    pub usage_count_limit: Option<u32>,
    /// `[502]` The secure ID of the user that it belongs to.
    pub user_secure_id: Option<u64>,
    /// `[503]` Whether it is used without authentication of the user.
    pub no_auth_required: bool,
    /// `[504]` The kinds of authentication, as bits.
    pub user_auth_type: Option<u32>,
    /// `[505]` How long an authentication holds, in seconds.
    pub auth_timeout: Option<u32>,
    /// `[506]` Whether it stays usable while the device is worn.
    pub allow_while_on_body: bool,
    /// `[507]` Whether the user must prove presence.
    pub trusted_user_presence: bool,
    /// `[508]` Whether the user must confirm what is signed.
    pub trusted_confirmation: bool,
    /// `[509]` Whether the device must be unlocked.
    pub unlocked_device: bool,
    /// `[600]` Whether every application may use it. Before KeyMint.
    pub all_applications: bool,
    /// `[601]` The application that may use it. Before KeyMint.
    pub application_id: Option<&'a [u8]>,
    /// `[701]` When the key was made, by Android's clock.
    pub creation_time: Option<u64>,
    /// `[702]` Where the key comes from.
    pub origin: Option<Origin>,
    /// `[703]` Rollback resistance before Keymaster 4.
    pub rollback_resistant: bool,
    /// `[704]` How the device booted.
    pub root_of_trust: Option<RootOfTrust<'a>>,
    /// `[705]` Android's version as MMmmss: 160000 is 16.
    pub os_version: Option<u32>,
    /// `[706]` Android's patch level.
    pub os_patch_level: Option<PatchLevel>,
    /// `[709]` Who asked, undecoded: see [`AuthorizationList::application`].
    pub attestation_application_id: Option<&'a [u8]>,
    /// `[710]` The brand (ro.product.brand), only where the caller gave the same.
    pub id_brand: Option<&'a [u8]>,
    /// `[711]` The device's name.
    pub id_device: Option<&'a [u8]>,
    /// `[712]` The product's name.
    pub id_product: Option<&'a [u8]>,
    /// `[713]` The serial number.
    pub id_serial: Option<&'a [u8]>,
    /// `[714]` The IMEI.
    pub id_imei: Option<&'a [u8]>,
    /// `[715]` The MEID.
    pub id_meid: Option<&'a [u8]>,
    /// `[716]` The manufacturer.
    pub id_manufacturer: Option<&'a [u8]>,
    /// `[717]` The model.
    pub id_model: Option<&'a [u8]>,
    /// `[718]` The vendor image's patch level.
    pub vendor_patch_level: Option<PatchLevel>,
    /// `[719]` The boot image's patch level.
    pub boot_patch_level: Option<PatchLevel>,
    /// `[720]` Whether the attestation is signed with a key of this one device.
    pub device_unique: bool,
    /// `[723]` The second IMEI.
    pub id_second_imei: Option<&'a [u8]>,
    /// `[724]` SHA-256 over the DER of the APEX modules that run, as keystore2 told KeyMint.
    pub module_hash: Option<&'a [u8]>,
    /// Tags that are not known, each with the one element that it holds, in order of appearance. Worth a log
    /// line.
    pub unknown: Vec<(u32, &'a [u8])>,
}

/// Where a key comes from (KeyOrigin.aidl).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Made there, and nowhere else.
    Generated,
    /// Derived there from another secret.
    Derived,
    /// Brought in from outside, in the clear.
    Imported,
    /// Reserved; a Keymaster 1 key behind an adapter, whose origin is lost.
    Reserved,
    /// Brought in from outside, encrypted.
    SecurelyImported,
    /// A number that KeyOrigin.aidl does not have.
    Other(u32),
}

impl<'a> AuthorizationList<'a> {
    /// Who asked, decoded: nothing where the list does not say. A malformed one spoils nothing else.
    pub fn application(&self) -> Option<Result<AttestationApplicationId<'a>, FormatError>> {
        self.attestation_application_id.map(AttestationApplicationId::parse)
    }
}

impl From<u32> for Origin {
    fn from(number: u32) -> Origin {
        match number {
            0 => Origin::Generated,
            1 => Origin::Derived,
            2 => Origin::Imported,
            3 => Origin::Reserved,
            4 => Origin::SecurelyImported,
            other => Origin::Other(other),
        }
    }
}
