package io.lakeloop.text.personal;

/** Kinds of personal data; placeholders and columns carry these names. */
public enum Kind {
  EMAIL,
  PHONE,
  CARD,
  IBAN,
  SSN,
  NATIONAL_ID,
  DRIVER_LICENCE,
  IP,
  MAC,
  URL_CREDENTIALS,
  SECRET,
  BIRTH_DATE,
  POSTAL_CODE,
  CRYPTO_ADDRESS,
  /** Found and measured, but replaced only where settings say so: answers often cite pages. */
  URL,
  /** Only by a trained recogniser. */
  NAME,
  /** Only by a trained recogniser. */
  ADDRESS
}
