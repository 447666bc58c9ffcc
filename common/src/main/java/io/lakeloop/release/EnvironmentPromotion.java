package io.lakeloop.release;

import static io.lakeloop.table.EvaluationTables.EVALUATIONS;
import static io.lakeloop.table.LedgerTables.LINEAGE;
import static io.lakeloop.table.RegistryTables.MODEL_VERSIONS;
import static io.lakeloop.table.RegistryTables.PROMOTED_LINEAGE;
import static io.lakeloop.table.RegistryTables.PROMOTIONS;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.Settings;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.registry.Registry;
import io.lakeloop.run.Environments.Environment;
import io.lakeloop.run.JobContext;
import io.lakeloop.run.RunTables;
import io.lakeloop.table.TableRows;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Row;

/**
 * Copies a model version into another environment under its own name and number: with everything
 * that it came from, so that it loads there, and with evaluations and lineage, so that what is
 * known of it can be asked there. Files first, tables after them; the alias is the caller's to move
 * last.
 */
public final class EnvironmentPromotion {
  private final JobContext context;
  private final RunTables there;
  private final Registry registry;
  private final String name;
  private final String approver;

  /**
   * @param name what the target is called
   * @param approver who answers for the promotion
   */
  public EnvironmentPromotion(
      JobContext context, Environment target, String name, String approver) {
    this.context = context;
    this.there = context.tablesOf(target);
    this.registry = target.registry();
    this.name = name;
    this.approver = approver;
  }

  /**
   * Opens the environment to promote to.
   *
   * @throws UserError CONFIG_INVALID if this environment does not promote there
   */
  public static Environment target(JobContext context, String name) {
    List<String> allowed = context.environments().settings(context.environment()).promotesTo();
    if (!allowed.contains(name)) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot promote to %s: the environment %s promotes to %s. Name one of these, or add it to"
              + " promotes-to in its environment.yaml.",
          name,
          context.environment(),
          allowed.isEmpty() ? "none" : String.join(", ", allowed));
    }
    Environment target = context.environments().open(name);
    if (target.lake().root().equals(context.path("{lake}"))) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot promote to %s: it has the same lake as %s, %s. Give each environment its own in"
              + " environment.yaml.",
          name,
          context.environment(),
          target.lake().root());
    }
    return target;
  }

  /**
   * Copies the version.
   *
   * @param evidenceRun run whose evaluations allow it
   * @param reason what they say
   * @return the copy, verified
   */
  public ModelVersion copy(ModelVersion candidate, String evidenceRun, String reason)
      throws IOException {
    Map<String, ModelVersion> versions = withParents(candidate);
    for (ModelVersion version : versions.values()) {
      registry.adopt(version, Name.parse(context.runId()));
      context.say("%s is in %s: %s", version, name, version.manifest().digest());
    }
    TableRows promotions = new TableRows(PROMOTIONS);
    TableRows models = new TableRows(MODEL_VERSIONS);
    Set<String> known = known();
    for (ModelVersion version : versions.values()) {
      promotions.add(promotion(version, version == candidate, evidenceRun, reason));
      if (!known.contains(version.toString())) {
        Map<String, Object> row = JobContext.row(version);
        row.put("run_id", context.runId());
        models.add(row);
      }
    }
    there.replace(models);
    there.replace(
        EVALUATIONS,
        context
            .tables()
            .read(EVALUATIONS)
            .where(
                col("model")
                    .equalTo(candidate.model())
                    .and(col("version").equalTo(candidate.version())))
            .withColumn("run_id", lit(context.runId())));
    there.replace(lineage(versions));
    there.replace(promotions);
    return registry.resolve(candidate.ref());
  }

  /** The version and all that it came from, parents first. */
  private Map<String, ModelVersion> withParents(ModelVersion version) throws IOException {
    Map<String, ModelVersion> found = new LinkedHashMap<>();
    for (String parent : version.manifest().parents()) {
      found.putAll(withParents(context.resolve(ModelRef.parse(parent))));
    }
    found.put(version.toString(), version);
    return found;
  }

  /** Versions that another run wrote a row of. */
  private Set<String> known() {
    Set<String> known = new LinkedHashSet<>();
    for (Row row :
        there
            .readOrEmpty(MODEL_VERSIONS)
            .where(col("run_id").notEqual(context.runId()))
            .select("model", "version")
            .collectAsList()) {
      known.add(row.getString(0) + "/" + row.getInt(1));
    }
    return known;
  }

  private Map<String, Object> promotion(
      ModelVersion version, boolean promoted, String evidenceRun, String reason) {
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", context.runId());
    row.put("model", version.model());
    row.put("version", version.version());
    row.put("digest", version.manifest().digest());
    row.put("manifest", Settings.toJson(version.manifest()));
    row.put("from_environment", context.environment());
    row.put("to_environment", name);
    row.put("role", promoted ? "promoted" : "parent");
    row.put("approver", approver);
    row.put("evidence_run", evidenceRun);
    row.put("reason", reason);
    row.put("at", context.startedAt());
    return row;
  }

  /** Edges of the runs that made the versions, and of the runs whose slices those have read. */
  private TableRows lineage(Map<String, ModelVersion> versions) {
    TableRows rows = new TableRows(PROMOTED_LINEAGE);
    Set<String> seen = new LinkedHashSet<>();
    Deque<String> runs = new ArrayDeque<>();
    versions.values().forEach(version -> runs.add(version.manifest().runId()));
    while (!runs.isEmpty()) {
      List<String> wave = runs.stream().distinct().filter(seen::add).toList();
      runs.clear();
      if (wave.isEmpty()) {
        break;
      }
      for (Row edge :
          context
              .tables()
              .read(LINEAGE)
              .where(col("run_id").isin(wave.toArray()))
              .select("run_id", "direction", "kind", "name", "version", "slice", "digest")
              .collectAsList()) {
        rows.add(edge(edge));
        if (edge.getString(1).equals("read") && edge.getString(5) != null) {
          runs.add(edge.getString(5));
        }
      }
    }
    return rows;
  }

  private Map<String, Object> edge(Row edge) {
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", context.runId());
    row.put("source_run_id", edge.getString(0));
    List<String> columns = List.of("direction", "kind", "name", "version", "slice", "digest");
    for (int i = 0; i < columns.size(); i++) {
      row.put(columns.get(i), edge.getString(i + 1));
    }
    return row;
  }
}
