package io.lakeloop.feedback;

import io.lakeloop.text.Redactor;

/**
 * Why a record cannot be used.
 *
 * @param code for counting
 * @param reason with the values, for reading; free of personal data
 */
public record Refusal(String code, String reason) {
  private static final int LONGEST_PAYLOAD = 4000;

  /** The part of a refused record that may be kept: bounded, personal data replaced. */
  public static String payload(String record) {
    String cut = record.length() > LONGEST_PAYLOAD ? record.substring(0, LONGEST_PAYLOAD) : record;
    return new Redactor().redact(cut.replace("\u0000", "")).text();
  }
}
