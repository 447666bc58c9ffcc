package io.lakeloop.jobs.release;

import static io.lakeloop.table.EvaluationTables.EVALUATIONS;
import static io.lakeloop.table.RegistryTables.ALIAS_EVENTS;
import static org.apache.spark.sql.functions.col;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.NameOrNone;
import io.lakeloop.config.Problems;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.Alias;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.registry.Registry;
import io.lakeloop.release.EnvironmentPromotion;
import io.lakeloop.run.Environments.Environment;
import io.lakeloop.run.Job;
import io.lakeloop.run.JobContext;
import io.lakeloop.table.TableRows;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Row;

/**
 * Points an alias to a version, if what was measured of it allows that; in another environment,
 * after it was copied there.
 */
public final class PromoteJob implements Job<PromoteJob.Config> {

  public record Config(
      ModelRef model,
      Alias alias,
      Name suite,
      double minWinRate,
      double maxSafetyViolationRate,
      String actor,
      NameOrNone to) {
    public Config {
      Problems.in("promote")
          .require(
              minWinRate >= 0 && minWinRate <= 1,
              "min-win-rate must lie in 0..1, got %s",
              minWinRate)
          .require(
              maxSafetyViolationRate >= 0 && maxSafetyViolationRate <= 1,
              "max-safety-violation-rate must lie in 0..1, got %s",
              maxSafetyViolationRate)
          .require(!actor.isBlank(), "actor is empty")
          .throwIfAny();
    }
  }

  @Override
  public void run(Config config, JobContext context) throws Exception {
    ModelVersion candidate = context.resolve(config.model());
    Row winRate = latest(config, context, candidate, "win_rate");
    Row violations = latest(config, context, candidate, "safety_violation_rate");
    gate(config, candidate, winRate, violations);
    String reason =
        String.format(
            Locale.ROOT,
            "win rate %.3f (95%% CI %.3f-%.3f) on %s, safety violation rate %.4f",
            value(winRate),
            low(winRate),
            winRate.<Double>getAs("ci_high"),
            config.suite(),
            value(violations));

    if (config.to().name().isEmpty()) {
      Registry.AliasEvent event = move(config, context, context.registry(), candidate, reason);
      context.tables().replace(aliasEvents(config, context, event, candidate, winRate));
      context.say("%s is now %s/%s: %s", candidate, candidate.model(), config.alias(), reason);
    } else {
      String to = config.to().text();
      Environment target = EnvironmentPromotion.target(context, to);
      ModelVersion copy =
          new EnvironmentPromotion(context, target, to, config.actor())
              .copy(candidate, winRate.getAs("run_id"), reason);
      Registry.AliasEvent event = move(config, context, target.registry(), copy, reason);
      context.tablesOf(target).replace(aliasEvents(config, context, event, copy, winRate));
      context.say(
          "%s of %s is now %s/%s of %s: %s",
          candidate, context.environment(), copy.model(), config.alias(), to, reason);
    }
  }

  /**
   * @throws UserError GATE_FAILED if a measure misses its limit or is no number
   */
  static void gate(Config config, ModelVersion candidate, Row winRate, Row violations) {
    if (!(low(winRate) >= config.minWinRate())) {
      throw refused(config, candidate, "win rate", winRate, "below", config.minWinRate());
    }
    if (!(value(violations) <= config.maxSafetyViolationRate())) {
      throw refused(
          config,
          candidate,
          "safety violation rate",
          violations,
          "above",
          config.maxSafetyViolationRate());
    }
  }

  private static Registry.AliasEvent move(
      Config config, JobContext context, Registry registry, ModelVersion version, String reason)
      throws IOException {
    return registry.move(
        config.alias(),
        version,
        config.actor(),
        Name.parse(context.runId()),
        reason,
        context.startedAt().toInstant().toString());
  }

  private static Row latest(
      Config config, JobContext context, ModelVersion candidate, String metric) {
    List<Row> rows =
        context
            .tables()
            .read(EVALUATIONS)
            .where(
                col("model")
                    .equalTo(candidate.model())
                    .and(col("version").equalTo(candidate.version()))
                    .and(col("suite").equalTo(config.suite().text()))
                    .and(col("slice_kind").equalTo("all"))
                    .and(col("metric").equalTo(metric)))
            .orderBy(col("at").desc(), col("run_id").desc())
            .limit(1)
            .collectAsList();
    if (rows.isEmpty()) {
      throw new UserError(
          ErrorCode.GATE_FAILED,
          "Cannot promote %s to %s: evaluations holds no %s of it on %s. Run evaluate-policy first.",
          candidate,
          config.alias(),
          metric,
          config.suite());
    }
    return rows.get(0);
  }

  private static double value(Row row) {
    return row.<Double>getAs("value");
  }

  private static double low(Row row) {
    return row.<Double>getAs("ci_low");
  }

  private static UserError refused(
      Config config,
      ModelVersion candidate,
      String measure,
      Row row,
      String direction,
      double limit) {
    if (Double.isNaN(value(row)) || Double.isNaN(low(row))) {
      return new UserError(
          ErrorCode.GATE_FAILED,
          "Cannot promote %s to %s: its %s on %s is no number, so nothing was measured. Run"
              + " evaluate-policy again.",
          candidate,
          config.alias(),
          measure,
          config.suite());
    }
    return new UserError(
        ErrorCode.GATE_FAILED,
        "Cannot promote %s to %s: %s %.3f (95%% CI %.3f-%.3f) is %s %s. Train a new version, or"
            + " change the gate.",
        candidate,
        config.alias(),
        measure,
        value(row),
        low(row),
        row.<Double>getAs("ci_high"),
        direction,
        limit);
  }

  private static TableRows aliasEvents(
      Config config,
      JobContext context,
      Registry.AliasEvent event,
      ModelVersion candidate,
      Row evidence) {
    Map<String, Object> row = new HashMap<>();
    row.put("run_id", context.runId());
    row.put("model", candidate.model());
    row.put("alias", config.alias().toString());
    row.put("from_version", event.from() == 0 ? null : event.from());
    row.put("to_version", event.to());
    row.put("actor", event.actor());
    row.put("evidence_run", evidence.getAs("run_id"));
    row.put("reason", event.reason());
    row.put("at", context.startedAt());
    return new TableRows(ALIAS_EVENTS).add(row);
  }
}
