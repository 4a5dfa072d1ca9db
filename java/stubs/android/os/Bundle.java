package android.os;

/** frameworks/base/core/java/android/os/Bundle.java */
public final class Bundle {}
