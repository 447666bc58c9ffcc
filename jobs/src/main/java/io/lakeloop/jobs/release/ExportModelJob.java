package io.lakeloop.jobs.release;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.ModelFolder;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.OutputFolder;
import io.lakeloop.session.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Writes a language model as a folder that other tools load, an adapter merged into its base. */
public final class ExportModelJob implements Job<ExportModelJob.Config> {

  public record Config(ModelRef model, String folder, boolean scalarHead) {
    public Config {
      Problems.in("export-model")
          .require(!folder.isBlank(), "folder is empty: say where the model goes")
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    ModelVersion version = context.resolve(config.model());
    try (OutputFolder output = context.output(config.folder());
        ModelLoader models = ModelLoader.forRun(context, Precision.FLOAT32)) {
      ModelFolder folder = new ModelFolder(output.path());
      refuseOtherFiles(output.path());
      ModelLoader.Loaded loaded = models.open(version);
      folder.write(loaded.model(), config.scalarHead(), version.folder());
      for (String file : folder.files().keySet()) {
        output.publish(file);
      }
      context.say("wrote %s to %s", version, output);
    }
  }

  /** A run again may replace what it wrote; anything else in the folder is somebody's. */
  private static void refuseOtherFiles(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      if (files.findAny().isPresent() && !Files.exists(folder.resolve("config.json"))) {
        throw new UserError(
            ErrorCode.CONFIG_INVALID,
            "Cannot export to %s: the folder holds other files. Name an empty or a new one.",
            folder);
      }
    }
  }
}
