package com.enigm.trust.provider.sources;

import android.accessibilityservice.AccessibilityServiceInfo;
import android.app.AppOpsManager;
import android.app.KeyguardManager;
import android.app.admin.DevicePolicyManager;
import android.content.BroadcastReceiver;
import android.content.ComponentName;
import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.content.pm.ApplicationInfo;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import android.content.pm.PermissionInfo;
import android.content.pm.ResolveInfo;
import android.content.pm.ServiceInfo;
import android.content.pm.Signature;
import android.content.pm.SigningInfo;
import android.hardware.SensorPrivacyManager;
import android.net.ConnectivityManager;
import android.net.LinkProperties;
import android.net.Network;
import android.net.NetworkCapabilities;
import android.net.NetworkRequest;
import android.net.wifi.WifiManager;
import android.os.Handler;
import android.os.UserHandle;
import android.os.UserManager;
import android.security.advancedprotection.AdvancedProtectionManager;
import android.security.intrusiondetection.IntrusionDetectionManager;
import android.service.oemlock.OemLockManager;
import android.view.accessibility.AccessibilityManager;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** A device as a test wants it: what the services say stands in its fields. */
final class Device extends Context {
  final Map<Class<?>, Object> services = new HashMap<>();

  /** Whoever watches. */
  final List<Runnable> watching = new ArrayList<>();

  boolean isSecure = true;
  boolean isOemUnlockAllowed;
  boolean isProtected = true;
  final Set<String> restrictions = new HashSet<>(Set.of("no_cellular_2g"));
  ComponentName owner;

  /** Null: Wi-Fi does not answer. */
  Boolean wep = false;

  /** By its capabilities, whether private DNS is active; null: lost as it is looked at. */
  final Map<Set<Integer>, Boolean> networks = new LinkedHashMap<>();

  /** "kind sensor", and in which state it is. */
  final Map<String, Integer> switches = new HashMap<>();

  boolean isAllOff;
  final List<String> accessibility = new ArrayList<>();

  /** User, and who is installed there. */
  final Map<Integer, List<PackageInfo>> packages = new LinkedHashMap<>(Map.of(0, new ArrayList<>()));

  /** The permissions that are privileged, and who declares them. */
  final Map<String, String> privileged = new HashMap<>(Map.of("android.permission.READ_LOGS", "android"));

  final Set<String> platformSigned = new HashSet<>();

  /** "op package". */
  final Set<String> allowed = new HashSet<>();

  Consumer<Integer> intrusion;

  /** "package digest". */
  final Set<String> signed = new HashSet<>();

  Device() {
    services.put(KeyguardManager.class, new KeyguardManager() {
      @Override public boolean isDeviceSecure() { return isSecure; }
    });
    services.put(OemLockManager.class, new OemLockManager() {
      @Override public boolean isOemUnlockAllowedByUser() { return isOemUnlockAllowed; }
    });
    services.put(AdvancedProtectionManager.class, new AdvancedProtectionManager() {
      @Override public boolean isAdvancedProtectionEnabled() { return isProtected; }
      @Override public void registerAdvancedProtectionCallback(Executor executor, Callback callback) {
        watching.add(() -> callback.onAdvancedProtectionChanged(isProtected));
      }
    });
    services.put(DevicePolicyManager.class, new DevicePolicyManager() {
      @Override public ComponentName getDeviceOwnerComponentOnAnyUser() { return owner; }
    });
    services.put(WifiManager.class, new WifiManager() {
      @Override public void queryWepAllowed(Executor executor, Consumer<Boolean> results) {
        if (wep != null) {
          executor.execute(() -> results.accept(wep));
        }
      }
    });
    services.put(UserManager.class, new UserManager() {
      @Override public boolean hasUserRestriction(String key) { return restrictions.contains(key); }
      @Override public List<UserHandle> getUserHandles(boolean excludeDying) {
        List<UserHandle> users = new ArrayList<>();
        packages.keySet().forEach(user -> users.add(new UserHandle(user)));
        return users;
      }
    });
    services.put(ConnectivityManager.class, connectivity());
    services.put(SensorPrivacyManager.class, sensors());
    services.put(AccessibilityManager.class, accessibilityManager());
    services.put(AppOpsManager.class, new AppOpsManager() {
      @Override public int unsafeCheckOpRawNoThrow(String op, int uid, String packageName) {
        return allowed.contains(op + " " + packageName) ? MODE_ALLOWED : 3;
      }
      @Override public void startWatchingMode(String op, String packageName, OnOpChangedListener callback) {
        watching.add(() -> callback.onOpChanged(op, packageName));
      }
    });
    services.put(IntrusionDetectionManager.class, new IntrusionDetectionManager() {
      @Override public void addStateCallback(Executor executor, Consumer<Integer> callback) { intrusion = callback; }
    });
  }

  private ConnectivityManager connectivity() {
    Map<Network, Set<Integer>> made = new LinkedHashMap<>();
    return new ConnectivityManager() {
      @Override public Network[] getAllNetworks() {
        made.clear();
        networks.keySet().forEach(capabilities -> made.put(new Network(), capabilities));
        return made.keySet().toArray(new Network[0]);
      }
      @Override public NetworkCapabilities getNetworkCapabilities(Network network) {
        return new NetworkCapabilities() {
          @Override public boolean hasCapability(int capability) { return made.get(network).contains(capability); }
        };
      }
      @Override public LinkProperties getLinkProperties(Network network) {
        Boolean active = networks.get(made.get(network));
        return active == null ? null : new LinkProperties() {
          @Override public boolean isPrivateDnsActive() { return active; }
        };
      }
      @Override public void registerNetworkCallback(NetworkRequest request, NetworkCallback callback, Handler handler) {
        watching.add(() -> callback.onLinkPropertiesChanged(null, null));
        watching.add(() -> callback.onLost(null));
      }
    };
  }

  private SensorPrivacyManager sensors() {
    return new SensorPrivacyManager() {
      @Override public boolean supportsSensorToggle(int kind, int sensor) { return switches.containsKey(kind + " " + sensor); }
      @Override public int getSensorPrivacyState(int kind, int sensor) { return switches.get(kind + " " + sensor); }
      @Override public boolean isAllSensorPrivacyEnabled() { return isAllOff; }
      @Override public void addSensorPrivacyListener(OnSensorPrivacyChangedListener listener) {
        watching.add(() -> listener.onSensorPrivacyChanged(1, true));
      }
      @Override public void addAllSensorPrivacyListener(OnAllSensorPrivacyChangedListener listener) {
        watching.add(() -> listener.onAllSensorPrivacyChanged(true));
      }
    };
  }

  private AccessibilityManager accessibilityManager() {
    return new AccessibilityManager() {
      @Override public List<AccessibilityServiceInfo> getEnabledAccessibilityServiceList(int feedback) {
        List<AccessibilityServiceInfo> all = new ArrayList<>();
        for (String name : accessibility) {
          ResolveInfo resolved = new ResolveInfo();
          resolved.serviceInfo = new ServiceInfo();
          resolved.serviceInfo.packageName = name;
          all.add(new AccessibilityServiceInfo() {
            @Override public ResolveInfo getResolveInfo() { return resolved; }
          });
        }
        return all;
      }
      @Override public void addAccessibilityServicesStateChangeListener(
          Executor executor, AccessibilityServicesStateChangeListener listener) {
        watching.add(() -> listener.onAccessibilityServicesStateChanged(this));
      }
    };
  }

  /** Installs a package; each permission that begins with + is granted. */
  void install(int user, String name, boolean isPrivileged, String signer, String... permissions) {
    PackageInfo one = new PackageInfo();
    one.packageName = name;
    one.applicationInfo = new ApplicationInfo() {
      @Override public boolean isPrivilegedApp() { return isPrivileged; }
    };
    one.signingInfo = signer == null ? null : new SigningInfo(new Signature(signer.getBytes()));
    one.requestedPermissions = new String[permissions.length];
    one.requestedPermissionsFlags = new int[permissions.length];
    for (int at = 0; at < permissions.length; at++) {
      boolean granted = permissions[at].startsWith("+");
      one.requestedPermissions[at] = permissions[at].substring(granted ? 1 : 0);
      one.requestedPermissionsFlags[at] = granted ? PackageInfo.REQUESTED_PERMISSION_GRANTED : 0;
    }
    packages.computeIfAbsent(user, none -> new ArrayList<>()).add(one);
  }

  @Override
  public <T> T getSystemService(Class<T> service) {
    return service.cast(services.get(service));
  }

  @Override
  public PackageManager getPackageManager() {
    return new PackageManager() {
      @Override public List<PackageInfo> getInstalledPackagesAsUser(int flags, int user) { return packages.get(user); }
      @Override public PermissionInfo getPermissionInfo(String name, int flags) throws NameNotFoundException {
        if (name.startsWith("undeclared")) {
          throw new NameNotFoundException();
        }
        PermissionInfo info = new PermissionInfo() {
          @Override public int getProtectionFlags() {
            return privileged.containsKey(name) ? PROTECTION_FLAG_PRIVILEGED : 0;
          }
        };
        info.packageName = privileged.getOrDefault(name, "android");
        return info;
      }
      @Override public boolean hasSigningCertificate(String name, byte[] certificate, int type) {
        StringBuilder hex = new StringBuilder();
        for (byte one : certificate) {
          hex.append(String.format("%02x", one));
        }
        return type == CERT_INPUT_SHA256 && signed.contains(name + " " + hex);
      }
      @Override public ApplicationInfo getApplicationInfo(String name, int flags) throws NameNotFoundException {
        for (PackageInfo one : packages.get(0)) {
          if (one.packageName.equals(name)) {
            return one.applicationInfo;
          }
        }
        throw new NameNotFoundException();
      }
      @Override public int checkSignatures(String declares, String holds) {
        return platformSigned.contains(holds) ? SIGNATURE_MATCH : -3;
      }
    };
  }

  @Override
  public Intent registerReceiver(BroadcastReceiver receiver, IntentFilter filter, int flags) {
    watching.add(() -> receiver.onReceive(this, null));
    return null;
  }
}
