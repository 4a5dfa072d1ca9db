package android.os;

/** frameworks/base/core/java/android/os/UserHandle.java. A fake: a number. */
public final class UserHandle {
  private final int id;

  /** Hidden on Android. */
  public UserHandle(int id) {
    this.id = id;
  }

  public int getIdentifier() {
    return id;
  }
}
