package io.lakeloop.text;

import java.util.Arrays;

/**
 * The words of a text, parted at white space, each as a hash of its lower-case letters and digits:
 * one pass that language and quality rules share.
 */
public final class Words {
  private int count;
  private int[] hashes = new int[64];
  private int[] lengths = new int[64];
  private int alphabetic;
  private int letters;
  private int visible;

  private Words() {}

  /** Parts the text. */
  public static Words of(String text) {
    Words words = new Words();
    int start = -1;
    for (int i = 0; i <= text.length(); i++) {
      boolean gap = i == text.length() || Character.isWhitespace(text.charAt(i));
      if (gap && start >= 0) {
        words.add(text, start, i);
        start = -1;
      } else if (!gap && start < 0) {
        start = i;
      }
    }
    return words;
  }

  private void add(String text, int start, int end) {
    int hash = 0;
    int before = letters;
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      if (c >= 'a' && c <= 'z' || Character.isLetter(c)) {
        letters++;
        hash = 31 * hash + Character.toLowerCase(c);
      } else if (c >= '0' && c <= '9') {
        hash = 31 * hash + c;
      }
    }
    if (count == hashes.length) {
      hashes = Arrays.copyOf(hashes, 2 * count);
      lengths = Arrays.copyOf(lengths, 2 * count);
    }
    hashes[count] = hash;
    lengths[count] = end - start;
    count++;
    visible += end - start;
    alphabetic += letters > before ? 1 : 0;
  }

  /** How a word is hashed, for tables of known words. */
  static int hash(String word) {
    int hash = 0;
    for (int i = 0; i < word.length(); i++) {
      hash = 31 * hash + word.charAt(i);
    }
    return hash;
  }

  public int count() {
    return count;
  }

  int hash(int word) {
    return hashes[word];
  }

  int length(int word) {
    return lengths[word];
  }

  /** Words with a letter in them. */
  int alphabetic() {
    return alphabetic;
  }

  /** Letters in all words. */
  int letters() {
    return letters;
  }

  /** Characters that are no white space. */
  int visible() {
    return visible;
  }
}
