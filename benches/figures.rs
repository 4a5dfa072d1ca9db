//! The figures that the design is measured by, each beside its floor in the same run: `cargo bench`.
//!
//! Every pair is timed in alternation, so that a noisy machine disturbs both alike; the median of the rounds
//! counts, and the ratio more than either time.

#![allow(clippy::expect_used, clippy::indexing_slicing)] // a bench that cannot be set up has nothing to measure

#[path = "../tests/sample/abx.rs"]
mod written;

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use std::cell::RefCell;
use std::ffi::OsStr;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use trust_evidence::{Evidence, SourceInfo, SourceKind};
use trust_formats::attestation::key_description::KeyDescription;
use trust_formats::attestation::{Chain, Demand, Roots, pin, verify};
use trust_formats::digest::sha256;
use trust_formats::signature::{BadSignature, Curve, Hash, PublicKey, Ring, SignatureVerifier};
use trust_formats::x509::Certificate;
use trust_formats::{abx, packages_xml};
use trust_gates::{Plan, judge, to_json};
use trustd::collect::{Deadlines, collect};
use trustd::cycle::House;
use trustd::policies;
use trustd::root::Directory;

const ROUNDS: usize = 41;

fn main() {
    let house = House::open().expect("the built-in data loads");
    let policy = policies::built_in("production").expect("it is built in").expect("it parses");
    let plan = Plan::new(&house.catalogue, &house.gates, &policy).expect("it resolves");
    let production = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/production");

    binary_xml();
    judging(&house, &plan);
    collecting(&house, &plan, &production);
    key_description();
    chain();
    process(&production);
}

/// Reading a packages.xml of 2 MB, larger than any phone's. Goals: at least 200 MB/s, and at least three times as
/// fast as quick-xml reads the same content as text.
fn binary_xml() {
    let binary = packages(2_000_000);
    let text = abx::to_xml(&binary).expect("the document is one");
    assert_eq!(packages_xml::parse(&binary), packages_xml::parse(text.as_bytes()));
    let events = || {
        let mut reader = abx::Reader::new(black_box(&binary)).expect("the document is one");
        while let Some(event) = reader.next_event().expect("the document is one") {
            black_box(&event);
        }
    };
    let of_text = || {
        let mut reader = quick_xml::Reader::from_str(black_box(&text));
        loop {
            match reader.read_event().expect("the text is one") {
                quick_xml::events::Event::Eof => break,
                quick_xml::events::Event::Start(start) | quick_xml::events::Event::Empty(start) => {
                    for attribute in start.attributes() {
                        let attribute = attribute.expect("the text is one");
                        let _ = black_box(attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0));
                    }
                }
                event => _ = black_box(&event),
            }
        }
    };
    let [read, as_text] = pair(1, events, of_text);
    let rate = |time: Duration| binary.len() as f64 / 1e6 / time.as_secs_f64();
    let what = format!("read ABX, {:.0} MB/s", rate(read));
    line(&what, read, "its text by quick-xml", as_text, ">= 200 MB/s, <= 0.33x");
    let parse = |bytes: &[u8]| {
        black_box(packages_xml::parse(black_box(bytes))).expect("the document is one");
    };
    let [read, as_text] = pair(1, || parse(&binary), || parse(text.as_bytes()));
    line("packages.xml in ABX", read, "packages.xml as text", as_text, "");
}

/// A packages.xml in binary XML of about so many bytes: a tenth of the packages with a certificate of their own.
fn packages(bytes: usize) -> Vec<u8> {
    let mut writer = written::Writer::new();
    writer.start("packages");
    let mut certificates = 0;
    for n in 0.. {
        let name = format!("org.example.vendor{}.application{n}", n % 97);
        writer.start("package").string("name", &name);
        writer.string("codePath", &format!("/data/app/~~dGhlIHNhbXBsZQ{n}==/{name}-c2FtcGxl=="));
        writer
            .string("nativeLibraryPath", &format!("/data/app/{name}/lib"))
            .string("primaryCpuAbi", "arm64-v8a");
        writer.int("publicFlags", 0x2a8).int("privateFlags", 1 << 12).int("pkgFlagsEx", 0);
        writer.long_hex("ft", 0x019c_0b0f_ab7c).long_hex("ut", 0x019c_0b0f_ab7c).long("version", 4_000 + n);
        writer.int("targetSdkVersion", 36).int("userId", 10_000 + n as i32).boolean("isOrphaned", false);
        writer.string("installer", "com.enigm.store").int("installerUid", 10_130).int("packageSource", 2);
        writer.string("domainSetId", "00000000-0000-4000-8000-000000000000").float("loadingProgress", 1.0);
        writer.start("sigs").int("count", 1).int("schemeVersion", 3).start("cert");
        if n % 10 == 0 {
            let key: Vec<u8> = (0..900u32).map(|at| (at * at + certificates as u32) as u8).collect();
            writer.int("index", certificates).hex("key", &key);
            certificates += 1;
        } else {
            writer.int("index", n as i32 % certificates);
        }
        writer.end("cert").end("sigs").start("perms");
        for permission in 0..12 {
            let name = format!("android.permission.SAMPLE_{}", (n + permission) % 200);
            writer.start("item").interned("name", &name).boolean("granted", true).int("flags", 0).end("item");
        }
        writer.end("perms").start("proper-signing-keyset").long("identifier", n % 50);
        writer.end("proper-signing-keyset").end("package");
        if writer.len() >= bytes {
            break;
        }
    }
    writer.end("packages");
    writer.finish()
}

/// Judging a full capture, once parsed. Goal: at most 20 µs. Floor: reading every observation once.
fn judging(house: &House, plan: &Plan<'_>) {
    let evidence = Evidence::example(&house.catalogue);
    let at = evidence.source.taken_at.expect("the example has a time");
    let floor = || house.catalogue.iter().filter(|(ix, _)| black_box(evidence.get(*ix)).is_some()).count();
    let [floor, judged] = pair(
        200,
        || {
            black_box(floor());
        },
        || {
            let _ = black_box(judge(plan, black_box(&evidence), at));
        },
    );
    line("judge everything", judged, "one look at every observation", floor, "<= 20 µs");
    let report = judge(plan, &evidence, at);
    let [judged, shown] = pair(
        20,
        || {
            let _ = black_box(judge(plan, &evidence, at));
        },
        || {
            black_box(to_json(&report, None));
        },
    );
    line("render as JSON", shown, "judge everything", judged, "");
}

/// Collecting and judging the production root. Goal: at most twice the bare reads of the same files.
fn collecting(house: &House, plan: &Plan<'_>, production: &Path) {
    let files = files_below(production);
    let reads = || {
        for file in &files {
            black_box(std::fs::read(file).expect("the sample is readable"));
        }
    };
    let whole = || {
        let root = Box::new(Directory::open(production).expect("the sample is there"));
        let source = SourceInfo { complete_properties: true, ..SourceInfo::new(SourceKind::Root) };
        let collected = collect(root, &house.catalogue, source, Deadlines::default());
        let _ = black_box(judge(plan, &collected.evidence, trustd::cycle::now()).posture());
    };
    let [reads, whole] = pair(5, reads, whole);
    line("collect and judge a root", whole, &format!("read its {} files", files.len()), reads, "<= 2x");
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("the sample is readable").flatten() {
        match entry.path() {
            path if path.is_dir() => files.extend(files_below(&path)),
            path => files.push(path),
        }
    }
    files
}

/// Reading the key attestation extension. Goal: at most 5 µs. Floor: one digest of its bytes.
fn key_description() {
    let bytes = trust_forge::KeyDescription::default().encode();
    let [floor, read] = pair(
        1000,
        || {
            black_box(sha256(black_box(&bytes)));
        },
        || {
            black_box(KeyDescription::parse(black_box(&bytes)).expect("the forge's parses"));
        },
    );
    line("read a key attestation", read, &format!("SHA-256 of its {} bytes", bytes.len()), floor, "<= 5 µs");
}

/// Verifying a chain of five certificates, from its bytes. Goal: at most 1.10 times its raw signature verifications.
fn chain() {
    let description = trust_forge::KeyDescription::default().encode();
    let chain = trust_forge::Chain::remote("bench", "TEE", 8, &description);
    let certificates = chain.certificates();
    let root =
        Certificate::parse(certificates.last().expect("a chain has a root")).expect("the forge's parses");
    let roots = Roots::none().and("bench", pin(&root));
    let demand = Demand {
        at: 1_793_664_000,
        roots: &roots,
        challenge: Some(b"challenge"),
        revocation: None,
        purposes: None,
    };
    let verified = |signatures: &dyn SignatureVerifier| {
        let chain = Chain::parse(black_box(&certificates)).expect("the forge's parses");
        black_box(verify(&chain, &demand, signatures).expect("the forge's verifies").at());
    };
    let seen = Recording::default();
    verified(&seen);
    let links = seen.0.into_inner();
    assert_eq!(links.len(), 5);
    let [raw, whole] = pair(
        2,
        || {
            for (algorithm, point, message, signature) in &links {
                let key = UnparsedPublicKey::new(*algorithm, point);
                key.verify(black_box(message), signature).expect("it verified");
            }
        },
        || verified(&Ring),
    );
    line("verify a chain of five", whole, "ring's five verifications", raw, "<= 1.10x");
}

/// An EC signature as ring takes it: algorithm, point, message, signature.
type Link = (&'static EcdsaVerificationAlgorithm, Vec<u8>, Vec<u8>, Vec<u8>);

/// Notes what it is asked to verify.
#[derive(Default)]
struct Recording(RefCell<Vec<Link>>);

impl SignatureVerifier for Recording {
    fn verify(
        &self,
        key: PublicKey<'_>,
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let (algorithm, point) = match (key, hash) {
            (PublicKey::Ec(Curve::P256, point), Hash::Sha256) => (&ECDSA_P256_SHA256_ASN1, point),
            (PublicKey::Ec(Curve::P384, point), Hash::Sha384) => (&ECDSA_P384_SHA384_ASN1, point),
            _ => return Err(BadSignature::Unsupported),
        };
        self.0.borrow_mut().push((algorithm, point.to_vec(), message.to_vec(), signature.to_vec()));
        Ok(())
    }
}

/// `trustctl evaluate` as a process. Goals: at most 10 ms warm, at most 10 MB resident.
fn process(production: &Path) {
    let trustctl = env!("CARGO_BIN_EXE_trustctl");
    let run = |program: &str, arguments: &[&OsStr]| {
        let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
        assert!(status.is_ok(), "{program} starts");
    };
    let roots = production.with_file_name("roots.pem");
    let evaluate = ["evaluate".as_ref(), production.as_os_str(), "--roots".as_ref(), roots.as_os_str()];
    let [floor, whole] = pair(5, || run("/bin/true", &[]), || run(trustctl, &evaluate));
    line("trustctl evaluate, warm", whole, "/bin/true", floor, "<= 10 ms");

    resident("evaluate", peak(trustctl, &evaluate), "goal <= 10 MB");
    hostile(trustctl);
}

/// What files cost that claim to hold much more than they do. Goal: no more than one that claims nothing.
fn hostile(trustctl: &str) {
    let file = std::env::temp_dir().join(format!("trustd-figures-{}", std::process::id()));
    let measured = |what: &str, arguments: &[&str], bytes: &[u8]| {
        std::fs::write(&file, bytes).expect("the temporary directory is writable");
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).chain([file.as_os_str()]).collect();
        resident(what, peak(trustctl, &arguments), "goal: as the first");
    };
    let chain = ["attestation", "verify"];
    measured("an empty chain", &chain, b"");
    // A SEQUENCE of 4 GiB, and one whose contents are thousands of empty elements.
    measured("a chain of 4 GiB, it says", &chain, &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]);
    measured(
        "a chain of empty elements",
        &chain,
        &[[0x30, 0x82, 0x3f, 0xf0].as_slice(), &[0x30, 0x00].repeat(8184)].concat(),
    );
    let mut vbmeta = b"AVB0\0\0\0\x01\0\0\0\0".to_vec();
    vbmeta.extend([0xff; 244]);
    measured("vbmeta of 2^64 bytes", &["avb", "inspect"], &vbmeta);
    let payload = [b"CrAU".as_slice(), &2u64.to_be_bytes(), &u64::MAX.to_be_bytes(), &[0xff; 4]].concat();
    let package = trust_forge::package::zip(&[("payload.bin", &payload)]);
    measured("a manifest of 2^64 bytes", &["ota", "inspect"], &package);
    let _ = std::fs::remove_file(&file);
}

fn resident(what: &str, kib: Option<f64>, goal: &str) {
    match kib {
        Some(kib) => println!("{what:<28} {:>9.1} MB resident at most                  {goal}", kib / 1024.0),
        None => println!("{what}: not measured (/usr/bin/time is not installed)"),
    }
}

/// The peak resident size of a run in KiB, as GNU time has it from wait4.
fn peak(program: &str, arguments: &[&OsStr]) -> Option<f64> {
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%M", program])
        .args(arguments)
        .stdout(Stdio::null())
        .output()
        .ok()?;
    String::from_utf8_lossy(&output.stderr).lines().last()?.trim().parse().ok()
}

/// Times two things in alternation; the median time of one call each.
fn pair(calls: u32, mut a: impl FnMut(), mut b: impl FnMut()) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS + 3 {
        let once = |work: &mut dyn FnMut()| {
            let start = Instant::now();
            (0..calls).for_each(|_| work());
            start.elapsed() / calls
        };
        let measured = [once(&mut a), once(&mut b)];
        if round >= 3 {
            times.iter_mut().zip(measured).for_each(|(times, time)| times.push(time));
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

fn line(what: &str, time: Duration, floor: &str, floor_time: Duration, goal: &str) {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{what:<28} {:>9.1} µs  = {:>6.2} x {floor} ({:.1} µs)   goal {goal}",
        micros(time),
        micros(time) / micros(floor_time).max(1e-9),
        micros(floor_time),
    );
}
