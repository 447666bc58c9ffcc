package io.lakeloop.feedback.labels;

import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.config.Digest;
import io.lakeloop.feedback.CleanedRows;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.pairs.ConvincingArguments;
import io.lakeloop.feedback.pairs.ConvincingArguments.Voted;
import io.lakeloop.text.TextCleaner;
import java.util.Arrays;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Reads items that were put before raters elsewhere, so that their votes have something to be on.
 */
public final class QueueReader {
  private static final StructType SCHEMA =
      new StructType()
          .add("source_file", StringType)
          .add("line", LongType)
          .add("item_id", StringType)
          .add("prompt", StringType)
          .add("completion_a", StringType)
          .add("completion_b", StringType)
          .add("product", StringType)
          .add("gold_value", StringType)
          .add("reason_code", StringType)
          .add("reason", StringType)
          .add("payload", StringType);

  private QueueReader() {}

  /**
   * JSON lines with prompt, completion_a, completion_b and, where there are, item_id (else a digest
   * of the texts), product, gold_value.
   */
  public static Dataset<Row> json(SourceFiles files, TextCleaner.Settings cleaning) {
    return files.read(
        SCHEMA,
        (file, name, in) -> {
          TextCleaner cleaner = new TextCleaner(cleaning);
          return new JsonRecords(file, in)
              .stream().map(entry -> row(file, entry, cleaner)).iterator();
        });
  }

  /** UKPConvArg1's pairs, whether they have a gold label or not: item_id is pair_id. */
  public static Dataset<Row> convincingArguments(SourceFiles files, TextCleaner.Settings cleaning) {
    return CleanedRows.of(
        ConvincingArguments.voted(files),
        SCHEMA,
        cleaning,
        (row, cleaner) -> row(Voted.of(row), cleaner));
  }

  private static Row row(Voted pair, TextCleaner cleaner) {
    if (pair.refusal() != null) {
      return refused(pair.file(), pair.line(), pair.refusal(), pair.raw());
    }
    String[] texts = {pair.prompt(), pair.first(), pair.second()};
    return row(pair.file(), pair.line(), pair.id(), texts, null, null, cleaner);
  }

  private static Row row(String file, JsonRecords.Entry entry, TextCleaner cleaner) {
    if (entry.refusal() != null) {
      return refused(file, entry.line(), entry.refusal(), entry.text());
    }
    JsonNode node = entry.node();
    for (String field : new String[] {"prompt", "completion_a", "completion_b"}) {
      if (!node.path(field).isTextual() || node.get(field).textValue().isBlank()) {
        return refused(
            file,
            entry.line(),
            new Refusal("MISSING_FIELD", field + " is missing, or no text"),
            entry.text());
      }
    }
    String gold = text(node, "gold_value");
    if (gold != null && gold.isBlank()) {
      Refusal refusal = new Refusal("OUT_OF_RANGE", "gold_value is blank");
      return refused(file, entry.line(), refusal, entry.text());
    }
    String[] texts = {text(node, "prompt"), text(node, "completion_a"), text(node, "completion_b")};
    return row(
        file, entry.line(), text(node, "item_id"), texts, text(node, "product"), gold, cleaner);
  }

  private static String text(JsonNode node, String field) {
    return node.hasNonNull(field) ? node.get(field).asText() : null;
  }

  /**
   * @param texts prompt and both answers
   */
  private static Row row(
      String file,
      long line,
      String id,
      String[] texts,
      String product,
      String gold,
      TextCleaner cleaner) {
    cleaner.begin();
    String[] clean = Arrays.stream(texts).map(cleaner::text).toArray(String[]::new);
    String item =
        id != null ? cleaner.name(id) : Digest.of(String.join("\u0001", clean)).substring(0, 32);
    return RowFactory.create(
        file,
        line,
        item,
        clean[0],
        clean[1],
        clean[2],
        cleaner.category(product),
        cleaner.category(gold),
        null,
        null,
        null);
  }

  private static Row refused(String file, long line, Refusal refusal, String raw) {
    return refusal.row(SCHEMA, file, line, raw);
  }
}
