package io.lakeloop.jobs.training;

import io.lakeloop.chat.Role;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.policy.SftTrainer;
import io.lakeloop.reward.Exchange;
import io.lakeloop.run.StepMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What answers cost after training by how deep in their conversation they stand: {@code
 * loss/turn_1} is the mean over first answers of the mean of -log p of their tokens; later than the
 * {@value #LAST}th count together.
 */
final class LossByTurn {
  private static final int MEASURED = 512;
  private static final int LAST = 8;

  private final SftTrainer trainer;
  private final ChatEncoder encoder;
  private final int batchSize;

  LossByTurn(SftTrainer trainer, ChatEncoder encoder, int batchSize) {
    this.trainer = trainer;
    this.encoder = encoder;
    this.batchSize = batchSize;
  }

  /** Keeps the metrics, and how many answers each rests on, under step 0. */
  void keep(List<Exchange> exchanges, StepMetrics metrics) {
    int step = Math.max(1, exchanges.size() / MEASURED);
    List<Exchange> some =
        IntStream.range(0, exchanges.size())
            .filter(i -> i % step == 0)
            .mapToObj(exchanges::get)
            .toList();
    Map<Integer, List<Double>> byTurn = new TreeMap<>();
    for (int from = 0; from < some.size(); from += batchSize) {
      List<Exchange> batch = some.subList(from, Math.min(some.size(), from + batchSize));
      double[] losses =
          trainer.losses(
              batch.stream()
                  .map(e -> encoder.sequence(e.before(), e.completion()))
                  .map(SftTrainer.Example::of)
                  .toList());
      for (int i = 0; i < losses.length; i++) {
        byTurn.computeIfAbsent(turn(batch.get(i)), any -> new ArrayList<>()).add(losses[i]);
      }
    }
    byTurn.forEach(
        (turn, losses) -> {
          Map<String, Double> kept = new TreeMap<>();
          kept.put("answers/turn_" + turn, (double) losses.size());
          kept.put(
              "loss/turn_" + turn, losses.stream().mapToDouble(l -> l).average().orElseThrow());
          metrics.keep(0, kept);
        });
  }

  private static int turn(Exchange exchange) {
    long users =
        exchange.before().messages().stream()
            .filter(message -> message.role() == Role.USER)
            .count();
    return (int) Math.min(LAST, users);
  }
}
