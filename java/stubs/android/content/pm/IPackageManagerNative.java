package android.content.pm;

import android.os.IBinder;
import android.os.IInterface;
import android.os.RemoteException;

/** frameworks/native/libs/binder/aidl/android/content/pm/IPackageManagerNative.aidl (hidden) */
public interface IPackageManagerNative extends IInterface {
  StagedApexInfo[] getStagedApexInfos() throws RemoteException;

  /** Where its object becomes one. */
  abstract class Stub extends android.os.Binder implements IPackageManagerNative {
    public Stub() {
      attachInterface(this, "android.content.pm.IPackageManagerNative");
    }

    public static IPackageManagerNative asInterface(IBinder object) {
      return object instanceof IPackageManagerNative ? (IPackageManagerNative) object : null;
    }

    @Override
    public IBinder asBinder() {
      return this;
    }
  }
}
