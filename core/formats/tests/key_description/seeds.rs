//! The fuzzer's seeds are the forge's work.

use std::path::Path;
use trust_forge::key_description::{Authorizations, application_id, numbers};
use trust_forge::{KeyDescription as Forged, RootOfTrust as ForgedRoot, der};
use trust_formats::attestation::key_description::*;

#[test]
fn the_seeds_can_be_made_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/key_description");
    for (name, forged) in [
        ("locked.der", Forged::default()),
        ("strongbox_unlocked.der", Forged::strongbox().with_root_of_trust(ForgedRoot::unlocked())),
        ("software.der", Forged { version: 2, keymint_version: 3, level: 0, ..Forged::default() }),
        ("every_field.der", every_field()),
        ("deviations.der", deviations()),
    ] {
        let bytes = forged.encode();
        assert!(KeyDescription::parse(&bytes).is_ok(), "{name}");
        assert!(
            std::fs::read(folder.join(name)).is_ok_and(|found| found == bytes),
            "{name}: expected {bytes:02x?}"
        );
    }
}

fn every_field() -> Forged {
    let sets = [1, 4, 5, 6, 203].map(|tag| (tag, numbers(&[1, 2, 300])));
    let numbers = [2, 3, 8, 10, 11, 200, 400, 401, 402, 405, 502, 504, 505, 701, 702, 705]
        .map(|tag| (tag, der::integer(tag.into())));
    let dates = [706, 718, 719].map(|tag| (tag, der::integer(20_261_005)));
    let flags = [7, 303, 305, 503, 506, 507, 508, 509, 600, 703, 720].map(|tag| (tag, der::null()));
    let texts =
        [601, 710, 711, 712, 713, 714, 715, 716, 717, 723, 724].map(|tag| (tag, der::octets(b"text")));
    let application = application_id(&[("a", 1), ("com.example", 300)], &[&[1; 32], &[2; 32]]);
    let mut list =
        Authorizations::from([(704, ForgedRoot::default().encode()), (709, der::octets(&application))]);
    list.extend([&sets[..], &numbers, &dates, &flags, &texts].concat());
    Forged { unique_id: vec![7; 16], software: list.clone(), hardware: list, ..Forged::default() }
}

fn deviations() -> Forged {
    let root = der::sequence(&[der::octets(&[]), der::element(1, &[1]), der::enumerated(1)]);
    Forged { version: 500, keymint_version: 500, ..Forged::default() }
        .with_hardware(704, root)
        .with_hardware(5, der::element(0x31, &[der::integer(6), der::integer(4)].concat()))
        .with_number(706, 0)
        .with_number(719, 20_190_700)
        .with_software(705, der::integer(0))
        .with_hardware(900, der::sequence(&[der::null()]))
}
