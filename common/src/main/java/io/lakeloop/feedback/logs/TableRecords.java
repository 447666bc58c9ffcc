package io.lakeloop.feedback.logs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Suggestion;
import io.lakeloop.config.UserError;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows of CSV or Parquet as records: each column a field under the name that it is mapped to, else
 * under its own.
 */
public final class TableRecords implements Serializable {
  /** Fields that a column may be mapped to. */
  private static final List<String> FIELDS =
      List.of(
          "conversation_id",
          "turn",
          "user_id",
          "created_at",
          "prompt",
          "completion",
          "messages",
          "conversations",
          "model_version",
          "product",
          "cohort",
          "latency_ms",
          "tokens_in",
          "tokens_out",
          "thumb",
          "csat",
          "task_completed",
          "escalated",
          "business_value",
          "consent",
          "retrieved_documents",
          "tool_calls");

  private static final List<String> TEXTS =
      List.of(
          "conversation_id",
          "user_id",
          "prompt",
          "completion",
          "model_version",
          "product",
          "cohort",
          "created_at");

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Field by column. */
  private final Map<String, String> fields = new LinkedHashMap<>();

  /**
   * @param columns column by field, as the settings have it
   * @throws UserError CONFIG_INVALID if there is no such field, or a column has two
   */
  public TableRecords(Map<String, String> columns) {
    columns.forEach(
        (field, column) -> {
          if (!FIELDS.contains(field)) {
            throw new UserError(
                ErrorCode.CONFIG_INVALID,
                "Cannot map a column to %s: logs have no such field%s.",
                field,
                Suggestion.didYouMean(field, FIELDS));
          }
          String other = fields.put(column, field);
          if (other != null) {
            throw new UserError(
                ErrorCode.CONFIG_INVALID,
                "Cannot map the column %s to both %s and %s. Name it once.",
                column,
                other,
                field);
          }
        });
  }

  /**
   * The field of each column, in their order.
   *
   * @param file for messages
   * @throws UserError INPUT_UNREADABLE if a mapped column is not there
   */
  List<String> names(String file, List<String> columns) {
    for (Map.Entry<String, String> mapped : fields.entrySet()) {
      if (!columns.contains(mapped.getKey())) {
        throw new UserError(
            ErrorCode.INPUT_UNREADABLE,
            "Cannot read %s: it has no column '%s' for %s, but %d others. Map it with --set"
                + " columns=%s=NAME.",
            file,
            mapped.getKey(),
            mapped.getValue(),
            columns.size(),
            mapped.getValue());
      }
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      String column = columns.get(i) == null ? "column " + (i + 1) : columns.get(i);
      String mapped = fields.get(column);
      // What is mapped to one field is no other, and takes the place of a column of its name.
      boolean taken = mapped == null && fields.containsValue(column);
      names.add(mapped != null ? mapped : taken ? column + " (column)" : column);
    }
    return names;
  }

  /** One row as a record; empty cells are fields that are not there. */
  static ObjectNode record(List<String> names, String[] cells) {
    ObjectNode record = JSON.createObjectNode();
    for (int i = 0; i < cells.length; i++) {
      if (cells[i] != null && !cells[i].isEmpty()) {
        record.set(names.get(i), value(names.get(i), cells[i]));
      }
    }
    return record;
  }

  /** A cell is text, but where its field wants something else and it reads like that. */
  private static JsonNode value(String field, String cell) {
    String plain = cell.strip();
    boolean mayBeJson =
        !TEXTS.contains(field)
            && plain.matches("(?s)\\[.*\\]|\\{.*\\}|-?[0-9]+(\\.[0-9]+)?|true|false");
    if (!mayBeJson) {
      return JSON.getNodeFactory().textNode(cell);
    }
    try {
      return JSON.readTree(plain);
    } catch (JsonProcessingException e) {
      return JSON.getNodeFactory().textNode(cell);
    }
  }
}
