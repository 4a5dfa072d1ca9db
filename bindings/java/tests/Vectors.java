import com.enigm.trust.token.Challenge;
import com.enigm.trust.token.EvidenceLevel;
import com.enigm.trust.token.Gate;
import com.enigm.trust.token.Posture;
import com.enigm.trust.token.PostureRefusedException;
import com.enigm.trust.token.PostureVerifier;
import com.enigm.trust.token.Refusal;
import com.enigm.trust.token.Requirements;
import com.enigm.trust.token.Thumbprint;
import com.enigm.trust.token.VerifiedPosture;
import java.io.File;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A relying party in Java: makes a challenge, verifies the answer, refuses what it must. Each argument is a folder with
 * a vector, laid out by vectors.rs; a line of output each, "RESULT FOLDER".
 */
public final class Vectors {
  /** A clock that stands where it is put. */
  private static final class Standing extends Clock {
    long seconds;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochSecond(seconds);
    }
  }

  /** Gives the vector's bytes, which no real one may. */
  private static final class Given extends SecureRandom {
    private static final long serialVersionUID = 1;
    private final byte[] given;

    Given(byte[] given) {
      this.given = given;
    }

    @Override
    public void nextBytes(byte[] bytes) {
      System.arraycopy(given, 0, bytes, 0, bytes.length);
    }
  }

  private static byte[] bytes(File folder, String name) throws IOException {
    return Files.readAllBytes(new File(folder, name).toPath());
  }

  private static List<ECPublicKey> issuers(byte[] coordinates) throws Exception {
    AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
    curve.init(new ECGenParameterSpec("secp256r1"));
    ECParameterSpec parameters = curve.getParameterSpec(ECParameterSpec.class);
    List<ECPublicKey> keys = new ArrayList<>();
    for (int at = 0; at < coordinates.length; at += 64) {
      BigInteger x = new BigInteger(1, Arrays.copyOfRange(coordinates, at, at + 32));
      BigInteger y = new BigInteger(1, Arrays.copyOfRange(coordinates, at + 32, at + 64));
      ECPublicKeySpec key = new ECPublicKeySpec(new ECPoint(x, y), parameters);
      keys.add((ECPublicKey) KeyFactory.getInstance("EC").generatePublic(key));
    }
    return keys;
  }

  private static Requirements requirements(File folder, String audience, long[] n) throws IOException {
    Set<Gate> gates = EnumSet.noneOf(Gate.class);
    for (Gate gate : Gate.values()) {
      if ((n[0] >> gate.ordinal() & 1) == 1) {
        gates.add(gate);
      }
    }
    Requirements.Builder asked =
        Requirements.of(new String(bytes(folder, audience), StandardCharsets.UTF_8), gates)
            .posture(Posture.values()[(int) n[1] - 1])
            .evidence(EvidenceLevel.values()[(int) n[2] - 1])
            .acceptsLab(n[3] == 1)
            .maxWaivers(n[4])
            .maxAge(n[5])
            .skew(n[6])
            .maxRevocationAge(n[7]);
    byte[] policies = bytes(folder, "policies");
    for (int at = 0; at < policies.length; at += 37) {
      long version = ByteBuffer.wrap(policies, at + 32, 4).getInt() & 0xffff_ffffL;
      asked.policy(Arrays.copyOfRange(policies, at, at + 32), version, policies[at + 36] == 1);
    }
    return asked.build();
  }

  private static int run(File folder) throws Exception {
    String text = new String(bytes(folder, "numbers"), StandardCharsets.US_ASCII);
    long[] n = Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
    Standing clock = new Standing();
    byte[] confirmation = bytes(folder, "confirmation");
    byte[] nonce = bytes(folder, "nonce");
    Requirements requirements = requirements(folder, "audience", n);
    Requirements opening = requirements(folder, "opened_for", n);
    try (PostureVerifier verifier =
        PostureVerifier.inFile(
            new File(folder, "ledger"),
            false,
            requirements,
            issuers(bytes(folder, "issuers")),
            clock,
            new Given(bytes(folder, "random")));
        PostureVerifier opener =
            PostureVerifier.inFile(
                new File(folder, "ledger"),
                false,
                opening,
                issuers(bytes(folder, "issuers")),
                clock,
                new Given(bytes(folder, "random")))) {
      clock.seconds = n[8];
      Challenge challenge = Challenge.kept(nonce, confirmation);
      if (n[10] == 1) {
        challenge = opener.challenge(confirmation, bytes(folder, "exporter"));
        check(Arrays.equals(challenge.nonce(), nonce), "the challenge's nonce");
      }
      clock.seconds = n[9];
      byte[] token = bytes(folder, "token");
      byte[] credential = bytes(folder, "credential");
      byte[] revoked = bytes(folder, "revoked");
      try {
        VerifiedPosture verified = verifier.verify(token, challenge, credential, revoked);
        check(verified.posture().ordinal() + 1 >= n[1], "a posture that is good enough");
        check(verified.evidence().ordinal() + 1 >= n[2], "an evidence level that is good enough");
        check(verified.shown().containsAll(verified.passing()), "passing gates among those that are shown");
        check(verified.handle().length == 32 && verified.id().length == 16, "a handle and an id");
        check(Arrays.equals(verified.policy(), Arrays.copyOf(bytes(folder, "policies"), 32)), "the policy");
        check(verified.policyVersion() == 1, "the policy's version");
        check(verified.toString().startsWith(verified.posture() + ", key kept by " + verified.evidence()), "its words");
        check(PostureVerifier.keyOf(token).length == 32, "the key's thumbprint");
        expect(Refusal.TYPE, () -> PostureVerifier.keyOf(credential));
        expect(Refusal.CHALLENGE_USED, () -> verifier.verify(token, Challenge.kept(nonce, confirmation), credential, revoked));
        return 0;
      } catch (PostureRefusedException refused) {
        String name = refused.refusal().name().toLowerCase(Locale.ROOT).replace('_', '-');
        int number = refused.refusal().number();
        boolean isRule = number < 100 && refused.refusal() != Refusal.CREDENTIAL_EXPIRED;
        check(!isRule || refused.detail().startsWith(name), name + ", found " + refused.detail());
        return number;
      }
    }
  }

  private interface Act {
    void run() throws Exception;
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("expected " + what);
    }
  }

  private static void expect(Refusal refusal, Act act) throws Exception {
    try {
      act.run();
    } catch (PostureRefusedException refused) {
      check(refused.refusal() == refusal, refusal + ", found " + refused.refusal());
      return;
    }
    throw new AssertionError("expected " + refusal);
  }

  private static void expectThrown(Class<? extends Exception> kind, String words, Act act) throws Exception {
    try {
      act.run();
    } catch (Exception thrown) {
      check(thrown.getClass() == kind && thrown.getMessage().startsWith(words), kind + " " + words + ", found " + thrown);
      return;
    }
    throw new AssertionError("expected " + kind);
  }

  /** Nulls, lengths, a closed verifier and files that are no ledgers are exceptions that say so. */
  private static void arguments(File folder) throws Exception {
    Class<IllegalArgumentException> bad = IllegalArgumentException.class;
    Class<NullPointerException> none = NullPointerException.class;
    Class<IllegalStateException> state = IllegalStateException.class;
    Set<Gate> gates = EnumSet.of(Gate.BOOT_INTEGRITY);
    expectThrown(none, "nonce", () -> Challenge.kept(null, new byte[32]));
    expectThrown(bad, "confirmation: 31 bytes: expected 32", () -> Challenge.kept(new byte[32], new byte[31]));
    expectThrown(bad, "audience", () -> Requirements.of("", gates));
    expectThrown(none, "audience", () -> Requirements.of(null, gates));
    expectThrown(none, "gates", () -> Requirements.of("a", null));
    expectThrown(bad, "maxAge: -1: expected 0 or more", () -> Requirements.of("a", gates).maxAge(-1));
    expectThrown(bad, "policy", () -> Requirements.of("a", gates).policy(new byte[31], 1, false));
    expectThrown(bad, "version", () -> Requirements.of("a", gates).policy(new byte[32], -1, false));
    expectThrown(bad, "gates: none", () -> Requirements.of("a", EnumSet.noneOf(Gate.class)));
    expectThrown(none, "posture", () -> Requirements.of("a", gates).posture(null));
    Requirements asked = Requirements.of("calls.enigm.example", gates).build();
    List<ECPublicKey> issuers = issuers(bytes(folder, "issuers"));
    File absent = new File(folder, "no ledger");
    expectThrown(
        IOException.class, absent + ": No such file", () -> PostureVerifier.inFile(absent, false, asked, issuers));
    expectThrown(
        IOException.class, folder.toString(), () -> PostureVerifier.inFile(new File(folder, "token"), false, asked, issuers));
    expectThrown(none, "requirements", () -> PostureVerifier.inFile(absent, true, null, issuers));
    expectThrown(none, "issuers", () -> PostureVerifier.inFile(absent, true, asked, null));
    expectThrown(none, "file", () -> PostureVerifier.inFile(null, true, asked, issuers));
    ECPublicKey off = offCurve(issuers.get(0));
    expectThrown(bad, "issuers: a key that is no point", () -> PostureVerifier.inFile(absent, true, asked, List.of(off)));
    expectThrown(bad, "key: a key that is no point", () -> Thumbprint.of(off));
    check(!absent.exists(), "no file of a verifier that was not made");
    PostureVerifier.inFile(absent, true, asked, issuers).close();
    expectThrown(IOException.class, absent.toString(), () -> PostureVerifier.inFile(absent, true, asked, issuers));
    // RFC 9679 section 6: the one example.
    ECPublicKey example =
        issuers(
                hex(
                    "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"
                        + "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"))
            .get(0);
    byte[] thumbprint = hex("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec");
    check(Arrays.equals(Thumbprint.of(example), thumbprint), "the standard's thumbprint");

    Standing clock = new Standing();
    PostureVerifier verifier = PostureVerifier.inMemory(asked, issuers, clock, new SecureRandom());
    clock.seconds = -1;
    expectThrown(state, "clock: 1969-12-31T23:59:59Z", () -> verifier.challenge(new byte[32], new byte[0]));
    clock.seconds = System.currentTimeMillis() / 1000;
    Challenge challenge = verifier.challenge(new byte[32], new byte[0]);
    check(!Arrays.equals(challenge.nonce(), verifier.challenge(new byte[32], new byte[0]).nonce()), "fresh nonces");
    expectThrown(none, "token", () -> verifier.verify(null, challenge, new byte[0], new byte[0]));
    expectThrown(none, "challenge", () -> verifier.verify(new byte[0], null, new byte[0], new byte[0]));
    expectThrown(none, "credential", () -> verifier.verify(new byte[0], challenge, null, new byte[0]));
    expectThrown(none, "confirmation", () -> verifier.challenge(null, new byte[0]));
    expectThrown(none, "exporter", () -> verifier.challenge(new byte[32], null));
    expectThrown(none, "token", () -> PostureVerifier.keyOf(null));
    byte[] token = bytes(folder, "token");
    expect(Refusal.MALFORMED_ENVELOPE, () -> verifier.verify(new byte[0], challenge, new byte[0], new byte[0]));
    expect(Refusal.TOO_LARGE, () -> verifier.verify(new byte[200 << 20], challenge, new byte[0], new byte[0]));
    expect(Refusal.TOO_LARGE, () -> PostureVerifier.keyOf(new byte[200 << 20]));
    expect(Refusal.CREDENTIAL_TOO_LARGE, () -> verifier.verify(token, challenge, new byte[200 << 20], new byte[0]));
    expectThrown(bad, "", () -> verifier.challenge(new byte[32], new byte[200 << 20]));
    expect(Refusal.CREDENTIAL_MALFORMED, () -> verifier.verify(token, challenge, new byte[0], new byte[0]));
    expectThrown(
        PostureRefusedException.class,
        "the credential: malformed, byte 0: expected",
        () -> verifier.verify(token, challenge, new byte[0], new byte[0]));
    byte[] credential = bytes(folder, "credential");
    check(verifier.expire() == 0, "no challenge that is too old");
    clock.seconds += 121;
    check(verifier.expire() == 2, "two challenges that are too old");
    clock.seconds = 0;
    expect(Refusal.CREDENTIAL_EXPIRED, () -> verifier.verify(token, challenge, credential, new byte[0]));
    verifier.close();
    verifier.close();
    expectThrown(state, "the verifier is closed", () -> verifier.challenge(new byte[32], new byte[0]));
    expectThrown(
        state, "the verifier is closed", () -> verifier.verify(new byte[0], challenge, credential, new byte[0]));

    // A ledger that is damaged while it is open says so.
    File damaged = new File(folder, "damaged ledger");
    try (PostureVerifier broken = PostureVerifier.inFile(damaged, true, asked, issuers)) {
      byte[] bytes = Files.readAllBytes(damaged.toPath());
      Arrays.fill(bytes, 0, bytes.length, (byte) 0);
      Files.write(damaged.toPath(), bytes);
      expectThrown(IOException.class, "ledger: ", () -> broken.challenge(new byte[32], new byte[0]));
    }
  }

  private static byte[] hex(String text) {
    byte[] bytes = new byte[text.length() / 2];
    for (int at = 0; at < bytes.length; at++) {
      bytes[at] = (byte) Integer.parseInt(text.substring(2 * at, 2 * at + 2), 16);
    }
    return bytes;
  }

  /** A key of another maker's, which has looked at nothing. */
  private static ECPublicKey offCurve(ECPublicKey key) {
    ECPoint point = new ECPoint(key.getW().getAffineX(), key.getW().getAffineX());
    return new ECPublicKey() {
      private static final long serialVersionUID = 1;

      @Override
      public ECPoint getW() {
        return point;
      }

      @Override
      public ECParameterSpec getParams() {
        return key.getParams();
      }

      @Override
      public String getAlgorithm() {
        return "EC";
      }

      @Override
      public String getFormat() {
        return null;
      }

      @Override
      public byte[] getEncoded() {
        return null;
      }
    };
  }

  public static void main(String[] folders) throws Exception {
    for (Refusal refusal : Refusal.values()) {
      System.out.println(refusal.number() + " " + refusal + " " + refusal.words());
    }
    for (String folder : folders) {
      System.out.println(run(new File(folder)) + " " + folder);
    }
    arguments(new File(folders[0]));
  }
}
