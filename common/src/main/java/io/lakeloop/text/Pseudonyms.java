package io.lakeloop.text;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Keyed hashes (HMAC-SHA-256) that stand in for user ids; without the key none can be checked. */
public final class Pseudonyms {
  private static final int HEX_DIGITS = 32;

  private final Mac mac;

  /** Not thread-safe: one per task. */
  public Pseudonyms(byte[] key) {
    try {
      mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public String of(String identity) {
    byte[] hash = mac.doFinal(identity.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(hash, 0, HEX_DIGITS / 2);
  }
}
