package android.os;

/** frameworks/base/core/java/android/os/IInterface.java */
public interface IInterface {
  IBinder asBinder();
}
