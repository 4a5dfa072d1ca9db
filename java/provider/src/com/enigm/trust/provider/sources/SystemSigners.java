package com.enigm.trust.provider.sources;

import android.content.Context;
import android.content.pm.ApplicationInfo;
import android.content.pm.PackageManager;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/** Who signed the platform and the updater, against the release. It changes with the system alone: every round is enough. */
public final class SystemSigners implements Reader {
  // AOSP's public test key: SHA-256 of build/make/target/product/security/platform.x509.pem.
  private static final String AOSP_TEST = "c8a2e9bccf597c2fb6dc66bee293fc13f2fc47ec77bc6b2b0d52c11f51192ab8";
  private static final String PLATFORM = "android";

  private final Context context;
  private final Release.Source release;

  public SystemSigners(Context context, Release.Source release) {
    this.context = context;
    this.release = release;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(
        Signal.PLATFORM_SIGNER_EXPECTED, Signal.PLATFORM_SIGNER_IS_AOSP_TEST, Signal.UPDATER_SIGNER_OK);
  }

  @Override
  public Map<Signal, Reading> read() {
    Map<Signal, Reading> readings = new EnumMap<>(Signal.class);
    readings.put(Signal.PLATFORM_SIGNER_IS_AOSP_TEST, Reading.of(bears(PLATFORM, AOSP_TEST)));
    try {
      Release named = release.read();
      readings.put(
          Signal.PLATFORM_SIGNER_EXPECTED,
          named.platform == null
              ? Reading.missing("the release names no signer of the platform")
              : Reading.of(bears(PLATFORM, named.platform)));
      readings.put(
          Signal.UPDATER_SIGNER_OK,
          named.updater == null
              ? Reading.missing("the release names no updater")
              : Reading.of(isOfSystem(named.updater) && bears(named.updater, named.updaterSigner)));
    } catch (IOException unreadable) {
      readings.put(Signal.PLATFORM_SIGNER_EXPECTED, Reading.missing(unreadable.getMessage()));
      readings.put(Signal.UPDATER_SIGNER_OK, Reading.missing(unreadable.getMessage()));
    }
    return readings;
  }

  private boolean bears(String name, String digest) {
    byte[] bytes = new byte[digest.length() / 2];
    for (int at = 0; at < bytes.length; at++) {
      bytes[at] = (byte) Integer.parseInt(digest.substring(2 * at, 2 * at + 2), 16);
    }
    return context.getPackageManager().hasSigningCertificate(name, bytes, PackageManager.CERT_INPUT_SHA256);
  }

  private boolean isOfSystem(String name) {
    try {
      return (context.getPackageManager().getApplicationInfo(name, 0).flags & ApplicationInfo.FLAG_SYSTEM) != 0;
    } catch (PackageManager.NameNotFoundException none) {
      return false;
    }
  }

  @Override
  public void watch(Runnable changed) {}
}
