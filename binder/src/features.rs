//! What a service asks the driver for.

/// What a service asks the driver for, once, when it is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct BinderFeatures {
    /// That every call brings its caller's SELinux context. rsbinder asks only where SELinux is loaded
    /// (/sys/fs/selinux/enforce is there), as the driver refuses every call to a service that asks in vain.
    pub set_requesting_sid: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl From<BinderFeatures> for rsbinder::BinderFeatures {
    fn from(features: BinderFeatures) -> rsbinder::BinderFeatures {
        let mut asked = rsbinder::BinderFeatures::default();
        asked.set_requesting_sid = features.set_requesting_sid;
        asked
    }
}
