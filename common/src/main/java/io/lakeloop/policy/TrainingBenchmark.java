package io.lakeloop.policy;

import io.lakeloop.algorithm.KlEstimator;
import io.lakeloop.algorithm.Whitening;
import io.lakeloop.chat.Conversation;
import io.lakeloop.config.Name;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.tokenizer.BpeTrainer;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.reward.Exchange;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.Stopwatch;
import io.lakeloop.session.EngineSettings;
import io.lakeloop.session.Fleet;
import io.lakeloop.session.LearningRate;
import io.lakeloop.session.LocalSession;
import io.lakeloop.session.ModelLoader;
import io.lakeloop.session.SparkTrainingSession;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Measures where the time of a PPO step goes: new models of some sizes, all of whose weights are
 * trained, answer prompts at full length on one executor slot and on two. The logical shards are
 * the same, so both do the same work to the last bit.
 */
public final class TrainingBenchmark {
  private static final int SHARDS = 4;
  private static final int MANY_TASKS = 64;

  private final JobContext context;
  private final Shape shape;
  private final int steps;

  /**
   * What is trained on.
   *
   * @param prompts answered per step
   * @param completionTokens of each answer
   */
  public record Shape(
      int vocabSize, int layers, int promptTokens, int completionTokens, int prompts)
      implements Serializable {
    LmConfig model(int hiddenSize) {
      int heads = Math.max(1, hiddenSize / 64);
      return LmConfig.llama(
          vocabSize,
          hiddenSize,
          hiddenSize * 8 / 3 / 8 * 8,
          layers,
          heads,
          heads,
          promptTokens + completionTokens);
    }
  }

  /**
   * A mean step.
   *
   * @param payloadBytes of what is trained, which is published once a step and summed once a shard
   * @param executors slots that worked at once
   * @param seconds by phase, with {@code model_seconds/...} for what models computed of it
   */
  public record Result(long payloadBytes, int executors, Map<String, Double> seconds) {
    double of(String phase) {
      return seconds.getOrDefault("seconds/" + phase, 0.0);
    }

    /** Model computation of the step. */
    public double modelSeconds() {
      return seconds.get("model_seconds/step");
    }

    public double stepSeconds() {
      return seconds.get("seconds/step");
    }

    /** Share of the step in which no model computed. */
    public double otherShare() {
      return 1 - modelSeconds() / stepSeconds();
    }
  }

  /**
   * What a Spark job costs that does nothing.
   *
   * @param job seconds whatever the tasks
   * @param task seconds for each task
   */
  public record Launch(double job, double task) {}

  /**
   * @param steps measured for each size and number of executors, after one to warm up
   */
  public TrainingBenchmark(JobContext context, Shape shape, int steps) {
    this.context = context;
    this.shape = shape;
    this.steps = steps;
  }

  /** Told of each result. */
  @FunctionalInterface
  public interface Listener {
    void measured(Result result);
  }

  public void run(List<Integer> hiddenSizes, ModelLoader models, Listener listener)
      throws IOException {
    Path words = context.draft(Name.parse("benchmark"));
    List<String> prompts =
        IntStream.range(0, shape.prompts()).mapToObj(i -> "prompt number " + i).toList();
    new BpeTrainer(300).train(prompts, words);
    int done = 0;
    try (Tokenizer tokenizer = Tokenizer.open(words)) {
      ChatEncoder encoder =
          new ChatEncoder(tokenizer, shape.promptTokens(), shape.completionTokens());
      for (int hiddenSize : hiddenSizes) {
        for (int executors : new int[] {1, 2}) {
          listener.measured(measure(hiddenSize, executors, encoder, prompts, models, done));
          done += steps + 1;
        }
      }
    }
  }

  private static LocalSession session(LmConfig config, ModelLoader models) {
    return new LocalSession(
        CausalLm.initialise(config, 1, models.compute(), models.precision()),
        EngineSettings.plain(64),
        1);
  }

  private Result measure(
      int hiddenSize,
      int executors,
      ChatEncoder encoder,
      List<String> prompts,
      ModelLoader models,
      int stepsBefore)
      throws IOException {
    Shape size = shape;
    PolicySettings settings = settings();
    List<Map<String, Double>> measured = new ArrayList<>();
    try (Fleet fleet = Fleet.forRun(context, new Fleet.Settings(SHARDS, executors, 0, 32), models);
        LocalSession master = session(size.model(hiddenSize), models);
        SparkTrainingSession policy =
            new SparkTrainingSession(
                fleet, "policy", loader -> session(size.model(hiddenSize), loader), master);
        SparkTrainingSession reference =
            new SparkTrainingSession(
                fleet, "reference", loader -> session(size.model(hiddenSize), loader), null);
        SparkTrainingSession reward =
            new SparkTrainingSession(
                fleet, "scoring", loader -> session(size.model(hiddenSize), loader), null);
        StepCommits commits = new StepCommits(context, policy, Integer.MAX_VALUE)) {
      List<StepCommits.Seconds> committed = new ArrayList<>();
      new PolicyTrainer(
              new PolicyTrainer.Roles(
                  policy,
                  reference,
                  exchanges -> score(reward, encoder, exchanges),
                  fleet.phases()),
              encoder,
              settings,
              1)
          .train(
              PolicyTrainer.State.begin(settings),
              prompts.stream().map(Conversation::of).toList(),
              null,
              (after, trajectories, metrics) -> {
                measured.add(metrics);
                int number = stepsBefore + after.step();
                committed.add(
                    commits.commit(
                        after.at(number),
                        false,
                        Map.of(number - 1, metrics),
                        trajectories.stream().map(t -> t.at(number - 1)).toList()));
              });
      double tables = Stopwatch.seconds(() -> flush(commits, settings, stepsBefore + steps + 1));
      Map<String, Double> seconds = mean(measured.subList(1, steps + 1));
      seconds.put(
          "seconds/told",
          committed.stream().mapToDouble(StepCommits.Seconds::told).average().orElseThrow());
      seconds.put("seconds/tables", tables);
      return new Result(policy.payloadBytes(), executors, seconds);
    }
  }

  /** The scalar head at the last token, as a reward model reads it. */
  private static double[] score(
      SparkTrainingSession reward, ChatEncoder encoder, List<Exchange> exchanges) {
    List<ChatEncoder.Sequence> sequences =
        exchanges.stream().map(e -> encoder.sequence(e.before(), e.completion())).toList();
    float[][] values = reward.evaluate(Rollout.masked(sequences)).values();
    double[] scores = new double[values.length];
    for (int b = 0; b < scores.length; b++) {
      scores[b] = values[b][sequences.get(b).tokens().length - 2];
    }
    return scores;
  }

  private static void flush(StepCommits commits, PolicySettings settings, int step) {
    try {
      commits.flush(PolicyTrainer.State.begin(settings).at(step));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Double> mean(List<Map<String, Double>> steps) {
    Map<String, Double> mean = new LinkedHashMap<>();
    for (Map<String, Double> step : steps) {
      step.forEach(
          (name, value) -> {
            if (name.contains("seconds/")) {
              mean.merge(name, value / steps.size(), Double::sum);
            }
          });
    }
    return mean;
  }

  private PolicySettings settings() {
    return new PolicySettings(
        PolicySettings.Method.PPO,
        new PolicySettings.Rollouts(
            steps + 1, shape.prompts(), 1, 1, PolicySettings.MissingEnd.PENALTY, 0, 0),
        new PolicySettings.Kl(0.1, 0, 10_000, KlEstimator.K1),
        new PolicySettings.Advantages(
            1, 0.95, PolicySettings.ScoreAt.END, false, true, Whitening.Variance.POPULATION),
        new PolicySettings.Update(
            2,
            1,
            1e-5,
            LearningRate.Schedule.CONSTANT,
            1,
            0.95,
            1e-5,
            AdamW.Form.PYTORCH,
            0.2,
            0,
            0.2,
            0.1,
            PolicySettings.LossMean.TOKEN,
            0,
            1,
            10));
  }

  /** Times jobs that do nothing, with one task and with many. */
  public static Launch launch(JobContext context, ModelLoader models) {
    double one = empty(context, models, 1);
    double many = empty(context, models, MANY_TASKS);
    double task = Math.max(0, (many - one) / (MANY_TASKS - 1));
    return new Launch(Math.max(0, one - task), task);
  }

  private static double empty(JobContext context, ModelLoader models, int tasks) {
    List<Integer> items = IntStream.range(0, tasks).boxed().toList();
    try (Fleet fleet = Fleet.forRun(context, new Fleet.Settings(tasks, tasks, 0, 32), models)) {
      double least = Double.MAX_VALUE;
      for (int i = 0; i < 8; i++) {
        least =
            Math.min(
                least, Stopwatch.seconds(() -> fleet.map("empty", items, (slot, part) -> part)));
      }
      return least;
    }
  }

  /**
   * A step on many executors, each of which works on a batch of the measured size, by the parts
   * that were measured on one:
   *
   * <pre>
   * step(E) = models + jobs (job + E task) + optimizer + publish + 2 p ceil(log2 E) / w
   *           + 2 min(E r p, 2 p / w + r p) + commit + (E - 1) told
   * </pre>
   *
   * with p the payload, w the network's bytes per second, and r the measured seconds by which the
   * driver takes in and adds up a byte of a gradient, two updates a step. The minimum is the
   * driver's own sum or the shuffle's; told is the share of the commit that grows with the batch.
   * The tables follow beside the training.
   *
   * @param jobs Spark jobs of a step
   */
  public record Scaling(Result one, Launch launch, int jobs, double bytesPerSecond) {

    /** Seconds by part. */
    public Map<String, Double> parts(int executors) {
      double payload = one.payloadBytes();
      double perByte = one.of("reduce") / (2.0 * payload);
      Map<String, Double> parts = new LinkedHashMap<>();
      parts.put("models", one.modelSeconds());
      parts.put("scheduling", jobs * (launch.job() + executors * launch.task()));
      parts.put(
          "publish",
          one.of("publish")
              + 2 * payload * Math.ceil(Math.log(executors) / Math.log(2)) / bytesPerSecond);
      parts.put(
          "reduce",
          2
              * Math.min(
                  executors * perByte * payload, 2 * payload / bytesPerSecond + perByte * payload));
      parts.put("optimizer", one.of("optimizer"));
      parts.put("commit", one.of("commit") + (executors - 1) * one.of("told"));
      return parts;
    }

    public double stepSeconds(int executors) {
      return parts(executors).values().stream().mapToDouble(Double::doubleValue).sum();
    }
  }
}
