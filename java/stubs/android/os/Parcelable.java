package android.os;

/** frameworks/base/core/java/android/os/Parcelable.java */
public interface Parcelable {
  int PARCELABLE_WRITE_RETURN_VALUE = 0x0001;

  int describeContents();

  void writeToParcel(Parcel dest, int flags);

  /** Makes one from its bytes. */
  interface Creator<T> {
    T createFromParcel(Parcel source);

    T[] newArray(int size);
  }
}
