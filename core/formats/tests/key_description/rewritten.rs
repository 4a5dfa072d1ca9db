//! Writes a description again from what was read, so that a test sees whether anything was lost.

use trust_forge::key_description::{Authorizations, authorizations};
use trust_forge::{KeyDescription as Forged, RootOfTrust as ForgedRoot, der};
use trust_formats::attestation::key_description::*;

/// The bytes that DER has for what was read.
pub(super) fn rewritten(description: &KeyDescription<'_>) -> Vec<u8> {
    let forged = Forged {
        version: description.attestation_version.into(),
        level: description.attestation_level as u8,
        keymint_version: description.keymint_version.into(),
        keymint_level: description.keymint_level as u8,
        challenge: description.challenge.to_vec(),
        unique_id: description.unique_id.to_vec(),
        software: Authorizations::new(),
        hardware: Authorizations::new(),
    };
    der::sequence(&forged.elements(list(&description.software), list(&description.hardware)))
}

fn list(list: &AuthorizationList<'_>) -> Vec<u8> {
    let entries: Authorizations = fields(list).map(|(tag, value)| (tag, value.encoded())).collect();
    authorizations(entries.iter().map(|(tag, inner)| (*tag, &inner[..])))
}

/// A field's value.
pub(super) enum Value<'a> {
    Number(u64),
    Numbers(NumberSet),
    Flag,
    Bytes(&'a [u8]),
    Root(RootOfTrust<'a>),
    Unknown(&'a [u8]),
}

impl Value<'_> {
    fn encoded(&self) -> Vec<u8> {
        match self {
            Value::Number(number) => der::integer(*number),
            Value::Numbers(numbers) => {
                let elements: Vec<_> =
                    numbers.as_slice().iter().map(|number| der::integer(u64::from(*number))).collect();
                der::set_of(&elements)
            }
            Value::Flag => der::null(),
            Value::Bytes(bytes) => der::octets(bytes),
            Value::Root(root) => ForgedRoot {
                verified_boot_key: root.verified_boot_key.to_vec(),
                device_locked: root.device_locked,
                verified_boot_state: root.verified_boot_state as u8,
                verified_boot_hash: root.verified_boot_hash.map(<[u8]>::to_vec),
            }
            .encode(),
            Value::Unknown(raw) => raw.to_vec(),
        }
    }
}

/// Every field that is set, with its tag.
pub(super) fn fields<'a>(list: &AuthorizationList<'a>) -> impl Iterator<Item = (u32, Value<'a>)> {
    let number = |value: Option<u32>| value.map(|value| Value::Number(value.into()));
    let long = |value: Option<u64>| value.map(Value::Number);
    let numbers = |value: Option<NumberSet>| value.map(Value::Numbers);
    let flag = |value: bool| value.then_some(Value::Flag);
    let patch = |value: Option<PatchLevel>| value.map(|level| Value::Number(level.value.into()));
    let bytes = |value: Option<&'a [u8]>| value.map(Value::Bytes);
    let origin = list.origin.map(|origin| match origin {
        Origin::Generated => 0,
        Origin::Derived => 1,
        Origin::Imported => 2,
        Origin::Reserved => 3,
        Origin::SecurelyImported => 4,
        Origin::Other(number) => number,
    });
    let known = [
        (1, numbers(list.purposes)),
        (2, number(list.algorithm)),
        (3, number(list.key_size)),
        (4, numbers(list.block_modes)),
        (5, numbers(list.digests)),
        (6, numbers(list.paddings)),
        (7, flag(list.caller_nonce)),
        (8, number(list.min_mac_length)),
        (10, number(list.ec_curve)),
        (11, number(list.ml_dsa_variant)),
        (200, long(list.rsa_public_exponent)),
        (203, numbers(list.mgf_digests)),
        (303, flag(list.rollback_resistance)),
        (305, flag(list.early_boot_only)),
        (400, long(list.active_time)),
        (401, long(list.origination_expire_time)),
        (402, long(list.usage_expire_time)),
        (405, number(list.usage_count_limit)),
        (502, long(list.user_secure_id)),
        (503, flag(list.no_auth_required)),
        (504, number(list.user_auth_type)),
        (505, number(list.auth_timeout)),
        (506, flag(list.allow_while_on_body)),
        (507, flag(list.trusted_user_presence)),
        (508, flag(list.trusted_confirmation)),
        (509, flag(list.unlocked_device)),
        (600, flag(list.all_applications)),
        (601, bytes(list.application_id)),
        (701, long(list.creation_time)),
        (702, number(origin)),
        (703, flag(list.rollback_resistant)),
        (704, list.root_of_trust.map(Value::Root)),
        (705, number(list.os_version)),
        (706, patch(list.os_patch_level)),
        (709, bytes(list.attestation_application_id)),
        (710, bytes(list.id_brand)),
        (711, bytes(list.id_device)),
        (712, bytes(list.id_product)),
        (713, bytes(list.id_serial)),
        (714, bytes(list.id_imei)),
        (715, bytes(list.id_meid)),
        (716, bytes(list.id_manufacturer)),
        (717, bytes(list.id_model)),
        (718, patch(list.vendor_patch_level)),
        (719, patch(list.boot_patch_level)),
        (720, flag(list.device_unique)),
        (723, bytes(list.id_second_imei)),
        (724, bytes(list.module_hash)),
    ];
    let unknown = list.unknown.clone().into_iter().map(|(tag, raw)| (tag, Value::Unknown(raw)));
    known.into_iter().filter_map(|(tag, value)| Some((tag, value?))).chain(unknown)
}
