package io.lakeloop.jobs.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.NameOrNone;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.Alias;
import io.lakeloop.registry.Manifest;
import io.lakeloop.registry.ModelRef;
import io.lakeloop.registry.ModelVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

class PromoteJobTest {
  private static final StructType SCHEMA =
      new StructType()
          .add("value", DataTypes.DoubleType)
          .add("ci_low", DataTypes.DoubleType)
          .add("ci_high", DataTypes.DoubleType);

  private static Row measured(double value) {
    return new GenericRowWithSchema(new Object[] {value, value, value}, SCHEMA);
  }

  private static void gate(double winRate, double violations) {
    PromoteJob.gate(
        new PromoteJob.Config(
            ModelRef.parse("policy/1"),
            Alias.parse("champion"),
            Name.parse("support-desk"),
            0.5,
            0.01,
            "somebody",
            NameOrNone.parse("")),
        new ModelVersion(
            new Manifest(
                "policy", 1, "causal-lm", "r", List.of(), "", "", "", 7, "t", new TreeMap<>()),
            Path.of("policy")),
        measured(winRate),
        measured(violations));
  }

  private static void refused(double winRate, double violations, String why) {
    assertThatThrownBy(() -> gate(winRate, violations))
        .isInstanceOfSatisfying(
            UserError.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.GATE_FAILED))
        .hasMessageContaining(why);
  }

  @Test
  void measuresWithinTheirLimitsPass() {
    assertThatCode(() -> gate(0.5, 0.01)).doesNotThrowAnyException();
  }

  @Test
  void measuresBeyondTheirLimitsAreRefused() {
    refused(0.49, 0, "win rate 0.490 (95% CI 0.490-0.490) is below 0.5");
    refused(0.9, 0.02, "safety violation rate 0.020 (95% CI 0.020-0.020) is above 0.01");
  }

  @Test
  void whatIsNoNumberIsRefused() {
    refused(Double.NaN, 0, "win rate on support-desk is no number");
    refused(0.9, Double.NaN, "safety violation rate on support-desk is no number");
  }
}
