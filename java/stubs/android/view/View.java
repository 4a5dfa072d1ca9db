package android.view;

import android.content.Context;

/** frameworks/base/core/java/android/view/View.java */
public class View {
  public View(Context context) {}

  public void setOnClickListener(OnClickListener listener) {
    throw new UnsupportedOperationException("a stub");
  }

  public void setFilterTouchesWhenObscured(boolean enabled) {
    throw new UnsupportedOperationException("a stub");
  }

  public void setPadding(int left, int top, int right, int bottom) {
    throw new UnsupportedOperationException("a stub");
  }

  /** Told of a touch. */
  public interface OnClickListener {
    void onClick(View view);
  }
}
