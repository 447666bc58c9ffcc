package io.lakeloop.reward;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Pairs as a model reads them. Where both answers are the same within the limits there is nothing
 * to choose, and such pairs are left out: a model would be told to prefer a text to itself.
 *
 * @param equal how many were left out
 * @param cuts what the others lose
 */
public record FittedPairs(List<PreferencePair> pairs, int equal, Cuts cuts) {

  /**
   * @throws UserError DATA_EMPTY if none is left
   */
  public static FittedPairs of(ChatEncoder encoder, List<PreferencePair> pairs) {
    List<PreferencePair> kept = pairs.stream().filter(pair -> tellsApart(encoder, pair)).toList();
    if (kept.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot learn from these %d pairs: within %d tokens the two answers of each are the same."
              + " Raise limits.max-completion-tokens.",
          pairs.size(),
          encoder.maxCompletionTokens());
    }
    return new FittedPairs(kept, pairs.size() - kept.size(), Cuts.of(encoder, exchanges(kept)));
  }

  /** Whether the answers of a pair differ within the limits. */
  static boolean tellsApart(ChatEncoder encoder, PreferencePair pair) {
    return !Arrays.equals(
        encoder.sequence(pair.before(), pair.chosen()).tokens(),
        encoder.sequence(pair.before(), pair.rejected()).tokens());
  }

  /** Both answers of each pair. */
  public static List<Exchange> exchanges(List<PreferencePair> pairs) {
    List<Exchange> exchanges = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      exchanges.add(pair.chosenExchange());
      exchanges.add(pair.rejectedExchange());
    }
    return exchanges;
  }

  /** What there is to say. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>(cuts.lines());
    if (equal > 0) {
      lines.add(
          equal
              + " pairs left out: within the limits their two answers are the same, "
              + pairs.size()
              + " are left");
    }
    return lines;
  }
}
