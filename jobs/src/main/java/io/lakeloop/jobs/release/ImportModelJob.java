package io.lakeloop.jobs.release;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.config.Name;
import io.lakeloop.config.Problems;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.ModelFolder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.registry.ModelSource;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.ProcessMemory;
import io.lakeloop.session.MemoryNeed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Takes a checkpoint in Hugging Face's layout into the registry, and tells what it is. */
public final class ImportModelJob implements Job<ImportModelJob.Config> {
  /** The training jobs' fleet.shards: no more tasks have work at once. */
  private static final int SHARDS = 4;

  private static final Conversation SAMPLE =
      new Conversation(
          List.of(
              Message.of(Role.USER, "My parcel 12345 is late."),
              Message.of(Role.ASSISTANT, "I am sorry. It comes on Monday."),
              Message.of(Role.USER, "Thank you!"),
              Message.of(Role.ASSISTANT, "You are welcome.")));

  /**
   * @param name in the registry, or empty for {@code base-} and the folder's own name
   */
  public record Config(String path, String name, int rows, int tokensPerRow, int loraRank) {
    public Config {
      Problems.in("import-model")
          .require(!path.isBlank(), "path is empty: say where the checkpoint lies")
          .require(rows >= 1 && rows <= 10_000, "rows must lie in 1..10000, got %d", rows)
          .require(
              tokensPerRow >= 1 && tokensPerRow <= 1_000_000,
              "tokens-per-row must lie in 1..1000000, got %d",
              tokensPerRow)
          .require(
              loraRank >= 1 && loraRank <= 10_000,
              "lora-rank must lie in 1..10000, got %d",
              loraRank)
          .throwIfAny();
      if (!name.isEmpty()) {
        Name.parse(name);
      }
    }
  }

  @Override
  public void run(Config config, JobContext context) throws IOException {
    Path folder = Path.of(context.path(config.path())).toAbsolutePath().normalize();
    Name name =
        config.name().isEmpty()
            ? new ModelSource(null, folder).registryName()
            : Name.parse(config.name());
    ModelVersion version = context.takeIn(folder, name);
    ModelFolder taken = new ModelFolder(version.folder());
    LmConfig model = taken.check();
    context.say("%s is %s", version, describe(model, taken));
    try (Tokenizer tokenizer = Tokenizer.open(version.folder())) {
      int sample = tokenizer.turns(SAMPLE, model.maxPositions()).ids().length;
      context.say(
          "template: %s; a sample of four messages takes %d tokens", tokenizer.form(), sample);
      context.say(
          "an answer ends with %s; %,d tokens, the embedding has %,d rows",
          String.join(" or ", tokenizer.ends()), tokenizer.highestId() + 1, model.vocabSize());
    }
    sayMemory(config, model, context);
  }

  private static String describe(LmConfig model, ModelFolder folder) throws IOException {
    return "%s, %,d weights in %d layers, stored as %s, reads %,d tokens, its output head is %s"
        .formatted(
            model.json().path("model_type").asText(),
            model.parameters(),
            model.layers(),
            String.join(" and ", folder.types()),
            model.maxPositions(),
            model.tiedHead() ? "the embedding" : "its own");
  }

  private static void sayMemory(Config config, LmConfig model, JobContext context) {
    long tokens = (long) config.rows() * Math.min(config.tokensPerRow(), model.maxPositions());
    int tasks = Math.min(SHARDS, context.spark().sparkContext().defaultParallelism());
    MemoryNeed need = new MemoryNeed(model, tasks, tokens, config.loraRank());
    double there = gibibytes(ProcessMemory.ofMachine());
    context.say(
        "memory for %d tasks of %d rows of %d tokens at once, of this machine's %.1f GiB:",
        tasks, config.rows(), tokens / config.rows(), there);
    sayNeed(context, "SFT of all weights, float32", need.sftWhole(), there);
    sayNeed(context, "SFT by LoRA, float32", need.sftLora(4), there);
    sayNeed(context, "SFT by LoRA, bfloat16", need.sftLora(2), there);
    sayNeed(context, "PPO by LoRA, float32", need.ppoLora(4), there);
    sayNeed(context, "PPO by LoRA, bfloat16", need.ppoLora(2), there);
  }

  private static void sayNeed(JobContext context, String what, long bytes, double there) {
    double need = gibibytes(bytes);
    context.say("  %-28s %8.1f GiB%s", what, need, need > there ? "  too much" : "");
  }

  private static double gibibytes(long bytes) {
    return bytes / 0x1.0p30;
  }
}
