//! A relying party that verifies credential, list of revoked handles and posture attestation, and does nothing else.
//! It is linked for a bare machine and weighed, never run: `benches/size/run`.
//!
//! The allocator is missing from what is weighed, since every relying party has one.

#![no_std]
#![no_main]

extern crate alloc;

use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::panic::PanicInfo;
use trust_posture::{GateId, Posture};
use trust_token::credential::{Credential, EvidenceLevel};
use trust_token::crypto::{PublicKey, Pure};
use trust_token::ledger::Memory;
use trust_token::revocation::Revoked;
use trust_token::{Against, Challenge, KnownPolicy, Requirements, verify};

/// Everything that a relying party gets from outside is opaque to the compiler.
fn outside<T>(value: T) -> T {
    black_box(value)
}

/// Whether the device is let in.
fn lets_in() -> Option<bool> {
    let now = outside(0);
    let issuers = [PublicKey { x: outside([0; 32]), y: outside([0; 32]) }];
    let mut ledger = Memory::new(outside(64));
    let challenge =
        Challenge::make(outside("calls.enigm.example"), &outside([0; 32]), outside([0; 32]), outside::<&[u8]>(&[]), now, &mut ledger).ok()?;
    let credential = Credential::verify(outside::<&[u8]>(&[]), &issuers, now, &Pure).ok()?;
    let revoked = Revoked::verify(outside::<&[u8]>(&[]), &issuers, &Pure).ok()?;
    let requirements = Requirements {
        audience: outside("calls.enigm.example"),
        gates: outside::<&[GateId]>(&GateId::ALL),
        posture: outside(Posture::Compliant),
        policies: outside::<&[KnownPolicy]>(&[]),
        accepts_lab: outside(false),
        max_waivers: outside(0),
        evidence: outside(EvidenceLevel::StrongBox),
        max_age: outside(120),
        skew: outside(60),
        max_revocation_age: outside(86_400),
    };
    let against = Against { credential: &credential, requirements: &requirements, revoked: &revoked, now };
    match verify(outside::<&[u8]>(&[]), challenge, against, &mut ledger, &Pure) {
        Ok(verified) => Some(black_box(verified).claims().waivers == 0),
        // Which rule it was, as a code.
        Err(refusal) => Some(black_box(refusal.code()).is_empty()),
    }
}

/// Where the linker begins.
// SAFETY: nothing else in this program has the name.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    black_box(lets_in());
    loop {}
}

/// Gives no memory.
struct Missing;

// SAFETY: null says that there is no memory, and so none is ever given back.
unsafe impl GlobalAlloc for Missing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        black_box(core::ptr::null_mut())
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        black_box(memory);
    }
}

#[global_allocator]
static MEMORY: Missing = Missing;

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    loop {}
}
