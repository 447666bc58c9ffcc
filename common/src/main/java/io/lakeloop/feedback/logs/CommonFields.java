package io.lakeloop.feedback.logs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What the formats in use call the fields beside the texts, under the names of our own: in the
 * record itself, else in its response, else in its request.
 */
final class CommonFields {
  private static final Predicate<JsonNode> TEXT = JsonNode::isTextual;
  private static final Predicate<JsonNode> NUMBER = JsonNode::isIntegralNumber;
  private static final Predicate<JsonNode> TIME = node -> node.isTextual() || node.isNumber();

  /** Places by our own name, the first that is there and has the right type counts. */
  private record Field(Predicate<JsonNode> type, List<String> places) {}

  private static final Map<String, Field> FIELDS = fields();

  private static final List<String> WITHIN =
      List.of("", "/response", "/response/body", "/request", "/output/outputBodyJson");

  private CommonFields() {}

  private static Map<String, Field> fields() {
    Map<String, Field> fields = new LinkedHashMap<>();
    fields.put(
        "created_at",
        new Field(
            TIME,
            List.of(
                "/created_at",
                "/created",
                "/created_date",
                "/createdAt",
                "/timestamp",
                "/startTime",
                "/start_time",
                "/create_time",
                "/time")));
    fields.put(
        "model_version",
        new Field(
            TEXT,
            List.of(
                "/model_version",
                "/model",
                "/model_name",
                "/modelId",
                "/modelVersion",
                "/providedModelName",
                "/extra/metadata/ls_model_name",
                "/extra/invocation_params/model")));
    fields.put(
        "tokens_in",
        new Field(
            NUMBER,
            List.of(
                "/tokens_in",
                "/usage/prompt_tokens",
                "/usage/input_tokens",
                "/usage/inputTokens",
                "/usage/input",
                "/usageDetails/input",
                "/usageMetadata/promptTokenCount",
                "/input/inputTokenCount",
                "/prompt_tokens")));
    fields.put(
        "tokens_out",
        new Field(
            NUMBER,
            List.of(
                "/tokens_out",
                "/usage/completion_tokens",
                "/usage/output_tokens",
                "/usage/outputTokens",
                "/usage/output",
                "/usageDetails/output",
                "/usageMetadata/candidatesTokenCount",
                "/output/outputTokenCount",
                "/completion_tokens")));
    return fields;
  }

  /** The record with the fields under our own names, where it has them under others. */
  static ObjectNode of(JsonNode record) {
    ObjectNode own = ((ObjectNode) record).objectNode().setAll((ObjectNode) record);
    FIELDS.forEach(
        (name, field) -> {
          JsonNode value = find(record, field);
          if (value != null && !record.hasNonNull(name)) {
            own.set(name, value);
          }
        });
    return own;
  }

  private static JsonNode find(JsonNode record, Field field) {
    for (String within : WITHIN) {
      for (String place : field.places()) {
        JsonNode value = record.at(within + place);
        if (field.type().test(value)) {
          return value;
        }
      }
    }
    return null;
  }
}
