//! What the fuzz targets run: every parser of outside bytes, and what must hold of whatever it accepts.
//!
//! `tests/fuzz_regressions.rs` compiles this file too and runs the seeds through it on stable
//! Rust.

use trust_formats::attestation::RevocationList;
use trust_formats::attestation::key_description::{KeyDescription, MAX_AUTHORIZATIONS, MAX_CHALLENGE};
use trust_formats::attestation::provisioning::ProvisioningInfo;
use trust_formats::boot_params::BootParams;
use trust_formats::bugreport::Bugreport;
use trust_formats::properties::Properties;
use trust_formats::signature::{BadSignature, Hash, PublicKey, SignatureVerifier, p256_fixed};
use trust_formats::x509::Certificate;
use trust_formats::{
    FormatError, abx, apex, attestation, avb, certs, device_mapper, device_policies as policies, kconfig,
    modules, mounts, netlink, ota, owners, packages, packages_xml as installed, pem, permissions,
    property_area as live, routing_rules as rules, selinux, sensors, settings, snapshot, sockets, text,
    users,
};

mod attestations;
mod histories;
mod ledgers;
#[cfg(not(soong))]
mod parcels;
mod place;

pub use attestations::{
    enrolment_evidence, policy_bundle, posture_claims, posture_credential, posture_revoked, posture_rollover,
    posture_token, qr_text, sealed_evidence,
};
pub use histories::history_file;
pub use ledgers::ledger_file;
#[cfg(not(soong))]
pub use parcels::binder_parcel;

/// Reads bytes and says whether the parser accepted them; panics if it does, or if what it accepted breaks a rule.
pub type Target = fn(&[u8]) -> bool;

/// Every target, by the name of its file in `fuzz_targets` and of its folder in `seeds`.
///
/// The Android tree has none that makes parcels: libbinder_rs lets nobody make one without a driver.
pub const TARGETS: &[(&str, Target)] = &[
    ("abx", abx),
    ("access", access),
    ("apex_list", apex_list),
    ("attestation_chain", attestation_chain),
    ("avb_footer", avb_footer),
    #[cfg(not(soong))]
    ("binder_parcel", binder_parcel),
    ("bootconfig", bootconfig),
    ("bugreport", bugreport),
    ("capture", capture),
    ("certificate", certificate),
    ("cmdline", cmdline),
    ("device_mapper", device_mapper),
    ("device_owner", device_owner),
    ("device_policies", device_policies),
    ("ecdsa_signature", ecdsa_signature),
    ("enrolment_evidence", enrolment_evidence),
    ("gate", gate),
    ("history_file", history_file),
    ("import", import),
    ("kconfig", kconfig),
    ("key_description", key_description),
    ("ledger_file", ledger_file),
    ("modules", modules),
    ("mounts", mounts),
    ("netlink_event", netlink_event),
    ("ota_metadata", ota_metadata),
    ("ota_package", ota_package),
    ("ota_payload", ota_payload),
    ("otacerts", otacerts),
    ("packages", packages),
    ("packages_xml", packages_xml),
    ("payload_properties", payload_properties),
    ("policy", policy),
    ("policy_bundle", policy_bundle),
    ("posture_claims", posture_claims),
    ("posture_credential", posture_credential),
    ("posture_revoked", posture_revoked),
    ("posture_rollover", posture_rollover),
    ("posture_token", posture_token),
    ("profile_owner", profile_owner),
    ("properties", properties),
    ("property_area", property_area),
    ("property_info", property_info),
    ("provisioning_info", provisioning_info),
    ("qr_text", qr_text),
    ("revocation_list", revocation_list),
    ("routing_rules", routing_rules),
    ("runtime_permissions", runtime_permissions),
    ("sealed_evidence", sealed_evidence),
    ("selinux_policy", selinux_policy),
    ("selinux_status", selinux_status),
    ("sensor_privacy", sensor_privacy),
    ("settings", settings),
    ("sockets", sockets),
    ("text", text),
    ("update_state", update_state),
    ("user", user),
    ("user_list", user_list),
    ("vbmeta", vbmeta),
];

/// What is read is of two numbers below 2^256, neither of them 0.
pub fn ecdsa_signature(bytes: &[u8]) -> bool {
    accepted(p256_fixed(bytes), |fixed| {
        assert!(fixed.chunks(32).all(|number| number.iter().any(|byte| *byte != 0)));
    })
}

/// A document is read to its end, and written out it is text with the same elements and attributes.
pub fn abx(bytes: &[u8]) -> bool {
    let read = || {
        let mut reader = abx::Reader::new(bytes)?;
        let mut tags = 0;
        while let Some(event) = reader.next_event()? {
            tags += usize::from(matches!(event, abx::Event::Start(_)));
        }
        Ok(tags)
    };
    accepted(read(), |tags| match abx::to_xml(bytes) {
        // In a text, a `<` begins a tag or the declaration.
        Ok(text) => {
            let starts = text.split('<').skip(2).filter(|tag| !tag.starts_with('/')).count();
            assert_eq!(starts, tags, "{text}");
        }
        Err(error) => assert!(error.is_unsupported(), "{error}"),
    })
}

/// A permission that may be used is granted.
pub fn access(bytes: &[u8]) -> bool {
    accepted(permissions::parse_access(bytes), |found| {
        let flags = found.permissions.values().flat_map(|held| held.values());
        flags.for_each(|flags| assert!(flags.is_granted() || !flags.is_usable()));
    })
}

/// Modules come by name, each once.
pub fn apex_list(bytes: &[u8]) -> bool {
    accepted(apex::parse(bytes), |list| assert!(list.is_sorted_by(|a, b| a.name < b.name)))
}

/// What a footer points to lies before it.
pub fn avb_footer(bytes: &[u8]) -> bool {
    accepted(avb::Place::of("boot", bytes), |(place, found)| {
        assert_eq!(found.len(), place.size);
        if let Some(footer) = place.footer {
            let end = footer.vbmeta_offset + footer.vbmeta_size;
            assert!(end + avb::FOOTER_SIZE as u64 <= bytes.len() as u64);
        }
        vbmeta(found);
    })
}

/// What was read needs all its bytes and no more; a slot of it has a digest or misses what it chains to; a verified
/// image's key is the one in it.
pub fn vbmeta(bytes: &[u8]) -> bool {
    accepted(avb::Vbmeta::parse(bytes), |image| {
        let whole = image.bytes();
        assert_eq!(avb::Vbmeta::parse(whole).as_ref(), Ok(&image));
        assert!(avb::Vbmeta::parse(&whole[..whole.len() - 1]).is_err());
        if let Ok(verified) = image.verify(&trust_formats::signature::Ring) {
            assert_eq!(verified.key().digest(), trust_formats::digest::sha256(image.key()));
        }
        let images = [avb::Named { partition: "vbmeta", vbmeta: image }];
        if let Ok(chain) = avb::Chain::of(&images) {
            assert_eq!(chain.digest().is_ok(), chain.missing().is_empty());
        }
    })
}

/// Takes every signature for good, so that what stands behind the signatures is reached.
struct Believing;

impl SignatureVerifier for Believing {
    fn verify(&self, _: PublicKey<'_>, _: Hash, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
        Ok(())
    }
}

/// A chain ends in a pinned root, and nothing is verified that hardware does not vouch for.
pub fn attestation_chain(bytes: &[u8]) -> bool {
    let Ok(certificates) = attestation::split(bytes) else { return false };
    let Ok(chain) = attestation::Chain::parse(&certificates) else { return false };
    // The seeds' own root, and for whatever else there is, the root that it brings.
    let pins = chain.certificates().last().map(attestation::pin);
    let roots = pins.iter().fold(attestation::Roots::none(), |roots, pin| roots.and("fuzz", *pin));
    let demand = attestation::Demand {
        at: 1_793_664_000,
        roots: &roots,
        challenge: None,
        revocation: None,
        purposes: None,
    };
    let none = attestation::Demand { roots: &attestation::Roots::none(), ..demand };
    assert!(attestation::verify(&chain, &none, &Believing).is_err());
    match attestation::verify(&chain, &demand, &Believing) {
        Ok(verified) => {
            assert_ne!(verified.level(), attestation::SecurityLevel::Software);
            assert!(verified.description().hardware.root_of_trust.is_some());
            assert!(!verified.is_challenge_matched());
            let challenge = [verified.description().challenge, b"x"].concat();
            let other = attestation::Demand { challenge: Some(&challenge), ..demand };
            let rule =
                attestation::verify(&chain, &other, &Believing).map(|_| ()).map_err(|error| error.rule());
            assert_eq!(rule, Err(attestation::Rule::Challenge));
            true
        }
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            false
        }
    }
}

/// A list in either form has every entry that it counts.
pub fn revocation_list(bytes: &[u8]) -> bool {
    let pin = pem::blocks("fuzz", bytes).ok().and_then(|blocks| {
        let certificate = Certificate::parse(&blocks.first()?.bytes).ok()?;
        Some(attestation::pin(&certificate))
    });
    let signers: Vec<_> = pin.into_iter().collect();
    let list = RevocationList::snapshot(bytes, &signers, &Believing);
    if let Ok(list) = &list {
        assert!(list.taken_at().is_some() && list.number().is_some());
        assert!(RevocationList::snapshot(bytes, &[], &Believing).is_err());
        assert_eq!(RevocationList::is_signed(bytes, &signers, &Believing), Ok(true));
    }
    assert_ne!(RevocationList::is_signed(bytes, &[], &Believing), Ok(true));
    let google = RevocationList::google(bytes);
    assert!(list.is_err() || google.is_err());
    list.or(google).is_ok_and(|list| list.len() <= attestation::MAX_ENTRIES)
}

/// What was read and is printed as the kernel prints it reads back.
pub fn bootconfig(bytes: &[u8]) -> bool {
    accepted(BootParams::bootconfig(bytes), |params| {
        let mut printed = String::new();
        for (key, _) in params.iter() {
            let quoted = |value: &str| {
                if value.contains('"') { format!("'{value}'") } else { format!("\"{value}\"") }
            };
            let values: Vec<String> = params.values(key).iter().map(|value| quoted(value)).collect();
            let equals = if values.is_empty() { "" } else { " = " };
            printed += &format!("{key}{equals}{}\n", values.join(", "));
        }
        match BootParams::bootconfig(printed.as_bytes()) {
            Ok(again) => assert!(params.iter().all(|(key, _)| params.values(key) == again.values(key))),
            // Quotes that were not there may take it past the cap on its size.
            Err(error) => assert!(error.is_too_large(), "{error}"),
        }
    })
}

/// Parts that were found go through their own parsers.
pub fn bugreport(bytes: &[u8]) -> bool {
    accepted(Bugreport::parse(bytes), |report| {
        assert!(report.missing.is_sorted());
        let parts = [
            report.getprop,
            report.cmdline,
            report.bootconfig,
            report.mountinfo,
            report.kconfig,
            report.lsmod,
        ];
        let parsers: [Target; 6] = [properties, cmdline, bootconfig, mounts, kconfig, modules];
        for (part, parser) in parts.iter().zip(parsers) {
            part.as_deref().map(parser);
        }
    })
}

/// A PEM text is hashed.
pub fn certificate(bytes: &[u8]) -> bool {
    accepted(certs::pem_sha256(bytes), |_| {})
}

/// A key has its first value, unless it has none.
pub fn cmdline(bytes: &[u8]) -> bool {
    accepted(BootParams::cmdline(bytes), |params| {
        for (key, value) in params.iter().filter(|(_, value)| !value.is_empty()) {
            assert_eq!(params.values(key).first().map(AsRef::as_ref), Some(value));
        }
    })
}

/// Names and the types of targets are words.
pub fn device_mapper(bytes: &[u8]) -> bool {
    accepted(device_mapper::parse(bytes), |list| {
        let is_word = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
        assert!(
            list.iter()
                .all(|device| is_word(&device.name) && device.targets.iter().all(|kind| is_word(kind)))
        );
    })
}

/// A policy never holds updates back for more than a year.
pub fn device_owner(bytes: &[u8]) -> bool {
    accepted(owners::parse_device_owner(bytes), |owner| {
        let days = owner.update_policy.and_then(|policy| policy.held_days());
        assert!(days.is_none_or(|days| (1..=365).contains(&days)));
    })
}

/// An administrator is a component.
pub fn device_policies(bytes: &[u8]) -> bool {
    accepted(policies::parse(bytes), |found| {
        assert!(found.admins.keys().all(|name| name.matches('/').count() == 1));
    })
}

/// An option is found by its name.
pub fn kconfig(bytes: &[u8]) -> bool {
    accepted(kconfig::parse(bytes), |config| {
        assert!(config.iter().all(|(option, value)| config.value(option) == Some(value)));
    })
}

/// Sets ascend, an unknown tag comes once, and zeros are no key.
pub fn key_description(bytes: &[u8]) -> bool {
    accepted(KeyDescription::parse(bytes), |found| {
        assert!(found.challenge.len() <= MAX_CHALLENGE);
        for list in [&found.software, &found.hardware] {
            let sets = [list.purposes, list.block_modes, list.digests, list.paddings, list.mgf_digests];
            assert!(sets.iter().flatten().all(|set| set.as_slice().is_sorted_by(|a, b| a < b)));
            let mut unknown: Vec<u32> = list.unknown.iter().map(|(tag, _)| *tag).collect();
            unknown.sort_unstable();
            assert!(unknown.is_sorted_by(|a, b| a < b) && unknown.len() <= MAX_AUTHORIZATIONS);
            let key = list.root_of_trust.and_then(|root| root.boot_key());
            assert!(key.is_none_or(|key| key.iter().any(|byte| *byte != 0)));
            if let Some(Ok(application)) = list.application() {
                assert!(application.signatures.is_sorted_by(|a, b| a < b));
            }
        }
    })
}

/// Something was read, or nothing was there.
pub fn modules(bytes: &[u8]) -> bool {
    accepted(modules::parse(bytes), |list| assert!(list.iter().len() > 0 || list.dropped().is_empty()))
}

/// A mount point lies on a mount at that point, or on a later one that hides it.
pub fn mounts(bytes: &[u8]) -> bool {
    accepted(mounts::parse(bytes), |table| {
        for mount in table.iter().take(64) {
            assert!(mount.point.starts_with('/'));
            let covering = table.covering(&mount.point).map(|found| found.point.trim_end_matches('/'));
            assert!(covering.is_some_and(|point| mount.point.trim_end_matches('/').starts_with(point)));
        }
    })
}

/// Lines and message agree with themselves.
pub fn ota_metadata(bytes: &[u8]) -> bool {
    let agrees = |found: ota::metadata::Metadata| assert_eq!(found.agrees_with(&found), Ok(()));
    let text = accepted(ota::metadata::parse_text(bytes), agrees);
    accepted(ota::metadata::parse_message(bytes), agrees) || text
}

/// Without a certificate nothing verifies; entries lie in the archive, one after the other.
pub fn ota_package(bytes: &[u8]) -> bool {
    use trust_formats::signature::Ring;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let keyring = ota::Keyring::default();
    assert!(ota::package::verify(bytes, &keyring, ota::Policy::AllowSha1, &Ring).is_err());
    let slice = |range: std::ops::Range<u64>| {
        let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        bytes.get(start..end).unwrap_or_else(|| panic!("a range outside the package"))
    };
    let ending = ota::package::ending(bytes, size);
    let mut is_signed = false;
    accepted(ending, |ending| {
        is_signed = ending.signature.is_ok();
        accepted(ending.directory.read(slice(ending.directory.range())), |listing| {
            for entry in listing.iter() {
                let extent = slice(entry.extent());
                accepted(entry.contents(extent, 1 << 16), |contents| {
                    assert_eq!(contents.len() as u64, entry.size())
                });
                accepted(entry.stored_at(extent), |at| assert!(at + entry.size() <= extent.len() as u64));
            }
        });
    });
    is_signed
}

/// Without a certificate nothing verifies; sizes are the file's.
pub fn ota_payload(bytes: &[u8]) -> bool {
    use trust_formats::signature::Ring;
    assert!(ota::payload::verify(bytes.to_vec(), &ota::Keyring::default(), &Ring).is_err());
    accepted(ota::payload::properties(bytes), |properties| {
        assert!(
            properties.metadata_size <= properties.file_size && properties.file_size == bytes.len() as u64
        );
    })
}

/// Other keys come once.
pub fn payload_properties(bytes: &[u8]) -> bool {
    accepted(ota::payload_properties::parse(bytes), |file| {
        let mut keys: Vec<&str> = file.others.iter().map(|(key, _)| &**key).collect();
        keys.sort_unstable();
        assert!(keys.is_sorted_by(|a, b| a < b));
    })
}

/// Digests come in order, each once.
pub fn otacerts(bytes: &[u8]) -> bool {
    accepted(certs::ota(bytes), |found| {
        assert!(!found.digests.is_empty() && found.digests.is_sorted_by(|a, b| a < b));
    })
}

/// An installer comes with a version.
pub fn packages(bytes: &[u8]) -> bool {
    accepted(packages::parse(bytes), |list| {
        assert!(list.iter().all(|package| package.installer.is_none() || package.version.is_some()));
    })
}

/// What has an update is part of the system.
pub fn packages_xml(bytes: &[u8]) -> bool {
    accepted(installed::parse(bytes), |found| {
        assert!(found.packages().all(|(_, package)| package.is_system || !package.is_updated_system));
    })
}

/// A component is a package and a class.
pub fn profile_owner(bytes: &[u8]) -> bool {
    accepted(owners::parse_profile_owner(bytes), |owner| {
        assert!(owner.is_none_or(|component| component.matches('/').count() == 1));
    })
}

/// What was read and is printed as getprop prints it reads back.
pub fn properties(bytes: &[u8]) -> bool {
    accepted(Properties::parse(bytes), |properties| {
        let printed: String = properties.iter().map(|(key, value)| format!("[{key}]: [{value}]\n")).collect();
        match Properties::parse(printed.as_bytes()) {
            Ok(again) => assert!(properties.iter().eq(again.iter())),
            Err(error) => assert!(error.is_too_large(), "{error}"),
        }
    })
}

/// A count stands after its key.
pub fn provisioning_info(bytes: &[u8]) -> bool {
    accepted(ProvisioningInfo::parse(bytes), |info| {
        assert!(info.certificates_issued.is_none() || bytes.contains(&1));
    })
}

/// The rows are no more than the cap.
pub fn runtime_permissions(bytes: &[u8]) -> bool {
    accepted(permissions::parse_runtime(bytes), |found| {
        let held = found.packages.values().chain(found.shared_users.values());
        assert!(held.map(|held| held.len()).sum::<usize>() <= permissions::MAX_ROWS);
    })
}

/// A datagram is a row of messages or a uevent, whose words stand in it.
pub fn netlink_event(bytes: &[u8]) -> bool {
    let row = accepted(netlink::message_types(bytes), |types| assert!(types.len() * 16 <= bytes.len()));
    let event = accepted(netlink::uevent(bytes), |event| {
        let first = format!("{}@{}\0", event.action, event.devpath);
        assert!(bytes.starts_with(first.as_bytes()) && !event.subsystem.contains('\0'));
    });
    row || event
}

/// Every property is found by its name, and is no longer than one may be.
pub fn property_area(bytes: &[u8]) -> bool {
    accepted(live::Area::parse(bytes), |area| {
        for (key, property) in area.iter() {
            assert!(area.property(key) == Some(property) && key.len() <= live::MAX_KEY);
            assert!(property.value.len() <= live::MAX_VALUE && !property.value.contains('\0'));
        }
    })
}

/// Whatever the name, its context is a file's name.
pub fn property_info(bytes: &[u8]) -> bool {
    accepted(live::Contexts::parse(bytes), |contexts| {
        for key in ["", ".", "ro.build.type", "init.svc.adbd", "a.b.c.d.e.f.g"] {
            let is_name = |context: &str| !context.contains('/') && !context.starts_with('.');
            assert!(contexts.context_of(key).is_none_or(is_name));
        }
    })
}

/// A rule takes more bytes than it gives.
pub fn routing_rules(bytes: &[u8]) -> bool {
    accepted(rules::part(bytes), |part| {
        assert!(part.prohibited.len() * 28 <= bytes.len());
        let left = rules::left_out(&part.prohibited, rules::Family::V4, 10_000, 19_999);
        assert!(left <= 10_000 && (left == 10_000 || !part.prohibited.is_empty()));
    })
}

/// Each permissive type has a name that stands there.
pub fn selinux_policy(bytes: &[u8]) -> bool {
    accepted(selinux::policy::permissive(bytes), |names| {
        assert!(names.iter().all(|name| bytes.windows(name.len()).any(|window| window == name.as_bytes())));
    })
}

/// Only 20 bytes are a status.
pub fn selinux_status(bytes: &[u8]) -> bool {
    accepted(selinux::status(bytes), |_| assert_eq!(bytes.len(), 20))
}

/// Every question has an answer.
pub fn sensor_privacy(bytes: &[u8]) -> bool {
    accepted(sensors::parse(bytes), |privacy| {
        privacy.blocked(sensors::Sensor::Microphone, 0);
        privacy.blocked(sensors::Sensor::Camera, u32::MAX);
    })
}

/// A row is found by its name.
pub fn settings(bytes: &[u8]) -> bool {
    accepted(settings::parse(bytes), |found| {
        assert!(found.iter().all(|(name, _)| found.value(name) != settings::Stored::Absent));
    })
}

/// No address is loopback and every address at once.
pub fn sockets(bytes: &[u8]) -> bool {
    accepted(sockets::parse(bytes), |list| {
        assert!(list.iter().all(|socket| !socket.is_loopback() || !socket.local.is_unspecified()));
    })
}

/// A text has no NUL, and is its own decoding.
pub fn text(bytes: &[u8]) -> bool {
    accepted(text::decode(bytes), |decoded| {
        assert!(!decoded.contains('\0'));
        let again = text::decode(decoded.as_bytes());
        // One byte order mark is taken off at a time.
        assert!(decoded.starts_with('\u{feff}') || again.is_ok_and(|again| again == decoded));
    })
}

/// A state reads back from its word.
pub fn update_state(bytes: &[u8]) -> bool {
    accepted(snapshot::parse(bytes), |found| {
        assert_eq!(snapshot::parse(found.state.word().as_bytes()).map(|again| again.state), Ok(found.state));
    })
}

/// Restrictions are names.
pub fn user(bytes: &[u8]) -> bool {
    accepted(users::parse_user(bytes), |user| assert!(user.restrictions.iter().all(|name| !name.is_empty())))
}

/// Users come in order, each once.
pub fn user_list(bytes: &[u8]) -> bool {
    accepted(users::parse_list(bytes), |list| assert!(!list.is_empty() && list.is_sorted_by(|a, b| a < b)))
}

/// An error must be a sentence that its reader can bear, and a value must keep its rules.
fn accepted<T>(result: Result<T, FormatError>, check: impl FnOnce(T)) -> bool {
    match result {
        Ok(value) => {
            check(value);
            true
        }
        Err(error) => {
            let shown = error.to_string();
            assert!(shown.len() < 2_000 && !shown.contains(char::is_control), "{shown}");
            false
        }
    }
}

/// The catalogue and the gates, loaded once.
fn house() -> &'static trustd::cycle::House {
    static HOUSE: std::sync::OnceLock<trustd::cycle::House> = std::sync::OnceLock::new();
    HOUSE.get_or_init(|| trustd::cycle::House::open().unwrap_or_else(|error| panic!("{error}")))
}

/// A capture that is read is judged, and reads back from what it writes.
pub fn capture(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let house = house();
    let Ok(evidence) = trust_evidence::Evidence::from_capture(&house.catalogue, "capture.toml", text) else {
        return false;
    };
    let written = evidence.to_capture(&house.catalogue);
    let read = trust_evidence::Evidence::from_capture(&house.catalogue, "capture.toml", &written);
    assert_eq!(read.as_ref(), Ok(&evidence));
    let _ = judged(&evidence);
    true
}

/// What is recognised is collected and judged; nothing that anybody hands over passes boot integrity without an
/// attestation.
pub fn import(bytes: &[u8]) -> bool {
    let input = trustd::import::Input::default();
    let Ok(collected) =
        trustd::import::import_bytes(house(), "input.capture".as_ref(), bytes.to_vec(), &input)
    else {
        return false;
    };
    if collected.evidence.source.kind != trust_evidence::SourceKind::Capture {
        assert_ne!(judged(&collected.evidence), trust_posture::Posture::Compliant);
    }
    true
}

/// Judges under the production policy and renders everything.
fn judged(evidence: &trust_evidence::Evidence) -> trust_posture::Posture {
    let house = house();
    let (_, file, text) = trustd::policies::BUILT_IN[0];
    let policy = trust_gates::Policy::parse(file, text).unwrap_or_else(|error| panic!("{error}"));
    let plan = trust_gates::Plan::new(&house.catalogue, &house.gates, &policy);
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    let report =
        trust_gates::judge(&plan, evidence, evidence.source.taken_at.unwrap_or(trust_evidence::Time::EPOCH));
    assert!(trust_gates::to_json(&report, None).is_object());
    report.posture()
}

/// A policy that is read and resolves judges the sample device.
pub fn policy(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(policy) = trust_gates::Policy::parse("policy.toml", text) else { return false };
    let house = house();
    let Ok(plan) = trust_gates::Plan::new(&house.catalogue, &house.gates, &policy) else { return false };
    let example = trust_evidence::Evidence::example(&house.catalogue);
    let report = trust_gates::judge(&plan, &example, trust_evidence::Time::EPOCH);
    let whole = report.verdicts();
    let (again, judged) = trust_gates::judge_again(&plan, &example, whole.at(), &whole, &Default::default());
    assert!(judged.is_empty() && again.verdicts() == whole);
    // Who is named is let in, and nobody without a context.
    for callers in policy.access().iter().map(|access| &access.callers) {
        let app_id = callers.app_ids.first().map_or(0, |ids| *ids.start());
        assert!(callers.types.iter().all(|found| policy.role(Some(found), app_id).is_some()));
        assert!(callers.users.iter().all(|user| policy.role_of_user(*user, None).is_some()));
        assert_eq!(policy.role(None, app_id), None);
    }
    for provider in policy.providers() {
        let own = plan.signals_of(&provider.name);
        assert!(!own.is_empty() && own.iter().all(|ix| plan.provider_of(*ix) == Some(provider)));
    }
    for audience in policy.audiences() {
        let disclosed = trustd::disclosure::disclose(&report, &audience.id);
        let shown = disclosed.map(|shown| shown.gates.iter().map(|claim| claim.gate).collect());
        assert_eq!(shown.as_ref(), Some(&audience.gates), "{}", audience.id);
    }
    true
}

/// A gate file that loads has a deciding check for every objective.
pub fn gate(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let file = [(trust_posture::GateId::SecurityMonitoring, "gate.toml", text)];
    let Ok(gates) = trust_gates::Gates::load(&house().catalogue, file) else { return false };
    for objective in gates.objectives() {
        assert!(gates.checks()[objective.checks.clone()].iter().any(|check| check.decides()));
    }
    true
}
