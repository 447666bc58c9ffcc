package io.lakeloop.feedback;

import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.Digest;
import io.lakeloop.text.Sanitiser;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Reads preference pairs in the form of Anthropic's HH set: JSON lines whose {@code chosen} and
 * {@code rejected} are transcripts of turns {@code "\n\nHuman: "} and {@code "\n\nAssistant: "}
 * that differ in the last answer.
 */
public final class PreferenceImport {
  private static final String ASSISTANT = "\n\nAssistant:";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final StructType SCHEMA =
      new StructType()
          .add("source_file", StringType)
          .add("line", LongType)
          .add("item_id", StringType)
          .add("prompt", StringType)
          .add("chosen", StringType)
          .add("rejected", StringType)
          .add("reason_code", StringType)
          .add("reason", StringType)
          .add("payload", StringType);

  private PreferenceImport() {}

  /** Columns item_id, prompt, chosen, rejected, and those of {@link Quarantine}. */
  public static Dataset<Row> read(SourceFiles files) {
    return files.read(
        SCHEMA,
        (file, name, in) -> {
          Iterable<TextLines.Line> lines = () -> new TextLines(file, in);
          return StreamSupport.stream(lines.spliterator(), false)
              .map(line -> row(file, line))
              .iterator();
        });
  }

  private static Row row(String file, TextLines.Line line) {
    if (line.problem() != null) {
      return refused(file, line, line.problem(), "the line cannot be read");
    }
    try {
      JsonNode node = JSON.readTree(line.text());
      if (!node.path("chosen").isTextual() || !node.path("rejected").isTextual()) {
        return refused(file, line, "MISSING_FIELD", "chosen and rejected must both be text");
      }
      return pair(file, line, node.get("chosen").textValue(), node.get("rejected").textValue());
    } catch (JsonProcessingException e) {
      return refused(
          file, line, "MALFORMED_JSON", "not JSON at column " + e.getLocation().getColumnNr());
    }
  }

  private static Row pair(String file, TextLines.Line line, String chosen, String rejected) {
    int cut = promptEnd(chosen, rejected);
    if (cut < 0) {
      return refused(
          file,
          line,
          "NO_COMMON_PROMPT",
          "the transcripts do not share the turns before an answer");
    }
    String prompt = Sanitiser.clean(chosen.substring(0, cut));
    String better = Sanitiser.clean(chosen.substring(cut + ASSISTANT.length()));
    String worse = Sanitiser.clean(rejected.substring(cut + ASSISTANT.length()));
    if (better.equals(worse)) {
      return refused(file, line, "NOTHING_TO_CHOOSE", "chosen and rejected are the same");
    }
    return RowFactory.create(
        file,
        line.number(),
        Digest.of(prompt + "\u0001" + better + "\u0001" + worse).substring(0, 32),
        prompt,
        better,
        worse,
        null,
        null,
        null);
  }

  /** Where the last answer that both transcripts still share the way to begins, or -1. */
  private static int promptEnd(String chosen, String rejected) {
    int common = 0;
    int shorter = Math.min(chosen.length(), rejected.length());
    while (common < shorter && chosen.charAt(common) == rejected.charAt(common)) {
      common++;
    }
    return common < ASSISTANT.length()
        ? -1
        : chosen.lastIndexOf(ASSISTANT, common - ASSISTANT.length());
  }

  private static Row refused(String file, TextLines.Line line, String code, String reason) {
    return RowFactory.create(
        file, line.number(), null, null, null, null, code, reason, Refusal.payload(line.text()));
  }
}
