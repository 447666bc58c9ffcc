package io.lakeloop.jobs.release;

import io.lakeloop.config.Problems;
import io.lakeloop.lm.ModelFolder;
import io.lakeloop.lm.torch.Precision;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.OutputFolder;
import io.lakeloop.session.ModelLoader;

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
      output.requireOwnedByRuns();
      ModelFolder folder = new ModelFolder(output.path());
      ModelLoader.Loaded loaded = models.open(version);
      folder.write(loaded.model(), config.scalarHead(), version.folder());
      for (String file : folder.files().keySet()) {
        output.publish(file);
      }
      context.say("wrote %s to %s", version, output);
    }
  }
}
