package io.lakeloop.feedback.pairs;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.feedback.messages.MessageWriter;
import io.lakeloop.table.Messages;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;

/**
 * Writes rows of preferences and of labeling_queue as other tools read them. What a form has no
 * field for stands beside it under its own name, so that nothing is lost on the way back.
 */
public final class PairWriter {
  private static final ObjectMapper JSON = new ObjectMapper();

  private PairWriter() {}

  /** TRL's preference form: prompt, chosen and rejected as text, for prompts without history. */
  public static String trl(Row pair) {
    ObjectNode record = JSON.createObjectNode();
    record.put("prompt", pair.<String>getAs("prompt"));
    record.put("chosen", pair.<String>getAs("chosen"));
    record.put("rejected", pair.<String>getAs("rejected"));
    return certainty(record, pair).toString();
  }

  /** TRL's preference form: prompt, chosen and rejected as messages. */
  public static String conversationalTrl(Row pair) {
    Conversation before = Messages.read(pair);
    ObjectNode record = JSON.createObjectNode();
    record.set("prompt", MessageWriter.messages(before));
    record.set("chosen", MessageWriter.answer(pair.getAs("chosen")));
    record.set("rejected", MessageWriter.answer(pair.getAs("rejected")));
    MessageWriter.putTools(record, before);
    return certainty(record, pair).toString();
  }

  /** OpenAI's form for preference fine-tuning. */
  public static String openAiDpo(Row pair) {
    Conversation before = said(pair);
    ObjectNode record = JSON.createObjectNode();
    ObjectNode input = record.putObject("input");
    input.set("messages", MessageWriter.messages(before));
    MessageWriter.putTools(input, before);
    record.set("preferred_output", MessageWriter.answer(pair.getAs("chosen")));
    record.set("non_preferred_output", MessageWriter.answer(pair.getAs("rejected")));
    return certainty(record, pair).toString();
  }

  /** The form of Anthropic's HH set: two transcripts. */
  public static String hh(Row pair) {
    String start = Transcript.of(said(pair).messages()) + "\n\nAssistant: ";
    ObjectNode record = JSON.createObjectNode();
    record.put("chosen", start + pair.<String>getAs("chosen"));
    record.put("rejected", start + pair.<String>getAs("rejected"));
    return certainty(record, pair).toString();
  }

  /** Snapshots of earlier releases have whole transcripts for prompts. */
  private static Conversation said(Row pair) {
    Conversation before = Messages.read(pair);
    return before.hasPromptAlone() && Transcript.isIn(before.prompt())
        ? new Conversation(Transcript.messages(before.prompt()))
        : before;
  }

  /**
   * A task for Label Studio's pairwise template; its export comes back with ingest-labels. What was
   * said before the prompt stands in {@code history} as a text.
   */
  public static String labelStudio(Row item) {
    ObjectNode data = JSON.createObjectNode();
    for (String field : new String[] {"item_id", "prompt", "completion_a", "completion_b"}) {
      data.put(field, item.<String>getAs(field));
    }
    data.put("history", history(Messages.read(item)));
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

  /** All but the prompt, as a transcript; empty where the prompt is all there is. */
  private static String history(Conversation before) {
    List<Message> earlier = new ArrayList<>(before.messages());
    boolean endsInPrompt = earlier.get(earlier.size() - 1).content().equals(before.prompt());
    if (endsInPrompt) {
      earlier.remove(earlier.size() - 1);
    }
    return Transcript.of(earlier).strip();
  }

  private static ObjectNode certainty(ObjectNode record, Row pair) {
    return record
        .put("margin", pair.<Double>getAs("margin"))
        .put("p_chosen", pair.<Double>getAs("p_chosen"))
        .put("weight", pair.<Double>getAs("weight"))
        .put("product", pair.<String>getAs("product"))
        .put("split", pair.<String>getAs("split"));
  }
}
