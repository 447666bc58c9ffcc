package io.lakeloop.policy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.Checkpoints;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.JobPhase;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.session.TrainingSession;
import io.lakeloop.table.TableRows;
import io.lakeloop.table.TrainingTables;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Commits a policy's training step by step: what is to be told of the step, then the state behind
 * it, whose appearance is the commit. The tables follow every few steps, from what was committed,
 * each batch of steps under a number that Delta takes once. A step that was cut off is done again
 * with the same bits; so tables and state agree, without a duplicate or a hole.
 */
public final class StepCommits {
  private static final String STATE_JSON = "state.json";
  private static final String TOLD_JSON = "told.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JobContext context;
  private final TrainingSession session;
  private final Checkpoints states;
  private final Checkpoints told;
  private final StepMetrics metrics;
  private final int tablesEvery;

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
    if (tablesAreDue(state.step())) {
      tell(state.step());
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
   * Commits.
   *
   * @param last true if no other commit follows
   * @param values metrics by step, counted from 0, since the last commit
   */
  public void commit(
      PolicyTrainer.State after,
      boolean last,
      Map<Integer, Map<String, Double>> values,
      List<Trajectory> trajectories) {
    JobPhase.run(
        context.spark().sparkContext(),
        "commit",
        () -> committed(after, last, values, trajectories));
  }

  private void committed(
      PolicyTrainer.State after,
      boolean last,
      Map<Integer, Map<String, Double>> values,
      List<Trajectory> trajectories) {
    try {
      told.commit(after.step(), folder -> write(folder, TOLD_JSON, new Told(values, trajectories)));
      states.commit(
          after.step(),
          folder -> {
            session.saveState(folder);
            write(folder, STATE_JSON, after);
          });
      List<Integer> kept = new ArrayList<>(states.steps());
      kept.subList(0, Math.max(0, kept.size() - 2)).clear();
      kept.add(after.watch().bestStep());
      states.retain(kept);
      if (last || tablesAreDue(after.step())) {
        tell(after.step());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Steps at fixed numbers, so that an attempt that goes on writes the same batches. */
  private boolean tablesAreDue(int step) {
    return step % tablesEvery == 0;
  }

  private static void write(Path folder, String name, Object value) throws IOException {
    JSON.writeValue(folder.resolve(name).toFile(), value);
  }

  /** Brings the tables up to the step, from what was committed since they were last. */
  private void tell(int upTo) throws IOException {
    TableRows rows = new TableRows(TrainingTables.TRAJECTORIES);
    boolean any = false;
    List<Integer> steps = told.steps();
    for (int step : steps.stream().filter(s -> s <= upTo).toList()) {
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
    told.retain(steps.stream().filter(s -> s > upTo).toList());
  }

  private UserError damaged(int step) {
    return new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot write step %d of run %s to the tables: what was committed of it is damaged. Begin a"
            + " new run.",
        step,
        context.runId());
  }

  /**
   * Records what the run has appended in all, bringing the tables up first where an earlier attempt
   * was cut off before it could.
   *
   * @param trajectories rows that there must be
   * @throws UserError INTERNAL if there are others: somebody has deleted or added rows
   */
  public void close(PolicyTrainer.State end, long trajectories) throws IOException {
    if (!told.steps().isEmpty()) {
      tell(end.step());
    }
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

  private Map<String, Object> row(Trajectory trajectory) {
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", context.runId());
    row.put("step", (long) trajectory.step());
    row.put("prompt_id", (long) trajectory.promptId());
    row.put("sample", (long) trajectory.sample());
    row.put("prompt", trajectory.prompt());
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
