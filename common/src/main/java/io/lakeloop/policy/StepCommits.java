package io.lakeloop.policy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.Checkpoints;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.JobPhase;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.run.Stopwatch;
import io.lakeloop.session.TrainingSession;
import io.lakeloop.table.Messages;
import io.lakeloop.table.TableRows;
import io.lakeloop.table.TrainingTables;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;

/**
 * Commits a policy's training step by step: what is to be told of the step, then the state behind
 * it, whose appearance is the commit. The tables follow every few steps while training goes on,
 * from what was committed, each batch of steps under a number that Delta takes once. A step that
 * was cut off is done again with the same bits; so tables and state agree, without a duplicate or a
 * hole.
 */
public final class StepCommits implements AutoCloseable {
  private static final String STATE_JSON = "state.json";
  private static final String TOLD_JSON = "told.json";
  private static final int STATES_KEPT = 2;
  private static final int LONGEST_WRITE_MINUTES = 10;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JobContext context;
  private final TrainingSession session;
  private final Checkpoints states;
  private final Checkpoints told;
  private final StepMetrics metrics;
  private final int tablesEvery;
  private final ExecutorService writer = Executors.newSingleThreadExecutor();
  private Future<?> writing = CompletableFuture.completedFuture(null);

  /**
   * Opens the commits of a run.
   *
   * @param tablesEvery commits between two writes to the tables
   */
  public StepCommits(JobContext context, TrainingSession session, int tablesEvery) {
    this.context = context;
    this.session = session;
    this.states = context.checkpoints("states");
    this.told = context.checkpoints("told");
    this.metrics = new StepMetrics(context, "policy");
    this.tablesEvery = tablesEvery;
  }

  /**
   * What a commit tells the tables.
   *
   * @param metrics by step, counted from 0
   */
  private record Told(Map<Integer, Map<String, Double>> metrics, List<Trajectory> trajectories) {}

  /**
   * Where the run goes on: behind the last commit, or at {@code begin} where there is none. The
   * session takes up that state.
   */
  public PolicyTrainer.State resume(PolicyTrainer.State begin) throws IOException {
    Optional<Checkpoints.Checkpoint> latest = states.latest();
    if (latest.isEmpty()) {
      return begin;
    }
    PolicyTrainer.State state = load(latest.get());
    context.say("goes on behind step %,d, the last that was committed", state.step());
    // Batches that were committed, but may not have reached the tables.
    for (int step : told.steps()) {
      if (step <= state.step() && step % tablesEvery == 0) {
        tell(step);
      }
    }
    return state;
  }

  private PolicyTrainer.State load(Checkpoints.Checkpoint checkpoint) throws IOException {
    session.loadState(checkpoint.folder());
    return JSON.readValue(
        checkpoint.folder().resolve(STATE_JSON).toFile(), PolicyTrainer.State.class);
  }

  /** Lets the session take up the best state that the watch has seen. */
  public void loadBest(PolicyTrainer.State state) throws IOException {
    int best = state.watch().bestStep();
    context.say(
        "stopped behind step %,d: the held-out reward has fallen while the proxy rose; step %,d was"
            + " best",
        state.step(), best);
    Optional<Checkpoints.Checkpoint> found = states.at(best);
    if (found.isEmpty()) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot take up step %d of run %s: its state is gone or damaged. Begin a new run.",
          best,
          context.runId());
    }
    load(found.get());
  }

  /** Shows a step, counted from 0, to who watches. */
  public void show(int step, int total, Map<String, Double> values, String watched) {
    metrics.show(step, total, values, watched);
  }

  /**
   * What a commit took.
   *
   * @param told for what the tables are told, which grows with the batch
   * @param state for weights and optimizer
   */
  public record Seconds(double told, double state) {}

  /**
   * Commits.
   *
   * @param last true if no other commit follows
   * @param values metrics by step, counted from 0, since the last commit
   */
  public Seconds commit(
      PolicyTrainer.State after,
      boolean last,
      Map<Integer, Map<String, Double>> values,
      List<Trajectory> trajectories) {
    try {
      double telling =
          Stopwatch.seconds(
              () ->
                  published(
                      told,
                      after.step(),
                      folder -> write(folder, TOLD_JSON, new Told(values, trajectories))));
      double saving =
          Stopwatch.seconds(
              () ->
                  published(
                      states,
                      after.step(),
                      folder -> {
                        session.saveState(folder);
                        write(folder, STATE_JSON, after);
                      }));
      List<Integer> past = states.steps();
      past = past.subList(0, Math.max(0, past.size() - STATES_KEPT));
      states.remove(past.stream().filter(step -> step != after.watch().bestStep()).toList());
      // Steps at fixed numbers, so that an attempt that goes on writes the same batches.
      if (last || after.step() % tablesEvery == 0) {
        await();
        writing = writer.submit(() -> JobPhase.run(spark(), "commit", () -> tell(after.step())));
      }
      return new Seconds(telling, saving);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void published(Checkpoints to, int step, Checkpoints.Writer writer) {
    try {
      to.commit(step, writer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path folder, String name, Object value) throws IOException {
    JSON.writeValue(folder.resolve(name).toFile(), value);
  }

  private SparkContext spark() {
    return context.spark().sparkContext();
  }

  /** Returns when the tables have what they were given; a failure of that is the run's. */
  private void await() {
    try {
      writing.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    }
  }

  /** Brings the tables up to the step, from what was committed since they were last. */
  private void tell(int upTo) {
    try {
      append(upTo);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void append(int upTo) throws IOException {
    TableRows rows = new TableRows(TrainingTables.TRAJECTORIES);
    boolean any = false;
    List<Integer> steps = told.steps().stream().filter(step -> step <= upTo).toList();
    for (int step : steps) {
      Path file = told.at(step).orElseThrow(() -> damaged(step)).folder().resolve(TOLD_JSON);
      Told of = JSON.readValue(file.toFile(), Told.class);
      of.metrics().forEach(metrics::keep);
      of.trajectories().forEach(trajectory -> rows.add(row(trajectory)));
      any |= !of.trajectories().isEmpty();
    }
    if (any) {
      context.tables().append(rows, upTo);
    }
    metrics.append(upTo);
    // Ascending, so that the last of a batch goes last: as long as any is there, it is.
    told.remove(steps);
  }

  private UserError damaged(int step) {
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot write step %d of run %s to the tables: what was committed of it is damaged. Begin a"
            + " new run.",
        step,
        context.runId());
  }

  /** Brings the tables up to the state now. */
  void flush(PolicyTrainer.State state) throws IOException {
    await();
    if (!told.steps().isEmpty()) {
      tell(state.step());
    }
  }

  /**
   * Records what the run has appended in all, bringing the tables up first where an earlier attempt
   * was cut off before it could.
   *
   * @param trajectories rows that there must be
   * @throws UserError INTERNAL if there are others: somebody has deleted or added rows
   */
  public void finish(PolicyTrainer.State end, long trajectories) throws IOException {
    flush(end);
    if (trajectories > 0) {
      long found = context.tables().appended(TrainingTables.TRAJECTORIES);
      if (found != trajectories) {
        throw new UserError(
            ErrorCode.INTERNAL,
            "Cannot finish run %s: trajectories holds %,d rows of it instead of %,d. Begin a new"
                + " run.",
            context.runId(),
            found,
            trajectories);
      }
    }
    context.tables().appended(TrainingTables.TRAINING_METRICS);
  }

  /** Lets a batch that is being written come to its end. */
  @Override
  public void close() {
    writer.shutdown();
    try {
      if (!writer.awaitTermination(LONGEST_WRITE_MINUTES, TimeUnit.MINUTES)) {
        context.say("a write to the tables is still going on; the run's next attempt ends it");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Map<String, Object> row(Trajectory trajectory) {
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", context.runId());
    row.put("step", (long) trajectory.step());
    row.put("prompt_id", (long) trajectory.promptId());
    row.put("sample", (long) trajectory.sample());
    row.put("prompt", trajectory.before().prompt());
    row.put("messages", Messages.rows(trajectory.before()));
    row.put("completion", trajectory.completion());
    row.put("completion_tokens", trajectory.completionTokens());
    row.put("log_probs", trajectory.logProbs());
    row.put("ref_log_probs", trajectory.refLogProbs());
    row.put("values", trajectory.values());
    row.put("rewards", trajectory.rewards());
    row.put("score", trajectory.score());
    row.put("safety_penalty", trajectory.safetyPenalty());
    row.put("kl", trajectory.kl());
    row.put("ended_by", trajectory.endedBy());
    return row;
  }
}
