package io.lakeloop.run;

import io.lakeloop.config.Name;
import io.lakeloop.table.LedgerTables;
import io.lakeloop.table.TableRows;
import io.lakeloop.text.NameRedactor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/** What a run has read and written so far. */
final class Lineage {
  private final Name runId;
  private final Map<String, Map<String, Object>> edges = new LinkedHashMap<>();
  private final List<InputFile> inputs = new ArrayList<>();
  private long rowsRead;
  private long rowsWritten;

  Lineage(Name runId) {
    this.runId = runId;
  }

  void read(String kind, String name, String version, String slice, String digest) {
    edge("read", kind, name, version, slice, digest);
  }

  void write(String kind, String name, String version, String slice, String digest, long rows) {
    rowsWritten += rows;
    edge("write", kind, name, version, slice, digest);
  }

  private void edge(
      String direction, String kind, String name, String version, String slice, String digest) {
    Map<String, Object> edge = new HashMap<>();
    edge.put("run_id", runId.text());
    edge.put("direction", direction);
    edge.put("kind", kind);
    edge.put("name", kind.equals("file") ? fileName(name) : name);
    edge.put("version", version);
    edge.put("slice", slice);
    edge.put("digest", digest);
    // What was read twice is one edge.
    edges.put(String.join("|", direction, kind, name, String.valueOf(slice)), edge);
  }

  /** Takes over edges that an earlier attempt wrote, rows of the table. */
  void restore(List<Row> rows) {
    for (Row row : rows) {
      Map<String, Object> edge = new HashMap<>();
      for (String column : row.schema().fieldNames()) {
        edge.put(column, row.getAs(column));
      }
      edges.put(
          String.join(
              "|",
              row.getAs("direction"),
              row.getAs("kind"),
              row.getAs("name"),
              String.valueOf(row.<String>getAs("slice"))),
          edge);
    }
  }

  /** What the table calls a file: its name may name somebody. */
  static String fileName(String path) {
    return new NameRedactor().redact(path);
  }

  void account(InputFile input) {
    inputs.add(input);
  }

  List<InputFile> inputs() {
    return inputs;
  }

  void countRead(long rows) {
    rowsRead += rows;
  }

  long rowsRead() {
    return rowsRead;
  }

  long rowsWritten() {
    return rowsWritten;
  }

  TableRows rows() {
    TableRows rows = new TableRows(LedgerTables.LINEAGE);
    edges.values().forEach(rows::add);
    return rows;
  }
}
