package io.lakeloop.text.personal;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** Check digits and checksums by which numbers are told from other numbers. */
final class Checksums {
  private static final String BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  private static final String BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  private static final int[][] DIHEDRAL = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
    {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
    {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
    {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
    {4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
    {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
    {6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
    {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
    {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
    {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}
  };
  private static final int[] TWIST = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};

  private Checksums() {}

  static String digits(String text) {
    StringBuilder digits = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      if (Character.isDigit(text.charAt(i))) {
        digits.append((char) ('0' + Character.digit(text.charAt(i), 10)));
      }
    }
    return digits.toString();
  }

  private static int at(String digits, int place) {
    return digits.charAt(place) - '0';
  }

  private static boolean uniform(String digits) {
    return digits.chars().distinct().count() == 1;
  }

  /** ISO/IEC 7812-1, annex B. */
  static boolean luhn(String digits) {
    int sum = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = at(digits, digits.length() - 1 - i);
      int weighted = i % 2 == 0 ? digit : 2 * digit;
      sum += weighted > 9 ? weighted - 9 : weighted;
    }
    return sum % 10 == 0 && !uniform(digits);
  }

  /** ISO 13616: the number with its first four characters moved behind leaves 1 by 97. */
  static boolean iban(String compact) {
    if (compact.length() < 15 || compact.length() > 34) {
      return false;
    }
    int rest = 0;
    for (int i = 0; i < compact.length(); i++) {
      int value = Character.getNumericValue(compact.charAt((i + 4) % compact.length()));
      rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
    }
    return rest == 1;
  }

  /** GTIN, of which ISBN of 13 digits and EAN are: weights of 1 and 3 in turn, by 10. */
  static boolean ean(String digits) {
    int sum = 0;
    for (int i = 0; i < digits.length(); i++) {
      sum += at(digits, digits.length() - 1 - i) * (i % 2 == 0 ? 1 : 3);
    }
    return sum % 10 == 0;
  }

  /** ISBN of 10 characters (ISO 2108, before 2007): weights of 10 to 1, by 11; X is 10. */
  static boolean isbn10(String compact) {
    int sum = 0;
    for (int i = 0; i < 10; i++) {
      char c = compact.charAt(i);
      sum += (10 - i) * (c == 'X' ? 10 : c - '0');
    }
    return sum % 11 == 0;
  }

  /** Sum of digits times weights, by 11 or another modulus. */
  private static int weighted(String digits, int modulus, int... weights) {
    int sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += at(digits, i) * weights[i];
    }
    return sum % modulus;
  }

  /** Aadhaar of India: Verhoeff's check over 12 digits, the first at least 2. */
  static boolean aadhaar(String digits) {
    int check = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = at(digits, digits.length() - 1 - i);
      for (int twist = 0; twist < i % 8; twist++) {
        digit = TWIST[digit];
      }
      check = DIHEDRAL[check][digit];
    }
    return digits.length() == 12 && digits.charAt(0) >= '2' && check == 0;
  }

  /** Resident identity number of China, GB 11643: 17 digits and a check modulo 11. */
  static boolean chinese(String id) {
    int rest = weighted(id, 11, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2);
    return "10X98765432".charAt(rest) == Character.toUpperCase(id.charAt(17));
  }

  /** CPF of Brazil: two check digits modulo 11. */
  static boolean cpf(String digits) {
    int first = 11 - weighted(digits, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2);
    int second = 11 - weighted(digits, 11, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2);
    return (first > 9 ? 0 : first) == at(digits, 9)
        && (second > 9 ? 0 : second) == at(digits, 10)
        && !uniform(digits);
  }

  /** Individual number of Japan: check digit modulo 11. */
  static boolean myNumber(String digits) {
    int rest = weighted(digits, 11, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2);
    return (rest <= 1 ? 0 : 11 - rest) == at(digits, 11) && !uniform(digits);
  }

  /** Tax identification number of Germany: ISO 7064, MOD 11,10. */
  static boolean steuerId(String digits) {
    int product = 10;
    for (int i = 0; i < 10; i++) {
      int sum = (at(digits, i) + product) % 10;
      product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return digits.charAt(0) != '0' && (11 - product) % 10 == at(digits, 10);
  }

  /** NIR of France: 97 less the number by 97; Corsica's 2A and 2B count as 19 and 18. */
  static boolean nir(String compact) {
    String number = compact.substring(0, 13).toUpperCase(java.util.Locale.ROOT);
    BigInteger value = new BigInteger(number.replace("2A", "19").replace("2B", "18"));
    int check = 97 - value.mod(BigInteger.valueOf(97)).intValue();
    return check == Integer.parseInt(compact.substring(13));
  }

  /** Codice fiscale of Italy: the last letter is a sum over the others by 26. */
  static boolean codiceFiscale(String code) {
    int[] odd = {
      1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23
    };
    int sum = 0;
    for (int i = 0; i < 15; i++) {
      char c = code.charAt(i);
      int value = c <= '9' ? c - '0' : c - 'A';
      sum += i % 2 == 0 ? odd[value] : value;
    }
    return code.charAt(15) == 'A' + sum % 26;
  }

  /** DNI and NIE of Spain: the letter is the number by 23. */
  static boolean dni(String id) {
    String number = id.replace("X", "0").replace("Y", "1").replace("Z", "2");
    int value = Integer.parseInt(number.substring(0, number.length() - 1).replaceAll("[A-Z]", ""));
    return "TRWAGMYFPDXBNJZSQVHLCKE".charAt(value % 23) == id.charAt(id.length() - 1);
  }

  /** NHS number of England: check digit modulo 11. */
  static boolean nhs(String digits) {
    int check = (11 - weighted(digits, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11;
    return check == at(digits, 9) && !uniform(digits);
  }

  /** Tax file number of Australia: weighted sum by 11 is 0. */
  static boolean tfn(String digits) {
    return weighted(digits, 11, 1, 4, 3, 7, 5, 8, 6, 9, 10) == 0 && !uniform(digits);
  }

  /** PESEL of Poland: check digit modulo 10. */
  static boolean pesel(String digits) {
    int check = (10 - weighted(digits, 10, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10;
    return check == at(digits, 10) && !uniform(digits);
  }

  /** Identity number of Turkey: two check digits. */
  static boolean tckn(String digits) {
    int tenth = weighted(digits, 10, 7, 9, 7, 9, 7, 9, 7, 9, 7);
    int eleventh = weighted(digits, 10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    return digits.charAt(0) != '0' && tenth == at(digits, 9) && eleventh == at(digits, 10);
  }

  /** Resident registration number of South Korea: check digit modulo 11. */
  static boolean rrn(String digits) {
    int rest = weighted(digits, 11, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5);
    return (11 - rest) % 10 == at(digits, 12);
  }

  /** Citizen service number of the Netherlands: the sum by 11 is 0. */
  static boolean bsn(String digits) {
    return (weighted(digits, 11, 9, 8, 7, 6, 5, 4, 3, 2) - at(digits, 8) + 11) % 11 == 0
        && !uniform(digits);
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Base58Check, as Bitcoin's older addresses have it: four bytes of a double SHA-256. */
  static boolean base58(String address) {
    BigInteger value = BigInteger.ZERO;
    for (char c : address.toCharArray()) {
      value = value.multiply(BigInteger.valueOf(58)).add(BigInteger.valueOf(BASE58.indexOf(c)));
    }
    byte[] raw = value.toByteArray();
    byte[] bytes = new byte[25];
    int significant = raw[0] == 0 ? raw.length - 1 : raw.length;
    if (significant > bytes.length) {
      return false;
    }
    System.arraycopy(raw, raw.length - significant, bytes, bytes.length - significant, significant);
    byte[] check = sha256(sha256(Arrays.copyOf(bytes, 21)));
    return Arrays.equals(Arrays.copyOf(check, 4), Arrays.copyOfRange(bytes, 21, 25));
  }

  /** BIP 173 and 350. */
  static boolean bech32(String address) {
    int mark = address.lastIndexOf('1');
    byte[] prefix = address.substring(0, mark).getBytes(StandardCharsets.US_ASCII);
    int state = 1;
    for (byte c : prefix) {
      state = polymod(state, c >> 5);
    }
    state = polymod(state, 0);
    for (byte c : prefix) {
      state = polymod(state, c & 31);
    }
    for (int i = mark + 1; i < address.length(); i++) {
      int value = BECH32.indexOf(address.charAt(i));
      if (value < 0) {
        return false;
      }
      state = polymod(state, value);
    }
    return state == 1 || state == 0x2bc830a3;
  }

  private static int polymod(int state, int value) {
    int[] generator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    int top = state >>> 25;
    int next = (state & 0x1ffffff) << 5 ^ value;
    for (int i = 0; i < 5; i++) {
      next ^= (top >> i & 1) == 1 ? generator[i] : 0;
    }
    return next;
  }
}
