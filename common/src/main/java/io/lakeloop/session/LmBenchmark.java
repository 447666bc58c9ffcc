package io.lakeloop.session;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.algorithm.CrossEntropy;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.LoraConfig;
import io.lakeloop.lm.SpecialTokens;
import io.lakeloop.lm.TokenRows;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.run.Stopwatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Measures training and generation of a language model against the bare matrix products of the same
 * shapes. Work and products are timed in turn and their medians compared, so that a noisy machine
 * slows both.
 */
public final class LmBenchmark {
  private static final AdamW.Settings STEP = new AdamW.Settings(1e-4, 0.01, 1, 1e-8);
  private static final double LONG_SECONDS = 8;
  private static final SpecialTokens NONE = new SpecialTokens(List.of(), List.of());

  private final LmConfig config;
  private final Compute compute;
  private final int repeats;

  /**
   * @param repeats timings of each kind
   */
  public LmBenchmark(LmConfig config, Compute compute, int repeats) {
    this.config = config;
    this.compute = compute;
    this.repeats = repeats;
  }

  /**
   * One result.
   *
   * @param matmulShare time that the bare matrix products take / time that the work took
   * @param gigaflops rate of the bare matrix products
   */
  public record Result(String work, double tokensPerSecond, double matmulShare, double gigaflops) {}

  /** Shapes of a training step. */
  public record Training(int batchSize, int sequenceLength, int loraRank) {}

  /** Shapes of a generation. */
  public record Generation(List<Integer> batchSizes, int promptTokens, int newTokens) {}

  /** Measures all of it; each result is handed on as it comes. */
  public void run(Training training, Generation generation, Consumer<Result> results) {
    results.accept(full(training));
    results.accept(lora(training));
    try (CausalLm model = model(Precision.FLOAT32)) {
      for (int batch : generation.batchSizes()) {
        results.accept(cached(model, generation, batch));
      }
      // Of what was measured with the cache, or there is nothing to compare with.
      int batch =
          generation.batchSizes().stream()
              .mapToInt(b -> b)
              .filter(b -> b >= 8)
              .min()
              .orElse(Collections.max(generation.batchSizes()));
      results.accept(uncached(model, generation, batch));
    }
  }

  private CausalLm model(Precision precision) {
    return CausalLm.initialise(config, 1, compute, precision);
  }

  private Result full(Training shape) {
    long rows = (long) shape.batchSize() * shape.sequenceLength();
    try (MatmulReference products = new MatmulReference(compute, Precision.FLOAT32);
        LocalSession session =
            new LocalSession(
                model(Precision.FLOAT32), EngineSettings.plain(shape.batchSize()), 1)) {
      for (CausalLm.LinearShape linear : session.model().linearShapes()) {
        products
            .forward(rows, linear.inputs(), linear.outputs())
            .inputGradient(rows, linear.inputs(), linear.outputs())
            .weightGradient(rows, linear.inputs(), linear.outputs());
      }
      attention(products, shape);
      return training("train, all weights", shape, session, products);
    }
  }

  private Result lora(Training shape) {
    long rows = (long) shape.batchSize() * shape.sequenceLength();
    try (MatmulReference products = new MatmulReference(compute, Precision.FLOAT32);
        CausalLm base = model(Precision.FLOAT32);
        LocalSession session =
            new LocalSession(
                base.adapted(LoraConfig.allLinear(shape.loraRank(), 2 * shape.loraRank()), 2),
                EngineSettings.plain(shape.batchSize()),
                1)) {
      for (CausalLm.LinearShape linear : base.linearShapes()) {
        products.forward(rows, linear.inputs(), linear.outputs());
        // Nothing below the first layer is trained, so its inputs need no gradient.
        if (!linear.readsEmbedding()) {
          products.inputGradient(rows, linear.inputs(), linear.outputs());
        }
        if (!linear.head()) {
          products
              .forward(rows, linear.inputs(), shape.loraRank())
              .forward(rows, shape.loraRank(), linear.outputs())
              .weightGradient(rows, linear.inputs(), shape.loraRank())
              .weightGradient(rows, shape.loraRank(), linear.outputs())
              .inputGradient(rows, shape.loraRank(), linear.outputs());
          if (!linear.readsEmbedding()) {
            products.inputGradient(rows, linear.inputs(), shape.loraRank());
          }
        }
      }
      attention(products, shape);
      return training("train, LoRA r=" + shape.loraRank(), shape, session, products);
    }
  }

  private void attention(MatmulReference products, Training shape) {
    for (int layer = 0; layer < config.layers(); layer++) {
      products.causalAttention(
          shape.batchSize(), shape.sequenceLength(), config.heads(), config.headSize());
    }
  }

  private Result training(
      String work, Training shape, LocalSession session, MatmulReference products) {
    TokenBatch batch = batch(shape);
    return measured(
        work,
        (double) shape.batchSize() * shape.sequenceLength(),
        () -> {
          session.forwardBackward(batch, new CrossEntropy());
          session.optimStep(STEP);
        },
        products,
        1);
  }

  private TokenBatch batch(Training shape) {
    List<int[]> rows = new ArrayList<>();
    float[][] weights = new float[shape.batchSize()][shape.sequenceLength()];
    for (int b = 0; b < shape.batchSize(); b++) {
      rows.add(tokens(b, shape.sequenceLength()));
      Arrays.fill(weights[b], 1f / (shape.batchSize() * shape.sequenceLength()));
    }
    return Microbatches.pad(rows, Map.of(TokenBatch.WEIGHTS, weights));
  }

  private int[] tokens(int row, int length) {
    int[] tokens = new int[length];
    for (int t = 0; t < length; t++) {
      tokens[t] = CounterRandom.below(config.vocabSize(), 3, row, t);
    }
    return tokens;
  }

  private Result cached(CausalLm model, Generation shape, int batch) {
    List<Generator.Request> requests = new ArrayList<>();
    for (int b = 0; b < batch; b++) {
      requests.add(new Generator.Request(tokens(b, shape.promptTokens()), b));
    }
    Generator.Settings settings = new Generator.Settings(shape.newTokens(), 1, 0, 1, NONE, batch);
    Generator generator = new Generator(model);
    try (MatmulReference products = new MatmulReference(compute, Precision.FLOAT32)) {
      for (CausalLm.LinearShape linear : model.linearShapes()) {
        products.forwardOfFew(batch, linear.inputs(), linear.outputs());
      }
      return measured(
          "generate, batch " + batch,
          (double) batch * shape.newTokens(),
          () -> generator.generate(requests, settings),
          products,
          shape.newTokens());
    }
  }

  /** The whole sequence is read again for each token, as a generator without a cache has to. */
  private Result uncached(CausalLm model, Generation shape, int batch) {
    try (MatmulReference products = new MatmulReference(compute, Precision.FLOAT32)) {
      for (CausalLm.LinearShape linear : model.linearShapes()) {
        // Of the head only the last position is asked.
        long rows =
            linear.head() ? batch : (long) batch * (shape.promptTokens() + shape.newTokens() / 2);
        products.forward(rows, linear.inputs(), linear.outputs());
      }
      return measured(
          "generate without cache, batch " + batch,
          (double) batch * shape.newTokens(),
          () -> withoutCache(model, shape, batch),
          products,
          shape.newTokens());
    }
  }

  private void withoutCache(CausalLm model, Generation shape, int batch) {
    int[][] rows = new int[batch][];
    for (int b = 0; b < batch; b++) {
      rows[b] = tokens(b, shape.promptTokens());
    }
    try (GradScope off = GradScope.off()) {
      for (int step = 0; step < shape.newTokens(); step++) {
        try (NDScope scope = new NDScope()) {
          scope.suppressNotUsedWarning();
          int width = rows[0].length;
          long[] last = new long[batch];
          double[] uniform = new double[batch];
          for (int b = 0; b < batch; b++) {
            last[b] = (long) b * width + width - 1;
            uniform[b] = CounterRandom.uniform(b, step);
          }
          NDArray hidden =
              Kernels.rows(model.hidden(TokenRows.padded(rows)), model.memory().ids(last, batch));
          long[] drawn =
              Kernels.draw(
                      model.logits(hidden),
                      model.memory().ids(new long[0], 0),
                      model.memory().doubles(uniform),
                      1,
                      0,
                      1)
                  .get(0)
                  .toLongArray();
          for (int b = 0; b < batch; b++) {
            rows[b] = Arrays.copyOf(rows[b], width + 1);
            rows[b][width] = (int) drawn[b];
          }
        }
      }
    }
  }

  /**
   * @param products run {@code times} times in the work
   */
  private Result measured(
      String work, double tokens, Runnable run, MatmulReference products, int times) {
    double first = Stopwatch.seconds(run);
    products.run();
    // What takes long is not repeated for long: its noise evens out within.
    int rounds = first > LONG_SECONDS ? Math.min(2, repeats) : repeats;
    double[] worked = new double[rounds];
    double[] multiplied = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      multiplied[i] =
          Stopwatch.seconds(
              () -> {
                for (int t = 0; t < times; t++) {
                  products.run();
                }
              });
      worked[i] = Stopwatch.seconds(run);
    }
    double seconds = median(worked);
    double bare = median(multiplied);
    return new Result(
        work, tokens / seconds, bare / seconds, times * products.operations() / bare / 1e9);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
