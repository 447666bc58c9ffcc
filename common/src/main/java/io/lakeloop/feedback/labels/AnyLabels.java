package io.lakeloop.feedback.labels;

import io.lakeloop.feedback.SourceFiles;
import io.lakeloop.text.TextCleaner;
import java.io.BufferedInputStream;
import java.io.IOException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Labels of files that nobody says the form of: JSON begins with a bracket, all else is CSV. */
public final class AnyLabels {
  private static final int LOOKED_AT = 4096;

  private AnyLabels() {}

  /**
   * Columns of labels but run_id, and those of Quarantine.
   *
   * @param csv reads what is CSV
   */
  public static Dataset<Row> read(
      SourceFiles files, LabelReader csv, String question, TextCleaner.Settings cleaning) {
    return files.read(
        LabelRow.SCHEMA,
        (file, name, in) -> {
          BufferedInputStream ahead = new BufferedInputStream(in, LOOKED_AT);
          return isJson(ahead)
              ? AnnotationReader.rows(file, ahead, null, question, cleaning)
              : csv.rows(file, ahead, LabelReader.Kind.AUTO);
        });
  }

  /** Whether the first sign that is seen, behind a byte order mark or none, opens JSON. */
  private static boolean isJson(BufferedInputStream in) throws IOException {
    in.mark(LOOKED_AT);
    int sign = in.read();
    for (int i = 1; i < LOOKED_AT && (sign <= ' ' && sign >= 0 || sign >= 0x80); i++) {
      sign = in.read();
    }
    in.reset();
    return sign == '{' || sign == '[';
  }
}
