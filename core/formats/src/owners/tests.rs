use super::*;
use proptest::prelude::*;

#[test]
fn an_owner_and_its_update_policy_are_read() {
    let text = r#"<root><device-owner component="org.example.mdm/.Receiver" isPoOrganizationOwnedDevice="true" />
        <device-owner-context userId="10" />
        <device-owner-type package="org.example.mdm" value="0" />
        <system-update-policy policy_type="3" install_window_start="-1" install_window_end="-1">
          <freeze start="--12-01" end="--01-10" /><freeze start="--06-01" end="--06-10" />
        </system-update-policy>
        <freeze-record start="2026-12-01" end="2026-12-05" /><policy-engine-migration migratedToPolicyEngine="true" /></root>"#;
    let owner = parse_device_owner(text.as_bytes()).unwrap();
    assert_eq!((owner.component.as_deref(), owner.user), (Some("org.example.mdm/.Receiver"), Some(10)));
    let policy = owner.update_policy.unwrap();
    assert_eq!((policy.install, policy.freezes.len(), policy.held_days()), (Install::Postponed, 2, Some(41)));
}

#[test]
fn a_file_without_an_owner_says_that_there_is_none() {
    let text = r#"<root><policy-engine-migration migratedToPolicyEngine="true" /></root>"#;
    assert_eq!(parse_device_owner(text.as_bytes()).unwrap(), DeviceOwner::default());
    assert_eq!(parse_profile_owner(b"<root/>").unwrap(), None);
    let nested = r#"<root><x><device-owner component="a/b" /></x></root>"#;
    assert_eq!(parse_device_owner(nested.as_bytes()).unwrap(), DeviceOwner::default());
}

#[test]
fn odd_but_valid_policies_are_read() {
    for (attributes, install, days) in [
        ("policy_type='1' install_window_start='-1' install_window_end='-1'", Install::Automatic, None),
        ("policy_type='1'", Install::Automatic, None),
        (
            "policy_type='2' install_window_start='1320' install_window_end='60'",
            Install::Windowed(1320, 60),
            None,
        ),
        ("policy_type='3'", Install::Postponed, Some(30)),
    ] {
        let text = format!("<root><system-update-policy {attributes}/></root>");
        let policy = parse_device_owner(text.as_bytes()).unwrap().update_policy.unwrap();
        assert_eq!((policy.install, policy.held_days()), (install, days), "{attributes}");
    }
}

#[test]
fn what_is_no_owner_is_refused() {
    for (inside, message) in [
        ("<device-owner/>", "device owner, line 1: <root/device-owner>: expected an attribute component"),
        ("<device-owner component='a'/>", "component=\"a\": expected package/class"),
        ("<device-owner component='/a'/>", "expected package/class"),
        ("<device-owner component='a/b/c'/>", "expected package/class"),
        ("<device-owner component='a b/c'/>", "expected package/class"),
        (
            "<device-owner component='a/b'/><device-owner component='a/b'/>",
            "a second one: expected at most one",
        ),
        ("<device-owner-context userId='-10000'/>", "userId=\"-10000\": expected a whole number in range"),
        ("<system-update-policy/>", "expected an attribute policy_type"),
        ("<system-update-policy policy_type='4'/>", "policy_type=\"4\": expected 1, 2 or 3"),
        ("<system-update-policy policy_type='2'/>", "expected an attribute install_window_start"),
        (
            "<system-update-policy policy_type='2' install_window_start='1440' install_window_end='0'/>",
            "install_window_start=\"1440\": expected a minute of the day",
        ),
        (
            "<system-update-policy policy_type='1'><freeze start='--02-30' end='--03-01'/></system-update-policy>",
            "start=\"--02-30\": expected a month and a day",
        ),
        (
            "<system-update-policy policy_type='1'><freeze start='--02-01'/></system-update-policy>",
            "expected an attribute end",
        ),
    ] {
        let error = parse_device_owner(format!("<root>{inside}</root>").as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{inside} {error}");
    }
    let freezes = "<freeze start='--02-01' end='--02-01'/>".repeat(17);
    let text = format!("<root><system-update-policy policy_type='1'>{freezes}</system-update-policy></root>");
    assert!(
        parse_device_owner(text.as_bytes()).unwrap_err().to_string().contains("at most 16 freeze periods")
    );
    let long = format!("<root><profile-owner component='a/{}'/></root>", "b".repeat(MAX_COMPONENT));
    assert!(parse_profile_owner(long.as_bytes()).is_err());
}

#[test]
fn a_profile_owner_is_read() {
    let text = r#"<root><profile-owner component="org.example.work/.Admin" isPoOrganizationOwnedDevice="true" /></root>"#;
    assert_eq!(parse_profile_owner(text.as_bytes()).unwrap().as_deref(), Some("org.example.work/.Admin"));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_device_owner(&bytes);
        let _ = parse_profile_owner(&bytes);
    }

    #[test]
    fn every_freeze_lasts_1_to_365_days(start: (u8, u8), end: (u8, u8)) {
        let days = Freeze { start, end }.days();
        prop_assert!((1..=365).contains(&days), "{days}");
    }
}
