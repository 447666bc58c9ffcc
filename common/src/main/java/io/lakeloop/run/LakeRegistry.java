package io.lakeloop.run;

import static io.lakeloop.table.RegistryTables.MODEL_VERSIONS;

import io.lakeloop.registry.ArtifactStore;
import io.lakeloop.registry.Recorded;
import io.lakeloop.registry.Registry;
import io.lakeloop.run.UnfinishedRuns.Unfinished;
import io.lakeloop.table.Lake;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/** A registry, with what the lake says of its versions, which is read when it is first asked. */
final class LakeRegistry {
  private final Lake lake;
  private final ArtifactStore artifacts;
  private Registry registry;

  LakeRegistry(Lake lake, ArtifactStore artifacts) {
    this.lake = lake;
    this.artifacts = artifacts;
  }

  synchronized Registry registry() {
    if (registry == null) {
      registry = new Registry(artifacts, recorded());
    }
    return registry;
  }

  /** Runs that drivers are at work on now. */
  List<Unfinished> atWork() throws IOException, InterruptedException {
    return UnfinishedRuns.of(lake, artifacts).stream().filter(Unfinished::isAlive).toList();
  }

  private Map<String, List<Recorded>> recorded() {
    Map<String, List<Recorded>> recorded = new HashMap<>();
    if (lake.exists(MODEL_VERSIONS)) {
      for (Row row :
          lake.read(MODEL_VERSIONS)
              .select("model", "version", "digest", "manifest_digest")
              .collectAsList()) {
        recorded
            .computeIfAbsent(row.getString(0) + "/" + row.getInt(1), version -> new ArrayList<>())
            .add(new Recorded(row.getString(2), row.getString(3)));
      }
    }
    return recorded;
  }
}
