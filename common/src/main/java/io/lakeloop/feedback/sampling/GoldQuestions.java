package io.lakeloop.feedback.sampling;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sha2;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.run.JobContext;
import io.lakeloop.text.TextCleaner;
import java.util.Arrays;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Pairs whose answer experts know: JSON lines with prompt, completion_a, completion_b, value. */
public final class GoldQuestions {
  private static final StructType FORM =
      new StructType()
          .add("prompt", DataTypes.StringType)
          .add("completion_a", DataTypes.StringType)
          .add("completion_b", DataTypes.StringType)
          .add("value", DataTypes.StringType);

  private GoldQuestions() {}

  /**
   * Columns of labeling_queue but run_id and created_at.
   *
   * @throws UserError INPUT_MISSING if there is no such file, INPUT_UNREADABLE if a question is
   *     incomplete or has two answers
   */
  public static Dataset<Row> read(JobContext context, String path) {
    Dataset<Row> questions =
        SourceFiles.find(context, path)
            .read(
                FORM,
                (file, name, in) -> {
                  TextCleaner cleaner = new TextCleaner(new TextCleaner.Settings(false, null));
                  return new JsonRecords(file, in)
                      .stream().map(entry -> row(entry, cleaner)).iterator();
                });
    long broken =
        questions
            .where(
                "prompt IS NULL OR completion_a IS NULL OR completion_b IS NULL"
                    + " OR value IS NULL OR value NOT IN ('a', 'b', 'tie')")
            .count();
    if (broken > 0) {
      throw new UserError(
          ErrorCode.INPUT_UNREADABLE,
          "Cannot use the gold questions in %s: %d lack prompt, completion_a, completion_b, or a"
              + " value that is a, b or tie. Mend the file.",
          context.path(path),
          broken);
    }
    Dataset<Row> distinct = questions.dropDuplicates("prompt", "completion_a", "completion_b");
    long contradicting = questions.distinct().count() - distinct.count();
    if (contradicting > 0) {
      throw new UserError(
          ErrorCode.INPUT_UNREADABLE,
          "Cannot use the gold questions in %s: %d repeat a question with a different answer."
              + " Keep one answer per question.",
          context.path(path),
          contradicting);
    }
    long repeated = questions.count() - distinct.count();
    if (repeated > 0) {
      context.say("%,d gold questions are asked twice in the file, and count once", repeated);
    }
    return distinct.select(
        sha2(
                concat_ws(
                    "|", lit("gold"), col("prompt"), col("completion_a"), col("completion_b")),
                256)
            .substr(1, 32)
            .as("item_id"),
        col("prompt"),
        col("completion_a"),
        col("completion_b"),
        lit(null).cast("string").as("interaction_a"),
        lit(null).cast("string").as("interaction_b"),
        lit("gold").as("stratum"),
        lit("gold question").as("reason"),
        lit(1.0).as("inclusion_probability"),
        lit(2.0).as("priority"),
        lit(true).as("is_gold"),
        col("value").as("gold_value"));
  }

  /** A record that is refused lacks all. */
  private static Row row(JsonRecords.Entry entry, TextCleaner cleaner) {
    cleaner.begin();
    JsonNode node = entry.refusal() == null ? entry.node() : MissingNode.getInstance();
    return RowFactory.create(
        (Object[])
            Arrays.stream(FORM.fieldNames())
                .map(field -> cleaner.text(node.path(field).textValue()))
                .map(text -> text == null || text.isBlank() ? null : text)
                .toArray(String[]::new));
  }
}
