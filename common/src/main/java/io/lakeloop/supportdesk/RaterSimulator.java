package io.lakeloop.supportdesk;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.algorithm.CounterRandom;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** Lets the simulated raters answer a labeling queue and writes what they said as CSV. */
public final class RaterSimulator {
  private static final Instant FIRST_DAY = Instant.parse("2026-02-02T09:00:00Z");

  private final int labelsPerItem;
  private final long seed;

  public RaterSimulator(int labelsPerItem, long seed) {
    this.labelsPerItem = labelsPerItem;
    this.seed = seed;
  }

  /** An item of the queue. */
  public record Item(
      String id, String prompt, String completionA, String completionB, boolean gold) {}

  /**
   * Writes {@code labels.csv} and {@code raters.json}, which says what each rater is like.
   *
   * @return labels written
   */
  public long write(Path folder, List<Item> items) throws IOException {
    Files.createDirectories(folder);
    List<SimulatedRater> team = SimulatedRater.team();
    long labels = 0;
    try (BufferedWriter out =
        Files.newBufferedWriter(folder.resolve("labels.csv"), StandardCharsets.UTF_8)) {
      out.write(
          "item_id,rater_id,question,value,shown_position,started_at,submitted_at,cohort,guideline_version,batch\n");
      for (int i = 0; i < items.size(); i++) {
        // Everybody answers the gold questions.
        int raters = items.get(i).gold() ? team.size() : Math.min(labelsPerItem, team.size());
        int[] order = CounterRandom.permutation(team.size(), seed, i);
        for (int r = 0; r < raters; r++) {
          out.write(
              line(
                  items.get(i),
                  i,
                  (double) i / items.size(),
                  team.get(order[r]),
                  CounterRandom.bits(seed, i, order[r])));
          labels++;
        }
      }
    }
    writeTruth(folder.resolve("raters.json"), team);
    return labels;
  }

  private static String line(Item item, int place, double elapsed, SimulatedRater rater, long key) {
    boolean aIsLeft = CounterRandom.uniform(key, 10) < 0.5;
    String value =
        rater.answer(item.prompt(), item.completionA(), item.completionB(), aIsLeft, elapsed, key);
    Instant started = FIRST_DAY.plusSeconds(40L * place + CounterRandom.below(30, key, 11));
    Instant submitted =
        started.plusSeconds(rater.seconds(item.completionA(), item.completionB(), key));
    return String.format(
        Locale.ROOT,
        "%s,%s,preference,%s,%s,%s,%s,%s,v1,batch-1%n",
        quoted(item.id()),
        rater.id(),
        value,
        aIsLeft ? "ab" : "ba",
        started,
        submitted,
        rater.cohort());
  }

  /** As a cell of CSV: ids that come with an imported queue may hold anything. */
  private static String quoted(String id) {
    return id.matches("[\\w.:-]+") ? id : '"' + id.replace("\"", "\"\"") + '"';
  }

  private static void writeTruth(Path file, List<SimulatedRater> team) throws IOException {
    ObjectNode truth = new ObjectMapper().createObjectNode();
    for (SimulatedRater rater : team) {
      truth
          .putObject(rater.id())
          .put("kind", rater.kind().name().toLowerCase(Locale.ROOT))
          .put("skill", rater.skill())
          .put("cohort", rater.cohort());
    }
    new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(file.toFile(), truth);
  }
}
