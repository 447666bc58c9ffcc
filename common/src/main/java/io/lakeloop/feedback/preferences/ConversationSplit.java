package io.lakeloop.feedback.preferences;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import io.lakeloop.feedback.duplicates.Components;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Parts pairs into train and test, so that no conversation and no prompt is on both sides. Pairs
 * tie conversations and prompts together; what hangs together goes to one side, by the digest of
 * its first node. A part so large that it would make a split of its own is cut instead: each of its
 * prompts and conversations has a side by its own digest, and pairs between the sides are left out.
 */
public final class ConversationSplit {
  private static final double MILLION = 1_000_000;

  /** A part with more than this share of all pairs is cut. */
  private static final double LARGEST_PART = 0.05;

  private final double testShare;

  public ConversationSplit(double testShare) {
    this.testShare = testShare;
  }

  /**
   * Adds the column split, which is null for pairs that are left out.
   *
   * @param pairs with item_id, prompt and the conversations of both answers, {@code conversation_a}
   *     and {@code conversation_b}, which may be null
   */
  public Dataset<Row> apply(Dataset<Row> pairs) {
    Dataset<Row> nodes =
        pairs
            .withColumn("prompt_node", xxhash64(lit("prompt"), col("prompt")))
            .withColumn("node_a", node("conversation_a"))
            .withColumn("node_b", node("conversation_b"));
    Dataset<Row> components =
        Components.of(
            nodes
                .select("prompt_node", "node_a")
                .union(nodes.select("prompt_node", "node_b"))
                .distinct());
    Dataset<Row> placed =
        nodes
            .join(components, col("prompt_node").equalTo(col("node")), "left")
            .withColumn("part", coalesce(col("component"), col("prompt_node")));
    Dataset<Row> sizes =
        placed.groupBy(col("part").as("sized_part")).agg(count("*").as("part_pairs"));
    double most = LARGEST_PART * pairs.count();
    Column sideOfPart = side(col("part"));
    Column promptSide = side(col("prompt_node"));
    Column together =
        promptSide.equalTo(side(col("node_a"))).and(promptSide.equalTo(side(col("node_b"))));
    return placed
        .join(sizes, col("part").equalTo(col("sized_part")))
        .withColumn(
            "split", when(col("part_pairs").leq(most), sideOfPart).when(together, promptSide))
        .drop(
            "prompt_node",
            "node_a",
            "node_b",
            "node",
            "component",
            "part",
            "sized_part",
            "part_pairs");
  }

  /** A pair without a conversation hangs on its prompt alone. */
  private static Column node(String conversation) {
    return when(col(conversation).isNull(), xxhash64(lit("prompt"), col("prompt")))
        .otherwise(xxhash64(lit("conversation"), col(conversation)));
  }

  private Column side(Column node) {
    Column place = xxhash64(lit("split"), node).bitwiseAND(Long.MAX_VALUE).mod((long) MILLION);
    return when(place.lt(testShare * MILLION), "test").otherwise("train");
  }
}
