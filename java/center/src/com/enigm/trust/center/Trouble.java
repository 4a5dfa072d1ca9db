package com.enigm.trust.center;

import android.os.RemoteException;
import android.os.ServiceSpecificException;
import com.enigm.trust.ErrorCode;

/** What went wrong, and what to do, in words. */
final class Trouble {
  private Trouble() {}

  static String of(Throwable thrown) {
    if (thrown instanceof ServiceSpecificException) {
      return refusal(((ServiceSpecificException) thrown).errorCode);
    } else if (thrown instanceof SecurityException) {
      return "The system does not let this app ask the trust daemon. Reinstall the system's own release.";
    } else if (thrown instanceof RemoteException) {
      return "The trust daemon ended while it was asked. It is asked again in a moment; if this stays, restart the device.";
    }
    return "The trust daemon's answer makes no sense ("
        + Terms.text(thrown.getMessage())
        + "). Restart the device; if this stays, install the latest update.";
  }

  /** Where there is no daemon to ask. */
  static String absent() {
    return "The trust daemon does not run, so nothing is known of this device now. It is looked for again in a moment; if"
        + " this stays, restart the device.";
  }

  /** Where it does not come back from being asked. */
  static String overdue() {
    return refusal(ErrorCode.TIMED_OUT);
  }

  private static String refusal(int code) {
    switch (code) {
      case ErrorCode.NOT_READY:
        return "The device is still being looked at for the first time since it started. Wait a moment.";
      case ErrorCode.NOT_PERMITTED:
        return "The policy of this device does not let this app see findings. Whoever manages the device can say who may.";
      case ErrorCode.BUSY:
        return "The trust daemon has too much to do. It is asked again in a moment.";
      case ErrorCode.TIMED_OUT:
        return "The trust daemon did not answer in time. It is asked again in a moment; if this stays, restart the device.";
      case ErrorCode.NO_HISTORY:
        return "The history can't be read now. The gate Security Monitoring says why.";
      case ErrorCode.INTERNAL:
        return "The trust daemon has a fault. Restart the device; if this stays, install the latest update.";
      default:
        return "The trust daemon refuses with code " + code + ". Restart the device; if this stays, install the latest update.";
    }
  }
}
