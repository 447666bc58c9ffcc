package io.lakeloop.jobs.benchmark;

import io.lakeloop.config.Problems;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.ProcessMemory;
import io.lakeloop.run.StepMetrics;
import io.lakeloop.session.LmBenchmark;
import io.lakeloop.session.TaskDevice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures language models on this machine, as shares of its bare matrix products. */
public final class BenchmarkLmJob implements Job<BenchmarkLmJob.Config> {

  /** Shape of the model, in the shape of Llama. */
  public record Model(
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int layers,
      int heads,
      int keyValueHeads) {}

  public record Config(
      Model model,
      int threads,
      int batchSize,
      int sequenceLength,
      int loraRank,
      List<String> generationBatchSizes,
      int promptTokens,
      int newTokens,
      int repeats) {
    public Config {
      LmConfig.checked(
              Problems.in("benchmark-lm"),
              model.vocabSize(),
              model.hiddenSize(),
              model.intermediateSize(),
              model.layers(),
              model.heads())
          .require(threads >= 1 && threads <= 1024, "threads must lie in 1..1024, got %d", threads)
          .require(
              batchSize >= 1 && batchSize <= 10_000,
              "batch-size must lie in 1..10000, got %d",
              batchSize)
          .require(
              sequenceLength >= 2 && sequenceLength <= 100_000,
              "sequence-length must lie in 2..100000, got %d",
              sequenceLength)
          .require(
              loraRank >= 1 && loraRank <= 16_384,
              "lora-rank must lie in 1..16384, got %d",
              loraRank)
          .require(
              !generationBatchSizes.isEmpty()
                  && generationBatchSizes.stream()
                      .allMatch(size -> size.matches("[1-9][0-9]{0,3}")),
              "generation-batch-sizes must be whole numbers from 1 to 9999, got %s",
              generationBatchSizes)
          .require(
              promptTokens >= 1 && promptTokens <= 100_000,
              "prompt-tokens must lie in 1..100000, got %d",
              promptTokens)
          .require(
              newTokens >= 1 && newTokens <= 100_000,
              "new-tokens must lie in 1..100000, got %d",
              newTokens)
          .require(
              repeats >= 1 && repeats <= 10_000, "repeats must lie in 1..10000, got %d", repeats)
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) {
    Compute device = TaskDevice.ofDriver(context.spark().sparkContext());
    Compute compute = new Compute(device.gpu(), config.threads());
    Model m = config.model();
    LmConfig shape =
        LmConfig.llama(
            m.vocabSize(),
            m.hiddenSize(),
            m.intermediateSize(),
            m.layers(),
            m.heads(),
            m.keyValueHeads(),
            Math.max(config.sequenceLength(), config.promptTokens() + config.newTokens()));
    List<LmBenchmark.Result> results = new ArrayList<>();
    int total = config.generationBatchSizes().size() + 3;
    context.say(
        "%s, %d threads; shares are of bare matrix products of the same shapes",
        compute.onGpu() ? "GPU " + compute.gpu() : "CPU", compute.threads());
    context.say("%-36s %12s %8s %10s", "", "tokens/s", "share", "GFLOP/s");

    new LmBenchmark(shape, compute, config.repeats())
        .run(
            new LmBenchmark.Training(
                config.batchSize(), config.sequenceLength(), config.loraRank()),
            new LmBenchmark.Generation(
                config.generationBatchSizes().stream().map(Integer::valueOf).toList(),
                config.promptTokens(),
                config.newTokens()),
            result -> {
              results.add(result);
              context.say(
                  "%-36s %,12.0f %7.1f%% %,10.0f",
                  result.work(),
                  result.tokensPerSecond(),
                  100 * result.matmulShare(),
                  result.gigaflops());
              context.progress("measuring", results.size(), total, "");
            });
    StepMetrics metrics = new StepMetrics(context, "benchmark");
    metrics.keep(0, summed(context, results));
    metrics.save();
  }

  /** Results by metric, with what they say together. */
  private static Map<String, Double> summed(JobContext context, List<LmBenchmark.Result> results) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    for (LmBenchmark.Result result : results) {
      metrics.put(result.work() + "/tokens_per_second", result.tokensPerSecond());
      metrics.put(result.work() + "/matmul_share", result.matmulShare());
      metrics.put(result.work() + "/matmul_gflops", result.gigaflops());
    }
    String without = "generate without cache, ";
    results.stream()
        .filter(result -> result.work().startsWith(without))
        .forEach(
            result -> {
              String batch = result.work().substring(without.length());
              double speedup =
                  metrics.get("generate, " + batch + "/tokens_per_second")
                      / result.tokensPerSecond();
              metrics.put("generate, " + batch + "/cache_speedup", speedup);
              context.say("with its cache, %s generates %.1f times as fast", batch, speedup);
            });
    ProcessMemory.peak()
        .ifPresent(
            bytes -> {
              metrics.put("peak_memory_bytes", (double) bytes);
              context.say("peak memory of this process: %.2f GiB", bytes / 0x1.0p30);
            });
    return metrics;
  }
}
