package android.net;

/** packages/modules/Connectivity/framework/src/android/net/Network.java */
public class Network {}
