//! What the apps ask the system for, and what they open to others.

use super::apps;
use super::jvm::path;
use std::collections::BTreeSet;
use std::fs;

/// The attributes `android:name` of these elements.
fn named(text: &str, element: &str) -> BTreeSet<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut found = BTreeSet::new();
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(start) | quick_xml::events::Event::Empty(start)
                if start.name().as_ref() == element.as_bytes() =>
            {
                let named =
                    start.attributes().flatten().find(|attribute| attribute.key.as_ref().ends_with(b"name"));
                found.insert(String::from_utf8(named.unwrap().value.to_vec()).unwrap());
            }
            quick_xml::events::Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn the_apps_ask_for_no_more_than_their_reasons_and_open_only_the_centers_activity() {
    let read = |relative: &str| fs::read_to_string(path(relative)).unwrap();
    let (provider, center) =
        (read("java/provider/AndroidManifest.xml"), read("java/center/AndroidManifest.xml"));
    let asked = named(&provider, "uses-permission");
    let allowed =
        named(&read("java/provider/privapp-permissions-com.enigm.trust.provider.xml"), "permission");
    assert!(!allowed.is_empty() && allowed.is_subset(&asked), "{allowed:?} of {asked:?}");
    assert!(!asked.contains("android.permission.INTERNET"));
    assert_eq!(named(&center, "uses-permission"), BTreeSet::new());
    // Each permission's reason stands above it, once for those that are asked for one thing.
    for before in provider.split("<uses-permission").take(asked.len()) {
        assert!(before.trim_end().ends_with("-->") || before.trim_end().ends_with("/>"), "{before}");
    }
    for component in ["activity", "service", "receiver", "provider"] {
        assert_eq!(named(&provider, component), BTreeSet::new(), "{component}");
    }
    assert_eq!(named(&center, "activity"), BTreeSet::from([".CenterActivity".into()]));
    assert!(
        center.contains("android:taskAffinity=\"\""),
        "another app's activity may lie above the center's"
    );
    for component in ["service", "receiver", "provider"] {
        assert_eq!(named(&center, component), BTreeSet::new(), "{component}");
    }
    for (manifest, class) in [(&provider, "provider/ProviderApplication"), (&center, "center/CenterActivity")]
    {
        assert!(apps().join(format!("com/enigm/trust/{class}.class")).exists(), "{class}");
        assert!(manifest.contains("android:allowBackup=\"false\""), "{class}");
    }
}
