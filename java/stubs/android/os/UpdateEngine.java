package android.os;

/**
 * frameworks/base/core/java/android/os/UpdateEngine.java (system API). Its constructor throws where there is no update
 * engine.
 */
public class UpdateEngine {
  public boolean bind(UpdateEngineCallback callback, Handler handler) {
    throw new UnsupportedOperationException("a stub");
  }
}
