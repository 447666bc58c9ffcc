package io.lakeloop.reward;

import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Encoded;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What sequences lose so that they fit the limits. */
public final class Cuts {
  private final ChatEncoder encoder;
  private long exchanges;
  private long prompts;
  private long messages;
  private long answers;
  private long tokens;

  private Cuts(ChatEncoder encoder) {
    this.encoder = encoder;
  }

  /** Counts what these exchanges lose. */
  public static Cuts of(ChatEncoder encoder, List<Exchange> exchanges) {
    Cuts cuts = new Cuts(encoder);
    exchanges.forEach(cuts::count);
    return cuts;
  }

  private void count(Exchange exchange) {
    Encoded prompt = encoder.fit(exchange.before());
    Encoded answer =
        encoder
            .tokenizer()
            .answer(exchange.before(), exchange.completion(), encoder.maxCompletionTokens());
    exchanges++;
    prompts += prompt.tokensCut() > 0 ? 1 : 0;
    messages += prompt.messagesCut();
    answers += answer.tokensCut() > 0 ? 1 : 0;
    tokens += prompt.tokensCut() + answer.tokensCut();
  }

  /** What there is to say: the limits, what was cut, and a warning where it is most of them. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        line(
            "prompts of up to %,d tokens, completions of up to %,d",
            encoder.maxPromptTokens(), encoder.maxCompletionTokens()));
    if (prompts + answers > 0) {
      lines.add(
          line(
              "cut: %,d of %,d prompts (%,d earlier messages), %,d answers; %,d tokens in all",
              prompts, exchanges, messages, answers, tokens));
    }
    if (2 * answers > exchanges) {
      lines.add(
          line(
              "WARNING: most answers (%,d of %,d) pass the limit of %,d tokens and never end: the"
                  + " model will not learn to stop. Raise max-completion-tokens.",
              answers, exchanges, encoder.maxCompletionTokens()));
    }
    if (2 * prompts > exchanges) {
      lines.add(
          line(
              "WARNING: most prompts (%,d of %,d) pass the limit of %,d tokens. Raise"
                  + " max-prompt-tokens.",
              prompts, exchanges, encoder.maxPromptTokens()));
    }
    return lines;
  }

  private static String line(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
  }
}
