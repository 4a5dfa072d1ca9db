package com.enigm.trust.center;

import com.enigm.trust.Cause;
import com.enigm.trust.Head;
import com.enigm.trust.HistoryEntry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;

/** Whether a history verifies, by itself and against a head that was kept: docs/history.md. */
final class Chain {
  /** What a history is to a head that was kept. */
  enum Against {
    NOTHING_KEPT,
    CONTINUES,
    ANCHOR,
    MISSING,
    FORKED,
    PRUNED
  }

  private static final byte[] DOMAIN = "com.enigm.trust.history/1\0".getBytes(StandardCharsets.US_ASCII);
  private static final int FIELDS = 148;

  private Chain() {}

  /** What is wrong with these entries, which end in this head; null: nothing. */
  static String fault(List<HistoryEntry> entries, Head head) {
    HistoryEntry before = null;
    for (HistoryEntry entry : entries) {
      if (!isWhole(entry)) {
        return "an entry has not all of its parts";
      } else if (!Arrays.equals(entry.digest, digest(entry))) {
        return "entry " + entry.sequence + " does not have its digest";
      } else if (before != null && entry.sequence != before.sequence + 1) {
        return "entry " + entry.sequence + " follows entry " + before.sequence;
      } else if (before != null && !Arrays.equals(entry.previous, before.digest)) {
        return "entry " + entry.sequence + " does not follow the one before it";
      } else if (before == null && entry.sequence == 1 && !Arrays.equals(entry.previous, new byte[32])) {
        return "the first entry follows another";
      } else if (before != null && !isBoot(entry, before)) {
        return "entry " + entry.sequence + " is of another boot than it says";
      }
      before = entry;
    }
    if (before == null) {
      boolean isEmpty = head.sequence == 0 && Arrays.equals(head.digest, new byte[32]);
      return isEmpty ? null : "the history has no entries, but an end";
    }
    boolean isEnd = before.sequence == head.sequence && Arrays.equals(before.digest, head.digest);
    return isEnd ? null : "the last entry is not the history's end";
  }

  /** Of entries without a fault. */
  static Against against(List<HistoryEntry> entries, Head head, Head kept) {
    if (kept == null || kept.sequence == 0) {
      return Against.NOTHING_KEPT;
    } else if (kept.sequence > head.sequence) {
      return Against.MISSING;
    }
    for (HistoryEntry entry : entries) {
      if (entry.sequence == kept.sequence) {
        return Arrays.equals(entry.digest, kept.digest) ? Against.CONTINUES : Against.FORKED;
      } else if (entry.sequence == kept.sequence + 1) {
        return Arrays.equals(entry.previous, kept.digest) ? Against.ANCHOR : Against.FORKED;
      }
    }
    return Against.PRUNED;
  }

  private static boolean isBoot(HistoryEntry entry, HistoryEntry before) {
    boolean same = Arrays.equals(entry.bootId, before.bootId);
    return entry.cause == Cause.CHANGE ? same : entry.cause != Cause.BOOT || !same;
  }

  private static boolean isWhole(HistoryEntry entry) {
    return entry != null
        && entry.gates != null
        && entry.gates.length == Overview.GATES
        && has(entry.bootId, 16)
        && has(entry.checksDigest, 32)
        && has(entry.policyDigest, 32)
        && has(entry.previous, 32)
        && has(entry.digest, 32);
  }

  private static boolean has(byte[] bytes, int length) {
    return bytes != null && bytes.length == length;
  }

  static byte[] digest(HistoryEntry entry) {
    ByteBuffer fields = ByteBuffer.allocate(FIELDS);
    fields.putLong(entry.sequence).putLong(entry.at).put(entry.bootId).putLong(entry.sinceBootMillis);
    fields.put((byte) entry.cause).put((byte) entry.posture);
    for (int gate : entry.gates) {
      fields.put((byte) gate);
    }
    fields.put(entry.checksDigest).put(entry.policyDigest).put(entry.previous);
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(DOMAIN);
      return sha256.digest(fields.array());
    } catch (NoSuchAlgorithmException never) {
      throw new IllegalStateException(never);
    }
  }
}
