package com.enigm.trust.provider.sources;

import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.content.pm.ApplicationInfo;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import android.content.pm.PermissionInfo;
import android.content.pm.Signature;
import android.os.UserHandle;
import android.os.UserManager;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Who signed the privileged packages, and who holds privileged permissions without being one.
 *
 * <p>A package may hold a privileged permission if it is privileged itself (then the allow-list on the verified partition
 * says so), bears the signature of the package that declares the permission, or the release names it. What else holds
 * one was given it, by adb for instance.
 */
public final class Packages implements Reader {
  private final Context context;
  private final Release.Source release;

  public Packages(Context context, Release.Source release) {
    this.context = context;
    this.release = release;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.PRIVILEGED_SIGNERS_OK, Signal.EXCESS_GRANTS);
  }

  @Override
  public Map<Signal, Reading> read() throws Exception {
    List<PackageInfo> packages =
        installed(context, PackageManager.GET_PERMISSIONS | PackageManager.GET_SIGNING_CERTIFICATES);
    Release named;
    try {
      named = release.read();
    } catch (java.io.IOException unreadable) {
      Reading missing = Reading.missing(unreadable.getMessage());
      return Map.of(Signal.PRIVILEGED_SIGNERS_OK, missing, Signal.EXCESS_GRANTS, missing);
    }
    return Map.of(
        Signal.PRIVILEGED_SIGNERS_OK, Reading.of(areSigned(packages, named)),
        Signal.EXCESS_GRANTS, Reading.names(excess(packages, named)));
  }

  @Override
  public void watch(Runnable changed) {
    IntentFilter filter = Services.filter(Intent.ACTION_PACKAGE_ADDED, Intent.ACTION_PACKAGE_REMOVED);
    filter.addDataScheme("package");
    Services.onBroadcast(context, changed, filter);
  }

  /** The packages of all users; one stands there once for each user that has it. */
  static List<PackageInfo> installed(Context context, int flags) {
    List<PackageInfo> all = new ArrayList<>();
    for (UserHandle user : Services.need(context, UserManager.class).getUserHandles(true)) {
      all.addAll(context.getPackageManager().getInstalledPackagesAsUser(flags, user.getIdentifier()));
    }
    return all;
  }

  private static boolean areSigned(List<PackageInfo> packages, Release named) throws NoSuchAlgorithmException {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    for (PackageInfo one : packages) {
      if (isPrivileged(one)) {
        Signature[] signers = one.signingInfo == null ? null : one.signingInfo.getApkContentsSigners();
        if (signers == null || signers.length == 0) {
          return false;
        }
        for (Signature signer : signers) {
          if (!named.hasSigner(sha256.digest(signer.toByteArray()))) {
            return false;
          }
        }
      }
    }
    return true;
  }

  private Set<String> excess(List<PackageInfo> packages, Release named) {
    Map<String, PermissionInfo> known = new HashMap<>();
    Set<String> excess = new TreeSet<>();
    for (PackageInfo one : packages) {
      int count = one.requestedPermissions == null || isPrivileged(one) ? 0 : one.requestedPermissions.length;
      for (int at = 0; at < count; at++) {
        String permission = one.requestedPermissions[at];
        boolean granted = (one.requestedPermissionsFlags[at] & PackageInfo.REQUESTED_PERMISSION_GRANTED) != 0;
        if (!granted || named.grants(one.packageName, permission)) {
          continue;
        }
        PermissionInfo declared = known.computeIfAbsent(permission, this::declaration);
        if (declared != null
            && (declared.getProtectionFlags() & PermissionInfo.PROTECTION_FLAG_PRIVILEGED) != 0
            && !isSameSigner(declared.packageName, one.packageName)) {
          excess.add(one.packageName);
        }
      }
    }
    return excess;
  }

  /** Null for a permission that nobody declares: nobody asks for it either. */
  private PermissionInfo declaration(String permission) {
    try {
      return context.getPackageManager().getPermissionInfo(permission, 0);
    } catch (PackageManager.NameNotFoundException undeclared) {
      return null;
    }
  }

  private boolean isSameSigner(String declares, String holds) {
    return context.getPackageManager().checkSignatures(declares, holds) == PackageManager.SIGNATURE_MATCH;
  }

  private static boolean isPrivileged(PackageInfo one) {
    ApplicationInfo application = one.applicationInfo;
    return application != null && application.isPrivilegedApp();
  }
}
