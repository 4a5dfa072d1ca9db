package com.enigm.trust.provider.sources;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * What the release says of packages, in a file on the verified partition: who signs privileged packages, and who else may
 * hold a privileged permission. A line each; # begins a comment:
 *
 * <pre>
 * signer SHA-256 of a signing certificate of privileged packages, 64 hex digits
 * platform SHA-256 of the platform's
 * updater PACKAGE SHA-256 of the updater app's
 * grant PACKAGE PERMISSION
 * </pre>
 */
public final class Release {
  /** Where it lies. */
  public static final Path FILE = Paths.get("/system_ext/etc/trust/release.conf");

  private final Set<String> signers = new HashSet<>();
  private final Set<String> grants = new HashSet<>();

  /** The digest of the platform's signer; null where the release names none. */
  String platform;

  /** The updater's package and its signer's digest; null where the release names none. */
  String updater;

  String updaterSigner;

  /** Where it is read from, anew each time. */
  public interface Source {
    Release read() throws IOException;
  }

  private Release() {}

  public static Release read(Path file) throws IOException {
    try {
      return parse(file.toString(), new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    } catch (NoSuchFileException none) {
      throw new IOException(file + " is not there: expected the release's signers", none);
    }
  }

  static Release parse(String name, String text) throws IOException {
    Release release = new Release();
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      String said = line.replaceFirst("#.*", "").trim();
      if (said.isEmpty()) {
        continue;
      }
      String[] words = said.split("\\s+");
      if (words.length == 2 && words[0].equals("signer") && isDigest(words[1])) {
        release.signers.add(words[1].toLowerCase(Locale.ROOT));
      } else if (words.length == 2 && words[0].equals("platform") && isDigest(words[1]) && release.platform == null) {
        release.platform = words[1];
      } else if (words.length == 3 && words[0].equals("updater") && isDigest(words[2]) && release.updater == null) {
        release.updater = words[1];
        release.updaterSigner = words[2];
      } else if (words.length == 3 && words[0].equals("grant")) {
        release.grants.add(words[1] + " " + words[2]);
      } else {
        throw new IOException(
            name + ":" + number + ": expected \"signer\" or \"platform\" and 64 hex digits, \"updater\", a"
                + " package and 64 hex digits, or \"grant\", a package and a permission; one platform and one updater");
      }
    }
    if (release.signers.isEmpty()) {
      throw new IOException(name + ": expected at least one signer");
    }
    return release;
  }

  private static boolean isDigest(String word) {
    return word.matches("[0-9a-fA-F]{64}");
  }

  boolean hasSigner(byte[] digest) {
    StringBuilder hex = new StringBuilder();
    for (byte one : digest) {
      hex.append(String.format(Locale.ROOT, "%02x", one));
    }
    return signers.contains(hex.toString());
  }

  boolean grants(String holder, String permission) {
    return grants.contains(holder + " " + permission);
  }
}
