package io.lakeloop.feedback.retention;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.JsonRecords;
import io.lakeloop.feedback.SourceFile;
import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.text.Pseudonyms;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.apache.spark.sql.SparkSession;

/** Who asked to be deleted: JSON lines with a {@code user_id} or a {@code subject_key} each. */
public final class SubjectRequests {
  private static final int MOST = 100_000;

  private SubjectRequests() {}

  /**
   * Keys of the subjects, sorted.
   *
   * @throws UserError INPUT_UNREADABLE where a line names nobody: no request may be lost
   */
  public static List<String> read(SparkSession spark, SourceFiles files, byte[] subjectKey)
      throws IOException {
    Pseudonyms pseudonyms = new Pseudonyms(subjectKey);
    TreeSet<String> keys = new TreeSet<>();
    for (SourceFile file : files.files()) {
      try (InputStream in = file.open(spark.sparkContext().hadoopConfiguration())) {
        new JsonRecords(file.name(), in)
            .forEachRemaining(entry -> keys.addAll(keys(file.name(), entry, pseudonyms)));
      }
    }
    if (keys.size() > MOST) {
      throw new UserError(
          ErrorCode.INPUT_UNREADABLE,
          "Cannot delete for %d subjects at once: at most %d are taken. Split the file.",
          keys.size(),
          MOST);
    }
    return List.copyOf(keys);
  }

  /** A line may name a person by both, or two people. */
  private static List<String> keys(String file, JsonRecords.Entry entry, Pseudonyms pseudonyms) {
    JsonNode node = entry.node() == null ? MissingNode.getInstance() : entry.node();
    JsonNode key = node.path("subject_key");
    JsonNode user = node.path("user_id");
    boolean isKey = key.isTextual() && key.textValue().matches("[0-9a-f]{32}");
    boolean isUser = user.isTextual() && !user.textValue().isBlank();
    boolean isSound =
        isKey == node.hasNonNull("subject_key") && isUser == node.hasNonNull("user_id");
    List<String> keys = new ArrayList<>();
    if (isKey) {
      keys.add(key.textValue());
    }
    if (isUser) {
      keys.add(pseudonyms.of(user.textValue()));
    }
    if (isSound && !keys.isEmpty()) {
      return keys;
    }
    throw new UserError(
        ErrorCode.INPUT_UNREADABLE,
        "Cannot take the request in %s, line %d: it must be JSON with user_id, or subject_key of 32"
            + " hexadecimal digits. Mend the line.",
        file,
        entry.line());
  }
}
