//! `com.enigm.trust`. As in every crate of AIDL bindings, a type `Foo` is `Foo::Foo`.

#![allow(non_snake_case, reason = "modules are named as their types are")]

pub use crate::generated::com::enigm::trust::*;

/// The service.
pub mod ITrustService {
    use crate::generated::com::enigm::trust::ITrustService as generated;
    use binder::generated::{Binder, Interface, Parcel, Remotable, Serialize, TransactionCode, to_bytes};
    use binder::{BinderFeatures, SpIBinder, Status, StatusCode, Strong};
    pub use generated::{BpTrustService, HASH, ITrustService, VERSION, transactions};
    use std::any::Any;
    use std::sync::Arc;

    /// The service's side, which takes calls off parcels. Its maker has libbinder_rs's arguments.
    pub struct BnTrustService;

    impl BnTrustService {
        /// An object of this process that others can call.
        pub fn new_binder<T: ITrustService + Send + Sync + 'static>(
            inner: T,
            features: BinderFeatures,
        ) -> Strong<dyn ITrustService> {
            generated::BnTrustService::new_binder_with_features(inner, features.into())
        }

        /// The same with a guard, which hears of a call by its code before anything of its arguments is read. (In
        /// libbinder_rs there is no place for one: a service looks at who calls once it has the arguments.)
        pub fn new_guarded<T: ITrustService + Send + Sync + 'static>(
            inner: T,
            guard: impl Fn(TransactionCode) -> binder::Result<Admission> + Send + Sync + 'static,
            features: BinderFeatures,
        ) -> Result<SpIBinder, StatusCode> {
            let bare = Self::new_binder(inner, BinderFeatures::default());
            let inner = Binder::try_from(bare.as_binder())?;
            let guarded = Guarded { inner, guard: Box::new(guard) };
            Ok(Binder::new_with_features(guarded, features.into()).as_binder())
        }

        /// What a call of this code comes to whose parcel holds these bytes after the interface's token: the reply's
        /// bytes. No driver is asked, so whoever implements the service has to know who calls. For tests and fuzzing.
        #[doc(hidden)]
        pub fn transact(service: &SpIBinder, code: u32, bytes: &[u8]) -> Result<Vec<u8>, StatusCode> {
            let mut data = Parcel::new();
            for word in bytes.chunks(4) {
                let padded = word.iter().rev().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
                data.write_u32(padded)?;
            }
            data.set_data_position(0);
            let mut reply = Parcel::new();
            match Binder::<Guarded>::try_from(service.clone()) {
                Ok(guarded) => guarded.on_transact(code, &mut data, &mut reply)?,
                Err(_) => Binder::<generated::BnTrustService>::try_from(service.clone())?
                    .on_transact(code, &mut data, &mut reply)?,
            }
            reply.set_data_position(0);
            let mut words = Vec::new();
            while reply.data_avail() >= 4 {
                words.extend_from_slice(&reply.read_u32()?.to_le_bytes());
            }
            Ok(words)
        }
    }

    /// What a guard makes of a call.
    pub enum Admission {
        /// Its arguments are read, and the service is called. What is in here is dropped when that is done.
        Call(Option<Box<dyn Any>>),
        /// This is the answer.
        Answer(Answer),
    }

    /// A value as a call gives it back, in the form in which it is sent.
    #[derive(Clone)]
    pub struct Answer(Arc<[u8]>);

    impl Answer {
        /// This value.
        ///
        /// # Errors
        /// It is too large.
        pub fn of<T: Serialize>(value: &T) -> Result<Answer, StatusCode> {
            Ok(Answer(to_bytes(value)?.into()))
        }

        /// A parcel takes bytes as an array alone, behind their number. The status is as long as a number.
        fn write(&self, reply: &mut Parcel) -> binder::generated::Result<()> {
            let start = reply.data_position();
            reply.write(&*self.0)?;
            let end = reply.data_position();
            reply.set_data_position(start);
            reply.write(&Status::ok())?;
            reply.set_data_position(end);
            Ok(())
        }
    }

    struct Guarded {
        inner: Binder<generated::BnTrustService>,
        guard: Box<dyn Fn(TransactionCode) -> binder::Result<Admission> + Send + Sync>,
    }

    impl Remotable for Guarded {
        fn descriptor() -> &'static str {
            generated::BnTrustService::descriptor()
        }

        fn on_transact(
            &self,
            code: TransactionCode,
            data: &mut Parcel,
            reply: &mut Parcel,
        ) -> binder::generated::Result<()> {
            match (self.guard)(code) {
                Ok(Admission::Call(_pass)) => self.inner.on_transact(code, data, reply),
                Ok(Admission::Answer(answer)) => answer.write(reply),
                Err(status) => reply.write(&status),
            }
        }

        fn on_dump(&self, writer: &mut dyn std::io::Write, args: &[String]) -> binder::generated::Result<()> {
            self.inner.on_dump(writer, args)
        }
    }
}

/// The listener.
pub mod ITrustListener {
    use crate::generated::com::enigm::trust::ITrustListener as generated;
    use binder::{BinderFeatures, Strong};
    pub use generated::{BpTrustListener, ITrustListener};

    /// The listener's side, which takes calls off parcels. Its maker has libbinder_rs's arguments.
    pub struct BnTrustListener;

    impl BnTrustListener {
        /// An object of this process that others can call.
        pub fn new_binder<T: ITrustListener + Send + Sync + 'static>(
            inner: T,
            features: BinderFeatures,
        ) -> Strong<dyn ITrustListener> {
            generated::BnTrustListener::new_binder_with_features(inner, features.into())
        }
    }
}
