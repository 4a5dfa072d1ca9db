package android.os;

/** frameworks/base/core/java/android/os/UpdateEngineCallback.java (system API) */
public abstract class UpdateEngineCallback {
  public abstract void onStatusUpdate(int status, float percent);

  public abstract void onPayloadApplicationComplete(int errorCode);
}
