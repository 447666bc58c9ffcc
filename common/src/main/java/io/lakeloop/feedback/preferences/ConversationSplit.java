package io.lakeloop.feedback.preferences;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.when;

import io.lakeloop.table.Messages;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Parts pairs into train and test, so that no opening and no conversation is on both sides: the
 * digest of what the user opened with says the side, and a conversation that has a pair on the test
 * side gives none to training. (Whole clusters of what hangs together are no way out: popular
 * prompts tie most conversations to one.)
 */
public final class ConversationSplit {
  private final double testShare;

  /**
   * @param testShare share of the prompts that are held out
   */
  public ConversationSplit(double testShare) {
    this.testShare = testShare;
  }

  /**
   * Adds the column split, which is null for pairs that are left out.
   *
   * @param pairs with messages, prompt and the conversations of both answers, {@code
   *     conversation_a} and {@code conversation_b}, which may be null
   */
  public Dataset<Row> apply(Dataset<Row> pairs) {
    Dataset<Row> sided =
        pairs.withColumn(
            "side",
            PreferenceBuilder.split(Messages.opening(col("messages"), col("prompt")), testShare));
    Dataset<Row> test = sided.where("side = 'test'");
    Dataset<Row> held =
        test.select(col("conversation_a").as("held"))
            .union(test.select("conversation_b"))
            .where("held IS NOT NULL")
            .distinct();
    return marked(marked(sided, held, "a"), held, "b")
        .withColumn(
            "split",
            when(
                col("side").equalTo("test").or(col("held_a").isNull().and(col("held_b").isNull())),
                col("side")))
        .drop("side", "held_a", "held_b");
  }

  private static Dataset<Row> marked(Dataset<Row> pairs, Dataset<Row> held, String side) {
    Column conversation = col("conversation_" + side);
    return pairs.join(
        held.select(col("held").as("held_" + side)),
        conversation.equalTo(col("held_" + side)),
        "left");
  }
}
