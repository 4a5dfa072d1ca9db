package android.view;

import android.content.Context;

/** frameworks/base/core/java/android/view/ViewGroup.java (abstract there) */
public class ViewGroup extends View {
  public ViewGroup(Context context) {
    super(context);
  }

  public void addView(View child) {
    throw new UnsupportedOperationException("a stub");
  }

  public void removeAllViews() {
    throw new UnsupportedOperationException("a stub");
  }
}
