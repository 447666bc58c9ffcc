package io.lakeloop.text.personal;

/**
 * Personal data in a text.
 *
 * @param start first character
 * @param end character behind the last
 * @param confidence 0 to 1
 */
public record Finding(Kind kind, int start, int end, double confidence) {
  boolean overlaps(Finding other) {
    return start < other.end && other.start < end;
  }
}
