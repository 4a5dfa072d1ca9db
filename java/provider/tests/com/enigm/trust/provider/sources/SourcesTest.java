package com.enigm.trust.provider.sources;

import android.app.AppOpsManager;
import android.app.backup.BackupManager;
import android.content.ComponentName;
import android.os.Binder;
import android.os.Handler;
import android.os.ServiceManager;
import android.os.UpdateEngine;
import android.os.UpdateEngineCallback;
import android.provider.DeviceConfig;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Signal;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** What each source says of devices that are so and so. */
public final class SourcesTest {
  private static final Set<Integer> WIFI = Set.of(12, 13, 15);
  private static final Set<Integer> CELLULAR = Set.of(12, 13, 15, 7);
  private static final Set<Integer> VPN = Set.of(12, 13);
  private static final Set<Integer> IMS = Set.of(15);
  private static final String SIGNER = "5dc8ff6d0ab0b4b8b8b0e2b0c2ef2c0d";
  private static final String READ_LOGS = "android.permission.READ_LOGS";

  private SourcesTest() {}

  private static void says(String expected, Reader reader, Signal signal) throws Exception {
    String found = String.valueOf(reader.read().get(signal));
    // A reason is for people: its beginning tells which it is.
    boolean same = expected.startsWith("missing") ? found.startsWith(expected) : found.equals(expected);
    if (!same) {
      throw new AssertionError(signal + ": expected " + expected + ", found " + found);
    }
  }

  /** Watching, it hears of each change that the device tells. */
  private static void hears(Device device, Reader reader, int sources) throws Exception {
    int[] heard = {0};
    device.watching.clear();
    reader.watch(() -> heard[0]++);
    device.watching.forEach(Runnable::run);
    if (heard[0] != sources) {
      throw new AssertionError(reader.signals() + ": expected " + sources + " changes, found " + heard[0]);
    }
  }

  private static void withoutItsServiceASourceThrows(Reader... readers) {
    for (Reader reader : readers) {
      try {
        reader.read();
      } catch (Exception thrown) {
        if (thrown.getMessage().startsWith("this device has no ")) {
          continue;
        }
        throw new AssertionError(reader.signals() + ": " + thrown);
      }
      throw new AssertionError(reader.signals() + ": read without its service");
    }
  }

  private static void simpleOnes() throws Exception {
    Device device = new Device();
    says("true", new ScreenLock(device), Signal.DEVICE_SECURE);
    device.isSecure = false;
    says("false", new ScreenLock(device), Signal.DEVICE_SECURE);
    says("false", new Radios(device), Signal.CELLULAR_2G_ALLOWED);
    device.restrictions.clear();
    says("true", new Radios(device), Signal.CELLULAR_2G_ALLOWED);
    hears(device, new Radios(device), 1);
    says("false", new OemLock(device), Signal.OEM_UNLOCK_ALLOWED);
    device.isOemUnlockAllowed = true;
    says("true", new OemLock(device), Signal.OEM_UNLOCK_ALLOWED);
    says("true", new AdvancedProtection(device), Signal.ADVANCED_PROTECTION);
    hears(device, new AdvancedProtection(device), 1);
    says("absent", new DeviceOwner(device), Signal.DEVICE_OWNER);
    device.owner = new ComponentName("com.enigm.management", "com.enigm.management.AdminReceiver");
    says("com.enigm.management/com.enigm.management.AdminReceiver", new DeviceOwner(device), Signal.DEVICE_OWNER);
    hears(device, new DeviceOwner(device), 1);
    device.owner = new ComponentName("com.example", "a b");
    says("missing: a name that no report", new DeviceOwner(device), Signal.DEVICE_OWNER);
    says("false", new Wep(device), Signal.WEP_ALLOWED);
    device.accessibility.addAll(List.of("org.b", "org.a", "org.b"));
    says("org.a org.b (2)", new Accessibility(device), Signal.ACCESSIBILITY);
    hears(device, new Accessibility(device), 1);
    device.services.clear();
    withoutItsServiceASourceThrows(
        new ScreenLock(device),
        new Radios(device),
        new OemLock(device),
        new AdvancedProtection(device),
        new DeviceOwner(device),
        new Wep(device),
        new Accessibility(device),
        new PrivateDns(device, null),
        new Sensors(device),
        new AppOps(device),
        new IntrusionDetection(device),
        new Packages(device, () -> Release.parse("r", "")));
  }

  private static void privateDns() throws Exception {
    Device device = new Device();
    PrivateDns reader = new PrivateDns(device, null);
    says("absent", reader, Signal.PRIVATE_DNS_ACTIVE);
    device.networks.put(WIFI, true);
    says("true", reader, Signal.PRIVATE_DNS_ACTIVE);
    // Neither a VPN's own link nor one that apps can't use is asked, nor one that was lost meanwhile.
    device.networks.put(VPN, false);
    device.networks.put(IMS, false);
    device.networks.put(CELLULAR, null);
    says("true", reader, Signal.PRIVATE_DNS_ACTIVE);
    device.networks.put(CELLULAR, false);
    says("false", reader, Signal.PRIVATE_DNS_ACTIVE);
    hears(device, reader, 2);
  }

  private static void sensors() throws Exception {
    Device device = new Device();
    Sensors reader = new Sensors(device);
    says("false", reader, Signal.MIC_TOGGLE);
    says("usable", reader, Signal.MIC_SWITCH);
    device.switches.put("1 1", 2);
    device.switches.put("2 2", 2);
    says("true", reader, Signal.MIC_TOGGLE);
    says("true", reader, Signal.CAMERA_TOGGLE);
    says("usable", reader, Signal.MIC_SWITCH);
    device.switches.put("1 1", 1);
    device.switches.put("2 2", 3);
    says("blocked", reader, Signal.MIC_SWITCH);
    says("blocked-except-allowlisted", reader, Signal.CAMERA_SWITCH);
    device.switches.put("1 2", 1);
    says("blocked", reader, Signal.CAMERA_SWITCH);
    device.switches.put("1 1", 9);
    says("missing: a switch in the unknown state 9", reader, Signal.MIC_SWITCH);
    device.isAllOff = true;
    says("true", reader, Signal.ALL_SENSORS_OFF);
    hears(device, reader, 2);
  }

  private static void settings() throws Exception {
    Indicators reader = new Indicators();
    says("absent", reader, Signal.INDICATORS);
    String key = "privacy/camera_mic_icons_enabled";
    DeviceConfig.PROPERTIES.put(key, "false");
    says("false", reader, Signal.INDICATORS);
    DeviceConfig.PROPERTIES.put(key, "true");
    says("true", reader, Signal.INDICATORS);
    for (String garbage : List.of("", "TRUE", "1", "tru\u0000e", "x".repeat(100_000))) {
      DeviceConfig.PROPERTIES.put(key, garbage);
      says("missing: camera_mic_icons_enabled is neither true nor false", reader, Signal.INDICATORS);
    }
  }

  private static void backup() throws Exception {
    Backup reader =
        new Backup(
            new BackupManager(null) {
              @Override
              public boolean isBackupEnabled() {
                return ServiceManager.checkService("backup") != null;
              }
            });
    says("missing: there is no service backup", reader, Signal.BACKUP_ENABLED);
    ServiceManager.SERVICES.put("backup", new Binder());
    says("true", reader, Signal.BACKUP_ENABLED);
  }

  private static void appOps() throws Exception {
    Device device = new Device();
    AppOps reader = new AppOps(device);
    device.install(0, "org.a", false, null);
    device.install(10, "org.b", false, null);
    device.install(10, "org.c", false, null);
    says(" (0)", reader, Signal.APPOP_EXCESS);
    device.allowed.add(AppOpsManager.OPSTR_PROJECT_MEDIA + " org.a");
    device.allowed.add(AppOpsManager.OPSTR_MANAGE_EXTERNAL_STORAGE + " org.b");
    device.allowed.add(AppOpsManager.OPSTR_REQUEST_INSTALL_PACKAGES + " org.c");
    says("org.a org.b (2)", reader, Signal.APPOP_EXCESS);
    says("org.c (1)", reader, Signal.UNKNOWN_SOURCES);
    device.packages.get(0).get(0).applicationInfo = null;
    says("org.b (1)", reader, Signal.APPOP_EXCESS);
    hears(device, reader, 4);
  }

  private static Release.Source release(String text) {
    return () -> Release.parse("release.conf", text);
  }

  private static void packages() throws Exception {
    Device device = new Device();
    String signer = hex(java.security.MessageDigest.getInstance("SHA-256").digest(SIGNER.getBytes()));
    Packages reader = new Packages(device, release("# ours\nsigner " + signer + " # the platform's\n"));
    device.install(0, "com.enigm.system", true, SIGNER, "+" + READ_LOGS);
    device.install(0, "org.app", false, "other", READ_LOGS, "+android.permission.CAMERA", "+undeclared.X");
    says("true", reader, Signal.PRIVILEGED_SIGNERS_OK);
    says(" (0)", reader, Signal.EXCESS_GRANTS);
    device.install(10, "org.granted", false, "other", "+" + READ_LOGS);
    says("org.granted (1)", reader, Signal.EXCESS_GRANTS);
    device.platformSigned.add("org.granted");
    says(" (0)", reader, Signal.EXCESS_GRANTS);
    device.platformSigned.clear();
    String named = "signer " + signer + "\ngrant org.granted " + READ_LOGS;
    says(" (0)", new Packages(device, release(named)), Signal.EXCESS_GRANTS);
    device.install(0, "org.other.system", true, "other");
    says("false", reader, Signal.PRIVILEGED_SIGNERS_OK);
    device.packages.get(0).get(2).signingInfo = null;
    says("false", reader, Signal.PRIVILEGED_SIGNERS_OK);
    hears(device, reader, 1);
  }

  private static void systemSigners() throws Exception {
    Device device = new Device();
    String own = "0".repeat(63) + "A";
    String text = "signer " + own + "\nplatform " + own + "\nupdater org.updater " + own;
    SystemSigners reader = new SystemSigners(device, release(text));
    says("false", reader, Signal.PLATFORM_SIGNER_EXPECTED);
    says("false", reader, Signal.PLATFORM_SIGNER_IS_AOSP_TEST);
    says("false", reader, Signal.UPDATER_SIGNER_OK);
    device.signed.add("android " + own.toLowerCase());
    device.signed.add("org.updater " + own.toLowerCase());
    says("true", reader, Signal.PLATFORM_SIGNER_EXPECTED);
    says("false", reader, Signal.UPDATER_SIGNER_OK); // it is not there
    device.install(0, "org.updater", false, null);
    says("false", reader, Signal.UPDATER_SIGNER_OK); // it is no part of the system
    device.packages.get(0).get(0).applicationInfo.flags = android.content.pm.ApplicationInfo.FLAG_SYSTEM;
    says("true", reader, Signal.UPDATER_SIGNER_OK);
    device.signed.add("android c8a2e9bccf597c2fb6dc66bee293fc13f2fc47ec77bc6b2b0d52c11f51192ab8");
    says("true", reader, Signal.PLATFORM_SIGNER_IS_AOSP_TEST);
    SystemSigners unnamed = new SystemSigners(device, release("signer " + own));
    says("missing: the release names no signer", unnamed, Signal.PLATFORM_SIGNER_EXPECTED);
    says("missing: the release names no updater", unnamed, Signal.UPDATER_SIGNER_OK);
    SystemSigners none = new SystemSigners(device, release("what"));
    says("missing: release.conf:1", none, Signal.UPDATER_SIGNER_OK);
    says("true", none, Signal.PLATFORM_SIGNER_IS_AOSP_TEST); // no release says what is refused everywhere
  }

  private static void stagedModules() throws Exception {
    try {
      new StagedModules().read();
      throw new AssertionError("read without its service");
    } catch (android.os.RemoteException none) {
      // As it should be.
    }
    android.content.pm.StagedApexInfo module = new android.content.pm.StagedApexInfo();
    module.moduleName = "com.android.art";
    module.versionCode = 350000000000L;
    android.content.pm.StagedApexInfo[] staged = {module};
    ServiceManager.SERVICES.put(
        "package_native",
        new android.content.pm.IPackageManagerNative.Stub() {
          @Override
          public android.content.pm.StagedApexInfo[] getStagedApexInfos() {
            return staged;
          }
        });
    says("com.android.art@350000000000 (1)", new StagedModules(), Signal.STAGED_APEX);
  }

  private static String hex(byte[] bytes) {
    StringBuilder hex = new StringBuilder();
    for (byte one : bytes) {
      hex.append(String.format("%02X", one));
    }
    return hex.toString();
  }

  private static void releases(java.nio.file.Path folder) throws Exception {
    Device device = new Device();
    Object[][] bad = {
      {"", "release.conf: expected at least one signer"},
      {"signer 12", "release.conf:1: expected \"signer\""},
      {"\n\nsigner", "release.conf:3: expected"},
      {"signer " + "0".repeat(64) + "\ngrant org.a", "release.conf:2: expected"},
      {"platform " + "0".repeat(64) + "\nplatform " + "1".repeat(64), "release.conf:2: expected"},
      {"updater org.a", "release.conf:1: expected"},
      {"allow everything", "release.conf:1: expected"},
      {"signer " + "g".repeat(64), "release.conf:1: expected"},
    };
    for (Object[] row : bad) {
      says("missing: " + row[1], new Packages(device, release((String) row[0])), Signal.PRIVILEGED_SIGNERS_OK);
    }
    java.nio.file.Path file = folder.resolve("none.conf");
    says(
        "missing: " + file + " is not there",
        new Packages(device, () -> Release.read(file)),
        Signal.EXCESS_GRANTS);
    try {
      Release.read(folder);
    } catch (IOException unreadable) {
      return;
    }
    throw new AssertionError("a folder was read as a release");
  }

  /** An update engine that can be made to speak. */
  private static final class Engine extends UpdateEngine {
    UpdateEngineCallback callback;

    @Override
    public boolean bind(UpdateEngineCallback callback, Handler handler) {
      this.callback = callback;
      return true;
    }
  }

  /** A service whose end a test brings about. */
  private static final class Mortal extends Binder {
    DeathRecipient heir;

    @Override
    public void linkToDeath(DeathRecipient recipient, int flags) {
      heir = recipient;
    }
  }

  private static void updates() throws Exception {
    Engine engine = new Engine();
    boolean[] hasStarted = {false};
    Updates reader = new Updates(() -> engine, () -> hasStarted[0]);
    int[] changes = {0};
    reader.watch(() -> changes[0]++);
    try {
      reader.read();
      throw new AssertionError("read without an engine");
    } catch (android.os.RemoteException none) {
      // As it should be.
    }
    Mortal service = new Mortal();
    ServiceManager.SERVICES.put("android.os.UpdateEngineService", service);
    says("missing: the update engine has not said", reader, Signal.ENGINE_STATUS);
    says("absent", reader, Signal.PAYLOAD_ERROR);
    engine.callback.onStatusUpdate(0, 0);
    says("idle", reader, Signal.ENGINE_STATUS);
    engine.callback.onStatusUpdate(3, 0.1f);
    engine.callback.onStatusUpdate(3, 0.2f);
    engine.callback.onPayloadApplicationComplete(12);
    says("downloading", reader, Signal.ENGINE_STATUS);
    says("12", reader, Signal.PAYLOAD_ERROR);
    if (changes[0] != 3) {
      throw new AssertionError("progress is no change: expected 3, found " + changes[0]);
    }
    engine.callback.onStatusUpdate(99, 0);
    says("missing: the update engine has the unknown status 99", reader, Signal.ENGINE_STATUS);
    // It ended: what it had said no longer holds, and what it did meanwhile nobody knows.
    service.heir.binderDied();
    hasStarted[0] = true;
    says("missing: the update engine has not said", reader, Signal.ENGINE_STATUS);
    says("missing: a payload may have been applied", reader, Signal.PAYLOAD_ERROR);
  }

  private static void intrusion() throws Exception {
    Device device = new Device();
    IntrusionDetection reader = new IntrusionDetection(device);
    int[] changes = {0};
    reader.watch(() -> changes[0]++);
    says("missing: the service has not said", reader, Signal.INTRUSION_DETECTION);
    device.intrusion.accept(2);
    says("enabled", reader, Signal.INTRUSION_DETECTION);
    device.intrusion.accept(-7);
    says("missing: the service has the unknown state -7", reader, Signal.INTRUSION_DETECTION);
    if (changes[0] != 2) {
      throw new AssertionError("expected 2 changes, found " + changes[0]);
    }
  }

  private static void silence() {
    Device device = new Device();
    device.wep = null;
    try {
      new Wep(device).read();
    } catch (java.util.concurrent.TimeoutException late) {
      return;
    } catch (Exception other) {
      throw new AssertionError(other);
    }
    throw new AssertionError("an answer that never came");
  }

  /** The argument is a folder to look for files in. */
  public static void main(String[] arguments) throws Exception {
    simpleOnes();
    privateDns();
    sensors();
    settings();
    backup();
    appOps();
    packages();
    systemSigners();
    stagedModules();
    releases(java.nio.file.Path.of(arguments[0]));
    updates();
    intrusion();
    silence();
    System.out.println("held");
  }
}
