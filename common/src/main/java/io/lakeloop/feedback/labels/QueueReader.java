package io.lakeloop.feedback.labels;

import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.config.Digest;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.feedback.pairs.ConvincingArguments;
import io.lakeloop.feedback.pairs.ConvincingArguments.Voted;
import io.lakeloop.text.Sanitiser;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
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
  public static Dataset<Row> json(SourceFiles files) {
    return files.read(
        SCHEMA,
        (file, name, in) -> {
          Iterable<JsonRecords.Entry> entries = () -> new JsonRecords(file, in);
          return StreamSupport.stream(entries.spliterator(), false)
              .map(entry -> row(file, entry))
              .iterator();
        });
  }

  /** UKPConvArg1's pairs, whether they have a gold label or not: item_id is pair_id. */
  public static Dataset<Row> convincingArguments(SourceFiles files) {
    return ConvincingArguments.voted(files)
        .map(
            (MapFunction<Row, Row>)
                row -> {
                  Voted pair = Voted.of(row);
                  return pair.refusal() != null
                      ? refused(pair.file(), pair.line(), pair.refusal(), pair.raw())
                      : row(
                          pair.file(),
                          pair.line(),
                          pair.id(),
                          pair.prompt(),
                          pair.first(),
                          pair.second(),
                          null,
                          null);
                },
            Encoders.row(SCHEMA));
  }

  private static Row row(String file, JsonRecords.Entry entry) {
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
    return row(
        file,
        entry.line(),
        text(node, "item_id"),
        text(node, "prompt"),
        text(node, "completion_a"),
        text(node, "completion_b"),
        text(node, "product"),
        text(node, "gold_value"));
  }

  private static String text(JsonNode node, String field) {
    return node.hasNonNull(field) ? node.get(field).asText() : null;
  }

  private static Row row(
      String file,
      long line,
      String id,
      String prompt,
      String first,
      String second,
      String product,
      String gold) {
    String asked = Sanitiser.clean(prompt);
    String a = Sanitiser.clean(first);
    String b = Sanitiser.clean(second);
    String item = id != null ? id : Digest.of(String.join("\u0001", asked, a, b)).substring(0, 32);
    return RowFactory.create(file, line, item, asked, a, b, product, gold, null, null, null);
  }

  private static Row refused(String file, long line, Refusal refusal, String raw) {
    return refusal.row(SCHEMA, file, line, raw);
  }
}
