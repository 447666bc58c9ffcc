package io.lakeloop.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.chat.Conversation;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.tokenizer.BpeTrainer;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What models read of pairs within limits, and limits that are taken from the data. */
class FittedPairsTest {
  @TempDir static Path folder;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void train() throws Exception {
    new BpeTrainer(300).train(List.of("one two three four"), folder);
    tokenizer = Tokenizer.open(folder);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  private static PreferencePair pair(String chosen, String rejected) {
    return new PreferencePair(Conversation.of("q"), chosen, rejected, 1, 1, 0);
  }

  @Test
  void pairsThatAreTheSameWithinTheLimitsAreLeftOutAndCounted() {
    String shared = "x".repeat(40);
    List<PreferencePair> pairs = List.of(pair("yes", "no"), pair(shared + "a", shared + "b"));
    FittedPairs fitted = FittedPairs.of(new ChatEncoder(tokenizer, 16, 8), pairs);
    assertThat(fitted.pairs()).containsExactly(pairs.get(0));
    assertThat(fitted.lines()).last().asString().startsWith("1 pairs left out");
    assertThat(FittedPairs.of(new ChatEncoder(tokenizer, 16, 64), pairs).pairs()).hasSize(2);
    ChatEncoder narrow = new ChatEncoder(tokenizer, 16, 8);
    assertThatThrownBy(() -> FittedPairs.of(narrow, pairs.subList(1, 2)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("within 8 tokens");
  }

  @Test
  void limitsAreThoseOf99Of100ExchangesAndOfTheModel() {
    List<Exchange> data =
        IntStream.range(0, 100)
            .mapToObj(
                i -> new Exchange("y".repeat(i == 0 ? 3000 : 30), "z".repeat(i == 0 ? 900 : 60)))
            .toList();
    ChatEncoder encoder = DataLimits.encoder(tokenizer, 0, 0, 4096, data);
    assertThat(encoder.maxPromptTokens()).isBetween(30, 40);
    assertThat(encoder.maxCompletionTokens()).isBetween(60, 72);
    assertThat(Cuts.of(encoder, data).lines().get(1)).startsWith("cut: 1 of 100 prompts");
    ChatEncoder small = DataLimits.encoder(tokenizer, 0, 0, 64, data);
    assertThat(small.maxPromptTokens() + small.maxCompletionTokens()).isLessThanOrEqualTo(64);
    assertThat(Cuts.of(small, data).lines())
        .anyMatch(line -> line.startsWith("WARNING: most answers"));
    assertThat(DataLimits.encoder(tokenizer, 10, 12, 4096, data))
        .isEqualTo(new ChatEncoder(tokenizer, 10, 12));
  }
}
