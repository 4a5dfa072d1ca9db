package com.enigm.trust.center;

import android.content.SharedPreferences;
import com.enigm.trust.Head;

/** The end of the history as this app saw it last, in its own preferences: "SEQUENCE:DIGEST". */
final class KeptHead implements Session.Keeper {
  private static final String KEY = "head";

  private final SharedPreferences preferences;

  KeptHead(SharedPreferences preferences) {
    this.preferences = preferences;
  }

  @Override
  public Head kept() {
    String text = preferences.getString(KEY, "");
    if (!text.matches("[0-9]{1,18}:[0-9a-f]{64}")) {
      return null;
    }
    int colon = text.indexOf(':');
    Head head = new Head();
    head.sequence = Long.parseLong(text.substring(0, colon));
    head.digest = new byte[32];
    for (int at = 0; at < head.digest.length; at++) {
      int from = colon + 1 + 2 * at;
      head.digest[at] = (byte) Integer.parseInt(text.substring(from, from + 2), 16);
    }
    return head;
  }

  @Override
  public void keep(Head head) {
    preferences.edit().putString(KEY, head.sequence + ":" + Terms.hex(head.digest, 32)).commit();
  }
}
