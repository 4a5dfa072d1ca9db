package com.enigm.trust.provider;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

/** Which boot this is. */
final class BootId {
  static final Path FILE = Paths.get("/proc/sys/kernel/random/boot_id");

  private BootId() {}

  /** The 16 bytes that the file writes as a UUID. */
  static byte[] read(Path file) throws IOException {
    String text = new String(Files.readAllBytes(file), StandardCharsets.US_ASCII).trim();
    if (!text.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")) {
      throw new IOException(file + ": expected a UUID of 36 characters, found " + text.length() + " others");
    }
    String digits = text.replace("-", "");
    byte[] id = new byte[16];
    for (int at = 0; at < id.length; at++) {
      id[at] = (byte) Integer.parseInt(digits.substring(2 * at, 2 * at + 2), 16);
    }
    return id;
  }
}
