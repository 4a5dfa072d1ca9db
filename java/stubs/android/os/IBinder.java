package android.os;

/** frameworks/base/core/java/android/os/IBinder.java */
public interface IBinder {
  int FIRST_CALL_TRANSACTION = 0x00000001;
  int FLAG_ONEWAY = 0x00000001;

  IInterface queryLocalInterface(String descriptor);

  boolean transact(int code, Parcel data, Parcel reply, int flags) throws RemoteException;

  void linkToDeath(DeathRecipient recipient, int flags) throws RemoteException;

  boolean unlinkToDeath(DeathRecipient recipient, int flags);

  /** Told when the process that holds the object ends. */
  interface DeathRecipient {
    void binderDied();
  }
}
