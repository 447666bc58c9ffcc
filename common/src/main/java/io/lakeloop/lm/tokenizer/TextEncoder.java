package io.lakeloop.lm.tokenizer;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.chat.jinja.Span;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Encodes texts in which some special tokens are marked as people's words: those that are not
 * marked become special ids, the others letters, in one pass, so that nothing else changes.
 */
final class TextEncoder implements AutoCloseable {
  /** Unless told otherwise the binding cuts at 512 tokens and pads. */
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false");

  private final HuggingFaceTokenizer open;
  private final byte[] tokenizerJson;
  private final Map<String, Integer> specialTokens;
  private final Marks marks;
  private HuggingFaceTokenizer secret;
  private Map<String, String> secretNames;
  private int opening = -1;

  /**
   * @param tokenizerJson what {@code open} was made of
   * @param specialTokens their ids
   */
  TextEncoder(HuggingFaceTokenizer open, byte[] tokenizerJson, Map<String, Integer> specialTokens) {
    this.open = open;
    this.tokenizerJson = tokenizerJson;
    this.specialTokens = specialTokens;
    this.marks = new Marks(specialTokens.keySet());
  }

  Marks marks() {
    return marks;
  }

  /** Ids of a text as the tokenizer itself reads it, with what it adds. */
  int[] added(String text) {
    return ids(open.encode(text, true, false));
  }

  /** Ids of a text of people's alone: none of them is special. */
  int[] words(String text) {
    if (!marks.areNeeded(text)) {
      return ids(open.encode(text, false, false));
    }
    char mark = Marks.free(List.of(text));
    return ids(marks.marked(text, mark), mark);
  }

  int[] ids(String marked, char mark) {
    if (!Marks.areIn(marked, mark)) {
      return ids(open.encode(marked, false, false));
    }
    return ids(secretly(marked, mark).encoding());
  }

  /** A text of people's with that mark behind what reads as special. */
  String mark(String words, char mark) {
    return mark == Marks.NONE ? words : marks.marked(words, mark);
  }

  /**
   * Ids of a text that goes on from another: without the blank that some tokenizers set before a
   * beginning.
   *
   * @param anchors what it may go on from, tried in turn
   */
  int[] continuation(String marked, char mark, List<String> anchors) {
    for (String anchor : anchors) {
      int[] before = ids(open.encode(anchor, false, false));
      int[] both = ids(anchor + marked, mark);
      if (both.length >= before.length
          && Arrays.equals(before, 0, before.length, both, 0, before.length)) {
        return Arrays.copyOfRange(both, before.length, both.length);
      }
    }
    return ids(marked, mark);
  }

  /**
   * What the tokenizer itself sets before a text; what it sets behind one is left out, since an
   * answer is still to come.
   */
  int[] opening() {
    int[] plain = ids(open.encode("a", false, false));
    int[] added = added("a");
    for (int i = 0; i + plain.length <= added.length; i++) {
      if (Arrays.equals(plain, 0, plain.length, added, i, i + plain.length)) {
        return Arrays.copyOf(added, i);
      }
    }
    return new int[0];
  }

  private record Secret(Encoding encoding, Marks.Located text) {}

  private synchronized Secret secretly(String marked, char mark) {
    int free =
        opening >= 0 && marked.indexOf(opening) < 0 ? opening : SecretVocabulary.opening(marked);
    if (free < 0) {
      throw new UserError(
          ErrorCode.INPUT_UNREADABLE,
          "Cannot encode a text: it holds every private letter from U+FFF00 on, and special tokens"
              + " as words. Remove the letters.");
    }
    if (free != opening) {
      rebuild(free);
    }
    Marks.Located text = marks.unmarked(marked, mark, secretNames::get);
    return new Secret(secret.encode(text.text(), false, false), text);
  }

  private void rebuild(int free) {
    try {
      ObjectMapper json = new ObjectMapper();
      ObjectNode renamed = (ObjectNode) json.readTree(tokenizerJson);
      Map<String, String> names = SecretVocabulary.names(specialTokens.keySet(), free);
      SecretVocabulary.rename(renamed, names);
      if (secret != null) {
        secret.close();
      }
      try (InputStream in = new ByteArrayInputStream(json.writeValueAsBytes(renamed))) {
        secret = HuggingFaceTokenizer.newInstance(in, OPTIONS);
      }
      secretNames = names;
      opening = free;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    requireSameIds();
  }

  private void requireSameIds() {
    specialTokens.forEach(
        (token, id) -> {
          int[] one = {id};
          boolean known = Arrays.equals(ids(open.encode(token, false, false)), one);
          String name = secretNames.get(token);
          if (known && !Arrays.equals(ids(secret.encode(name, false, false)), one)) {
            throw new IllegalStateException("special token " + token + " changed its id");
          }
        });
  }

  /** Ids of a marked text, and which of them stand within these parts of it. */
  Turns within(String marked, char mark, List<Span> spans) {
    Encoding encoding;
    int[] starts;
    if (Marks.areIn(marked, mark)) {
      Secret said = secretly(marked, mark);
      encoding = said.encoding();
      starts = starts(encoding, said.text());
    } else {
      Marks.Located same = marks.unmarked(marked, mark, token -> token);
      encoding = open.encode(marked, false, false);
      starts = starts(encoding, same);
    }
    return new Turns(ids(encoding), within(starts, spans), 0, 0);
  }

  private static boolean[] within(int[] starts, List<Span> spans) {
    boolean[] within = new boolean[starts.length];
    int next = 0;
    for (int i = 0; i < starts.length; i++) {
      while (next < spans.size() && spans.get(next).end() <= starts[i]) {
        next++;
      }
      within[i] = next < spans.size() && spans.get(next).start() <= starts[i];
    }
    return within;
  }

  /** Where each token begins in the marked text; one without a place goes with its neighbour. */
  private static int[] starts(Encoding encoding, Marks.Located text) {
    CharSpan[] spans = encoding.getCharTokenSpans();
    int[] starts = new int[spans.length];
    for (int i = 0; i < spans.length; i++) {
      starts[i] = spans[i] == null ? (i == 0 ? 0 : starts[i - 1]) : text.place(spans[i].getStart());
    }
    return starts;
  }

  private static int[] ids(Encoding encoding) {
    return Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray();
  }

  String decode(long[] ids) {
    return open.decode(ids, true);
  }

  @Override
  public synchronized void close() {
    open.close();
    if (secret != null) {
      secret.close();
    }
  }
}
