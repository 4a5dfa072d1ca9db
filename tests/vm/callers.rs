//! Who calls: SELinux context and uid, and what each is answered. Types as in etc/policy/production.toml.

pub const CENTER: &str = "u:r:enigm_trust_center:s0 1000";
pub const CENTER_APP: &str = "u:r:enigm_trust_center:s0 10050";
pub const CENTER_APP_ELSE: &str = "u:r:enigm_trust_center:s0 1010050";
pub const PROVIDER: &str = "u:r:enigm_trust_provider:s0 1073";
pub const SYSTEM: &str = "u:r:enigm_trust_provider:s0 1000";
pub const CALLS: &str = "u:r:enigm_calls:s0 10101";
pub const APP: &str = "u:r:enigm_trust_app:s0:c1,c4 10102";
/// SELinux lets it through, the device's policy gives it no role: its uid is no app's.
pub const NOBODY: &str = "u:r:enigm_command:s0:c1,c4 9103";
/// The same of another Android user.
pub const NOBODY_ELSE: &str = "u:r:enigm_command:s0:c2,c4 109103";
/// SELinux lets it ask the service manager, and not trustd.
pub const STRANGER: &str = "u:r:untrusted_app:s0:c1,c4 10104";
/// SELinux lets it ask nobody.
pub const ISOLATED: &str = "u:r:isolated_app:s0 99001";

/// What `trust_client access` prints.
pub const SEES_ALL: &str = "version: answered
summary: answered
gate: answered
words: answered
history: answered
head: answered
evaluate: answered
providers: answered
report: NOT_PERMITTED 1
attest: NOT_PERMITTED 1
enrol: NOT_PERMITTED 1
install: POLICY_MALFORMED 11
revocations: REVOCATIONS_MALFORMED 18
listen: answered
unlisten: answered
ok every method
";
pub const REPORTS: &str = "version: answered
summary: NOT_PERMITTED 1
gate: NOT_PERMITTED 1
words: NOT_PERMITTED 1
history: NOT_PERMITTED 1
head: NOT_PERMITTED 1
evaluate: NOT_PERMITTED 1
providers: NOT_PERMITTED 1
report: answered
attest: NOT_PERMITTED 1
enrol: NOT_PERMITTED 1
install: NOT_PERMITTED 1
revocations: NOT_PERMITTED 1
listen: NOT_PERMITTED 1
unlisten: NOT_PERMITTED 1
ok every method
";
pub const IS_TOLD: &str = "version: answered
summary: answered
gate: NOT_PERMITTED 1
words: NOT_PERMITTED 1
history: NOT_PERMITTED 1
head: NOT_PERMITTED 1
evaluate: NOT_PERMITTED 1
providers: NOT_PERMITTED 1
report: NOT_PERMITTED 1
attest: UNSUPPORTED 9
enrol: UNSUPPORTED 9
install: NOT_PERMITTED 1
revocations: NOT_PERMITTED 1
listen: answered
unlisten: answered
ok every method
";
/// The same, where somebody keeps keys.
pub const ATTESTS: &str = "version: answered
summary: answered
gate: NOT_PERMITTED 1
words: NOT_PERMITTED 1
history: NOT_PERMITTED 1
head: NOT_PERMITTED 1
evaluate: NOT_PERMITTED 1
providers: NOT_PERMITTED 1
report: NOT_PERMITTED 1
attest: answered
enrol: answered
install: NOT_PERMITTED 1
revocations: NOT_PERMITTED 1
listen: answered
unlisten: answered
ok every method
";
pub const SEES_NOTHING: &str = "version: NOT_PERMITTED 1
summary: NOT_PERMITTED 1
gate: NOT_PERMITTED 1
words: NOT_PERMITTED 1
history: NOT_PERMITTED 1
head: NOT_PERMITTED 1
evaluate: NOT_PERMITTED 1
providers: NOT_PERMITTED 1
report: NOT_PERMITTED 1
attest: NOT_PERMITTED 1
enrol: NOT_PERMITTED 1
install: NOT_PERMITTED 1
revocations: NOT_PERMITTED 1
listen: NOT_PERMITTED 1
unlisten: NOT_PERMITTED 1
ok every method
";
