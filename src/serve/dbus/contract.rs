//! The interface on D-Bus: its one home. Introspection, docs/dbus.xml and the check of arguments are from this table.

use crate::serve::access::Method;
use std::fmt::Write;

/// The name on the bus.
pub const NAME: &str = "com.enigm.Trust1";
/// The object.
pub const PATH: &str = "/com/enigm/Trust1";
/// Its interface.
pub const INTERFACE: &str = "com.enigm.Trust1";
/// What the names of its errors begin with; after it stands [`Refusal::name`](crate::serve::wire::Refusal::name).
pub const ERROR_PREFIX: &str = "com.enigm.Trust1.Error.";

/// An argument: its name and its D-Bus type.
pub type Arg = (&'static str, &'static str);

/// A method.
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// The row of the access matrix.
    pub method: Method,
    /// What it takes.
    pub takes: &'static [Arg],
    /// What it gives.
    pub gives: &'static [Arg],
    /// What it does.
    pub says: &'static str,
}

/// A property.
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// Its D-Bus type.
    pub signature: &'static str,
    /// The row of the access matrix.
    pub method: Method,
    /// The annotation `org.freedesktop.DBus.Property.EmitsChangedSignal`.
    pub emits: &'static str,
    /// What it is.
    pub says: &'static str,
}

/// What holds for all of it.
const ABOUT: &str = "The trust posture of this device. Who may call what is in docs/access.md. A call that is refused \
    gets an error com.enigm.Trust1.Error.X, where X is NotPermitted, Busy, BadArgument, NotReady, TimedOut, NotYours, \
    OtherBoot, Replayed, Unsupported, Internal, PolicyMalformed, PolicyUnsigned, PolicyOther, PolicyExpired, \
    PolicyOlder, NoHistory, NotEnrolled, RevocationsMalformed, RevocationsUnsigned or RevocationsOlder; permission is looked at first. A posture is compliant, at-risk, \
    indeterminate or non-compliant; a verdict pass, fail, unknown or not-applicable. Records are dictionaries, so that \
    later versions can add keys: expect keys that you don't know. A key without a value is left out. Times are seconds \
    since 1970. A call of more than 256 KiB is refused (InstallPolicy and InstallRevocations: 512), and so are calls of a user whose answers \
    were more than 4 MiB and then 256 KiB each second, and more than 200 calls \
    at once and then 50 each second: Busy.";

/// Every method, in the order of the introspection.
pub const METHODS: [Entry; 14] = [
    Entry {
        name: "GetSummary",
        method: Method::Summary,
        takes: &[],
        gives: &[("summary", "a{sv}")],
        says: "The posture in short: posture s, sequence t, judged-at x, policy a{sv} (id s, version u, digest ay, lab \
            b), gates aa{sv} (gate u, id s, verdict s, binding b, and failing (uuu): critical, major and minor), \
            waivers u, head a{sv} (sequence t, digest ay). An audience gets its own gates, without failing, and no head; \
            judged-at to the minute; and a sequence of its own, that begins at random when the daemon starts and is one \
            higher where anything changed since it was last told one.",
    },
    Entry {
        name: "GetGate",
        method: Method::Gate,
        takes: &[("gate", "i")],
        gives: &[("findings", "a{sv}")],
        says: "The findings of a gate, 1 to 10: the keys of a gate in the summary, sequence t, and objectives aa{sv} (id \
            s, verdict s, lacks-anchor b, and findings aa{sv}: code s, verdict s, severity s, contradiction b, waiver \
            a{sv} (reason s, by s, until x), says s, reads a(sss): signal, class, what was observed).",
    },
    Entry {
        name: "GetWords",
        method: Method::Words,
        takes: &[],
        gives: &[("gates", "aa{sv}")],
        says: "The words of all gates, for a user interface: gate u, id s, title s, asks s, matters s, objectives a(ss): \
            id and title, checks aa{sv} (code s, impact s, remedy s, sources as).",
    },
    Entry {
        name: "GetHistory",
        method: Method::History,
        takes: &[("after", "x"), ("most", "i")],
        gives: &[("entries", "aa{sv}")],
        says: "At most so many (1 to 256) entries of the history after this number, oldest first: sequence t, at x, \
            boot-id ay, since-boot t (milliseconds), cause s (change, boot: the first of a boot, or anew: the first after \
            the history was lost or damaged), posture s, gates as (ten verdicts), checks-digest ay, policy-digest \
            ay, previous ay, digest ay. NoHistory: it can't be read now.",
    },
    Entry {
        name: "GetHead",
        method: Method::Head,
        takes: &[],
        gives: &[("sequence", "t"), ("digest", "ay")],
        says: "The last entry of the history: whoever holds an earlier one sees a history that was rewritten. \
            NoHistory: none could be read since the daemon started.",
    },
    Entry {
        name: "Evaluate",
        method: Method::Evaluate,
        takes: &[],
        gives: &[("sequence", "t")],
        says: "Reads and judges everything again, if that did not begin less than a second ago. The sequence number then.",
    },
    Entry {
        name: "ReportSignals",
        method: Method::Report,
        takes: &[
            ("boot_id", "ay"),
            ("sequence", "t"),
            ("ttl", "u"),
            ("values", "a{sv}"),
            ("absent", "as"),
            ("missing", "as"),
        ],
        gives: &[],
        says: "A provider's report. boot_id: the 16 bytes of the kernel's boot id. sequence: rises with each report in one \
            boot. ttl: for how many seconds it holds, 1 to 86400. values: signal ids, and for each a string or an array \
            of up to 256 strings; absent: those of which there is none; missing: those that could not be read. At most \
            64 in all, each named once. No text is longer than 256 bytes or has control characters.",
    },
    Entry {
        name: "GetProviders",
        method: Method::Providers,
        takes: &[],
        gives: &[("providers", "aa{sv}")],
        says: "The providers that policy names: name s, signals as, sequence t (0: none yet), age t (seconds since its last \
            report), refused t.",
    },
    Entry {
        name: "Attest",
        method: Method::Attest,
        takes: &[("nonce", "ay"), ("confirmation", "ay")],
        gives: &[("attestation", "ay")],
        says: "A signed attestation (docs/attestation.md) for the audience that the caller is: the relying party's \
            challenge and the thumbprint (RFC 9679) of the key that the caller proves, 32 bytes each, stand in it. What \
            is stale is read again first. NotEnrolled: there is no posture key; Unsupported: nothing keeps keys here; Busy: the posture changes too fast.",
    },
    Entry {
        name: "GetEnrolmentEvidence",
        method: Method::EnrolmentEvidence,
        takes: &[("challenge", "ay"), ("anew", "b")],
        gives: &[("evidence", "ay")],
        says: "Evidence of the posture key of the audience that the caller is (docs/enrolment.md), for the enrolment \
            verifier whose challenge of 32 bytes this is, and for nobody else. Where there is no posture key one is made; \
            anew makes another, with which the device is to be enrolled again. It is sealed to the enrolment verifier that \
            the policy names. Unsupported: nothing keeps keys here, or they are in hardware and the policy names nobody.",
    },
    Entry {
        name: "Subscribe",
        method: Method::Listen,
        takes: &[],
        gives: &[],
        says: "From now on, until Unsubscribe or until the caller leaves the bus, PostureChanged and PropertiesChanged are \
            sent to the caller. Nobody else is told. Once more is no error. At most 4 of a user.",
    },
    Entry {
        name: "Unsubscribe",
        method: Method::Unlisten,
        takes: &[],
        gives: &[],
        says: "Ends it. BadArgument where there is none.",
    },
    Entry {
        name: "InstallPolicy",
        method: Method::InstallPolicy,
        takes: &[("bundle", "ay")],
        gives: &[("version", "u")],
        says: "Installs a signed policy bundle in the place of the policy that holds, all of it or nothing, and judges \
            everything under it. The version that holds then. docs/policies.md says whose bundles are taken. \
            PolicyMalformed: no bundle, or its policy does not load, does not fit this build or says another id or \
            version; PolicyUnsigned: no pinned signer's; PolicyOther: of another policy than the built-in one, or of a \
            laboratory's; PolicyExpired: it does not hold now; PolicyOlder: of a lower version, or of the same one with \
            another text.",
    },
    Entry {
        name: "InstallRevocations",
        method: Method::InstallRevocations,
        takes: &[("snapshot", "ay")],
        gives: &[("number", "t")],
        says: "Keeps a list of revoked attestation certificates in the place of the one before it: a signed snapshot, its \
            signer's certificate and an X.509 CRL in PEM (docs/revocations.md). The device's own attestation is judged \
            against it. The list's number. RevocationsMalformed: no such list; RevocationsUnsigned: of no signer that the \
            policy pins; RevocationsOlder: of a lower number or an earlier date than the one that is kept, or of its \
            number and with other bytes.",
    },
];

/// Every property.
pub const PROPERTIES: [Property; 3] = [
    Property {
        name: "Version",
        signature: "i",
        method: Method::Version,
        emits: "const",
        says: "The version of this interface. It rises when something is added; nothing is ever removed.",
    },
    Property {
        name: "Posture",
        signature: "s",
        method: Method::Summary,
        emits: "false",
        says: "The posture now. To be read again each time by whoever has not subscribed: subscribers alone are sent \
            PropertiesChanged, with the value.",
    },
    Property {
        name: "Sequence",
        signature: "t",
        method: Method::Summary,
        emits: "false",
        says: "The posture's place in the history, for an audience as in GetSummary. Sent to subscribers as Posture is.",
    },
];

/// What the signal brings.
pub const CHANGED: [Arg; 3] = [("sequence", "t"), ("posture", "s"), ("gates", "as")];

const CHANGED_SAYS: &str = "The posture, a gate or its findings changed: sent to each subscriber by itself. gates: the ids of \
    those that did; for an audience, of its own. Changes that come faster than they are taken are merged.";

impl Entry {
    /// The method of this name.
    pub fn find(name: &str) -> Option<&'static Entry> {
        METHODS.iter().find(|entry| entry.name == name)
    }

    /// The signature that the body of a call must have.
    pub fn signature(&self) -> String {
        self.takes.iter().map(|(_, signature)| *signature).collect()
    }
}

/// The introspection of [`PATH`].
pub fn introspection() -> String {
    let mut xml = String::from(DOCTYPE);
    // Writing to a string can't fail.
    let _ = write_node(&mut xml);
    xml
}

/// The introspection of an object above [`PATH`], which only leads there; `None` where there is no such object.
pub fn leading_to(path: &str) -> Option<String> {
    let below = PATH.strip_prefix(path.trim_end_matches('/'))?.strip_prefix('/')?;
    let child = below.split('/').next()?;
    Some(format!("{DOCTYPE}<node>\n  <node name=\"{child}\"/>\n</node>\n"))
}

const DOCTYPE: &str = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n \
    \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n";

fn write_node(xml: &mut String) -> std::fmt::Result {
    writeln!(xml, "<node name=\"{PATH}\">\n  <interface name=\"{INTERFACE}\">")?;
    doc(xml, 4, ABOUT)?;
    for entry in &METHODS {
        writeln!(xml, "    <method name=\"{}\">", entry.name)?;
        doc(xml, 6, entry.says)?;
        for (direction, args) in [("in", entry.takes), ("out", entry.gives)] {
            for (name, signature) in args {
                writeln!(xml, "      <arg name=\"{name}\" type=\"{signature}\" direction=\"{direction}\"/>")?;
            }
        }
        writeln!(xml, "    </method>")?;
    }
    writeln!(xml, "    <signal name=\"PostureChanged\">")?;
    doc(xml, 6, CHANGED_SAYS)?;
    for (name, signature) in CHANGED {
        writeln!(xml, "      <arg name=\"{name}\" type=\"{signature}\"/>")?;
    }
    writeln!(xml, "    </signal>")?;
    for property in &PROPERTIES {
        let (name, signature) = (property.name, property.signature);
        writeln!(xml, "    <property name=\"{name}\" type=\"{signature}\" access=\"read\">")?;
        let emits = property.emits;
        writeln!(
            xml,
            "      <annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"{emits}\"/>"
        )?;
        doc(xml, 6, property.says)?;
        writeln!(xml, "    </property>")?;
    }
    writeln!(xml, "  </interface>\n{STANDARD}</node>")
}

fn doc(xml: &mut String, indent: usize, text: &str) -> std::fmt::Result {
    writeln!(xml, "{:indent$}<annotation name=\"org.gtk.GDBus.DocString\" value=\"{text}\"/>", "")
}

/// The interfaces of the D-Bus specification, "Standard Interfaces".
const STANDARD: &str = r#"  <interface name="org.freedesktop.DBus.Introspectable">
    <method name="Introspect">
      <arg name="xml_data" type="s" direction="out"/>
    </method>
  </interface>
  <interface name="org.freedesktop.DBus.Peer">
    <method name="Ping"/>
  </interface>
  <interface name="org.freedesktop.DBus.Properties">
    <method name="Get">
      <arg name="interface_name" type="s" direction="in"/>
      <arg name="property_name" type="s" direction="in"/>
      <arg name="value" type="v" direction="out"/>
    </method>
    <method name="GetAll">
      <arg name="interface_name" type="s" direction="in"/>
      <arg name="properties" type="a{sv}" direction="out"/>
    </method>
    <method name="Set">
      <arg name="interface_name" type="s" direction="in"/>
      <arg name="property_name" type="s" direction="in"/>
      <arg name="value" type="v" direction="in"/>
    </method>
    <signal name="PropertiesChanged">
      <arg name="interface_name" type="s"/>
      <arg name="changed_properties" type="a{sv}"/>
      <arg name="invalidated_properties" type="as"/>
    </signal>
  </interface>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_needs_escaping_in_xml() {
        let texts = METHODS.iter().map(|entry| entry.says).chain(PROPERTIES.iter().map(|p| p.says));
        for text in texts.chain([ABOUT, CHANGED_SAYS]) {
            assert!(!text.contains(['<', '>', '&', '"']), "{text}");
        }
    }

    #[test]
    fn every_object_above_leads_to_ours() {
        for (path, child) in
            [("/", Some("com")), ("/com", Some("enigm")), ("/com/enigm", Some("Trust1")), (PATH, None)]
        {
            let found = leading_to(path);
            let expected = child.map(|child| format!("<node name=\"{child}\"/>"));
            assert_eq!(found.is_some(), expected.is_some(), "{path}");
            assert!(found.zip(expected).is_none_or(|(found, expected)| found.contains(&expected)), "{path}");
        }
        assert_eq!(leading_to("/com/enig"), None);
        assert_eq!(leading_to("/org"), None);
    }
}
