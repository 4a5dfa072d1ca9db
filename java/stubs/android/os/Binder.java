package android.os;

/** frameworks/base/core/java/android/os/Binder.java. A fake: a call stays in this process, its bytes are real. */
public class Binder implements IBinder {
  private IInterface owner;
  private String descriptor;

  public void attachInterface(IInterface owner, String descriptor) {
    this.owner = owner;
    this.descriptor = descriptor;
  }

  @Override
  public IInterface queryLocalInterface(String descriptor) {
    return descriptor.equals(this.descriptor) ? owner : null;
  }

  protected boolean onTransact(int code, Parcel data, Parcel reply, int flags) throws RemoteException {
    return false;
  }

  @Override
  public final boolean transact(int code, Parcel data, Parcel reply, int flags) throws RemoteException {
    data.setDataPosition(0);
    boolean known = onTransact(code, data, reply, flags);
    if (reply != null) {
      reply.setDataPosition(0);
    }
    return known;
  }

  @Override
  public void linkToDeath(DeathRecipient recipient, int flags) {}

  @Override
  public boolean unlinkToDeath(DeathRecipient recipient, int flags) {
    return true;
  }
}
