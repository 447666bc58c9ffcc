package io.lakeloop.feedback.sampling;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.array_sort;
import static org.apache.spark.sql.functions.arrays_overlap;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.least;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.sha2;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.xxhash64;

import io.lakeloop.table.Messages;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;

/**
 * Pairs of answers to the same prompt behind the same history, taken two by two in a drawn order; a
 * came first.
 */
public final class AnswerPairs {
  private static final int HEX_DIGITS = 32;

  /** Parts without which an answer cannot be understood, and which no model here reads. */
  private static final String[] UNSEEN = {"image", "audio", "video", "file"};

  /** Which answers make a pair. */
  public enum Kind {
    /** Any two. */
    ANY,
    /** Of two model versions. */
    TWO_VERSIONS,
    /** Two samples of one model version. */
    TWO_SAMPLES
  }

  private AnswerPairs() {}

  /**
   * Interactions that raters may see: every use consented to, nothing repeated, nothing broken, no
   * pictures or other parts that are not there.
   *
   * @param uses that the labels are for
   */
  public static Dataset<Row> eligible(Dataset<Row> interactions, List<String> uses) {
    Column consented = lit(true);
    for (String use : uses) {
      consented =
          consented.and(
              // Rows of an older layout say only whether training is allowed.
              coalesce(
                  org.apache.spark.sql.functions.array_contains(col("consent_uses"), use),
                  col("consent")));
    }
    return interactions.where(
        consented
            .and(col("consent"))
            .and(col("duplicate_of").isNull())
            .and(not(coalesce(arrays_overlap(col("parts"), lit(UNSEEN)), lit(false))))
            .and(org.apache.spark.sql.functions.size(col("quality_flags")).equalTo(0)));
  }

  /**
   * Makes the pairs.
   *
   * @param strata what parts the population: product, language, model-version, cohort
   * @return item_id, messages, prompt, completion_a, completion_b, interaction_a, interaction_b,
   *     product, stratum, pair_key, draw, and a and b with what was observed of each answer
   */
  public static Dataset<Row> of(Dataset<Row> eligible, Kind kind, List<String> strata, long seed) {
    Dataset<Row> placed =
        eligible
            .withColumn("said", Messages.key(col("messages"), col("prompt")))
            .withColumn("draw", xxhash64(lit(seed), col("interaction_id")))
            .withColumn("model", coalesce(col("model_version"), lit("unknown")));
    Column[] together =
        kind == Kind.TWO_SAMPLES
            ? new Column[] {col("said"), col("model")}
            : new Column[] {col("said")};
    if (kind == Kind.TWO_VERSIONS) {
      // The first answers of each version stand together, then the second ones, and so on.
      placed =
          placed.withColumn(
              "place", row_number().over(Window.partitionBy("said", "model").orderBy("draw")));
    } else {
      placed = placed.withColumn("place", lit(1));
    }
    placed =
        placed.withColumn(
            "at", row_number().over(Window.partitionBy(together).orderBy("place", "draw")));
    Dataset<Row> a =
        side(placed.where("at % 2 = 1"), kind, col("at")).withColumnRenamed("side", "a");
    Dataset<Row> b =
        side(placed.where("at % 2 = 0"), kind, col("at").minus(1)).withColumnRenamed("side", "b");
    Dataset<Row> pairs = a.join(b, "pair").where("a.completion <> b.completion");
    if (kind == Kind.TWO_VERSIONS) {
      pairs = pairs.where("a.model <> b.model");
    }
    return pairs.select(
        sha2(concat_ws("|", col("a.interaction_id"), col("b.interaction_id")), 256)
            .substr(1, HEX_DIGITS)
            .as("item_id"),
        col("a.messages").as("messages"),
        col("a.prompt").as("prompt"),
        col("a.completion").as("completion_a"),
        col("b.completion").as("completion_b"),
        col("a.interaction_id").as("interaction_a"),
        col("b.interaction_id").as("interaction_b"),
        col("a.product").as("product"),
        stratum(strata).as("stratum"),
        key(col("a.said"), col("a.completion"), col("b.completion")).as("pair_key"),
        col("a.draw").as("draw"),
        col("a"),
        col("b"));
  }

  /**
   * What is asked of raters, whichever answer stands first.
   *
   * @param said {@link Messages#key} of what both answer
   */
  public static Column key(Column said, Column a, Column b) {
    return sha2(concat_ws("\u0001", said, least(a, b), greatest(a, b)), 256).substr(1, HEX_DIGITS);
  }

  private static Dataset<Row> side(Dataset<Row> answers, Kind kind, Column pair) {
    Column model = kind == Kind.TWO_SAMPLES ? col("model") : lit("");
    return answers.select(
        struct(col("said"), model.as("model"), pair.as("at")).as("pair"),
        struct(
                col("said"),
                col("messages"),
                col("prompt"),
                col("completion"),
                col("interaction_id"),
                col("model"),
                col("product"),
                col("language"),
                col("cohort"),
                col("draw"),
                col("thumb"),
                col("csat"),
                col("escalated"),
                col("business_value"))
            .as("side"));
  }

  private static Column stratum(List<String> strata) {
    List<Column> parts = new ArrayList<>();
    for (String part : strata) {
      parts.add(
          part.equals("model-version")
              ? concat_ws(" vs ", array_sort(array(col("a.model"), col("b.model"))))
              : coalesce(col("a." + part), lit("none")));
    }
    return parts.isEmpty() ? lit("all") : concat_ws(" | ", parts.toArray(Column[]::new));
  }
}
