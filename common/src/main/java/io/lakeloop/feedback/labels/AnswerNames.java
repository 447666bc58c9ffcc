package io.lakeloop.feedback.labels;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.text.Sanitiser;
import java.util.ArrayList;
import java.util.List;

/** Values that are made of several names. */
final class AnswerNames {
  private AnswerNames() {}

  /** Sets the value to all names of a list. */
  static void setAll(LabelRow label, JsonNode list, String sign) {
    String joined = joined(list, sign);
    if (joined.isEmpty()) {
      label.refuse("WRONG_TYPE", "value must be one list of texts or numbers, none of them blank");
    } else {
      label.set("value", joined);
    }
  }

  /** The names of a list, or nothing where it is none, or one of them is no name. */
  static String joined(JsonNode list, String sign) {
    List<String> names = new ArrayList<>();
    list.forEach(name -> names.add(named(name)));
    return !list.isArray() || names.contains("") ? "" : String.join(sign, names);
  }

  /** A name, or nothing where it is none. */
  static String named(JsonNode node) {
    boolean isName = node.isValueNode() && !node.isNull();
    return isName && !Sanitiser.clean(node.asText()).isBlank() ? node.asText().strip() : "";
  }
}
