package android.os;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * frameworks/base/core/java/android/os/Parcel.java over frameworks/native/libs/binder/Parcel.cpp. A fake that works: the
 * bytes are those of the real one, little-endian, every value padded to four. Objects of Binder are not among them.
 */
public final class Parcel {
  // frameworks/base/core/java/android/os/Parcel.java: EX_*
  private static final int EX_SERVICE_SPECIFIC = -8;
  private static final int[] EX_HEADERS = {-127, -128};
  // frameworks/native/libs/binder/Parcel.cpp: kHeader, and no work source.
  private static final int HEADER = 'S' << 24 | 'Y' << 16 | 'S' << 8 | 'T';
  private static final int NO_WORK_SOURCE = -1;

  private byte[] bytes = new byte[0];
  private int position;
  private int afterToken;

  public static Parcel obtain() {
    return new Parcel();
  }

  /** Not of Android: a parcel with these bytes. */
  public static Parcel of(byte[] bytes) {
    Parcel parcel = new Parcel();
    parcel.bytes = bytes.clone();
    return parcel;
  }

  /** Not of Android: what a call has written after the interface's token. */
  public byte[] arguments() {
    return Arrays.copyOfRange(bytes, afterToken, bytes.length);
  }

  /** Not of Android: puts these bytes in the place of all. */
  public void replace(byte[] bytes) {
    this.bytes = bytes.clone();
    position = 0;
  }

  public void recycle() {}

  public int dataPosition() {
    return position;
  }

  public void setDataPosition(int position) {
    this.position = position;
  }

  public int dataAvail() {
    return bytes.length - position;
  }

  public void writeInt(int value) {
    if (position + 4 > bytes.length) {
      bytes = Arrays.copyOf(bytes, position + 4);
    }
    for (int at = 0; at < 4; at++) {
      bytes[position++] = (byte) (value >> 8 * at);
    }
  }

  public int readInt() {
    if (position < 0 || dataAvail() < 4) {
      return 0; // as the real one does: nothing says that the end was passed
    }
    int value = 0;
    for (int at = 0; at < 4; at++) {
      value |= (bytes[position++] & 0xff) << 8 * at;
    }
    return value;
  }

  public void writeLong(long value) {
    writeInt((int) value);
    writeInt((int) (value >> 32));
  }

  public long readLong() {
    return readInt() & 0xffff_ffffL | (long) readInt() << 32;
  }

  public void writeBoolean(boolean value) {
    writeInt(value ? 1 : 0);
  }

  public boolean readBoolean() {
    return readInt() != 0;
  }

  private void writePadded(byte[] raw, int length) {
    byte[] padded = Arrays.copyOf(raw, (length + 3) / 4 * 4);
    bytes = Arrays.copyOf(bytes, Math.max(bytes.length, position + padded.length));
    System.arraycopy(padded, 0, bytes, position, padded.length);
    position += padded.length;
  }

  private byte[] readPadded(int length) {
    int padded = (length + 3) / 4 * 4;
    if (length < 0 || padded < length || padded > dataAvail()) {
      return null;
    }
    byte[] raw = Arrays.copyOfRange(bytes, position, position + length);
    position += padded;
    return raw;
  }

  /** UTF-16, its length in units, a closing zero unit. */
  public void writeString(String value) {
    if (value == null) {
      writeInt(-1);
      return;
    }
    writeInt(value.length());
    byte[] units = value.getBytes(StandardCharsets.UTF_16LE);
    writePadded(units, units.length + 2);
  }

  public String readString() {
    int length = readInt();
    if (length < 0 || length > dataAvail() / 2) {
      return null;
    }
    byte[] units = readPadded(2 * length + 2);
    return units == null ? null : new String(units, 0, 2 * length, StandardCharsets.UTF_16LE);
  }

  public void writeByteArray(byte[] value) {
    if (value == null) {
      writeInt(-1);
      return;
    }
    writeInt(value.length);
    writePadded(value, value.length);
  }

  public byte[] createByteArray() {
    int length = readInt();
    return length < 0 ? null : readPadded(length);
  }

  /** Of byte[] alone. */
  public <T> void writeFixedArray(T value, int flags, int... dimensions) {
    byte[] array = (byte[]) value;
    if (array != null && array.length != dimensions[0]) {
      throw new BadParcelableException("an array of " + array.length + ": expected " + dimensions[0]);
    }
    writeByteArray(array);
  }

  /** Of byte[] alone. */
  public <T> T createFixedArray(Class<T> type, int... dimensions) {
    byte[] array = createByteArray();
    if (array != null && array.length != dimensions[0]) {
      throw new BadParcelableException("an array of " + array.length + ": expected " + dimensions[0]);
    }
    return type.cast(array);
  }

  /** How many elements of at least this size can follow; negative for none at all. */
  private int readCount(int size) {
    int count = readInt();
    if (count > dataAvail() / size) {
      throw new BadParcelableException(count + " elements in " + dataAvail() + " bytes");
    }
    return count;
  }

  public void writeIntArray(int[] value) {
    writeInt(value == null ? -1 : value.length);
    for (int element : value == null ? new int[0] : value) {
      writeInt(element);
    }
  }

  public int[] createIntArray() {
    int count = readCount(4);
    if (count < 0) {
      return null;
    }
    int[] array = new int[count];
    for (int at = 0; at < count; at++) {
      array[at] = readInt();
    }
    return array;
  }

  public void writeStringArray(String[] value) {
    writeInt(value == null ? -1 : value.length);
    for (String element : value == null ? new String[0] : value) {
      writeString(element);
    }
  }

  public String[] createStringArray() {
    int count = readCount(4);
    if (count < 0) {
      return null;
    }
    String[] array = new String[count];
    for (int at = 0; at < count; at++) {
      array[at] = readString();
    }
    return array;
  }

  public <T extends Parcelable> void writeTypedObject(T value, int flags) {
    writeInt(value == null ? 0 : 1);
    if (value != null) {
      value.writeToParcel(this, flags);
    }
  }

  public <T> T readTypedObject(Parcelable.Creator<T> creator) {
    return readInt() == 0 ? null : creator.createFromParcel(this);
  }

  public <T extends Parcelable> void writeTypedArray(T[] value, int flags) {
    writeInt(value == null ? -1 : value.length);
    if (value != null) {
      for (T element : value) {
        writeTypedObject(element, flags);
      }
    }
  }

  public <T> T[] createTypedArray(Parcelable.Creator<T> creator) {
    int count = readCount(4);
    if (count < 0) {
      return null;
    }
    T[] array = creator.newArray(count);
    for (int at = 0; at < count; at++) {
      array[at] = readTypedObject(creator);
    }
    return array;
  }

  /** Not as on Android, where the driver puts the object: here nothing of it is in the bytes. */
  public void writeStrongBinder(IBinder value) {
    binder = value;
  }

  private IBinder binder;

  public IBinder readStrongBinder() {
    return binder;
  }

  public void writeInterfaceToken(String descriptor) {
    writeInt(0);
    writeInt(NO_WORK_SOURCE);
    writeInt(HEADER);
    writeString(descriptor);
    afterToken = position;
  }

  public void enforceInterface(String descriptor) {
    readInt();
    readInt();
    if (readInt() != HEADER || !descriptor.equals(readString())) {
      throw new SecurityException("Binder invocation to an incorrect interface");
    }
  }

  public void enforceNoDataAvail() {
    if (dataAvail() > 0) {
      throw new BadParcelableException(dataAvail() + " bytes too many");
    }
  }

  public void writeNoException() {
    writeInt(0);
  }

  public void writeException(Exception thrown) {
    ServiceSpecificException refusal = (ServiceSpecificException) thrown;
    writeInt(EX_SERVICE_SPECIFIC);
    writeString(refusal.getMessage());
    writeInt(0);
    writeInt(refusal.errorCode);
  }

  public void readException() {
    int code = readInt();
    for (int header : EX_HEADERS) {
      if (code == header) {
        throw new BadParcelableException("a reply header that this fake does not read: " + code);
      }
    }
    if (code == 0) {
      return;
    }
    String message = readString();
    setDataPosition(position + 4 + Math.max(0, peek()));
    if (code == EX_SERVICE_SPECIFIC) {
      throw new ServiceSpecificException(readInt(), message);
    }
    throw code == -1 ? new SecurityException(message) : new IllegalStateException(code + ": " + message);
  }

  private int peek() {
    int before = position;
    int value = readInt();
    position = before;
    return value;
  }
}
