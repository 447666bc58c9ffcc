package io.lakeloop.feedback.pairs;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;

/**
 * Writes rows of preferences and of labeling_queue as other tools read them. What a form has no
 * field for stands beside it under its own name, so that nothing is lost on the way back.
 */
public final class PairWriter {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern TURN =
      Pattern.compile("(?:^|\n\n)(Human|Assistant|System|Tool): ", Pattern.MULTILINE);

  private PairWriter() {}

  /** TRL's preference form: prompt, chosen and rejected as text. */
  public static String trl(Row pair) {
    ObjectNode record = JSON.createObjectNode();
    record.put("prompt", pair.<String>getAs("prompt"));
    record.put("chosen", pair.<String>getAs("chosen"));
    record.put("rejected", pair.<String>getAs("rejected"));
    return certainty(record, pair).toString();
  }

  /** OpenAI's form for preference fine-tuning. */
  public static String openAiDpo(Row pair) {
    ObjectNode record = JSON.createObjectNode();
    messages(record.putObject("input").putArray("messages"), pair.getAs("prompt"));
    record
        .putArray("preferred_output")
        .addObject()
        .put("role", "assistant")
        .put("content", pair.<String>getAs("chosen"));
    record
        .putArray("non_preferred_output")
        .addObject()
        .put("role", "assistant")
        .put("content", pair.<String>getAs("rejected"));
    return certainty(record, pair).toString();
  }

  /** The form of Anthropic's HH set: two transcripts. */
  public static String hh(Row pair) {
    String prompt = pair.getAs("prompt");
    String start = TURN.matcher(prompt).lookingAt() ? "\n\n" + prompt : "\n\nHuman: " + prompt;
    ObjectNode record = JSON.createObjectNode();
    record.put("chosen", start + "\n\nAssistant: " + pair.<String>getAs("chosen"));
    record.put("rejected", start + "\n\nAssistant: " + pair.<String>getAs("rejected"));
    return certainty(record, pair).toString();
  }

  /** A task for Label Studio's pairwise template; its export comes back with ingest-labels. */
  public static String labelStudio(Row item) {
    ObjectNode data = JSON.createObjectNode();
    for (String field : new String[] {"item_id", "prompt", "completion_a", "completion_b"}) {
      data.put(field, item.<String>getAs(field));
    }
    // By the item's digest, so that neither answer is always on the left.
    boolean swapped = item.<String>getAs("item_id").hashCode() % 2 != 0;
    data.put("shown_position", swapped ? "ba" : "ab");
    data.put("left", item.<String>getAs(swapped ? "completion_b" : "completion_a"));
    data.put("right", item.<String>getAs(swapped ? "completion_a" : "completion_b"));
    data.put("stratum", item.<String>getAs("stratum"));
    data.put("batch", item.<String>getAs("run_id"));
    ObjectNode task = JSON.createObjectNode();
    task.set("data", data);
    return task.toString();
  }

  private static ObjectNode certainty(ObjectNode record, Row pair) {
    return record
        .put("margin", pair.<Double>getAs("margin"))
        .put("p_chosen", pair.<Double>getAs("p_chosen"))
        .put("weight", pair.<Double>getAs("weight"))
        .put("product", pair.<String>getAs("product"))
        .put("split", pair.<String>getAs("split"));
  }

  /** A transcript's turns, or one message of a user. */
  private static void messages(
      com.fasterxml.jackson.databind.node.ArrayNode messages, String prompt) {
    Matcher turn = TURN.matcher(prompt);
    if (!turn.lookingAt()) {
      messages.addObject().put("role", "user").put("content", prompt);
      return;
    }
    int from = 0;
    while (turn.find(from)) {
      String role =
          switch (turn.group(1)) {
            case "Human" -> "user";
            default -> turn.group(1).toLowerCase(java.util.Locale.ROOT);
          };
      int start = turn.end();
      int end = turn.find(start) ? turn.start() : prompt.length();
      messages.addObject().put("role", role).put("content", prompt.substring(start, end));
      from = end;
      if (end == prompt.length()) {
        return;
      }
    }
  }
}
