package io.lakeloop.feedback.pairs;

import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import io.lakeloop.chat.Conversation;
import io.lakeloop.config.Digest;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.table.Messages;
import io.lakeloop.table.PreferencesTables;
import io.lakeloop.text.TextCleaner;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * A preference pair that was made elsewhere.
 *
 * @param before what both answers were given to
 * @param pChosen probability that chosen is the better one: 0.5 is a tie
 * @param margin by how much chosen is better, in units of reward
 */
record Pair(
    Conversation before,
    String chosen,
    String rejected,
    double pChosen,
    double weight,
    double margin,
    String product) {
  private static final int MOST_MESSAGES = 1000;

  /** Columns of preferences that a file gives, and those of Quarantine. */
  static final StructType SCHEMA =
      new StructType()
          .add("source_file", StringType)
          .add("line", LongType)
          .add("item_id", StringType)
          .add("messages", PreferencesTables.PREFERENCES.schema().apply("messages").dataType())
          .add("prompt", StringType)
          .add("chosen", StringType)
          .add("rejected", StringType)
          .add("p_chosen", DoubleType)
          .add("weight", DoubleType)
          .add("margin", DoubleType)
          .add("product", StringType)
          .add("form", StringType)
          .add("reason_code", StringType)
          .add("reason", StringType)
          .add("payload", StringType);

  static Pair of(Conversation before, String chosen, String rejected) {
    return new Pair(before, chosen, rejected, 1, 1, 0, null);
  }

  Pair withMargin(double by) {
    return new Pair(before, chosen, rejected, pChosen, weight, by, product);
  }

  /** The row, cleaned; refused where there is nothing to choose. */
  Row row(String file, long line, Payload record, TextCleaner cleaner) {
    long history = before.messages().stream().mapToLong(m -> m.content().length()).sum();
    if (history > Refusal.LONGEST_TEXT) {
      return refused(file, line, Refusal.tooLong("what came before", (int) history), record);
    }
    for (String text : Arrays.asList(before.prompt(), chosen, rejected, product)) {
      if (text != null && text.length() > Refusal.LONGEST_TEXT) {
        return refused(file, line, Refusal.tooLong("a text", text.length()), record);
      }
    }
    if (before.messages().size() > MOST_MESSAGES) {
      Refusal refusal =
          new Refusal("TOO_MANY_MESSAGES", "it has more than " + MOST_MESSAGES + " messages");
      return refused(file, line, refusal, record);
    }
    cleaner.begin();
    Conversation said = before.mapped(cleaner::text);
    String asked = said.prompt();
    String better = cleaner.text(chosen);
    String worse = cleaner.text(rejected);
    for (String text : List.of(asked, better, worse)) {
      if (text.isBlank()) {
        Refusal refusal = new Refusal("EMPTY_TEXT", "prompt, chosen or rejected is blank");
        return refused(file, line, refusal, record);
      }
    }
    if (better.equals(worse)) {
      Refusal refusal = new Refusal("NOTHING_TO_CHOOSE", "chosen and rejected are the same");
      return refused(file, line, refusal, record);
    }
    boolean sound =
        pChosen >= 0 && pChosen <= 1 && weight >= 1e-9 && weight <= 1e9 && Math.abs(margin) <= 1e9;
    if (!sound) {
      return refused(
          file,
          line,
          new Refusal(
              "OUT_OF_RANGE",
              "p_chosen must lie in 0..1, weight in 1e-9..1e9, and margin in -1e9..1e9"),
          record);
    }
    return RowFactory.create(
        file,
        line,
        Digest.of(Messages.key(said) + "\u0001" + better + "\u0001" + worse).substring(0, 32),
        Messages.rows(said),
        asked,
        better,
        worse,
        pChosen,
        weight,
        margin,
        cleaner.category(product == null || product.isBlank() ? null : product.strip()),
        null,
        null,
        null,
        null);
  }

  static Row refused(String file, long line, Refusal refusal, Payload record) {
    return refusal.row(SCHEMA, file, line, record);
  }
}
